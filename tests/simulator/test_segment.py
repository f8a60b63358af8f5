"""The stand-in for Segment: every operation's shape, every refusal, the resync from press to end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from simulator.segment import limits
from simulator.segment.shelf import LINKED
from simulator.server import Simulator
from tests.segment_shapes import assert_error, assert_shape
from tests.simulator.segment import ALPHA, Caller, activation_body


@pytest.fixture
def segment(sim: Simulator) -> Iterator[Caller]:
    caller = Caller(sim)
    yield caller
    caller.http.close()


def test_it_works(segment: Caller) -> None:
    assert assert_shape("workspace", segment.http.get("/"))["workspace"]["id"] == segment.shelf.id
    assert_shape("spaces", segment.http.get("/spaces"))
    assert_shape("space", segment.http.get(f"/spaces/{segment.space}"))
    assert_shape("audiences", segment.http.get(f"/spaces/{segment.space}/audiences"))
    assert_shape("audience", segment.http.get(segment.path(segment.one())))
    assert_shape("destinations", segment.http.get("/destinations", params={"pagination.count": "2"}))


def test_one_destination_is_its_line_in_the_list(segment: Caller) -> None:
    listed = segment.http.get("/destinations", params={"pagination.count": "1"}).json()["data"][
        "destinations"
    ]
    found = segment.http.get(f"/destinations/{listed[0]['id']}").json()["data"]["destination"]
    assert found == listed[0]
    assert_error(segment.http.get("/destinations/nothing"), 404)


def test_both_vendors_share_a_port_and_each_keeps_its_own_refusals(segment: Caller) -> None:
    assert segment.http.get("/data/foundation/flowservice/flows").json()["error_code"]
    assert_error(segment.http.get("/spaces", headers={"Authorization": ""}), 401)
    assert_error(segment.http.get("/spaces", headers={"Authorization": "Bearer other"}), 401)
    assert_error(segment.http.put("/spaces"), 404)
    assert_error(segment.http.get("/spaces/x/y/z/w"), 404)


def test_a_revoked_token_stays_revoked(segment: Caller) -> None:
    segment.fault("revoke_token", "/spaces")
    assert_error(segment.http.get("/spaces"), 401)
    assert_error(segment.http.get("/spaces"), 401)


@pytest.mark.parametrize(
    ("accept", "status"), [("application/vnd.segment.v1+json", 404), ("application/json", 200), ("*/*", 200)]
)
def test_a_version_that_does_not_exist_is_refused(segment: Caller, accept: str, status: int) -> None:
    assert segment.http.get("/spaces", headers={"Accept": accept}).status_code == status


def test_bodies_are_json_and_say_so(segment: Caller) -> None:
    path = segment.path(segment.one(), "/destination-connections")
    assert_error(segment.http.post(path, content=b"{", headers={"Content-Type": ALPHA}), 422)
    assert_error(segment.http.post(path, content=b"[]", headers={"Content-Type": ALPHA}), 422)
    assert_error(segment.http.post(path, content=b"{}", headers={"Content-Type": "text/plain"}), 415)


def test_unknown_things_are_404_whatever_they_are(segment: Caller) -> None:
    there = segment.one()
    for path in (
        "/spaces/spa_none",
        f"/spaces/{segment.space}/audiences/aud_none",
        f"/spaces/spa_none/audiences/{there.id}/activations",
        segment.path(there, "/activations/act_none"),
        "/destinations/none",
    ):
        assert_error(segment.http.get(path), 404)
    assert_error(segment.http.delete(segment.path(there, "/destination-connections/ii_none")), 404)


PAGED = [
    lambda count, cursor: {"pagination.count": str(count), **({"pagination.cursor": cursor} if cursor else {})},
    lambda count, cursor: {
        "pagination": f'{{"count": {count}{f", {chr(34)}cursor{chr(34)}: {chr(34)}{cursor}{chr(34)}" if cursor else ""}}}'
    },
    lambda count, cursor: {"pagination[count]": str(count), **({"pagination[cursor]": cursor} if cursor else {})},
]  # fmt: skip


@pytest.mark.parametrize("form", PAGED)
def test_pages_are_the_same_in_all_three_written_forms(segment: Caller, form: Any) -> None:
    seen: list[str] = []
    cursor, ends = None, []
    for _ in range(20):
        data = assert_shape(
            "audiences", segment.http.get(f"/spaces/{segment.space}/audiences", params=form(5, cursor))
        )
        seen += [one["id"] for one in data["audiences"]]
        cursor = data["pagination"].get("next")
        if not cursor:
            ends.append("next" in data["pagination"])
            break
    assert seen == [one.id for one in segment.audiences()]
    assert ends


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"pagination.count": "0"}, "pagination.count"),
        ({"pagination.count": "201"}, "pagination.count"),
        ({"pagination.count": "many"}, "pagination.count"),
        ({"pagination.cursor": "MQ=="}, "pagination.count"),
        ({"pagination.count": "1", "pagination.cursor": "MQ=="}, "pagination.cursor"),
        ({"pagination.size": "1"}, "pagination.size"),
        ({"page": "1"}, "page"),
        ({"search.type": "SIZE", "search.query": "x"}, "search.type"),
        ({"include": "everything"}, "include"),
    ],
)
def test_bad_queries_name_their_field(segment: Caller, params: dict[str, str], field: str) -> None:
    assert_error(segment.http.get(f"/spaces/{segment.space}/audiences", params=params), 422, field)


def test_the_last_page_says_so_by_null_or_by_silence(segment: Caller) -> None:
    pages = [segment.http.get("/spaces").json()["data"]["pagination"] for _ in range(6)]
    assert {page.get("next", "silent") for page in pages} == {None, "silent"}
    assert {"totalEntries" in page for page in pages} == {True, False}


def test_lists_of_this_section_tell_pagination_only_when_asked(segment: Caller) -> None:
    path = segment.path(segment.one(), "/activations")
    assert "pagination" not in assert_shape("activations", segment.http.get(path))
    asked = segment.http.get(path, params={"pagination.count": "1"})
    assert "pagination" in assert_shape("activations", asked)
    assert_error(segment.http.get(path, params={"pagination.count": "1001"}), 422, "pagination.count")


def test_search_and_schedules(segment: Caller) -> None:
    wanted = segment.audiences()[3]
    path = f"/spaces/{segment.space}/audiences"
    found = segment.http.get(path, params={"search.type": "NAME", "search.query": wanted.name[3:9]})
    assert wanted.id in {one["id"] for one in found.json()["data"]["audiences"]}
    by_key = segment.http.get(path, params={"search": f'{{"type":"KEY","query":"{wanted.key}"}}'})
    assert [one["id"] for one in by_key.json()["data"]["audiences"]] == [wanted.id]
    linked = segment.one(lambda one: one.type == LINKED)
    data = assert_shape("audience", segment.http.get(segment.path(linked), params={"include": "schedules"}))
    assert data["audience"]["schedules"]


def test_limits_are_told_and_kept(segment: Caller) -> None:
    path = segment.path(segment.one(), "/destination-connections")
    segment.pass_time(60 - segment.sim.world.now() % 60 + 1)
    answers = [segment.http.get(path) for _ in range(52)]
    assert [answer.status_code for answer in answers] == [200] * 50 + [429] * 2
    first = answers[0]
    assert first.headers["x-ratelimit-consumed"] == "1"
    assert first.headers["x-ratelimit-remaining"] == "49"
    reset = parsedate_to_datetime(first.headers["x-ratelimit-reset"])
    assert timedelta(0) < reset - parsedate_to_datetime(first.headers["date"]) <= timedelta(seconds=60)
    assert "x-ratelimit-limit" not in first.headers
    error = assert_error(answers[-1], 429)
    assert 0 < error["data"]["msBeforeNext"] <= 60_000
    assert "x-ratelimit-remaining" not in answers[-1].headers
    assert segment.http.get(segment.path(segment.one(), "/activations")).status_code == 200
    segment.pass_time(60)
    assert segment.http.get(path).status_code == 200


def test_retry_after_is_on_some_refusals_only() -> None:
    said = {"Retry-After" in limits.TooMany(1, 1, header=header).headers for header in (True, False)}
    assert said == {True, False}


def test_connecting_and_disconnecting(segment: Caller) -> None:
    there = next(one for one in segment.audiences() if not one.connections)
    path = segment.path(there, "/destination-connections")
    braze = next(one for one in segment.shelf.destinations.values() if one.slug == "actions-braze-cloud")
    body = {"destination": {"id": braze.id, "type": "destination"}}
    made = assert_shape("connected", segment.http.post(path, json=body))
    assert made["idSyncConfiguration"]
    assert_error(segment.http.post(path, json=body), 409)
    (listed,) = assert_shape("connections", segment.http.get(path))["connections"]
    assert (listed["id"], listed["destinationId"]) == (made["connection"]["id"], braze.id)
    one = f"{path}/{listed['id']}"
    added = assert_shape(
        "activation",
        segment.http.post(f"{one}/activations", json=activation_body(there.connections[listed["id"]])),
    )
    assert "activation" in assert_error(segment.http.delete(one), 409)["message"]
    gone = segment.http.delete(segment.path(there, f"/activations/{added['activation']['id']}"))
    assert_shape("removed", gone)
    assert assert_shape("removed", segment.http.delete(one)) == {"status": "SUCCESS"}
    assert_error(segment.http.delete(one), 404)


def test_a_destination_that_engage_does_not_know_cannot_be_connected(segment: Caller) -> None:
    """Adding it to the space is a step that only Segment's own pages can do."""
    strange = next(one for one in segment.shelf.destinations.values() if not one.engage)
    answer = segment.http.post(
        segment.path(segment.one(), "/destination-connections"),
        json={"destination": {"id": strange.id, "type": strange.kind}},
        headers={"Content-Type": ALPHA},
    )
    assert assert_error(answer, 422)["field"] == "destination.id"


