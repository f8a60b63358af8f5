"""External audiences as this sandbox holds them: being created, ingesting, lapsing; pure functions of the clock."""

from dataclasses import dataclass, field

from simulator.clock import DAY
from simulator.ids import hex_for, number_for, uuid_for
from simulator.sandbox import Audience, Sandbox
from simulator.wire import Json

CREATION_SECONDS = 8
DATASET_SECONDS = 15
PROFILE_SECONDS = 25
STAGES = ("DATASET_INGEST", "PROFILE_STORE_INGEST")
DEFAULT_NAMESPACE = "CustomerAudienceUpload"


@dataclass(slots=True)
class Ingestion:
    """One ingestion run. `fails` names the stage it fails in, "" when it succeeds."""

    id: str
    created: float
    since: int
    until: int
    rows: int
    fails: str = ""

    @property
    def ends(self) -> float:
        """When it is over, well or not."""
        last = DATASET_SECONDS if self.fails == STAGES[0] else DATASET_SECONDS + PROFILE_SECONDS
        return self.created + last

    def status(self, now: float) -> str:
        """The run's word. While it runs the document is SILENT; PROCESSING is an operation's word for it."""
        if now < self.ends:
            return "PROCESSING"
        return "FAILED" if self.fails else "SUCCESS"

    def details(self, now: float) -> list[Json]:
        """The stages that have begun."""
        ends = (self.created + DATASET_SECONDS, self.created + DATASET_SECONDS + PROFILE_SECONDS)
        found: list[Json] = []
        for stage, end in zip(STAGES, ends, strict=True):
            word = "PROCESSING" if now < end else "FAILED" if stage == self.fails else "SUCCESS"
            found.append({"stage": stage, "status": word, "flowRunId": uuid_for(self.id, stage)})
            if word != "SUCCESS":
                break
        return found


@dataclass(slots=True)
class External:
    """One external audience. `id` is the service's own id; `audience` has the system id, once it is created."""

    id: str
    operation: str
    body: Json
    created: float
    fails: bool = False
    updated: float = 0
    expires: float = 0
    audience: Audience | None = None
    ingestions: list[Ingestion] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.body["name"])

    @property
    def namespace(self) -> str:
        return str(self.body.get("namespace", DEFAULT_NAMESPACE))

    def status(self, now: float) -> str:
        """The operation's word."""
        if now < self.created + CREATION_SECONDS:
            return "PROCESSING"
        return "FAILED" if self.fails else "SUCCESS"

    def running(self, now: float) -> Ingestion | None:
        """The ingestion going on, of which there is one at most."""
        return next((run for run in self.ingestions if now < run.ends), None)

    def last_good(self, now: float) -> Ingestion | None:
        """The newest ingestion that succeeded."""
        done = [run for run in self.ingestions if run.status(now) == "SUCCESS"]
        return done[-1] if done else None


def settle(place: Sandbox, now: float) -> None:
    """Show what came true up to now: created audiences in the catalogue, ingested people in them."""
    for one in place.externals.values():
        if one.audience is None and one.status(now) == "SUCCESS":
            one.audience = _audience(place, one)
            place.add(one.audience)
            place.ordered.clear()
        if one.audience is not None:
            _ingested(one, one.audience, now)


def _audience(place: Sandbox, one: External) -> Audience:
    born = int(one.created + CREATION_SECONDS)
    return Audience(
        id=uuid_for(place.seed, "external", one.id),
        audience_id=str(one.body.get("customAudienceId") or one.id),
        name=one.name,
        origin="CUSTOM_UPLOAD",
        namespace=one.namespace,
        lifecycle="published",
        size=None,
        created=born,
        updated=born,
        merge_policy="",
        description=str(one.body.get("description", "")),
        uploads=[],
        ttl=one.body["ttlInDays"],
        labels=tuple(one.body.get("labels", ())),
    )


def _ingested(one: External, audience: Audience, now: float) -> None:
    done = [run for run in one.ingestions if run.status(now) == "SUCCESS"]
    for run in done[len(audience.uploads or ()) :]:
        audience.uploads = [*(audience.uploads or ()), (int(run.ends), run.rows)]
        audience.updated = max(audience.updated, int(run.ends))
        one.expires = max(one.expires, run.ends + one.body["ttlInDays"] * DAY)
    audience.until = int(one.expires)


def rows_for(place: Sandbox, one: External) -> int:
    """How many people the file holds; the same audience always the same."""
    return 1_200 + number_for(60_000, place.seed, "upload", one.name)


def forget(place: Sandbox, one: External) -> None:
    """Take a deleted audience out of the catalogue."""
    del place.externals[one.id]
    if one.audience is not None:
        del place.audiences[one.audience.id]
        place.by_external[one.audience.audience_id].remove(one.audience)
        place.ordered.clear()


def user_of(place: Sandbox) -> str:
    """The technical account, as this service names it."""
    return f"{hex_for(24, 'technical', place.seed).upper()}@techacct.adobe.com"
