"""First steps: from an empty installation to the first activation, each step read from facts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from activations.chance import chance
from activations.pauses import pause
from activations.steps import steps_of
from activations.views.steps import LISTED
from audiences import connection, setting_up, tasks
from audiences.models import Membership, Workspace
from simulator import organisation
from tests.activations.house import make_house
from tests.activations.world import mirrored, press, that
from tests.audiences.test_pages_person import queued
from tests.catalogue import make_audience, make_dataflow, make_mapping, make_user, make_workspace

pytestmark = pytest.mark.django_db
SECRET = "a-secret-that-nobody-sees"


@pytest.fixture
def boss(client):
    user = make_user("boss", is_staff=True, is_superuser=True, first_name="Ada", last_name="Boss")
    client.force_login(user)
    return user


def entered(sim: Any, **changes: str) -> dict[str, str]:
    """What a browser posts from the form of a new workspace."""
    return {
        "name": "Northwind prod", "slug": "", "org": "DEMO@AdobeOrg", "sandbox": "prod",
        "client_id": "demo-client", "client_secret": "demo-secret", "scopes": "openid,AdobeID",
        "platform_url": sim.url, "ims_url": sim.url, "adhoc_version": "v2", **changes,
    }  # fmt: skip


def states(workspace: Workspace, viewer: Any, **also: Any) -> dict[str, str]:
    workspace.refresh_from_db()
    found = steps_of(workspace, viewer, timezone.now(), **also)
    return {step.key: step.state for step in found.rows}


def html(client: Any, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer
    return " ".join(answer.content.decode().split())


class TestTheWay:
    def test_it_works(self, client, boss, small):
        """From nothing to the dataflow where the first press is."""
        assert client.get("/").url == "/workspaces/new/"
        assert "Welcome: first steps" in html(client, "/workspaces/new/")
        answer = client.post("/workspaces/new/adobe/", entered(small))
        assert answer.url == "/w/northwind-prod/steps/"
        made = Workspace.objects.get()
        assert (made.org, made.client_secret) == ("DEMO@AdobeOrg", "demo-secret")
        assert states(made, boss)["connection"] == "going"
        assert queued(connection.check_connection.name) == 1
        assert client.get("/").url == answer.url, "nothing is mirrored: home is the page of steps"

        connection.check_connection(made.pk)
        page = html(client, answer.url)
        assert "The connection works" in page
        assert "View Destinations: granted" in page
        assert states(made, boss) == {
            "workspace": "done", "connection": "done", "catalogue": "next", "members": "free", "activation": "later",
        }  # fmt: skip

        asked = client.post("/w/northwind-prod/settings/sync/").url
        assert "The sync is queued" in html(client, asked)
        assert queued(tasks.sync_workspace.name) == 1
        tasks.sync_workspace(made.pk)
        page = html(client, asked)
        assert "hx-get" not in page, "nothing goes on any more"
        assert "20 audiences" in page
        found = chance(made, timezone.now())
        assert found.dataflow is not None
        assert f"/w/northwind-prod/destinations/{found.dataflow.platform_id}/" in page

        assert (
            client.post("/w/northwind-prod/members/", {"login": "boss", "role": "activator"}).status_code
            == 302
        )
        assert states(made, boss)["members"] == "done"
        assert "First steps" in html(client, "/w/northwind-prod/")
        press(made, that(made, "ready")[:1])
        assert set(states(made, boss).values()) == {"done"}
        page = html(client, "/w/northwind-prod/")
        assert "First steps" not in page, "gone from the navigation"
        assert "Settings</span></a>" in page
        assert client.get("/").url == "/w/northwind-prod/"

    def test_the_history_of_the_administration_has_it_too(self, client, boss, small):
        client.post("/workspaces/new/adobe/", entered(small))
        client.post("/w/northwind-prod/members/", {"login": "boss", "role": "viewer"})
        said = " ".join(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
        assert "Added on the page of first steps" in said
        assert "boss is now: Viewer" in said

    def test_segment(self, client, boss, small):
        answer = client.post(
            "/workspaces/new/segment/",
            {
                "name": "CDP",
                "client_secret": "sgp_demo_public_api_token",
                "platform_url": small.url,
                "sandbox": "",
            },
        )
        made = Workspace.objects.get()
        assert made.is_segment
        connection.check_connection(made.pk)
        page = html(client, answer.url)
        assert "none is chosen" in page
        space = connection.last_check(made).choosable[0]
        assert f'value="{space}"' in page
        assert client.post("/w/cdp/settings/place/", {"name": space}).url == answer.url
        connection.check_connection(made.pk)
        assert "The connection works" in html(client, answer.url)

    def test_another_can_be_added_and_gets_a_name_of_its_own(self, client, boss, small):
        for _ in range(2):
            client.post("/workspaces/new/adobe/", entered(small))
        assert set(Workspace.objects.values_list("slug", flat=True)) == {"northwind-prod", "northwind-prod-2"}
        assert "Add another workspace" in html(client, "/w/northwind-prod/steps/")


class TestRefusals:
    @pytest.mark.parametrize(
        ("wrong", "title"),
        [
            ({"client_id": "nobody"}, "The client ID (API key) was refused"),
            ({"client_secret": SECRET}, "The client secret was refused"),
            ({"scopes": ""}, "The scopes were refused"),
            ({"org": "OTHER@AdobeOrg"}, "The IMS organisation was refused"),
            ({"sandbox": "nowhere"}, "The sandbox was refused"),
        ],
    )
    def test_each_wrong_part_is_named_and_what_was_entered_survives(self, client, boss, small, wrong, title):
        answer = client.post("/workspaces/new/adobe/", entered(small, **wrong))
        made = Workspace.objects.get()
        connection.check_connection(made.pk)
        page = html(client, answer.url)
        assert title in page
        assert "Do this:" in page
        assert SECRET not in page
        assert states(made, boss)["catalogue"] == "later"
        form = html(client, "/w/northwind-prod/settings/")
        for name, value in wrong.items():
            assert (f'value="{value}"' in form) is (name != "client_secret" and name != "scopes")
        assert SECRET not in form
        right = {**entered(small), "slug": "northwind-prod", "client_secret": entered(small)["client_secret"]}
        assert client.post("/w/northwind-prod/settings/", right).url == answer.url
        connection.check_connection(made.pk)
        assert states(made, boss)["connection"] == "done"

    def test_a_missing_permission_is_named(self, client, boss, small, monkeypatch):
        monkeypatch.delitem(organisation.GRANTED, "/permissions/activate-destinations")
        answer = client.post("/workspaces/new/adobe/", entered(small))
        connection.check_connection(Workspace.objects.get().pk)
        assert "Activate Destinations: <b>missing" in html(client, answer.url)

    def test_a_form_that_is_refused_keeps_everything_but_the_secret(self, client, boss, small):
        answer = client.post("/workspaces/new/adobe/", entered(small, org="", client_secret=SECRET))
        said = answer.content.decode()
        assert answer.status_code == 422
        assert "demo-client" in said
        assert "This field is required" in said
        assert SECRET not in said
        assert not Workspace.objects.exists()

    def test_without_a_secret_nothing_is_saved(self, client, boss, small):
        answer = client.post("/workspaces/new/adobe/", entered(small, client_secret=""))
        assert "Copy the client secret" in answer.content.decode()
        assert not Workspace.objects.exists()

    def test_a_change_without_a_secret_keeps_the_stored_one(self, client, boss, small):
        client.post("/workspaces/new/adobe/", entered(small))
        client.post(
            "/w/northwind-prod/settings/",
            entered(small, slug="northwind-prod", client_secret="", name="Else"),
        )
        made = Workspace.objects.get()
        assert (made.name, made.client_secret) == ("Else", "demo-secret")

    def test_this_machine_is_refused_outside_demo_mode(self, client, boss, small):
        with override_settings(DEMO=False):
            answer = client.post("/workspaces/new/adobe/", entered(small))
        assert "only allowed in demo mode" in answer.content.decode()

    def test_a_failed_sync_says_why_and_can_be_tried_again(self, client, boss):
        make_workspace("acme", sync_state="failed", sync_error="403003 <Api Key>", synced_at=None)
        page = html(client, "/w/acme/steps/")
        assert "403003 &lt;Api Key&gt;" in page
        assert "Try again" in page

    def test_no_worker_is_said(self, client, boss, settings):
        workspace = make_workspace("acme", sync_state="never", synced_at=None)
        connection.ask(workspace)
        late = timezone.now() - 2 * connection.PATIENCE
        key = f"audiences.connection.{workspace.pk}"
        cache.set(key, {**cache.get(key), "at": late})
        assert states(workspace, boss)["connection"] == "trouble"
        assert "No worker has answered" in html(client, "/w/acme/steps/")

    def test_changed_settings_are_checked_anew(self, client, boss):
        workspace = make_workspace("acme", sync_state="never", synced_at=None)
        connection._keep(workspace, connection.Check("done", timezone.now(), "of other settings"))
        assert states(workspace, boss)["connection"] == "next"


class TestFollowing:
    def test_an_unchanged_poll_is_silent_and_progress_is_shown(self, client, boss):
        workspace = make_workspace(
            "acme",
            sync_state="running",
            synced_at=None,
            sync_started_at=timezone.now(),
            sync_progress="120 of 400",
        )
        page = html(client, "/w/acme/steps/")
        mark = page.split("status/?v=")[1].split('"')[0]
        assert 'max="400" value="120"' in page
        assert client.get(f"/w/acme/steps/status/?v={mark}").status_code == 204
        Workspace.objects.filter(pk=workspace.pk).update(sync_progress="240 of 400")
        assert 'value="240"' in html(client, f"/w/acme/steps/status/?v={mark}")
        Workspace.objects.update(sync_state="done", synced_at=timezone.now())
        assert "hx-get" not in html(client, f"/w/acme/steps/status/?v={mark}")

    def test_the_page_costs_the_same_however_much_there_is(self, client, boss, django_assert_num_queries):
        workspace = make_workspace("acme")
        make_mapping(make_dataflow(workspace), make_audience(workspace))
        client.get("/w/acme/steps/")
        with django_assert_num_queries(COST) as small:
            client.get("/w/acme/steps/")
        for _ in range(20):
            make_mapping(make_dataflow(workspace), make_audience(workspace))
        with django_assert_num_queries(len(small)):
            client.get("/w/acme/steps/")


COST = 16


class TestChance:
    def test_nothing_connected(self, db):
        found = chance(make_workspace(), timezone.now())
        assert "no dataflow to a destination" in found.why

    def test_nothing_mapped(self, db):
        workspace = make_workspace()
        make_dataflow(workspace)
        assert "No audience is mapped" in chance(workspace, timezone.now()).why

    def test_waiting_says_until_when(self, db):
        workspace = make_workspace()
        make_mapping(make_dataflow(workspace), mapped_at=timezone.now() - timedelta(minutes=19))
        found = chance(workspace, timezone.now())
        assert found.dataflow is None
        assert "1 mapping waits" in found.why
        assert "in 40 min" in found.why or "in 41 min" in found.why

    def test_blocked_says_why_most_often_and_what_to_do(self, db):
        workspace = make_workspace()
        flow = make_dataflow(workspace, state="disabled")
        make_mapping(flow)
        make_mapping(flow)
        found = chance(workspace, timezone.now())
        assert found.why.startswith("Nothing can go: 2 of 2 mappings")
        assert found.do

    def test_it_leads_to_where_most_is_ready(self, db):
        workspace = make_workspace()
        make_mapping(make_dataflow(workspace, "one"))
        two = make_dataflow(workspace, "two")
        make_mapping(two)
        make_mapping(two)
        found = chance(workspace, timezone.now())
        assert (found.dataflow, found.ready) == (two, 2)


class TestAccess:
    def test_a_member_sees_the_steps_and_whom_to_ask(self, client, boss):
        workspace = make_workspace("acme", sync_state="never", synced_at=None)
        client.force_login(make_user("bob", "viewer", workspace))
        assert client.get("/").url == "/w/acme/steps/"
        page = html(client, "/w/acme/steps/")
        assert "Who can do it here: Ada Boss" in page
        assert 'id="check"' not in page
        assert "Administrators change it" in html(client, "/w/acme/members/")

    def test_who_has_no_workspace_is_told_whom_to_ask(self, client, boss):
        client.force_login(make_user("lone"))
        assert "Ada Boss" in html(client, "/")

    @pytest.mark.parametrize("who", ["member", "stranger"])
    def test_others_change_nothing(self, client, boss, who):
        workspace = make_workspace("acme")
        bob = make_user("bob", "activator", workspace if who == "member" else make_workspace("other"))
        client.force_login(bob)
        refused = 403 if who == "member" else 404
        assert client.get("/workspaces/new/").status_code == 403
        assert client.post("/workspaces/new/adobe/", {"name": "X"}).status_code == 403
        for path in ("settings/", "settings/check/", "settings/place/", "members/"):
            assert (
                client.post(f"/w/acme/{path}", {"login": "bob", "role": "activator"}).status_code == refused
            )
        assert client.post(f"/w/acme/members/{bob.pk}/dismiss/").status_code == refused
        if who == "stranger":
            assert client.get("/w/acme/steps/").status_code == 404
        assert Membership.objects.count() == 1

    def test_who_may_change_workspaces_may_not_make_themselves_an_activator(self, client, db):
        from django.contrib.auth.models import Permission

        workspace = make_workspace("acme")
        clerk = make_user("clerk", "viewer", workspace, is_staff=True)
        clerk.user_permissions.add(Permission.objects.get(codename="change_workspace"))
        client.force_login(clerk)
        assert client.get("/w/acme/settings/").status_code == 200
        assert client.post("/w/acme/members/", {"login": "clerk", "role": "activator"}).status_code == 403
        assert Membership.objects.get(user=clerk).role == "viewer"

    def test_members_come_change_and_go(self, client, boss):
        workspace = make_workspace("acme")
        carol = make_user("carol")
        said = client.post("/w/acme/members/", {"login": "nobody", "role": "viewer"})
        assert said.status_code == 422
        assert "Nobody signs in with this name" in said.content.decode()
        for role in ("viewer", "activator"):
            client.post("/w/acme/members/", {"login": "carol", "role": role})
            assert Membership.objects.get(user=carol, workspace=workspace).role == role
        assert client.post(f"/w/acme/members/{carol.pk}/dismiss/").status_code == 302
        assert not Membership.objects.exists()

    def test_what_was_pressed_is_done(self, client, boss):
        """One that reaches into a workspace closed to the viewer counts as pressed, and is not named."""
        house = make_house()
        house.activation()
        assert states(house.workspace, boss)["activation"] == "done"


class TestSettings:
    """Once something was pressed, the page of first steps is the page of settings."""

    @pytest.fixture
    def house(self, db):
        house = make_house()
        Workspace.objects.update(synced_at=timezone.now(), jobs_per_day=7)
        house.workspace.refresh_from_db()
        house.activation()
        return house

    def test_it_works(self, house, boss):
        tomorrow = timezone.now() + timedelta(days=1)
        pause(reason="Stock is counted", by=boss, workspace=house.workspace)
        pause(reason="Peak day", by=boss, workspace=house.workspace, starts_at=tomorrow)
        setting_up.admit(house.workspace, house.charlie, "viewer", by=boss)
        page = html(house.client(house.bob), house.url("steps"))
        for said in (
            "<h1>Settings of Northwind Retail</h1>", "Settings</span></a>", "1 may press · 2 may look",
            "not the default",
            "Paused by Ada Boss since", "Stock is counted", "From <time", "Peak day · Ada Boss",
            "Ada Boss: charlie is now: Viewer", reverse("notices:channels"),
        ):  # fmt: skip
            assert said in page, said
        assert "First activation" not in page
        assert "1. Workspace" not in page

    def test_who_may_change_them_is_led_there_and_nobody_else(self, client, house, boss):
        there = reverse("admin:audiences_workspace_change", args=[house.workspace.pk])
        assert there in html(client, house.url("steps"))
        assert "/admin/" not in html(house.client(house.alice), house.url("steps"))

    def test_another_workspace_tells_nothing(self, house, boss):
        other = make_workspace("other")
        pause(reason="Not yours", by=boss, workspace=other, starts_at=timezone.now() + timedelta(days=1))
        setting_up.note(other, "Moved away", by=boss)
        page = html(house.client(), house.url("steps"))
        assert "Not yours" not in page
        assert "Moved away" not in page
        assert "Nothing keeps deliveries from leaving" in page
        assert "Nothing was changed yet" in page

    def test_it_costs_the_same_however_much_was_changed(self, house, boss, django_assert_num_queries):
        client = house.client()
        client.get(house.url("steps"))
        with django_assert_num_queries(13) as small:
            client.get(house.url("steps"))
        for number in range(20):
            setting_up.note(house.workspace, f"Change {number}", by=boss)
            pause(
                reason=f"Plan {number}", by=boss, workspace=house.workspace,
                starts_at=timezone.now() + timedelta(days=2),
            )  # fmt: skip
        with django_assert_num_queries(len(small)):
            page = client.get(house.url("steps")).content.decode()
        assert page.count("Ada Boss: Change") == LISTED


@pytest.fixture
def small():
    from simulator.server import Simulator

    with Simulator(port=0, seed=1, dataflows=4, audiences=20) as simulator:
        yield simulator


def test_mirrored_without_a_check_counts_as_connected(small, boss):
    workspace = mirrored(small)
    assert states(workspace, boss)["connection"] == "done"