def test_id_sync_and_settings_replace_whole_and_empty_means_nothing(segment: Caller) -> None:
    there = segment.one(
        lambda one: any(each.destination.connection_fields for each in one.connections.values())
    )
    social = next(one for one in there.connections.values() if one.destination.connection_fields)
    path = segment.path(there, f"/destination-connections/{social.id}")
    sync = [{"externalId": "email", "strategy": "all", "mapTo": "Email_Address_c"}]
    settings = {"adAccountId": "7", "audienceDescription": "People"}
    assert_shape(
        "reconnected",
        segment.http.patch(path, json={"idSyncConfiguration": sync, "connectionSettings": settings}),
    )
    segment.http.patch(path, json={"idSyncConfiguration": [], "connectionSettings": {}})
    assert (social.id_sync, social.settings) == (sync, settings)
    bare = [{"externalId": "email", "strategy": "last"}]
    segment.http.patch(path, json={"idSyncConfiguration": bare, "connectionSettings": {"adAccountId": "8"}})
    assert (social.id_sync, social.settings) == (bare, {"adAccountId": "8"})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"idSyncConfiguration": [{"externalId": "a", "strategy": "last"}] * 6}, "idSyncConfiguration"),
        ({"idSyncConfiguration": [{"externalId": "a", "strategy": "all"}] * 4}, "idSyncConfiguration"),
        ({"idSyncConfiguration": [{"externalId": "a", "strategy": "best"}]}, "idSyncConfiguration[0].strategy"),
        ({"idSyncConfiguration": [{"strategy": "last"}]}, "idSyncConfiguration[0].externalId"),
        ({"idSyncConfiguration": [7]}, "idSyncConfiguration[0]"),
        ({"connectionSettings": "x"}, "connectionSettings"),
        ({"performResync": True}, "performResync"),
    ],
)  # fmt: skip
def test_bad_connections_name_their_field(segment: Caller, change: dict[str, Any], field: str) -> None:
    there = segment.one()
    path = segment.path(there, f"/destination-connections/{next(iter(there.connections))}")
    assert_error(segment.http.patch(path, json=change), 422, field)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"performResync": None}, "performResync"),
        ({"performResync": "yes"}, "performResync"),
        ({"activationType": "Audience Sent"}, "activationType"),
        ({"activationType": "Entity Added"}, "activationType"),
        ({"activationName": ""}, "activationName"),
        ({"activationName": "x" * 256}, "activationName"),
        ({"displayName": "Shown"}, "displayName"),
        ({"destinationMapping": {"settings": {}}}, "destinationMapping.actionId"),
        ({"destinationMapping": {"actionId": "none"}}, "destinationMapping.actionId"),
        ({"personalization": {"profile": {"mapping": {"a": 1}}}}, "personalization.profile.mapping.a"),
        ({"personalization": {"profile": {"properties": [1]}}}, "personalization.profile.properties"),
        ({"personalization": {"syncEntityPropertyChanges": True}}, "personalization.syncEntityPropertyChanges"),
        ({"resync": True}, "resync"),
    ],
)  # fmt: skip
def test_bad_activations_name_their_field(segment: Caller, change: dict[str, Any], field: str) -> None:
    connection = segment.with_actions()
    body = activation_body(connection, **change)
    body = {name: value for name, value in body.items() if value is not None}
    path = segment.path(connection.audience, f"/destination-connections/{connection.id}/activations")
    assert_error(segment.http.post(path, json=body), 422, field)


