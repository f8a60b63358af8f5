"""Check connection: each wrong part is named, sandboxes can be chosen, and nothing secret is shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings
from django.urls import reverse

from audiences import connection
from audiences.connection import CannotMove, Check, check_connection, last_check, use_sandbox
from audiences.models import Audience, Mapping, Workspace
from simulator import organisation
from tests.activations.world import fault, mirrored, press, that
from tests.catalogue import make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def made(sim: Any, secret: str = "demo-secret", **fields: Any) -> Workspace:
    """A workspace with the simulator's credentials, or with some of them wrong."""
    known = {"org": "DEMO@AdobeOrg", "client_id": "demo-client", "platform_url": sim.url, "ims_url": sim.url}
    workspace = make_workspace("demo", **{**known, "sync_state": "never", "synced_at": None, **fields})
    workspace.client_secret = secret
    workspace.save()
    return workspace


def asked(client: Any, workspace: Workspace) -> str:
    """Press the button, let the worker work, and read the page."""
    answer = client.post(reverse("admin:audiences_workspace_check", args=[workspace.pk]))
    assert answer.status_code == 302
    check_connection(workspace.pk)
    return client.get(answer.headers["Location"]).content.decode()


def test_it_works(client, boss, sim):
    body = asked(client, made(sim))
    assert "The connection works" in body
    for name in ("View Destinations", "Activate Destinations", "View Profiles", "View Segments"):
        assert name in body
    assert "missing" not in body
    assert "in use" in body
    assert "Use dev" in body


@pytest.mark.parametrize(
    ("wrong", "title", "verbatim"),
    [
        ({"client_id": "nobody"}, "The client ID (API key) was refused", "invalid client_id parameter"),
        ({"secret": "wrong"}, "The client secret was refused", "invalid client_secret parameter"),
        ({"secret": ""}, "The client secret was refused", "No client secret is stored."),
        ({"org": "OTHER@AdobeOrg"}, "The IMS organisation was refused", "Profile is not valid"),
        ({"sandbox": "nowhere"}, "The sandbox was refused", "These credentials may not use"),
        ({"sandbox": "old"}, "The sandbox was refused", "These credentials may not use"),
    ],
)
def test_each_wrong_part_is_named(client, boss, sim, wrong, title, verbatim):
    body = asked(client, made(sim, **wrong))
    assert title in body
    assert verbatim in body
    assert "Do this:" in body
    assert "Who can:" in body


def test_scopes_are_named(client, boss, sim):
    # The simulator refuses a scope list without a scope.
    body = asked(client, made(sim, scopes=""))
    assert "The scopes were refused" in body
    assert "scope must be a comma separated list" in body


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        ("/permissions/activate-destinations", "Activate Destinations"),
        ("/permissions/view-destinations", "View Destinations"),
        ("/permissions/view-profiles", "View Profiles"),
        ("/resource-types/segments", "View Segments"),
    ],
)
def test_a_missing_permission_is_named_as_the_platform_names_it(client, boss, sim, monkeypatch, policy, name):
    # Manage Destinations would do for View Destinations.
    for one in (policy, "/permissions/manage-destinations"):
        monkeypatch.delitem(organisation.GRANTED, one)
    body = asked(client, made(sim))
    assert "A permission is missing" in body
    assert f"{name}</th><td><strong>missing" in body


def test_a_platform_that_is_down_says_nothing_about_credentials(client, boss, sim):
    fault(sim, "status", path="/data/foundation/sandbox-management/", method="GET", status=503, times=50)
    body = asked(client, made(sim))
    assert "The platform could not be asked" in body


def test_this_machine_outside_demo_mode(client, boss, sim):
    workspace = made(sim)
    with override_settings(DEMO=False):
        assert "The address is not allowed" in asked(client, workspace)


def test_a_secret_that_no_key_opens(client, boss, sim):
    workspace = made(sim)
    Workspace.objects.update(client_secret_encrypted="not ours")
    assert "The client secret was refused" in asked(client, workspace)


def test_nothing_secret_is_shown_or_kept(client, boss, sim, caplog):
    workspace = made(sim, secret="wrong-but-secret-Zq")
    body = asked(client, workspace)
    kept = repr(cache.get(f"audiences.connection.{workspace.pk}"))
    for text in (body, kept, caplog.text):
        assert "wrong-but-secret-Zq" not in text
        assert workspace.client_secret_encrypted not in text
    assert "sim." not in repr(last_check(workspace))


def test_the_page_looks_again_until_the_worker_has_answered(client, boss, sim):
    workspace = made(sim)
    answer = client.post(reverse("admin:audiences_workspace_check", args=[workspace.pk]), follow=True)
    assert 'http-equiv="refresh"' in answer.content.decode()
    check_connection(workspace.pk)
    url = f"{reverse('admin:audiences_workspace_connection')}?w={workspace.pk}"
    assert 'http-equiv="refresh"' not in client.get(url).content.decode()


def test_a_worker_that_never_answers_is_said(client, boss, sim, monkeypatch):
    workspace = made(sim)
    connection.ask(workspace)
    monkeypatch.setattr(connection, "PATIENCE", connection.PATIENCE * 0)
    body = client.get(f"{reverse('admin:audiences_workspace_connection')}?w={workspace.pk}").content.decode()
    assert "No worker has answered" in body
    assert "refresh" not in body


