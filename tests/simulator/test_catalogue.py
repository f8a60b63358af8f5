"""The seeded world holds what a demo needs, at every size."""

from collections import Counter

import pytest

from simulator import seed_audiences as slots
from simulator.sandbox import Sandbox
from simulator.server import Simulator
from simulator.world import Sizes, World
from tests.simulator.conftest import UPS, Platform


def kinds(place: Sandbox, now: float) -> Counter[str]:
    """How many mappings will go, wait, join or be blocked."""
    found: Counter[str] = Counter()
    for flow in place.flows.values():
        for mapping in flow.mappings.values():
            person = place.audiences[mapping.audience]
            if flow.kind != "batch":
                found[flow.kind] += 1
            elif not mapping.in_range(now):
                found["ended" if mapping.end else "begins"] += 1
            elif person.lifecycle != "published":
                found[person.lifecycle] += 1
            elif not mapping.ready(now):
                found["waits"] += 1
            elif place.runs.adhoc_running(person.id, now):
                found["joins"] += 1
            else:
                found["ready"] += 1
                found[place.outcomes.get((flow.id, person.id), "success")] += 1
                found["external"] += person.external
    return found


@pytest.mark.parametrize("seed", [1, 7, 99])
def test_the_demo_has_two_of_everything(seed: int) -> None:
    world = World(Sizes(seed, 120, 12))
    found = kinds(world.sandboxes["prod"], world.now())
    assert found["ready"] >= 60
    wanted = "waits joins ended|begins|disabled|streaming|new|archived|inactive|failed|empty|partial|external"
    for kind in wanted.replace(" ", "|").split("|"):
        assert found[kind] >= 2, kind
    bare = [
        selector
        for flow in world.sandboxes["prod"].flows.values()
        for selector in flow.selectors
        if "filenameTemplate" in selector["value"] and "DATETIME" not in selector["value"]["filenameTemplate"]
    ]
    assert len(bare) == 2


def test_names_are_unique_at_ten_thousand() -> None:
    world = World(Sizes(7, 10_000, 200))
    place = world.sandboxes["prod"]
    assert len({one.name for one in place.audiences.values()}) == 10_000
    assert len(place.flows) == 201
    assert kinds(place, world.now())["ready"] > 8_000
    assert max(len(flow.mappings) for flow in place.flows.values()) <= 250


def test_a_large_world_is_read_in_pages() -> None:
    with Simulator(audiences=10_000, dataflows=200) as sim:
        platform = Platform(sim)
        answer = platform.get(f"{UPS}/audiences", start=9_900, limit=100).json()
        assert len(answer["children"]) == 100
        assert "next" not in answer["_page"]
        assert len(platform.items("/flows", limit=100)) == 100
        pairs = platform.ready(80)
        info: dict[str, list[str]] = {}
        for flow, audience in pairs:
            info.setdefault(flow, []).append(audience)
        runs = [one["statusURL"].rsplit("/", 1)[-1] for one in platform.send(info).json()["order"]]
        assert len(platform.items("/runs", property=f"id=={','.join(runs)}", limit=100)) == 80


def test_special_slots_are_where_tests_expect_them(platform: Platform) -> None:
    for slot in (slots.UNMAPPED, slots.DRAFT):
        with pytest.raises(AssertionError):
            platform.slot(slot)