def test_required_fields_of_the_action_are_required(segment: Caller) -> None:
    connection = segment.with_actions()
    body = activation_body(connection)
    needed = next(one["fieldKey"] for one in connection.destination.actions[0]["fields"] if one["required"])
    del body["destinationMapping"]["settings"][needed]
    path = segment.path(connection.audience, f"/destination-connections/{connection.id}/activations")
    assert_error(segment.http.post(path, json=body), 422, f"destinationMapping.settings.{needed}")


def test_entities_are_for_linked_audiences(segment: Caller) -> None:
    entities = {"entities": [{"properties": ["ID"], "relationshipSlug": "owned-accounts"}]}
    assert_error(segment.patch(segment.ready(), personalization=entities), 400)
    linked = segment.ready(LINKED)
    assert_shape("activation", segment.patch(linked, personalization=entities))
    assert segment.state(linked)["personalization"]["entities"] == entities["entities"]
    assert "profile" in segment.state(linked)["personalization"]
    segment.patch(linked, personalization={"entities": []})
    assert "entities" not in segment.state(linked)["personalization"]


def test_merge_rules_of_an_activation(segment: Caller) -> None:
    connection = segment.with_actions()
    found = next(one for one in connection.audience.activations.values() if one.connection is connection)
    before = segment.state(found)
    assert_error(
        segment.patch(found, destinationMapping={"settings": {}}), 422, "destinationMapping.actionId"
    )
    segment.patch(
        found,
        activationName="",
        personalization={"profile": {"properties": ["first_order_at"]}},
        destinationMapping={"actionId": "another", "settings": {"country": {"@path": "$.c"}}},
    )
    after = segment.state(found)
    assert after["activationName"] == before["activationName"]
    assert after["personalization"]["profile"] == {"properties": ["first_order_at"]}
    assert after["destinationMapping"]["actionId"] == before["destinationMapping"]["actionId"]
    assert after["destinationMapping"]["settings"] == {
        **before["destinationMapping"]["settings"],
        "country": {"@path": "$.c"},
    }
    for fixed in ("activationType", "connectionId"):
        assert_error(segment.patch(found, **{fixed: "x"}), 422, fixed)


