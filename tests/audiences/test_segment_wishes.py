"""Segment's ten operations as wishes: done once, looked up when in doubt, refused in true words, no secret kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audiences.models import Audience, Dataflow, Mapping, Supported, Trait, Wish, WishEvent
from audiences.supported import actions_of, connection_fields_of, supported_by
from audiences.sync import sync
from audiences.tasks import look_at_audience
from audiences.wishes import states
from audiences.wishes.actions import CannotAsk
from audiences.wishes.segment.terms import connection_terms
from platforms.answer import REDACTED
from simulator.server import Simulator
from tests.activations.world import fault
from tests.audiences.segment_desk import Desk

IDS = [{"id": "email", "strategy": "last", "to": "Email"}]
HOOK = {"url": "https://hooks.example.com/sale", "method": "POST"}


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    with Simulator(port=0, seed=7, dataflows=4, audiences=60) as simulator:
        yield Desk(simulator)


def new(desk: Desk, flow: Dataflow, **wanted: Any) -> Wish:
    action = desk.sim.world.segment.destinations[flow.destination.platform_id].actions[0]["id"]
    known = {
        "name": "Sale", "type": "Audience Entered", "enabled": True, "resync": False, "action": action,
        "settings": HOOK, "profile": {"properties": ["email"], "mapping": {"email": "mail"}}, **wanted,
    }  # fmt: skip
    return desk.ask("map", dataflow=flow, audience=flow.audience, wanted=known)


class TestMirror:
    def test_what_each_type_of_audience_can_use_is_mirrored(self, desk: Desk) -> None:
        rows = Supported.objects.filter(workspace=desk.workspace)
        assert set(rows.values_list("audience_type", flat=True)) == {"USERS", "LINKED", "ACCOUNTS"}
        hook = supported_by(desk.destination("actions-webhook"), "USERS")
        assert hook is not None
        fields = {field.key: field for field in actions_of(hook)[0].fields}
        assert fields["url"].required
        assert fields["method"].choices == (("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH"))
        ads = supported_by(desk.destination("personas-facebook-custom-audiences"), "USERS")
        assert ads is not None
        assert not actions_of(ads)
        assert [(field.key, field.required) for field in connection_fields_of(ads)] == [
            ("adAccountId", True),
            ("audienceDescription", False),
        ]
        assert supported_by(desk.destination("personas-facebook-custom-audiences"), "LINKED") is None

    def test_traits_are_mirrored_and_one_that_is_not_told_stays(self, desk: Desk) -> None:
        rows = Trait.objects.filter(workspace=desk.workspace, vanished_at=None)
        assert dict(rows.values_list("platform_id", "kind"))["plan"] == "CUSTOM"
        fault(
            desk.sim,
            "status",
            method="GET",
            path=f"/spaces/{desk.workspace.sandbox}/traits",
            status=404,
            times=9,
        )
        sync(desk.workspace)
        assert rows.count() == 9

    def test_a_second_sync_rewrites_nothing(self, desk: Desk) -> None:
        found = sync(desk.workspace)
        assert found is not None
        assert found.total == 0

    def test_a_type_that_segment_tells_nothing_about_keeps_what_is_known(self, desk: Desk) -> None:
        path = f"/spaces/{desk.workspace.sandbox}/audienceType/USERS/supported-destinations"
        fault(desk.sim, "status", method="GET", path=path, status=404, times=9)
        sync(desk.workspace)
        assert Supported.objects.filter(audience_type="USERS", vanished_at=None).exists()

    def test_what_is_a_secret_by_its_type_is_not_kept(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook", mappings__isnull=False)
        there = desk.there[flow.audience.platform_id]
        for one in there.connections[flow.platform_id].destination.actions[0]["fields"]:
            one["type"] = "PASSWORD" if one["fieldKey"] == "url" else one["type"]
        sync(desk.workspace)
        mapping = desk.mapping(dataflow=flow)
        assert mapping.details["destinationMapping"]["settings"]["url"] == REDACTED


class TestConnections:
    def test_a_destination_is_added_and_seen_at_once(self, desk: Desk) -> None:
        audience, hook = desk.audience(), desk.destination("actions-webhook")
        wish = desk.work(desk.connect(audience, hook, id_sync=IDS))
        assert wish.state == states.DONE
        there = next(iter(desk.there[audience.platform_id].connections.values()))
        assert there.id_sync == [{"externalId": "email", "strategy": "last", "mapTo": "Email"}]
        flow = Dataflow.objects.get(audience=audience)
        assert (flow.platform_id, wish.dataflow) == (there.id, flow)
        assert flow.details["idSyncConfiguration"] == there.id_sync
        assert flow.state == "unknown"
        look_at_audience(desk.workspace.pk, audience.platform_id)
        flow.refresh_from_db()
        assert flow.state == "enabled"
        assert [event.what for event in wish.events.all()] == ["asked", "taken_up", "done"]

    def test_without_id_sync_segments_own_is_shown(self, desk: Desk) -> None:
        audience = desk.audience()
        desk.work(desk.connect(audience, desk.destination("snowflake"), kind="warehouse"))
        details = Dataflow.objects.get(audience=audience).details
        assert [one["strategy"] for one in details["idSyncConfiguration"]] == ["all", "all"]

    @pytest.mark.parametrize("name", ["reset_after", "silence_after", "truncate", "html"])
    def test_a_lost_answer_is_looked_up_and_nothing_made_twice(self, desk: Desk, name: str) -> None:
        audience, hook = desk.audience(), desk.destination("actions-webhook")
        desk.fault(name, "POST", f"{audience.platform_id}/destination-connections")
        wish = desk.work(desk.connect(audience, hook))
        assert (wish.state, wish.doubtful) == (states.UNCONFIRMED, True)
        happened = len(desk.there[audience.platform_id].connections)
        wish = desk.work(wish, later=60)
        if not happened:
            wish = desk.work(wish, later=600)
        assert wish.state == states.DONE
        assert len(desk.there[audience.platform_id].connections) == 1
        assert desk.calls("POST") == (1 if happened else 2)
        assert Dataflow.objects.filter(audience=audience, vanished_at=None).count() == 1

    def test_one_that_another_person_added_is_asked_about(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook")
        Dataflow.objects.filter(pk=flow.pk).update(vanished_at="2026-01-01T00:00Z")
        wish = desk.work(desk.connect(flow.audience, flow.destination))
        assert (wish.state, wish.found) == (states.CHANGED, {"connected": "yes"})
        flow.refresh_from_db()
        assert flow.vanished_at is None
        assert desk.calls("POST") == 0

    def test_what_segment_asks_for_keeps_its_field_and_words(self, desk: Desk) -> None:
        ads = desk.destination("personas-facebook-custom-audiences")
        wish = desk.work(desk.connect(desk.lacking(ads.platform_spec), ads))
        assert (wish.state, wish.status, wish.reason) == (states.REFUSED, 422, "invalid_input")
        assert wish.field == "connectionSettings.adAccountId"
        assert wish.verbatim == '"connectionSettings.adAccountId" is required'

    def test_id_sync_and_settings_replace_whole(self, desk: Desk) -> None:
        flow = desk.flow("personas-facebook-custom-audiences")
        there = desk.there[flow.audience.platform_id].connections[flow.platform_id]
        before = dict(there.settings)
        assert desk.work(desk.change(flow, id_sync=IDS)).state == states.DONE
        assert (len(there.id_sync), there.settings) == (1, before)
        flow.refresh_from_db()
        unnamed = [{"id": "email", "strategy": "last"}]
        assert desk.work(desk.change(flow, id_sync=unnamed)).state == states.DONE
        assert there.id_sync == [{"externalId": "email", "strategy": "last"}]
        flow.refresh_from_db()
        assert desk.work(desk.change(flow, settings={"adAccountId": "7"})).state == states.DONE
        assert there.settings == {"adAccountId": "7"}
        flow.refresh_from_db()
        assert flow.details["connectionSettings"] == {"adAccountId": "7"}
        assert flow.details["idSyncConfiguration"] == there.id_sync

    def test_what_changed_meanwhile_is_asked_again(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook")
        desk.there[flow.audience.platform_id].connections[flow.platform_id].id_sync = [
            {"externalId": "phone", "strategy": "first"}
        ]
        wish = desk.work(desk.change(flow, id_sync=IDS))
        assert (wish.state, wish.found["id_sync"]) == (states.CHANGED, "phone (first)")
        assert desk.calls("PATCH") == 0
        flow.refresh_from_db()
        assert desk.work(desk.change(flow, id_sync=IDS)).state == states.DONE

    def test_a_connection_in_use_is_kept_and_its_activations_named(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook", mapped_count__gt=0)
        Mapping.objects.filter(dataflow=flow).delete()
        wish = desk.work(desk.ask("disconnect", dataflow=flow))
        assert (wish.state, wish.reason, wish.status) == (states.REFUSED, "in_use", 409)
        assert wish.found["count"] == len(wish.found["activations"]) >= 1
        assert "is used by" in wish.verbatim
        assert Mapping.objects.filter(dataflow=flow).count() == wish.found["count"]

    def test_emptied_it_is_removed(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook", mapped_count__gt=0)
        for mapping in Mapping.objects.filter(dataflow=flow).select_related("dataflow", "audience"):
            assert desk.work(desk.about("unmap", mapping)).state == states.DONE
        flow.refresh_from_db()
        assert flow.mapped_count == 0
        assert desk.work(desk.ask("disconnect", dataflow=flow)).state == states.DONE
        assert flow.platform_id not in desk.there[flow.audience.platform_id].connections
        flow.refresh_from_db()
        assert flow.vanished_at is not None

    @pytest.mark.parametrize("what", ["reconnect", "disconnect"])
    def test_one_that_is_gone_already_is_marked_so(self, desk: Desk, what: str) -> None:
        flow = desk.flow("actions-webhook")
        there = desk.there[flow.audience.platform_id]
        there.activations.clear()
        del there.connections[flow.platform_id]
        wish = desk.change(flow, id_sync=IDS) if what == "reconnect" else desk.ask(what, dataflow=flow)
        wish = desk.work(wish)
        assert (wish.state, wish.reason) == (
            (states.DONE, "") if what == "disconnect" else (states.REFUSED, "not_found")
        )
        flow.refresh_from_db()
        assert flow.vanished_at is not None
        assert not flow.mappings.filter(vanished_at=None).exists()

    def test_one_that_goes_between_look_and_change_is_marked_so(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook")
        path = f"{flow.audience.platform_id}/destination-connections/{flow.platform_id}"
        desk.fault("status", "PATCH", path, status=404)
        wish = desk.work(desk.change(flow, id_sync=IDS))
        assert (wish.state, wish.reason) == (states.REFUSED, "not_found")
        flow.refresh_from_db()
        assert flow.vanished_at is not None

    def test_the_wrong_kind_is_refused_on_its_field(self, desk: Desk) -> None:
        wish = desk.work(desk.connect(desk.audience(), desk.destination("actions-webhook"), kind="warehouse"))
        assert (wish.state, wish.reason, wish.field) == (states.REFUSED, "not_found", "destination.id")
        assert "of type warehouse not found" in wish.verbatim

    def test_an_audience_that_is_gone_is_marked_so(self, desk: Desk) -> None:
        audience = desk.audience()
        del desk.there[audience.platform_id]
        wish = desk.work(desk.connect(audience, desk.destination("actions-webhook")))
        assert (wish.state, wish.reason) == (states.REFUSED, "not_found")
        assert Audience.objects.get(pk=audience.pk).vanished_at is not None

    @pytest.mark.parametrize(
        ("rule", "again"), [({"status": 429, "retry_after": 7}, 7), ({"status": 503}, 0)]
    )
    def test_what_did_not_happen_goes_again(self, desk: Desk, rule: dict[str, Any], again: int) -> None:
        audience = desk.audience()
        desk.fault("status", "POST", f"{audience.platform_id}/destination-connections", **rule)
        wish = desk.work(desk.connect(audience, desk.destination("actions-webhook")))
        assert wish.is_open
        if again:
            assert (wish.state, wish.doubtful) == (states.QUEUED, False)
            assert 5 < (wish.next_at - wish.state_since).total_seconds() < 9
        assert desk.work(wish, later=600).state == states.DONE
        assert len(desk.there[audience.platform_id].connections) == 1


class TestActivations:
    @pytest.fixture
    def flow(self, desk: Desk) -> Dataflow:
        return desk.flow("actions-webhook", audience__origin="USERS", audience__lifecycle="Live")

    def there(self, desk: Desk, mapping: Mapping) -> Any:
        return desk.there[mapping.audience.platform_id].activations[mapping.platform_id]

    def test_one_is_added_and_seen_at_once(self, desk: Desk, flow: Dataflow) -> None:
        before = flow.mapped_count
        wish = desk.work(new(desk, flow))
        assert wish.state == states.DONE
        mapping = wish.mapping
        assert mapping is not None
        there = self.there(desk, mapping)
        assert (there.name, there.enabled, there.mapping["settings"]) == ("Sale", True, HOOK)
        assert there.personalization["profile"] == {"properties": ["email"], "mapping": {"email": "mail"}}
        assert (mapping.name, mapping.activation_type, mapping.enabled) == ("Sale", "Audience Entered", True)
        flow.refresh_from_db()
        assert flow.mapped_count == before + 1

    @pytest.mark.parametrize("name", ["reset_after", "silence_after", "truncate", "html"])
    def test_a_lost_answer_is_looked_up_and_nothing_made_twice(
        self, desk: Desk, flow: Dataflow, name: str
    ) -> None:
        path = f"{flow.audience.platform_id}/destination-connections/{flow.platform_id}/activations"
        desk.fault(name, "POST", path)
        wish = desk.work(new(desk, flow))
        assert (wish.state, wish.doubtful) == (states.UNCONFIRMED, True)
        sync(desk.workspace)
        for made in Mapping.objects.filter(dataflow=flow, name="Sale").select_related("dataflow", "audience"):
            # Seen before its own wish is over, and asked about at once.
            desk.about("disable", made)
        wish = desk.work(wish, later=60)
        if wish.is_open:
            wish = desk.work(wish, later=600)
        assert wish.state == states.DONE
        named = [
            one for one in desk.there[flow.audience.platform_id].activations.values() if one.name == "Sale"
        ]
        assert len(named) == 1
        assert wish.mapping is not None
        assert wish.mapping.platform_id == named[0].id

    def test_one_of_that_name_is_there(self, desk: Desk, flow: Dataflow) -> None:
        desk.work(new(desk, flow))
        again = desk.work(new(desk, flow))
        assert (again.state, again.found) == (states.CHANGED, {"activation": "yes"})
        other = desk.work(new(desk, flow, type="Audience Exited"))
        assert (other.state, other.reason, other.status) == (states.REFUSED, "exists", 409)
        assert "same name and action" in other.verbatim

    @pytest.mark.parametrize(
        ("wanted", "status", "field"),
        [
            ({"type": "Audience Sent"}, 422, "activationType"),
            ({"settings": {"url": "https://x.example"}}, 422, "destinationMapping.settings.method"),
            ({"settings": {**HOOK, "batch_size": "many"}}, 422, "destinationMapping.settings.batch_size"),
            ({"settings": {**HOOK, "method": "GET"}}, 422, "destinationMapping.settings.method"),
            ({"entities": [{"relationshipSlug": "x", "properties": []}]}, 400, "personalization.entities"),
            ({"display_name": "Label"}, 422, "displayName"),
        ],
    )
    def test_a_refusal_keeps_field_and_words(
        self, desk: Desk, flow: Dataflow, wanted: dict[str, Any], status: int, field: str
    ) -> None:
        wish = desk.work(new(desk, flow, **wanted))
        assert (wish.state, wish.status, wish.field) == (states.REFUSED, status, field)
        assert wish.verbatim
        assert wish.events.last().data["field"] == field

    def test_each_part_is_changed_by_its_own_rule(self, desk: Desk, flow: Dataflow) -> None:
        mapping = desk.work(new(desk, flow)).mapping
        assert mapping is not None
        there = self.there(desk, mapping)
        action = there.mapping["actionId"]
        wanted = {"name": "Sale 2", "action": action, "settings": {"method": "PUT"}}
        assert desk.work(desk.about("alter", mapping, wanted=wanted)).state == states.DONE
        assert there.mapping["settings"] == {**HOOK, "method": "PUT"}
        assert there.personalization["profile"]["properties"] == ["email"]
        wanted = {"profile": {"properties": ["plan"], "mapping": {}}}
        assert desk.work(desk.about("alter", mapping, wanted=wanted)).state == states.DONE
        assert there.personalization["profile"] == {"properties": ["plan"]}
        assert there.name == "Sale 2"
        mapping.refresh_from_db()
        assert (mapping.name, mapping.details["activationName"]) == ("Sale 2", "Sale 2")
        assert mapping.details["personalization"]["profile"] == {"properties": ["plan"]}

    def test_entities_and_labels_are_cleared(self, desk: Desk) -> None:
        mapping = desk.mapping(audience__origin="LINKED", details__personalization__has_key="entities")
        assert desk.work(desk.about("alter", mapping, wanted={"entities": []})).state == states.DONE
        assert "entities" not in self.there(desk, mapping).personalization
        labelled = next(one for one in desk.sim.world.segment.every_activation() if one.display_name)
        mapping = desk.mapping(platform_id=labelled.id)
        assert desk.work(desk.about("alter", mapping, wanted={"display_name": ""})).state == states.DONE
        assert labelled.display_name is None

    def test_it_is_switched_off_and_on(self, desk: Desk) -> None:
        mapping = desk.mapping(enabled=True)
        assert desk.work(desk.about("disable", mapping)).state == states.DONE
        assert not self.there(desk, mapping).enabled
        mapping.refresh_from_db()
        assert mapping.enabled is False
        assert desk.work(desk.about("enable", mapping)).state == states.DONE
        assert self.there(desk, mapping).enabled
        assert desk.work(desk.about("enable", mapping)).events.last().what == "found_so"
        assert desk.calls("PATCH") == 2

    def test_a_lost_change_is_read_before_it_goes_again(self, desk: Desk) -> None:
        mapping = desk.mapping(enabled=True)
        desk.fault(
            "reset_after", "PATCH", f"{mapping.audience.platform_id}/activations/{mapping.platform_id}"
        )
        wish = desk.work(desk.about("alter", mapping, wanted={"name": "Other"}))
        assert (wish.state, self.there(desk, mapping).name) == (states.UNCONFIRMED, "Other")
        assert desk.work(wish, later=60).state == states.DONE
        assert desk.calls("PATCH") == 1
        mapping.refresh_from_db()
        assert mapping.details["activationName"] == "Other"

    @pytest.mark.parametrize("what", ["alter", "unmap"])
    def test_what_changed_meanwhile_is_asked_again(self, desk: Desk, what: str) -> None:
        mapping = desk.mapping(enabled=True)
        self.there(desk, mapping).name = "Renamed"
        wish = desk.work(desk.about(what, mapping, wanted={"name": "Mine"} if what == "alter" else {}))
        assert (wish.state, wish.found["name"]) == (states.CHANGED, "Renamed")
        assert desk.calls("PATCH") == desk.calls("DELETE") == 0
        mapping.refresh_from_db()
        assert mapping.details["activationName"] == "Renamed"

    @pytest.mark.parametrize(
        ("what", "state"), [("alter", "refused"), ("disable", "refused"), ("unmap", "done")]
    )
    def test_one_that_is_gone_is_marked_so(self, desk: Desk, what: str, state: str) -> None:
        mapping = desk.mapping(enabled=True)
        del desk.there[mapping.audience.platform_id].activations[mapping.platform_id]
        wish = desk.work(desk.about(what, mapping, wanted={"name": "Mine"}))
        assert wish.state == state
        mapping.refresh_from_db()
        assert mapping.vanished_at is not None
        assert mapping.dataflow.mapped_count == mapping.dataflow.mappings.filter(vanished_at=None).count()

    def test_a_connection_that_is_gone_is_marked_so(self, desk: Desk, flow: Dataflow) -> None:
        there = desk.there[flow.audience.platform_id]
        there.activations.clear()
        del there.connections[flow.platform_id]
        wish = desk.work(new(desk, flow))
        assert (wish.state, wish.reason) == (states.REFUSED, "not_found")
        flow.refresh_from_db()
        assert flow.vanished_at is not None
        assert not flow.mappings.filter(vanished_at=None).exists()

    def test_an_audience_that_is_gone_is_marked_so(self, desk: Desk, flow: Dataflow) -> None:
        del desk.there[flow.audience.platform_id]
        wish = desk.work(new(desk, flow))
        assert (wish.state, wish.reason) == (states.REFUSED, "not_found")
        assert Audience.objects.get(pk=flow.audience_id).vanished_at is not None

    def test_two_of_one_pair_do_not_wait_for_each_other_but_one_does(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook", mapped_count=2)
        first, second = flow.mappings.select_related("dataflow", "audience")
        desk.about("disable", first)
        desk.about("disable", second)
        with pytest.raises(CannotAsk):
            desk.about("unmap", first)


class TestSecrets:
    def ask(self, desk: Desk, flow: Dataflow, key: str = "api_token") -> Wish:
        secret = "hunter2-of-the-house"
        action = desk.sim.world.segment.destinations[flow.destination.platform_id].actions[0]["id"]
        wanted = {
            "name": "Sale", "type": "Audience Entered", "enabled": True, "resync": False, "action": action,
            "settings": {**HOOK, key: REDACTED},
        }  # fmt: skip
        sealed = {"settings": {**HOOK, key: secret}}
        return desk.ask("map", dataflow=flow, audience=flow.audience, wanted=wanted, sealed=sealed)

    def kept(self) -> str:
        rows: list[Any] = [*Wish.objects.values(), *WishEvent.objects.values(), *Mapping.objects.values()]
        return str(rows)

    def test_they_reach_segment_and_stay_nowhere(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook", audience__origin="USERS")
        wish = self.ask(desk, flow)
        assert wish.sealed
        assert "hunter2" not in self.kept()
        wish = desk.work(wish)
        assert (wish.state, wish.sealed) == (states.DONE, "")
        assert wish.mapping is not None
        there = desk.there[flow.audience.platform_id].activations[wish.mapping.platform_id]
        assert there.mapping["settings"]["api_token"] == "hunter2-of-the-house"
        assert "hunter2" not in self.kept()

    @pytest.mark.parametrize("other", [True, False])
    def test_a_lost_change_with_one_is_not_taken_for_anothers(self, desk: Desk, other: bool) -> None:
        """What can be seen tells that it was done; where nothing can, it goes again: it changes nothing twice."""
        flow = desk.flow("personas-facebook-custom-audiences")
        there = desk.there[flow.audience.platform_id].connections[flow.platform_id]
        there.settings = {"adAccountId": "7", "api_key": "hunter2-of-the-house"}
        look_at_audience(desk.workspace.pk, flow.audience.platform_id)
        flow.refresh_from_db()
        account = "8" if other else "7"
        wanted = {"settings": {"adAccountId": account, "api_key": REDACTED}}
        sealed = {"settings": {"adAccountId": account, "api_key": "hunter3-of-the-house"}}
        path = f"{flow.audience.platform_id}/destination-connections/{flow.platform_id}"
        desk.fault("reset_after", "PATCH", path)
        seen = connection_terms(flow.details)
        wish = desk.ask("reconnect", dataflow=flow, wanted=wanted, sealed=sealed, seen=seen)
        assert desk.work(wish).state == states.UNCONFIRMED
        assert desk.work(wish, later=60).state == states.DONE
        assert there.settings == sealed["settings"]
        assert desk.calls("PATCH") == (1 if other else 2)

    def test_segments_own_words_do_not_repeat_them(self, desk: Desk) -> None:
        flow = desk.flow("actions-webhook", audience__origin="USERS")
        wish = desk.work(self.ask(desk, flow, key="batch_size"))
        assert (wish.state, wish.sealed) == (states.REFUSED, "")
        assert f'with value "{REDACTED}" fails' in wish.verbatim
        assert "hunter2" not in self.kept()


class TestAudiences:
    def audience(self, desk: Desk) -> Audience:
        return Audience.objects.filter(workspace=desk.workspace, lifecycle="Live", origin="USERS").order_by(
            "pk"
        )[0]

    def test_one_is_switched_off_and_on(self, desk: Desk) -> None:
        audience = self.audience(desk)
        for what, on, word in (("disable", False, "Disabled"), ("enable", True, "Live")):
            wish = desk.work(desk.ask(what, audience=audience))
            assert wish.state == states.DONE
            assert desk.there[audience.platform_id].enabled is on
            audience.refresh_from_db()
            assert audience.lifecycle == word
        assert desk.calls("PATCH") == 2

    def test_one_that_is_so_already_is_not_asked_for(self, desk: Desk) -> None:
        wish = desk.work(desk.ask("enable", audience=self.audience(desk)))
        assert (wish.state, desk.calls("PATCH")) == (states.DONE, 0)

    @pytest.mark.parametrize("name", ["reset_after", "silence_after", "truncate", "html"])
    def test_a_lost_answer_is_looked_up(self, desk: Desk, name: str) -> None:
        audience = self.audience(desk)
        desk.fault(name, "PATCH", audience.platform_id)
        wish = desk.work(desk.ask("disable", audience=audience))
        assert wish.state == states.UNCONFIRMED
        assert desk.work(wish, later=60).state == states.DONE
        assert desk.there[audience.platform_id].enabled is False
        audience.refresh_from_db()
        assert audience.lifecycle == "Disabled"

    def test_one_that_is_gone_is_marked_so(self, desk: Desk) -> None:
        audience = self.audience(desk)
        del desk.there[audience.platform_id]
        wish = desk.work(desk.ask("disable", audience=audience))
        assert (wish.state, wish.reason) == (states.REFUSED, "not_found")
        audience.refresh_from_db()
        assert audience.vanished_at is not None

    def test_two_at_once_are_one_too_many(self, desk: Desk) -> None:
        audience = self.audience(desk)
        desk.ask("disable", audience=audience)
        with pytest.raises(CannotAsk):
            desk.ask("enable", audience=audience)
