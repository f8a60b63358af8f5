"""Seeds the audiences of a sandbox: sizes, origins, lifecycles and the odd ones among them."""

from simulator.clock import DAY
from simulator.ids import number_for, uuid_for
from simulator.names import COMPANIES, audience_name
from simulator.sandbox import Audience, Sandbox, last_evaluation

# Of every sixty audiences these are special; sixty keeps two of each in the demo's 120.
CYCLE = 60
WAITS_LONG, WAITS_SHORT = 40, 41
JOINS = (42, 43)
ENDED, NOT_BEGUN = 44, 45
FAILS, EMPTY, PARTLY = 46, 47, 48
UNDATED = 49
UPLOADED, IMPORTED, JUST_INGESTED = 50, 51, 52
ARCHIVED, INACTIVE = 53, 54
UNCOUNTED, STALE = 55, 56
DRAFT, ZERO, UNMAPPED = 57, 58, 59

LIFECYCLES = {ARCHIVED: "archived", INACTIVE: "inactive", DRAFT: "draft"}
ORIGINS = {
    UPLOADED: ("CUSTOM_UPLOAD", "CustomerAudienceUpload"),
    IMPORTED: ("AUDIENCE_MANAGER", "aamSegments"),
    JUST_INGESTED: ("CUSTOM_UPLOAD", "CustomerAudienceUpload"),
}


def seed_audiences(place: Sandbox, count: int) -> list[Audience]:
    """Fill the sandbox with `count` audiences and return them in order."""
    made = [_audience(place, index) for index in range(count)]
    for audience in made:
        place.add(audience)
    return made


def _audience(place: Sandbox, index: int) -> Audience:
    slot = index % CYCLE
    system = uuid_for(place.seed, "audience", index)
    origin, namespace = ORIGINS.get(slot, ("REAL_TIME_CUSTOMER_PROFILE", "AEPSegments"))
    external = slot in ORIGINS
    created = _created(place, index, slot)
    return Audience(
        id=system,
        audience_id=f"ext-{slot}-{index:05d}" if external else system,
        name=audience_name(index),
        origin=origin,
        namespace=namespace,
        lifecycle=LIFECYCLES.get(slot, "published"),
        size=_size(place, index, slot),
        created=created,
        updated=min(int(place.began) - 7_200, created + number_for(90, place.seed, "edit", index) * DAY),
        merge_policy=uuid_for(place.seed, "merge", index % 2),
        continuous=index % 7 == 3,
        stale_days=5 if slot == STALE else 0,
        description=f"{COMPANIES[index % 2]}: {audience_name(index).lower()}.",
    )


def _created(place: Sandbox, index: int, slot: int) -> int:
    if slot == JUST_INGESTED:
        # Came in after the last daily evaluation, so nothing has counted it yet.
        last = last_evaluation(place.began)
        return last + max(1, int(place.began - last) // 2)
    return int(place.began) - (20 + number_for(700, place.seed, "age", index)) * DAY


def _size(place: Sandbox, index: int, slot: int) -> int | None:
    if slot == UNCOUNTED:
        return None
    if slot in (ZERO, DRAFT):
        return 0
    scale: int = 10 ** (3 + number_for(4, place.seed, "scale", index))
    return scale + number_for(8 * scale, place.seed, "size", index)
