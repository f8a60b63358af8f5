"""Pages and admin of a Segment workspace: the platform is named, the token stays hidden, nothing pretends."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse

from audiences import connection
from audiences.connection import check_connection, last_check
from audiences.models import Dataflow, Mapping, Workspace
from simulator.segment.shelf import TOKEN
from tests.audiences.segment_house import mirrored_segment, segment_workspace
from tests.catalogue import make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def form_of(**changes: str) -> dict[str, str]:
    """What a browser posts from a Segment workspace's page."""
    return {
        "name": "Shop", "slug": "shop", "sandbox": "spa_1", "client_secret": TOKEN,
        "platform_url": "https://api.segmentapis.com", "watch_limit": "06:00:00", "send_limit": "1 00:00:00",
        "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0", **changes,
    }  # fmt: skip


ADD = "admin:audiences_workspace_add"


def asked(client, workspace: Workspace) -> str:
    """Press the button, let the worker work, and read the page."""
    answer = client.post(reverse("admin:audiences_workspace_check", args=[workspace.pk]))
    assert answer.status_code == 302
    check_connection(workspace.pk)
    return client.get(answer.headers["Location"]).content.decode()


class TestAdmin:
    def test_a_segment_workspace_is_added_by_its_own_form(self, client, boss):
        shown = client.get(reverse(ADD) + "?platform=segment").content.decode()
        assert "Public API token" in shown
        assert "Space ID" in shown
        assert "Twilio Segment" in shown
        assert "IMS organisation" not in shown
        assert "https://api.segmentapis.com" in shown
        answer = client.post(reverse(ADD) + "?platform=segment", form_of())
        made = Workspace.objects.get(slug="shop")
        assert answer.status_code == 302
        assert (made.platform, made.sandbox, made.client_secret) == ("segment", "spa_1", TOKEN)
        assert TOKEN not in made.client_secret_encrypted
        page = client.get(reverse("admin:audiences_workspace_change", args=[made.pk])).content.decode()
        assert TOKEN not in page
        assert "Public API token" in page
        assert "never shown" in page

    def test_the_space_may_be_chosen_later(self, client, boss):
        client.post(reverse(ADD) + "?platform=segment", form_of(sandbox=""))
        assert Workspace.objects.get(slug="shop").sandbox == ""

    def test_each_form_leads_to_the_other(self, client, boss):
        assert "?platform=segment" in client.get(reverse(ADD)).content.decode()
        assert "Add an Adobe workspace" in client.get(reverse(ADD) + "?platform=segment").content.decode()

    def test_the_platform_of_a_workspace_stays(self, client, boss):
        workspace = make_workspace("acme", platform="segment", org="", client_id="", sandbox="spa_1")
        path = reverse("admin:audiences_workspace_change", args=[workspace.pk])
        client.post(path, form_of(name="Renamed", slug="acme", platform="adobe", client_secret=""))
        workspace.refresh_from_db()
        assert (workspace.name, workspace.platform) == ("Renamed", "segment")

    def test_an_adobe_workspace_still_needs_its_organisation(self, client, boss):
        answer = client.post(reverse(ADD), form_of(org="", client_id=""))
        assert not Workspace.objects.exists()
        assert answer.context["adminform"].form.errors["org"] == ["This field is required."]

    @pytest.mark.parametrize("url", ["http://api.segmentapis.com", "https://user:x@api.segmentapis.com"])
    def test_addresses_make_sense(self, client, boss, url):
        answer = client.post(reverse(ADD) + "?platform=segment", form_of(platform_url=url))
        assert "platform_url" in answer.context["adminform"].form.errors


class TestConnection:
    def test_it_works_and_names_workspace_and_space(self, client, boss, sim):
        body = asked(client, segment_workspace(sim))
        assert "The connection works" in body
        assert "Northwind customer data" in body
        assert "Production" in body
        assert "Spaces of this token" in body
        assert TOKEN not in body
        assert "Adobe" not in body

    @pytest.mark.parametrize(
        ("wrong", "title"),
        [
            ({"token": "sgp_other"}, "The token was refused"),
            ({"token": ""}, "The token was refused"),
            ({"sandbox": "spa_none"}, "There is no such space"),
            ({"sandbox": ""}, "No space is chosen yet"),
        ],
    )
    def test_each_wrong_part_is_named(self, client, boss, sim, wrong, title):
        body = asked(client, segment_workspace(sim, **wrong))
        assert title in body
        assert "Do this:" in body

    def test_a_space_is_chosen_from_the_report(self, client, boss, sim):
        workspace = segment_workspace(sim, sandbox="spa_none")
        asked(client, workspace)
        _first, second = sim.world.segment.spaces
        body = client.post(
            reverse("admin:audiences_workspace_sandbox", args=[workspace.pk]), {"name": second}
        )
        assert body.status_code == 302
        workspace.refresh_from_db()
        assert workspace.sandbox == second

    def test_a_sync_names_the_place_and_leaves_the_report_fresh(self, client, boss, sim):
        from audiences.sync import sync

        workspace = segment_workspace(sim)
        asked(client, workspace)
        sync(workspace)
        assert workspace.place == "Northwind customer data · Production"
        assert last_check(workspace).is_about(workspace)
        assert connection.why_not_move(workspace) == ""