def test_a_display_name_is_for_warehouses_and_null_clears_it(segment: Caller) -> None:
    found = next(
        one
        for one in segment.shelf.every_activation()
        if one.connection.destination.kind == "warehouse" and one.audience.space == segment.space
    )
    segment.patch(found, displayName="Shown")
    assert segment.state(found)["displayName"] == "Shown"
    segment.patch(found, displayName=None)
    assert segment.state(found)["displayName"] is None


def test_a_resync_lasts_and_ends(segment: Caller) -> None:
    found = segment.ready()
    answered = assert_shape("activation", segment.patch(found, performResync=True))
    assert answered["activation"]["performResync"] is True
    assert segment.state(found)["performResync"] is True
    assert_error(segment.patch(found, performResync=True), 409)
    (export,) = segment.exports()
    assert (export["dataflow"], export["audience"]) == (found.connection.id, found.audience.id)
    assert export["run"].startswith(found.id)
    assert set(export) == {"dataflow", "audience", "run", "job", "accepted_at"}
    segment.pass_time(60)
    assert not segment.state(found).get("performResync")
    segment.patch(found, performResync=True)
    assert len({one["run"] for one in segment.exports()}) == 2


def test_what_a_resync_leaves_behind_is_false_or_nothing(segment: Caller) -> None:
    found = segment.ready()
    seen: set[Any] = set()
    for _ in range(12):
        segment.patch(found, performResync=True)
        segment.pass_time(60)
        seen.add(segment.state(found).get("performResync", "silent"))
    assert seen == {False, "silent"}


