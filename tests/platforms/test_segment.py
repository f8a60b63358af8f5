"""The Segment client against the stand-in, over a real socket: every operation, fault and merge rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platforms.errors import (
    AnswerLost,
    AnswerUnreadable,
    Conflict,
    CredentialsRefused,
    InvalidInput,
    NotFound,
    PlatformError,
    PlatformFault,
    Throttled,
)
from platforms.http import Limits
from platforms.pace import Memory, Pacer, Share, one_share
from platforms.segment import SegmentClient, SegmentConfig
from platforms.segment.gateway import Operation
from platforms.segment.types import (
    ActionMapping,
    ActivationChange,
    Entity,
    IdSync,
    NewActivation,
    Personalization,
    Profile,
)
from simulator.segment.shelf import LINKED, TOKEN, Activation
from simulator.server import Simulator
from tests.platforms.conftest import HASTY, Witness
from tests.simulator.segment import Caller


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(seed=5, audiences=300, dataflows=3, speed=2_000.0) as running:
        yield running


@pytest.fixture
def stand_in(sim: Simulator) -> Iterator[Caller]:
    sim.world.faults.replace({"rules": []})
    sim.world.segment.revoked = False
    caller = Caller(sim)
    yield caller
    caller.http.close()


@pytest.fixture
def client(stand_in: Caller, witness: Witness) -> Iterator[SegmentClient]:
    config = SegmentConfig(stand_in.space, TOKEN, stand_in.sim.url)
    with SegmentClient(config, transport=witness, patience=HASTY, limits=Limits(read=1.0)) as made:
        yield made


def settle(stand_in: Caller) -> None:
    """Let every resync of the stand-in end."""
    stand_in.sim.world.clock.set(stand_in.sim.world.now() + 120)


def ready(stand_in: Caller, kind: str = "USERS") -> Activation:
    settle(stand_in)
    return stand_in.ready(kind)


def test_it_works(client: SegmentClient, stand_in: Caller, witness: Witness) -> None:
    report = client.check_connection()
    assert report.ok
    assert (report.workspace, report.sandbox) == ("Northwind customer data", "Production")
    assert {one.name for one in report.sandboxes} == set(stand_in.shelf.spaces)
    assert "token" not in repr(client).lower()
    assert TOKEN not in repr(client.config)
    assert {request.headers["authorization"] for request in witness.seen} == {f"Bearer {TOKEN}"}
    assert client.space().slug == "production"


@pytest.mark.parametrize(
    ("change", "refused"), [({"token": "sgp_other"}, "token"), ({"space": "spa_x"}, "space")]
)
def test_a_wrong_part_is_named(client: SegmentClient, change: dict[str, str], refused: str) -> None:
    with SegmentClient(replace(client.config, **change), patience=HASTY) as wrong:
        report = wrong.check_connection()
    assert report.refused == refused
    assert report.summary


def test_a_token_that_cannot_be_sent_is_not_sent(client: SegmentClient) -> None:
    with (
        SegmentClient(replace(client.config, token="with\nline"), patience=HASTY) as wrong,
        pytest.raises(CredentialsRefused) as caught,
    ):
        wrong.spaces()
    assert caught.value.field == "token"


def test_all_audiences_page_by_page(client: SegmentClient, stand_in: Caller) -> None:
    told: list[int] = []
    found = client.audiences(lambda done, _total: told.append(done))
    assert {one.id for one in found} == {one.id for one in stand_in.audiences()}
    assert told[-1] == len(found) == 60
    by_id = {one.id: one for one in found}
    for there in stand_in.audiences():
        here = by_id[there.id]
        assert (here.profiles, here.origin, here.external_id) == (there.size, there.type, there.key)
        assert here.lifecycle == (("Disabled" if not there.enabled else there.status) or "")
    assert client.audience(found[0].id) == found[0]


def test_no_audience_at_all_is_not_believed_where_some_are_known(
    client: SegmentClient, stand_in: Caller
) -> None:
    path = f"/spaces/{stand_in.space}/audiences"
    stand_in.fault("empty_page", path, times=None)
    with pytest.raises(AnswerUnreadable):
        client.audiences(known=3)
    assert client.audiences() == ()


def test_destinations_with_their_actions_and_without_their_secrets(
    client: SegmentClient, stand_in: Caller
) -> None:
    every = client.destinations()
    assert len(every) == len(stand_in.shelf.destinations)
    found = {one.slug: one for one in every}
    braze = found["actions-braze-cloud"]
    assert [one.name for one in braze.actions] == ["Update user profile", "Track event"]
    assert braze.actions[0].fields[0].required
    assert found["actions-webhook"].actions[0].fields[1].choices[0] == ("POST", "POST")
    assert "demo-" not in str([one.settings for one in found.values()]).replace("demo-site", "")
    assert "demo-" not in repr(found)
    supported = {one.key: one for one in client.supported_destinations("USERS")}
    assert {bool(one.actions) for one in supported.values()} == {True, False}
    assert [one.key for one in client.supported_destinations("USERS", slug="snowflake")] == ["snowflake"]


def test_connections_and_activations_of_an_audience(client: SegmentClient, stand_in: Caller) -> None:
    there = stand_in.one(lambda one: len(one.connections) > 1)
    connections = client.connections(there.id)
    assert {one.id for one in connections} == set(there.connections)
    for here in connections:
        destination = there.connections[here.id].destination
        assert (here.destination, here.source, here.enabled) == (
            destination.id,
            destination.source,
            destination.enabled,
        )
    activations = client.activations(there.id)
    assert {one.id for one in activations} == set(there.activations)
    assert client.activation(there.id, activations[0].id).name == activations[0].name
    with pytest.raises(NotFound):
        client.activation(there.id, "act_none")
    with pytest.raises(NotFound):
        client.connections("aud/../none")


def test_from_connecting_to_removing(client: SegmentClient, stand_in: Caller) -> None:
    there = next(one for one in stand_in.audiences() if not one.connections and one.enabled and one.size)
    hook = next(one for one in client.destinations() if one.slug == "actions-webhook")
    made = client.connect(there.id, hook.id, id_sync=[IdSync("email", "all", "Email")])
    connection = made.id
    assert made.id_sync == (IdSync("email", "all", "Email"),)
    with pytest.raises(Conflict):
        client.connect(there.id, hook.id)
    assert client.connections(there.id)[0].id_sync == (IdSync("email", "all", "Email"),)
    changed = client.reconnect(there.id, connection, id_sync=[IdSync("email", "last")])
    assert (changed.id, changed.id_sync) == (connection, (IdSync("email", "last"),))
    assert client.connections(there.id)[0].id_sync == (IdSync("email", "last"),)

    url = {"url": "https://hooks.example.com/sale", "method": "POST"}
    new = NewActivation("Audience Entered", "Sale", mapping=ActionMapping(hook.actions[0].id, url))
    made, told = client.add_activation(there.id, connection, new)
    assert (told.key, told.status, bool(told.request_id)) == (made.id, 200, True)
    assert (made.enabled, made.type, made.mapping) == (True, "Audience Entered", new.mapping)
    with pytest.raises(Conflict):
        client.add_activation(there.id, connection, new)
    with pytest.raises(Conflict):
        client.disconnect(there.id, connection)
    with pytest.raises(InvalidInput) as caught:
        client.add_activation(there.id, connection, replace(new, name="Other", type="Audience Sent"))
    assert caught.value.field == "activationType"
    assert '"activationType"' in caught.value.verbatim

    changed = client.change_activation(there.id, made.id, ActivationChange(enabled=False, name="Paused"))
    assert (changed.enabled, changed.name) == (False, "Paused")
    client.remove_activation(there.id, made.id)
    client.remove_activation(there.id, made.id)  # gone already is as good
    client.disconnect(there.id, connection)
    assert client.connections(there.id) == ()


def test_entities_on_a_classic_audience_name_their_field(client: SegmentClient, stand_in: Caller) -> None:
    found = ready(stand_in)
    change = ActivationChange(personalization=Personalization(entities=(Entity("owned", ("id",)),)))
    with pytest.raises(InvalidInput) as caught:
        client.change_activation(found.audience.id, found.id, change)
    assert (caught.value.status, caught.value.field) == (400, "personalization.entities")


def test_a_resync_is_sent_once_and_can_be_followed(
    client: SegmentClient, stand_in: Caller, witness: Witness
) -> None:
    found, before = ready(stand_in), len(stand_in.exports())
    stand_in.sim.world.clock.set(speed=0)
    try:
        taken = client.resync(found.audience.id, found.id)
        assert (taken.key, taken.status, bool(taken.request_id)) == (found.id, 200, True)
        assert json.loads(taken.body)["data"]["activation"]["performResync"] is True
        assert client.activation(found.audience.id, found.id).resyncing is True
        with pytest.raises(Conflict):
            client.resync(found.audience.id, found.id)
    finally:
        stand_in.sim.world.clock.set(speed=2_000.0)
    sent = [request for request in witness.seen if request.method == "PATCH"]
    assert [request.content for request in sent] == [b'{"performResync":true}'] * 2
    assert len(stand_in.exports()) == before + 1
    settle(stand_in)
    assert not client.activation(found.audience.id, found.id).resyncing


def test_the_last_word_keeps_a_resync_back(client: SegmentClient, stand_in: Caller) -> None:
    found, before = ready(stand_in), len(stand_in.exports())

    def no() -> None:
        raise RuntimeError("taken back")

    with pytest.raises(RuntimeError):
        client.resync(found.audience.id, found.id, last=no)
    assert len(stand_in.exports()) == before


LOST = [("reset_before", AnswerLost, 0), ("reset_after", AnswerLost, 1), ("silence_after", AnswerLost, 1)]
FAULTS: list[tuple[str, dict[str, Any], type[PlatformError], int]] = [
    *((fault, {}, kind, effects) for fault, kind, effects in LOST),
    ("truncate", {}, AnswerUnreadable, 1),
    ("html", {}, PlatformFault, 0),
    ("status", {"status": 500}, PlatformFault, 0),
    ("status", {"status": 503, "retry_after": 3}, PlatformFault, 0),
    ("status", {"status": 429}, Throttled, 0),
    ("revoke_token", {}, CredentialsRefused, 0),
]


@pytest.mark.parametrize(("fault", "rule", "kind", "effects"), FAULTS)
def test_a_write_is_never_repeated_and_its_error_says_what_is_known(
    client: SegmentClient,
    stand_in: Caller,
    witness: Witness,
    fault: str,
    rule: dict[str, Any],
    kind: type[PlatformError],
    effects: int,
) -> None:
    found, before = ready(stand_in), len(stand_in.exports())
    stand_in.fault(fault, stand_in.of(found), "PATCH", **rule)
    with pytest.raises(PlatformError) as caught:
        client.resync(found.audience.id, found.id)
    assert type(caught.value) is kind
    assert len(stand_in.exports()) == before + effects
    assert len([one for one in witness.seen if one.method == "PATCH"]) == 1
    assert TOKEN not in caught.value.body + caught.value.verbatim


def test_reads_are_repeated(client: SegmentClient, stand_in: Caller, witness: Witness) -> None:
    stand_in.fault("status", "/spaces", "GET", status=503, times=2)
    assert client.spaces()
    assert len(witness.seen) == 3


def test_waits_are_read_from_wherever_they_are_said(client: SegmentClient, stand_in: Caller) -> None:
    found = ready(stand_in)
    for rule, wait in (({}, 1.5), ({"retry_after": 7}, 7.0)):
        stand_in.fault("status", stand_in.of(found), "PATCH", status=429, **rule)
        with pytest.raises(Throttled) as caught:
            client.resync(found.audience.id, found.id)
        assert caught.value.retry_after == wait


def test_forced_runs(client: SegmentClient, stand_in: Caller) -> None:
    assert client.force_run(ready(stand_in, LINKED).audience.id).startswith("run_")
    with pytest.raises(InvalidInput):
        client.force_run(ready(stand_in).audience.id)


def test_traits(client: SegmentClient) -> None:
    found = {one.name: one.kind for one in client.traits()}
    assert (found["email"], found["loyalty_tier"], len(found)) == ("CUSTOM", "SQL", 9)


def test_an_audience_is_switched(client: SegmentClient, stand_in: Caller) -> None:
    audience = ready(stand_in).audience
    asked: list[str] = []
    told = client.switch_audience(audience.id, enabled=False, last=lambda: asked.append("last"))
    assert (told.id, told.lifecycle, asked) == (audience.id, "Disabled", ["last"])
    assert client.switch_audience(audience.id, enabled=True).lifecycle == "Live"
    with pytest.raises(NotFound):
        client.switch_audience("aud_nowhere", enabled=True)


def test_what_was_delivered(client: SegmentClient, stand_in: Caller) -> None:
    found = ready(stand_in, LINKED)
    client.resync(found.audience.id, found.id)
    client.force_run(found.audience.id)
    settle(stand_in)
    now = datetime.fromtimestamp(stand_in.sim.world.now(), UTC)
    asked: dict[str, Any] = {
        "source": found.connection.destination.source,
        "destination": found.connection.destination.id,
        "start": now - timedelta(hours=3),
        "end": now + timedelta(minutes=1),
    }
    only = {"activationId": [found.id]}
    sent = client.delivered("successful-delivery", **asked, only=only)
    failed = client.delivered("failed-delivery", **asked, only=only)
    assert (sent.total or 0) + (failed.total or 0) >= (found.audience.size or 0) > 0
    filtered = client.delivered("filtered-at-destination", **asked, only=only)
    assert filtered.total == (found.audience.size or 0) // 250 > 0
    grouped = client.delivered("successful-delivery", **asked, group_by=["activationId"])
    assert {row.group["activationId"]: row.total for row in grouped.rows}[found.id] == sent.total
    with pytest.raises(InvalidInput):
        client.delivered("failed-delivery", **(asked | {"start": now - timedelta(days=90)}))


TRAITS = st.lists(st.sampled_from(["email", "city", "tier", "first_order_at"]), max_size=3, unique=True)
PROFILES = st.builds(
    Profile,
    TRAITS.map(tuple),
    st.dictionaries(st.sampled_from(["email", "city"]), st.text("abc", min_size=1, max_size=4), max_size=2),
)
ENTITIES = st.lists(
    st.builds(Entity, st.sampled_from(["owned-accounts", "trips"]), TRAITS.map(tuple)), max_size=2
).map(tuple)
WORDS = st.text(min_size=1, max_size=6) | st.just({"@path": "$.x"})
VALUES = WORDS | st.booleans() | st.lists(st.integers(0, 9), max_size=2)
# Values of described fields have their types; what is not described may be anything.
SETTINGS = st.builds(
    lambda told, more: {**told, **more},
    st.dictionaries(st.sampled_from(["country", "email", "name"]), WORDS, max_size=2),
    st.dictionaries(st.just("undescribed"), VALUES, max_size=1),
)
CHANGES = st.builds(
    ActivationChange,
    name=st.none() | st.text("xyz ", max_size=5).map(str.strip),
    enabled=st.none() | st.booleans(),
    personalization=st.none()
    | st.builds(Personalization, profile=st.none() | PROFILES, entities=st.none() | ENTITIES),
    mapping=st.none() | st.builds(ActionMapping, st.sampled_from(["another", "same"]), SETTINGS),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(change=CHANGES)
def test_merge_rules_for_any_change(
    client: SegmentClient, stand_in: Caller, change: ActivationChange
) -> None:
    """What a change leaves out stays; what it gives replaces, each part as the contract says (§5.7)."""
    found = next(
        one
        for one in stand_in.shelf.every_activation()
        if one.audience.type == LINKED and one.audience.space == stand_in.space and one.mapping
    )
    before = client.activation(found.audience.id, found.id)
    after = client.change_activation(found.audience.id, found.id, change)
    assert after == client.activation(found.audience.id, found.id)
    assert after.name == (change.name or before.name)
    assert after.enabled == (before.enabled if change.enabled is None else change.enabled)
    given_parts = change.personalization or Personalization()
    assert after.personalization.profile == (given_parts.profile or before.personalization.profile)
    kept = before.personalization.entities if given_parts.entities is None else given_parts.entities
    assert (after.personalization.entities or None) == (kept or None)
    assert before.mapping is not None
    asked = change.mapping.settings if change.mapping else {}
    assert after.mapping == ActionMapping(before.mapping.action, {**before.mapping.settings, **asked})
    assert (after.type, after.connection) == (before.type, before.connection)


def test_an_operation_with_a_limit_is_held_back_before_it_is_refused(stand_in: Caller) -> None:
    """Half a minute's worth goes at once, the next must wait: nothing is sent that would be refused."""
    clock = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    store = Memory(lambda: clock[0])

    def pace_of(operation: Operation) -> Pacer | None:
        if not operation.per_minute:
            return None
        return Pacer(store, one_share(operation.per_minute), sleep=sleep, share=Share.READ)

    there = stand_in.one()
    config = SegmentConfig(stand_in.space, TOKEN, stand_in.sim.url)
    with SegmentClient(config, patience=HASTY, pace_of=pace_of) as paced:
        for _ in range(25):
            paced.connections(there.id)
        assert slept == []
        paced.connections(there.id)
    assert sum(slept) == pytest.approx(2.4, rel=0.3)


def test_what_has_no_documented_limit_has_no_pace_of_its_own(stand_in: Caller) -> None:
    """The default is not documented, so none is invented: the headers and refusals of such calls alone tell."""
    asked: list[Operation] = []

    def pace_of(operation: Operation) -> None:
        asked.append(operation)

    with SegmentClient(
        SegmentConfig(stand_in.space, TOKEN, stand_in.sim.url), patience=HASTY, pace_of=pace_of
    ) as paced:
        paced.spaces()
        paced.destinations()
        paced.activations(stand_in.one().id)
    assert [one.per_minute for one in asked] == [0, 0, 60]


def test_a_success_that_was_the_last_one_allowed_asks_for_silence(stand_in: Caller) -> None:
    memory = Memory()
    pacer = Pacer(memory, one_share(60), share=Share.READ, patience=0.0)
    pacer.after(200, None)
    pacer.before()
    pacer.after(200, 30.0)
    with pytest.raises(Throttled) as caught:
        pacer.before()
    assert 29 < (caught.value.retry_after or 0) <= 30
    assert memory.state is not None
    assert memory.state.rate == pytest.approx(0.5)  # told to wait, not told off