class TestPages:
    @pytest.fixture
    def shop(self, client, sim):
        workspace = mirrored_segment(sim)
        client.force_login(make_user("mara", "activator", workspace))
        return workspace

    def get(self, client, path: str) -> str:
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_destinations(self, client, shop):
        body = self.get(client, reverse("audiences:destinations", args=[shop.slug]))
        assert "Twilio Segment, Northwind customer data · Production" in body
        assert "Larkmoor Braze" in body
        assert "Segment connection" in body
        assert "Adobe" not in body
        assert "not to Segment" in body

    def test_audiences(self, client, shop):
        body = self.get(client, reverse("audiences:audiences", args=[shop.slug]))
        assert "Live" in body
        assert "Classic, users" in body
        assert "Linked" in body
        assert "Status: all" in body
        assert "data-row" not in body
        assert "Adobe" not in body

    def test_a_dataflow_lists_its_activations_to_choose_from(self, client, shop):
        mapping = Mapping.objects.select_related("dataflow").filter(enabled=True).first()
        path = reverse("activations:dataflow", args=[shop.slug, mapping.dataflow.platform_id])
        body = self.get(client, path)
        assert mapping.activation_type in body
        assert f'name="m" id="m{mapping.pk}"' in body
        assert "Identifiers sent" in body
        assert "Adobe" not in body

    def test_a_connection_without_activations(self, client, shop):
        flow = Dataflow.objects.filter(workspace=shop).first()
        flow.mappings.all().delete()
        body = self.get(client, reverse("activations:dataflow", args=[shop.slug, flow.platform_id]))
        assert "No activation uses this connection" in body

    def test_an_audience(self, client, shop):
        mapping = Mapping.objects.select_related("audience").filter(audience__profiles__gt=0).first()
        body = self.get(
            client, reverse("activations:audience", args=[shop.slug, mapping.audience.platform_id])
        )
        assert mapping.name.split(":")[0].split(" – ")[0] in body
        assert "as of when is unknown" in body
        assert "Adobe" not in body

    def test_choosing_and_the_overview(self, client, shop):
        mapping = Mapping.objects.select_related("audience").filter(enabled=True).first()
        matrix = reverse("activations:activate", args=[shop.slug])
        chosen = self.get(client, f"{matrix}?audience={mapping.audience.platform_id}")
        assert f'name="m" id="m{mapping.pk}"' in chosen
        path = reverse("activations:activate", args=[shop.slug]) + "?q=nobody-has-this-name"
        assert "No mapping fits" in self.get(client, path)
        assert "Twilio Segment" in self.get(client, reverse("activations:overview", args=[shop.slug]))

    def test_strangers_see_nothing(self, client, shop):
        client.force_login(make_user("charlie"))
        assert client.get(reverse("audiences:destinations", args=[shop.slug])).status_code == 404


def test_the_demo_has_a_workspace_of_each_platform(sim, monkeypatch):
    monkeypatch.setenv("SIM_PORT", sim.url.rpartition(":")[2])
    monkeypatch.setenv("DEMO_PASSWORD", "a-long-demo-password")
    call_command("demo")
    call_command("demo")
    ours, theirs = Workspace.objects.get(slug="demo-segment"), Workspace.objects.get(slug="demo")
    assert (ours.platform, theirs.platform) == ("segment", "adobe")
    assert (theirs.name, theirs.sandbox, theirs.org) == ("Northwind Group", "prod", "DEMO@AdobeOrg")
    for workspace in (ours, theirs):
        assert workspace.sync_state == "done"
        assert workspace.memberships.count() == 2
        assert Dataflow.objects.filter(workspace=workspace).exists()
    assert Workspace.objects.order_by("name").first() == theirs


@pytest.mark.parametrize("name", ["audiences:externals", "audiences:external_new", "activations:evaluation"])
def test_what_only_adobe_has_is_not_there(client, boss, sim, name):
    workspace = segment_workspace(sim)
    place = reverse(name, args=[workspace.slug])
    assert client.get(place).status_code == 404
    assert place not in client.get(reverse("activations:overview", args=[workspace.slug])).content.decode()