def test_one_resync_at_a_time_in_a_workspace_unless_told_otherwise(segment: Caller) -> None:
    first = segment.ready()
    other = segment.ready(LINKED)
    segment.patch(first, performResync=True)
    assert_error(segment.patch(other, performResync=True, activationName="Kept out"), 409)
    assert segment.state(other)["activationName"] != "Kept out"
    segment.fault("resync_beside", segment.of(other), "PATCH")
    assert segment.patch(other, performResync=True).status_code == 200


def test_a_resync_may_show_late(segment: Caller) -> None:
    found = segment.ready()
    segment.fault("run_slow_start", segment.of(found), "PATCH")
    answered = segment.patch(found, performResync=True).json()["data"]["activation"]
    assert not answered.get("performResync")
    assert len(segment.exports()) == 1
    segment.pass_time(31)
    assert segment.state(found)["performResync"] is True


def test_what_is_off_is_not_resynced(segment: Caller) -> None:
    found = segment.ready()
    found.enabled = False
    assert_error(segment.patch(found, performResync=True), 422, "performResync")
    assert segment.exports() == []
    assert segment.patch(found, performResync=True, enabled=True).status_code == 200


def test_creating_with_a_resync_is_an_export_too(segment: Caller) -> None:
    connection = segment.ready().connection
    if not connection.destination.actions:
        pytest.skip("the seed's first ready activation has no actions")
    path = segment.path(connection.audience, f"/destination-connections/{connection.id}/activations")
    body = activation_body(connection, performResync=True)
    made = assert_shape("activation", segment.http.post(path, json=body))["activation"]
    assert made["performResync"] is True
    assert segment.exports()[0]["run"].startswith(made["id"])
    assert_error(segment.http.post(path, json=activation_body(connection)), 409)


def test_traits_go_forward_only(segment: Caller) -> None:
    space = next(iter(segment.sim.world.segment.spaces))
    first = assert_shape("traits", segment.http.get(f"/spaces/{space}/traits?pagination.count=5"))
    cursor = first["pagination"]["next"]
    rest = segment.http.get(
        f"/spaces/{space}/traits", params={"pagination.count": 5, "pagination.cursor": cursor}
    )
    told = assert_shape("traits", rest)
    assert "previous" not in told["pagination"]
    names = [one["trait"] for one in (*first["traits"], *told["traits"])]
    assert len(set(names)) == len(names) == 9
    assert_error(segment.http.get("/spaces/spa_nowhere/traits"), 404)


def test_an_audience_is_switched_and_renamed(segment: Caller) -> None:
    audience = segment.ready().audience
    told = segment.http.patch(segment.path(audience), json={"enabled": False})
    shown = assert_shape("audience", told)["audience"]
    assert (shown["enabled"], shown["status"]) == (False, "Disabled")
    assert segment.http.patch(segment.path(audience), json={"enabled": True, "name": "Other"}).is_success
    assert (audience.enabled, audience.status, audience.name) == (True, "Live", "Other")
    assert_error(segment.http.patch(segment.path(audience), json={"enabled": "yes"}), 422)
    assert_error(segment.http.patch(segment.path(audience), json={"size": 7}), 422)
    assert_error(segment.http.patch(segment.path(audience) + "x", json={"enabled": True}), 404)


