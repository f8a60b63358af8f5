"""Changing what a Segment audience sends from its pages and from the admin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audiences.models import Mapping, Supported, User, Wish
from audiences.tasks import look_at_audience
from audiences.wishes import states
from audiences.wishes.moves import move
from platforms.answer import REDACTED
from simulator.server import Simulator
from tests.audiences.segment_desk import Desk
from tests.catalogue import make_user, make_workspace

HOOK = {"set-url": "https://hooks.example.com/sale", "set-method": "POST", "raw": ""}
NEW = {"name": "Sale", "type": "Audience Entered", "enabled": "on", "traits": "email = mail\nplan", **HOOK}


class House:
    """The desk, and who comes to it: alice may press, bob may look, charlie is a stranger."""

    def __init__(self, sim: Any) -> None:
        self.desk = Desk(sim)
        self.workspace = self.desk.workspace
        self.alice: User = make_user("alice", "activator", self.workspace)
        self.bob: User = make_user("bob", "viewer", self.workspace)
        self.charlie: User = make_user("charlie")
        self.flow = self.desk.flow("actions-webhook", audience__origin="USERS", audience__lifecycle="Live")
        self.mapping: Mapping = self.flow.mappings.select_related("audience", "dataflow").order_by("pk")[0]

    def client(self, user: User | None = None) -> Client:
        client = Client()
        client.force_login(user or self.alice)
        return client

    def page(self, name: str, *args: str) -> str:
        return reverse(f"audiences:{name}", args=[self.workspace.slug, *args])

    @property
    def pages(self) -> dict[str, str]:
        audience, flow, mapping = self.desk.audience(), self.flow.platform_id, self.mapping.platform_id
        hook = self.desk.destination("actions-webhook").platform_id
        return {
            "choose_destination": self.page("choose_destination", audience.platform_id),
            "connect": self.page("connect", audience.platform_id, hook),
            "reconnect": self.page("reconnect", flow),
            "disconnect": self.page("disconnect", flow),
            "activation_add": self.page("activation_add", flow),
            "activation_change": self.page("activation_change", flow, mapping),
            "activation_remove": self.page("activation_remove", flow, mapping),
            "activation_switch": self.page("activation_switch", flow, mapping, "disable"),
            "audience_switch": self.page("audience_switch", self.flow.audience.platform_id, "disable"),
        }


NAMES = [
    "choose_destination", "connect", "reconnect", "disconnect", "activation_add", "activation_change",
    "activation_remove", "activation_switch", "audience_switch",
]  # fmt: skip
FORMS = NAMES[1:]


@pytest.fixture
def house(db: None) -> Iterator[House]:
    with Simulator(port=0, seed=7, dataflows=4, audiences=60) as simulator:
        yield House(simulator)


def hidden(answer: Any) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="(press|seen|next)" value="([^"]*)"', answer.content.decode())
    return dict(found)


def filled(client: Client, address: str, **changes: str) -> dict[str, str]:
    """What a browser would send from this page, with these changes."""
    answer = client.get(address)
    form = answer.context["form"]
    values = {field.html_name: field.value() for field in form}
    sent = {name: value for name, value in values.items() if value not in (None, False)}
    return {
        **hidden(answer),
        **{name: "on" if value is True else value for name, value in sent.items()},
        **changes,
    }


class TestRights:
    @pytest.mark.parametrize("name", NAMES)
    def test_it_works(self, house: House, name: str) -> None:
        answer = house.client().get(house.pages[name])
        assert answer.status_code == 200
        assert "Adobe" not in answer.content.decode()

    @pytest.mark.parametrize("name", NAMES)
    def test_viewers_are_told_why_not(self, house: House, name: str) -> None:
        client = house.client(house.bob)
        for answer in (client.get(house.pages[name]), client.post(house.pages[name], NEW)):
            assert answer.status_code in (403, 405)
        assert not Wish.objects.exists()

    @pytest.mark.parametrize("name", NAMES)
    def test_strangers_find_nothing(self, house: House, name: str) -> None:
        client = house.client(house.charlie)
        assert client.get(house.pages[name]).status_code == 404
        assert client.post(house.pages[name], NEW).status_code in (404, 405)

    @pytest.mark.parametrize("name", FORMS)
    def test_changes_need_the_csrf_token(self, house: House, name: str) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(house.alice)
        assert client.post(house.pages[name], NEW).status_code == 403

    def test_an_adobe_workspace_has_none_of_it(self, house: House) -> None:
        other = make_workspace("northwind")
        client = house.client(make_user("ann", "activator", other))
        there = reverse("audiences:connect", args=[other.slug, "x", "y"])
        assert client.get(there).status_code == 404


class TestConnections:
    def test_from_the_audience_to_a_connection(self, house: House) -> None:
        client, audience = house.client(), house.desk.audience()
        page = client.get(audience.get_absolute_url()).content.decode()
        assert "This audience has no destination yet" in page
        listed = client.get(
            house.page("choose_destination", audience.platform_id), {"q": "guest"}
        ).content.decode()
        address = house.pages["connect"]
        assert address in listed
        sent = filled(client, address, **{"id-0": "email", "strategy-0": "all", "to-0": "Email"})
        answer = client.post(address, sent)
        assert answer["Location"] == audience.get_absolute_url()
        wish = house.desk.work(Wish.objects.get())
        assert (wish.state, wish.by) == (states.DONE, house.alice)
        assert wish.wanted == {
            "kind": "destination",
            "id_sync": [{"id": "email", "strategy": "all", "to": "Email"}],
        }
        page = client.get(audience.get_absolute_url()).content.decode()
        assert "Add Webhooks (Actions) · Seven Bays guest messages to" in page
        assert "all → Email" in page

    @pytest.mark.parametrize(
        ("changes", "field", "said"),
        [
            ({"to-0": "Email"}, "id-0", "Name the identifier"),
            ({"id-0": "email", "id-1": "email"}, "id-1", "named twice"),
            (
                {
                    f"{part}-{n}": value
                    for n in range(4)
                    for part, value in (("id", f"i{n}"), ("strategy", "all"))
                },
                "strategy-3",
                "At most three",
            ),
            ({"id-0": "x" * 256}, "id-0", "at most 255"),
            ({"raw": "[1]"}, "raw", "JSON object"),
            ({"raw": "{nope"}, "raw", "line 1"),
            ({"raw": '{"a": NaN}'}, "raw", "can be sent"),
            ({"raw": "[" * 9000}, "raw", "JSON"),
            ({"raw": '{"a": "' + "x" * 20_000 + '"}'}, "raw", "at most 20000"),
            ({"kind": "cupboard"}, "kind", "not one of the available choices"),
        ],
    )
    def test_what_is_wrong_stands_on_its_field(
        self, house: House, changes: dict[str, str], field: str, said: str
    ) -> None:
        client, address = house.client(), house.pages["connect"]
        answer = client.post(address, filled(client, address, **changes))
        assert answer.status_code == 422
        assert any(said in str(error) for error in answer.context["form"].errors[field])
        assert said in answer.content.decode().replace("&quot;", '"')
        assert not Wish.objects.exists()

    def test_described_settings_have_fields_of_their_own(self, house: House) -> None:
        client, ads = house.client(), house.desk.destination("personas-facebook-custom-audiences")
        audience = house.desk.lacking(ads.platform_spec)
        address = house.page("connect", audience.platform_id, ads.platform_id)
        answer = client.post(address, filled(client, address))
        assert answer.context["form"].errors["set-adAccountId"] == ["This field is required."]
        client.post(address, filled(client, address, **{"set-adAccountId": "act_7"}))
        assert Wish.objects.get().wanted["settings"] == {"adAccountId": "act_7"}

    def test_a_refusal_comes_back_to_its_field(self, house: House) -> None:
        Supported.objects.all().delete()
        client, ads = house.client(), house.desk.destination("personas-facebook-custom-audiences")
        audience = house.desk.lacking(ads.platform_spec)
        address = house.page("connect", audience.platform_id, ads.platform_id)
        assert "does not list this destination" in client.get(address).content.decode()
        client.post(address, filled(client, address, raw='{"audienceDescription": "x"}'))
        wish = house.desk.work(Wish.objects.get())
        assert wish.state == states.REFUSED
        page = client.get(audience.get_absolute_url()).content.decode()
        assert "&quot;connectionSettings.adAccountId&quot; is required" in page
        assert f"{address}?again={wish.pk}" in page
        form = client.get(address, {"again": wish.pk}).context["form"]
        assert form.errors == {"raw": ['Segment said: "connectionSettings.adAccountId" is required']}
        assert '"audienceDescription": "x"' in str(form["raw"].value())

    def test_nothing_changed_is_nothing_asked(self, house: House) -> None:
        client, address = house.client(), house.pages["reconnect"]
        answer = client.post(address, filled(client, address), follow=True)
        assert "Nothing was changed" in answer.content.decode()
        assert not Wish.objects.exists()

    def test_identifiers_cannot_be_emptied(self, house: House) -> None:
        client, address = house.client(), house.pages["reconnect"]
        sent = filled(
            client, address, **{f"id-{n}": "" for n in range(5)}, **{f"to-{n}": "" for n in range(5)}
        )
        answer = client.post(address, sent)
        assert "empty list for no change" in str(answer.context["form"].errors["id-0"])

    def test_one_in_use_names_who_uses_it_and_offers_no_button(self, house: House) -> None:
        page = house.client().get(house.pages["disconnect"]).content.decode()
        assert house.mapping.name.split(":")[0].split("&")[0] in page
        assert house.pages["activation_remove"] in page
        assert "Remove it at Segment" not in page

    def test_seen_too_late_the_page_says_who_uses_it(self, house: House) -> None:
        client, names = house.client(), [one.name for one in house.flow.mappings.all()]
        house.flow.mappings.all().delete()
        answer = client.post(
            house.pages["disconnect"], hidden(client.get(house.pages["disconnect"])), follow=True
        )
        house.desk.work(Wish.objects.get())
        page = client.get(answer.redirect_chain[-1][0]).content.decode()
        assert "Activations still use this destination" in page
        assert all(name.split("&")[0].split(":")[0] in page for name in names)

    def test_an_unused_one_is_removed(self, house: House) -> None:
        there = house.desk.there[house.flow.audience.platform_id]
        there.activations.clear()
        house.flow.mappings.all().delete()
        client = house.client()
        client.post(house.pages["disconnect"], hidden(client.get(house.pages["disconnect"])))
        assert house.desk.work(Wish.objects.get()).state == states.DONE
        assert house.flow.platform_id not in there.connections


class TestActivations:
    def test_one_is_added_by_its_actions_fields(self, house: House) -> None:
        client, address = house.client(), house.pages["activation_add"]
        shown = client.get(address)
        assert shown.context["form"]["set-url"].value() == "https://hooks.example.com/guests"
        assert [value for value, _ in shown.context["form"].fields["set-method"].choices] == [
            "",
            "POST",
            "PUT",
            "PATCH",
        ]
        sent = {**filled(client, address), **NEW, "set-batch_size": "7", "set-enable_batching": "true"}
        assert client.post(address, sent).status_code == 302
        wanted = Wish.objects.get().wanted
        assert wanted["settings"] == {
            "url": "https://hooks.example.com/sale", "method": "POST", "batch_size": 7, "enable_batching": True,
        }  # fmt: skip
        assert wanted["profile"] == {"properties": ["email", "plan"], "mapping": {"email": "mail"}}
        assert (wanted["enabled"], wanted["resync"]) == (True, False)
        wish = house.desk.work(Wish.objects.get())
        assert wish.state == states.DONE
        page = client.get(house.flow.get_absolute_url()).content.decode()
        assert "email → mail" in page
        assert "https://hooks.example.com/sale" in page

    def test_the_spaces_traits_are_shown_to_choose_from(self, house: House) -> None:
        for name in ("activation_add", "activation_change"):
            page = house.client().get(house.pages[name])
            assert "lifetime_value" in page.context["traits"]
            assert "Traits that Segment knows" in page.content.decode()

    def test_several_actions_are_chosen_from(self, house: House) -> None:
        flow, client = house.desk.flow("actions-braze-cloud"), house.client()
        address = house.page("activation_add", flow.platform_id)
        page = client.get(address)
        assert "Track event" in page.content.decode()
        action = page.context["actions"][1]
        form = client.get(address, {"action": action.id}).context["form"]
        assert form["set-name"].value() == '{"@path": "$.event"}'
        client.post(
            f"{address}?action={action.id}",
            {**filled(client, f"{address}?action={action.id}"), "name": "A", "type": "Audience Entered"},
        )
        wanted = Wish.objects.get().wanted
        assert wanted["action"] == action.id
        assert wanted["settings"] == {"name": {"@path": "$.event"}, "external_id": {"@path": "$.userId"}}

    @pytest.mark.parametrize(
        ("changes", "field", "said"),
        [
            ({"name": ""}, "name", "required"),
            ({"type": ""}, "type", "required"),
            ({"type": "Entity Added"}, "type", "Linked"),
            ({"set-url": ""}, "set-url", "required"),
            ({"set-method": "GET"}, "set-method", "not one of"),
            ({"set-batch_size": "many"}, "set-batch_size", "Enter a number"),
            ({"traits": "plan\nplan"}, "traits", "named twice"),
            ({"traits": "= tariff"}, "traits", "One trait a line"),
            ({"raw": '{"url": "x"}'}, "raw", "field of its own"),
            ({"raw": f'{{"x": "{REDACTED}"}}'}, "raw", "enter it again"),
            ({"resync": "on", "enabled": ""}, "resync", "enabled"),
            ({"name": "x" * 256}, "name", "at most 255"),
        ],
    )
    def test_what_is_wrong_stands_on_its_field(
        self, house: House, changes: dict[str, str], field: str, said: str
    ) -> None:
        client, address = house.client(), house.pages["activation_add"]
        answer = client.post(address, {**filled(client, address), **NEW, **changes})
        assert answer.status_code == 422
        assert any(said in str(error) for error in answer.context["form"].errors[field])
        assert not Wish.objects.exists()

    def test_in_production_a_full_resync_asks_for_the_name(self, house: House) -> None:
        """As every press there does; without a resync nothing is sent, and nothing asked."""
        house.workspace.production = True
        house.workspace.save()
        client, address = house.client(), house.pages["activation_add"]
        form = {**filled(client, address), **NEW, "resync": "on"}
        answer = client.post(address, {**form, "workspace": "another"})
        assert answer.status_code == 422
        assert house.workspace.name in str(answer.context["form"].errors["workspace"])
        assert not Wish.objects.exists()
        client.post(address, {**form, "resync": ""})
        assert Wish.objects.get().resyncs is False
        Wish.objects.all().delete()
        client.post(address, {**form, "workspace": f" {house.workspace.name.upper()}"})
        wish = Wish.objects.get()
        assert wish.resyncs
        assert "workspace" not in wish.wanted

    def test_a_refusal_comes_back_to_its_field(self, house: House) -> None:
        client, address = house.client(), house.pages["activation_add"]
        client.post(address, {**filled(client, address), **NEW, "type": "Audience Sent"})
        wish = house.desk.work(Wish.objects.get())
        assert wish.state == states.REFUSED
        form = client.get(address, {"again": wish.pk}).context["form"]
        assert form.errors["type"] == ['Segment said: "activationType" is not a type for this audience']
        assert (form["name"].value(), form["traits"].value()) == ("Sale", "email = mail\nplan")

    def test_only_what_is_another_is_asked_for(self, house: House) -> None:
        client, address = house.client(), house.pages["activation_change"]
        client.post(address, filled(client, address, name="Other", **{"set-method": "PUT"}))
        wish = Wish.objects.get()
        action = house.mapping.details["destinationMapping"]["actionId"]
        assert wish.wanted == {"name": "Other", "settings": {"method": "PUT"}, "action": action}
        assert house.desk.work(wish).state == states.DONE
        there = house.desk.there[house.mapping.audience.platform_id].activations[house.mapping.platform_id]
        assert there.mapping["settings"]["method"] == "PUT"
        assert there.mapping["settings"]["url"] == "https://hooks.example.com/guests"

    def test_nothing_changed_is_nothing_asked(self, house: House) -> None:
        client, address = house.client(), house.pages["activation_change"]
        assert (
            "Nothing was changed"
            in client.post(address, filled(client, address), follow=True).content.decode()
        )
        assert not Wish.objects.exists()

    def test_an_action_that_segment_does_not_describe_is_typed_by_hand(self, house: House) -> None:
        Supported.objects.all().delete()
        client, address = house.client(), house.pages["activation_add"]
        raw = '{"url": "https://x.example", "method": "POST"}'
        action = house.mapping.details["destinationMapping"]["actionId"]
        sent = {"name": "By hand", "type": "Audience Exited", "enabled": "on", "action": action, "raw": raw}
        client.post(address, {**filled(client, address), **sent})
        assert house.desk.work(Wish.objects.get()).state == states.DONE

    def test_a_linked_audience_takes_entities(self, house: House) -> None:
        flow, client = house.desk.flow("actions-webhook", audience__origin="LINKED"), house.client()
        address = house.page("activation_add", flow.platform_id)
        entities = '[{"relationshipSlug": "trips", "properties": ["fare"]}]'
        sent = {**filled(client, address), **NEW, "entities": '[{"slug": "trips"}]'}
        assert "relationshipSlug" in str(client.post(address, sent).context["form"].errors["entities"])
        client.post(address, {**sent, "entities": entities})
        wish = house.desk.work(Wish.objects.get())
        assert wish.state == states.DONE
        assert wish.mapping is not None
        assert wish.mapping.details["personalization"]["entities"][0]["relationshipSlug"] == "trips"

    def test_it_is_switched_and_removed_after_a_question(self, house: House) -> None:
        client = house.client()
        asked = client.get(house.pages["activation_switch"])
        assert not Wish.objects.exists()
        client.post(house.pages["activation_switch"], hidden(asked))
        assert house.desk.work(Wish.objects.get()).state == states.DONE
        client.post(house.pages["activation_remove"], hidden(client.get(house.pages["activation_remove"])))
        assert house.desk.work(Wish.objects.latest("pk")).state == states.DONE
        house.mapping.refresh_from_db()
        assert (house.mapping.enabled, house.mapping.vanished_at is None) == (False, False)
        assert (
            client.get(
                house.page("activation_switch", house.flow.platform_id, house.mapping.platform_id, "burn")
            ).status_code
            == 404
        )

    def test_what_changed_meanwhile_says_what(self, house: House) -> None:
        client, address = house.client(), house.pages["activation_change"]
        sent = filled(client, address, name="Mine")
        house.desk.there[house.mapping.audience.platform_id].activations[
            house.mapping.platform_id
        ].name = "Theirs"
        client.post(address, sent)
        wish = house.desk.work(Wish.objects.get())
        page = client.get(house.flow.get_absolute_url()).content.decode()
        assert "now it is Theirs" in page
        assert f"{address}?again={wish.pk}" in page
        assert client.get(address, {"again": wish.pk}).context["form"]["name"].value() == "Mine"

    def test_a_wish_is_followed_by_those_who_may_look(self, house: House) -> None:
        wish = house.desk.about("disable", house.mapping)
        address = house.page("wish", str(wish.pk))
        client = house.client(house.bob)
        assert client.get(address, {"seen": "queued"}).status_code == 204
        move(wish, states.SENDING, what="taken_up", now=timezone.now())
        assert "Disable activation" in client.get(address, {"seen": "queued"}).content.decode()
        assert house.client(house.charlie).get(address).status_code == 404


class TestSecrets:
    @pytest.fixture
    def ads(self, house: House) -> House:
        """The audience's connection knows a secret; the mirror does not."""
        house.flow = house.desk.flow("personas-facebook-custom-audiences", audience__origin="USERS")
        there = house.desk.there[house.flow.audience.platform_id].connections[house.flow.platform_id]
        there.settings = {"adAccountId": "7", "api_key": "hunter2-of-the-house"}
        look_at_audience(house.workspace.pk, house.flow.audience.platform_id)
        house.flow.refresh_from_db()
        return house

    def test_they_are_neither_kept_nor_shown_and_needed_again(self, ads: House) -> None:
        client = ads.client()
        assert ads.flow.details["connectionSettings"] == {"adAccountId": "7", "api_key": REDACTED}
        for address in (
            ads.pages["reconnect"],
            ads.flow.get_absolute_url(),
            ads.flow.audience.get_absolute_url(),
        ):
            assert "hunter2" not in client.get(address).content.decode()
        answer = client.post(
            ads.pages["reconnect"], filled(client, ads.pages["reconnect"], **{"set-adAccountId": "8"})
        )
        assert "api_key" in str(answer.context["form"].errors["raw"])
        raw = '{"api_key": "hunter3-of-the-house"}'
        sent = filled(client, ads.pages["reconnect"], **{"set-adAccountId": "8", "raw": raw})
        assert client.post(ads.pages["reconnect"], sent).status_code == 302
        wish = Wish.objects.get()
        assert wish.wanted["settings"] == {"adAccountId": "8", "api_key": REDACTED}
        boss = make_user("boss", is_staff=True, is_superuser=True)
        page = ads.client(boss).get(reverse("admin:audiences_wish_change", args=[wish.pk])).content.decode()
        assert "hunter3" not in page
        assert wish.sealed not in page
        assert ads.desk.work(wish).state == states.DONE
        there = ads.desk.there[ads.flow.audience.platform_id].connections[ads.flow.platform_id]
        assert there.settings == {"adAccountId": "8", "api_key": "hunter3-of-the-house"}
        assert "hunter3" not in client.get(ads.flow.get_absolute_url()).content.decode()

    def test_identifiers_are_changed_without_them(self, ads: House) -> None:
        client = ads.client()
        client.post(ads.pages["reconnect"], filled(client, ads.pages["reconnect"], **{"to-0": "Mail"}))
        wish = Wish.objects.get()
        assert "settings" not in wish.wanted
        assert ads.desk.work(wish).state == states.DONE
        there = ads.desk.there[ads.flow.audience.platform_id].connections[ads.flow.platform_id]
        assert there.settings["api_key"] == "hunter2-of-the-house"


class TestAdmin:
    def test_the_mirror_is_there_with_links_to_the_same_verbs(self, house: House) -> None:
        client = house.client(make_user("boss", is_staff=True, is_superuser=True))
        supported = client.get(reverse("admin:audiences_supported_changelist"), {"audience_type": "USERS"})
        assert "Webhooks (Actions)" in supported.content.decode()
        rows = {"mapping": house.mapping, "dataflow": house.flow, "audience": house.flow.audience}
        pages = {
            "mapping": ("activation_change", "activation_remove", "activation_switch"),
            "dataflow": ("reconnect", "disconnect", "activation_add"),
            "audience": (),
        }
        for model, row in rows.items():
            page = client.get(reverse(f"admin:audiences_{model}_change", args=[row.pk])).content.decode()
            assert all(house.pages[name] in page for name in pages[model])
        assert house.page("choose_destination", house.flow.audience.platform_id) in page
        listed = client.get(
            reverse("admin:audiences_mapping_changelist"), {"activation_type": "Audience Exited"}
        )
        assert listed.status_code == 200