def test_a_report_on_former_settings_says_so(client, boss, sim):
    workspace = made(sim)
    asked(client, workspace)
    Workspace.objects.update(client_id="other")
    body = client.get(f"{reverse('admin:audiences_workspace_connection')}?w={workspace.pk}").content.decode()
    assert "The settings were changed after this check" in body


def test_several_workspaces_from_the_list(client, boss, sim):
    first, second = made(sim), make_workspace("second", platform_url=sim.url, ims_url=sim.url)
    chosen = {"action": "check_connection", "_selected_action": [first.pk, second.pk]}
    answer = client.post(reverse("admin:audiences_workspace_changelist"), chosen)
    for workspace in (first, second):
        check_connection(workspace.pk)
    body = client.get(answer.headers["Location"]).content.decode()
    assert "The connection works" in body
    assert "No client secret is stored." in body


def test_the_worker_knows_the_task():
    from config.celery import app

    app.loader.import_default_modules()
    assert check_connection.name in app.tasks


def test_a_broker_that_is_away_is_said(client, boss, sim, monkeypatch):
    from kombu.exceptions import OperationalError

    def away(*args: Any, **options: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(check_connection, "apply_async", away)
    workspace = made(sim)
    answer = client.post(reverse("admin:audiences_workspace_check", args=[workspace.pk]), follow=True)
    assert "The broker does not answer" in answer.content.decode()
    assert last_check(workspace) is None


def test_unknown_workspaces_are_404(client, boss):
    assert client.get(reverse("admin:audiences_workspace_connection")).status_code == 404
    assert client.get(reverse("admin:audiences_workspace_connection"), {"w": "9999"}).status_code == 404
    assert client.get(reverse("admin:audiences_workspace_connection"), {"w": "9" * 40}).status_code == 404
    assert client.post(reverse("admin:audiences_workspace_check", args=[9999])).status_code == 404
    assert client.get(reverse("admin:audiences_workspace_check", args=[9999])).status_code == 405


class TestSandbox:
    def test_it_is_chosen_checked_and_filled(self, client, boss, sim):
        from audiences.sync import sync

        workspace = made(sim, sandbox="nowhere")
        asked(client, workspace)
        url = reverse("admin:audiences_workspace_sandbox", args=[workspace.pk])
        answer = client.post(url, {"name": "dev"}, follow=True)
        assert "now uses the sandbox dev" in answer.content.decode()
        workspace.refresh_from_db()
        check_connection(workspace.pk)
        assert (workspace.sandbox, last_check(workspace).part) == ("dev", "")
        sync(workspace)
        assert Audience.objects.filter(workspace=workspace).count() == 12

    @pytest.mark.parametrize("name", ["old", "nowhere", "", "prod'"])
    def test_only_active_ones_of_the_last_check(self, client, boss, sim, name):
        workspace = made(sim)
        asked(client, workspace)
        url = reverse("admin:audiences_workspace_sandbox", args=[workspace.pk])
        answer = client.post(url, {"name": name}, follow=True)
        assert "is not among the active sandboxes" in answer.content.decode()
        workspace.refresh_from_db()
        assert workspace.sandbox == "prod"

    def test_the_former_mirror_is_forgotten(self, sim):
        workspace = mirrored(sim)
        assert Mapping.objects.filter(workspace=workspace).exists()
        check_connection(workspace.pk)
        use_sandbox(workspace, "dev")
        assert not Mapping.objects.filter(workspace=workspace).exists()
        assert (workspace.sandbox, workspace.sync_state, workspace.synced_at) == ("dev", "never", None)

    def test_a_workspace_with_a_history_stays(self, client, boss, sim):
        workspace = mirrored(sim)
        press(workspace, that(workspace, "ready")[:1])
        body = asked(client, workspace)
        assert "Make another workspace" in body
        assert "Use dev" not in body
        with pytest.raises(CannotMove):
            use_sandbox(workspace, "dev")
        from tests.audiences.test_admin import form_of, page

        changed = form_of(
            slug="demo", org="DEMO@AdobeOrg", sandbox="dev", platform_url=sim.url, ims_url=sim.url
        )
        assert "Make another workspace" in client.post(page(workspace), changed).content.decode()

    def test_not_while_a_sync_runs(self, sim):
        from django.utils import timezone

        workspace = mirrored(sim)
        check_connection(workspace.pk)
        Workspace.objects.update(sync_state="running", sync_started_at=timezone.now())
        with pytest.raises(CannotMove, match="sync"):
            use_sandbox(workspace, "dev")

    def test_the_form_moves_it_too(self, client, boss, sim):
        from tests.audiences.test_admin import form_of, page

        workspace = mirrored(sim)
        changed = form_of(
            slug="demo",
            name="Moved",
            org="DEMO@AdobeOrg",
            sandbox="dev",
            platform_url=sim.url,
            ims_url=sim.url,
        )
        assert client.post(page(workspace), changed).status_code == 302
        workspace.refresh_from_db()
        assert (workspace.sandbox, workspace.name, workspace.synced_at) == ("dev", "Moved", None)
        assert not Audience.objects.filter(workspace=workspace).exists()


def test_the_report_survives_the_cache(sim):
    workspace = made(sim)
    check_connection(workspace.pk)
    assert isinstance(last_check(workspace), Check)
    assert last_check(workspace).choosable == ["prod", "dev"]