def test_a_linked_audience_that_is_enabled_is_run(segment: Caller) -> None:
    linked = segment.ready(LINKED)
    segment.patch(linked, performResync=True)
    for on in (False, True):
        assert segment.http.patch(segment.path(linked.audience), json={"enabled": on}).is_success
    segment.pass_time(60)
    assert not segment.state(linked).get("performResync")


def test_forced_runs_are_for_linked_audiences(segment: Caller) -> None:
    linked, plain = segment.ready(LINKED).audience, segment.ready().audience
    first = assert_shape("run", segment.http.post(segment.path(linked, "/runs")))
    assert first != assert_shape("run", segment.http.post(segment.path(linked, "/runs")))
    assert_error(segment.http.post(segment.path(plain, "/runs")), 422)
    assert segment.exports() == []


def test_a_resync_of_a_linked_audience_waits_for_a_run(segment: Caller) -> None:
    linked = segment.ready(LINKED)
    segment.patch(linked, performResync=True)
    segment.pass_time(60)
    assert segment.state(linked)["performResync"] is True
    segment.http.post(segment.path(linked.audience, "/runs"))
    segment.pass_time(60)
    assert not segment.state(linked).get("performResync")


def test_without_a_forced_run_it_goes_with_the_next_by_schedule(segment: Caller) -> None:
    linked = segment.ready(LINKED)
    segment.patch(linked, performResync=True)
    segment.pass_time(4 * 3_600 + 60)
    assert not segment.state(linked).get("performResync")


def test_a_resync_may_never_show(segment: Caller) -> None:
    found = segment.ready()
    segment.fault("resync_unseen", segment.of(found), "PATCH")
    segment.patch(found, performResync=True)
    assert len(segment.exports()) == 1
    assert not segment.state(found).get("performResync")
    assert_error(segment.patch(found, performResync=True), 409)


def test_an_audience_that_is_being_computed_is_not_resynced(segment: Caller) -> None:
    found = segment.ready()
    found.audience.status = "Computing"
    assert_error(segment.patch(found, performResync=True), 422, "performResync")
    assert segment.exports() == []


def test_supported_destinations_are_a_map_with_and_without_actions(segment: Caller) -> None:
    path = f"/spaces/{segment.space}/audienceType/%s/supported-destinations"
    found = assert_shape("supported", segment.http.get(path % "USERS"))["destinations"]
    assert {bool(one["actions"]) for one in found.values()} == {True, False}
    assert any(one["connectionSettings"] for one in found.values() if not one["actions"])
    linked = assert_shape("supported", segment.http.get(path % "LINKED"))["destinations"]
    assert set(linked) < set(found)
    assert_error(segment.http.get(path % "PEOPLE"), 422, "audienceType")
    action = found["actions-webhook"]["actions"][0]["id"]
    only = assert_shape("supported", segment.http.get(path % "USERS", params={"actionId": action}))
    assert set(only["destinations"]) == {"actions-webhook"}


def window(segment: Caller, **more: str) -> dict[str, str]:
    now = datetime.fromtimestamp(segment.sim.world.now(), UTC)
    return {
        "startTime": (now - timedelta(hours=1)).isoformat(),
        "endTime": (now + timedelta(minutes=1)).isoformat(),
        "granularity": "MINUTE",
        **more,
    }


def test_delivery_overview_counts_what_went_out(segment: Caller) -> None:
    found = segment.ready(LINKED)
    segment.patch(found, performResync=True)
    segment.http.post(segment.path(found.audience, "/runs"))
    segment.pass_time(100)
    destination = found.connection.destination
    asked = window(segment, sourceId=destination.source, destinationConfigId=destination.id)
    beta = {"Accept": "application/vnd.segment.v1beta+json"}

    def total(kind: str, **more: str) -> int:
        answer = segment.http.get(f"/delivery-overview/{kind}", params=asked | more, headers=beta)
        return int(assert_shape("delivery", answer)["total"])

    sent, failed = total("successful-delivery"), total("failed-delivery")
    assert sent + failed == found.audience.size
    assert total("successful-delivery", **{"filter.activationId.0": found.id}) == sent
    assert total("successful-delivery", **{"filter.activationId.0": "act_none"}) == 0
    grouped = segment.http.get(
        "/delivery-overview/successful-delivery", params={**asked, "groupBy.0": "activationId"}, headers=beta
    ).json()["data"]["dataset"]
    assert [one["activationId"] for one in grouped] == [found.id]


def test_counts_of_a_delivery_come_half_a_minute_late(segment: Caller) -> None:
    found = segment.ready()
    segment.patch(found, performResync=True).raise_for_status()
    destination = found.connection.destination

    def total() -> int:
        asked = window(segment, sourceId=destination.source, destinationConfigId=destination.id)
        beta = {"Accept": "application/vnd.segment.v1beta+json"}
        answer = segment.http.get("/delivery-overview/successful-delivery", params=asked, headers=beta)
        return int(assert_shape("delivery", answer)["total"])

    segment.pass_time(29)
    assert total() == 0
    segment.pass_time(40)
    assert total() == (found.audience.size or 0) - found.resyncs[-1].failed


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"granularity": "WEEK"}, "granularity"),
        ({"granularity": ""}, "granularity"),
        ({"startTime": "yesterday"}, "startTime"),
        ({"startTime": "2020-01-01T00:00:00Z", "endTime": "2020-01-01T01:00:00Z"}, "startTime"),
        ({"endTime": "2019-01-01T00:00:00Z"}, "endTime"),
        ({"sourceId": ""}, "sourceId"),
        ({"groupBy.0": "mood"}, "groupBy"),
        ({"filter.mood.0": "x"}, "filter"),
    ],
)
def test_bad_windows_name_their_field(segment: Caller, change: dict[str, str], field: str) -> None:
    destination = next(iter(segment.shelf.destinations.values()))
    asked = window(segment, sourceId=destination.source, destinationConfigId=destination.id) | change
    beta = {"Accept": "application/vnd.segment.v1beta+json"}
    assert_error(
        segment.http.get("/delivery-overview/failed-delivery", params=asked, headers=beta), 422, field
    )


def test_faults_speak_segments_language(segment: Caller) -> None:
    segment.fault("status", "/spaces", status=429)
    quiet = segment.http.get("/spaces")
    assert assert_error(quiet, 429)["data"]["msBeforeNext"] > 0
    assert "retry-after" not in quiet.headers
    segment.fault("status", "/spaces", status=429, retry_after=7)
    assert segment.http.get("/spaces").headers["retry-after"] == "7"
    segment.fault("status", "/spaces", status=500)
    assert_error(segment.http.get("/spaces"), 500)
    segment.fault("html", "/spaces", status=502)
    assert segment.http.get("/spaces").text.startswith("<!DOCTYPE")
    segment.fault("empty_page", f"/spaces/{segment.space}/audiences")
    path = f"/spaces/{segment.space}/audiences"
    data = assert_shape("audiences", segment.http.get(path, params={"pagination.count": "3"}))
    assert data["audiences"] == []
    assert not data["pagination"].get("next")


@pytest.mark.parametrize(("fault", "effects"), [("reset_before", 0), ("reset_after", 1)])
def test_a_lost_answer_may_have_had_its_effect(segment: Caller, fault: str, effects: int) -> None:
    found = segment.ready()
    segment.fault(fault, segment.of(found), "PATCH")
    with pytest.raises(httpx.HTTPError):
        segment.patch(found, performResync=True)
    assert len(segment.exports()) == effects


def test_the_seed_is_the_same_again_after_a_reset(segment: Caller) -> None:
    before = [one.id for one in segment.audiences()]
    found = segment.ready()
    segment.patch(found, performResync=True)
    segment.http.post("/_sim/reset", json={}).raise_for_status()
    assert [one.id for one in segment.audiences()] == before
    assert segment.exports() == []
