"""Signing in, the way home, the time zone, the sync fragment and the pages for when things go wrong."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audiences import tasks
from audiences.templatetags.frame import sync_mark
from config.celery import app
from tests.catalogue import PASSWORD, make_dataflow, make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace("retail")


@pytest.fixture
def alice(workspace):
    return make_user("alice", "activator", workspace)


class TestSignIn:
    def test_it_works(self, client, alice, workspace):
        alice.set_password(PASSWORD)
        alice.save()
        assert "Sign in" in client.get(reverse("login")).content.decode()
        response = client.post(reverse("login"), {"username": "alice", "password": PASSWORD})
        assert response.url == reverse("home")
        assert client.get(reverse("home")).url == reverse("activations:overview", args=["retail"])
        assert client.post(reverse("logout")).status_code == 302
        assert client.get(reverse("home")).url.startswith(reverse("login"))

    def test_a_wrong_password_is_said(self, client, alice):
        response = client.post(reverse("login"), {"username": "alice", "password": "wrong"})
        assert "Please enter a correct username and password" in response.content.decode()

    def test_the_password_can_be_changed(self, client, alice):
        alice.set_password(PASSWORD)
        alice.save()
        client.force_login(alice)
        url = reverse("password_change")
        assert client.get(url).status_code == 200
        new = "another long password"
        wanted = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
        assert client.post(url, wanted).url == reverse("password_change_done")
        assert client.get(reverse("password_change_done")).status_code == 200
        assert "wrong" in client.post(url, wanted).content.decode()


class TestHome:
    def test_who_has_no_workspace_is_told_what_to_do(self, client):
        client.force_login(make_user("lone"))
        assert "Ask an administrator" in client.get("/").content.decode()

    def test_an_administrator_without_workspaces_is_led_to_the_first_steps(self, client):
        client.force_login(make_user("root", is_staff=True, is_superuser=True))
        assert "Welcome: first steps" in client.get("/", follow=True).content.decode()


class TestAccount:
    def test_the_zone_chosen_is_the_zone_shown(self, client, alice, workspace):
        client.force_login(alice)
        url = reverse("audiences:account")
        assert client.post(url, {"time_zone": "Asia/Kolkata"}).url == url
        html = client.get(url).content.decode()
        assert "Times in Asia/Kolkata" in html
        workspace.synced_at = timezone.now()
        make_dataflow(workspace, last_run_status="succeeded", last_run_at=timezone.now())
        assert " IST" in client.get("/w/retail/destinations/").content.decode()

    def test_a_zone_that_does_not_exist_is_refused(self, client, alice):
        client.force_login(alice)
        response = client.post(reverse("audiences:account"), {"time_zone": "Mars/Base"})
        assert "not one of the available choices" in response.content.decode()
        alice.refresh_from_db()
        assert alice.time_zone == ""

    def test_the_language_chosen_is_the_language_of_every_page(self, client, alice, workspace):
        client.force_login(alice)
        url = reverse("audiences:account")
        assert client.post(url, {"language": "de"}).url == url
        page = client.get("/w/retail/destinations/", headers={"Accept-Language": "fr"})
        assert page.headers["Content-Language"] == "de"
        assert '<html lang="de">' in page.content.decode()
        alice.refresh_from_db()
        assert alice.language == "de"
        client.post(url, {"language": ""})
        back = client.get(url, headers={"Accept-Language": "fr-CA,fr;q=0.9"})
        assert '<html lang="fr">' in back.content.decode()

    def test_a_language_without_a_catalogue_is_refused(self, client, alice):
        client.force_login(alice)
        client.post(reverse("audiences:account"), {"language": "tlh"})
        alice.refresh_from_db()
        assert alice.language == ""

    def test_the_choice_comes_along_to_another_browser(self, alice):
        alice.set_password(PASSWORD)
        alice.language = "fr"
        alice.save()
        elsewhere = Client()
        elsewhere.post(reverse("login"), {"username": "alice", "password": PASSWORD})
        assert elsewhere.get(reverse("audiences:account")).headers["Content-Language"] == "fr"

    def test_the_next_person_at_this_browser_has_their_own(self, client, alice, workspace):
        client.cookies["django_language"] = "fr"
        alice.set_password(PASSWORD)
        alice.save()
        client.post(reverse("login"), {"username": "alice", "password": PASSWORD})
        page = client.get(reverse("audiences:account"), headers={"Accept-Language": "de"})
        assert page.headers["Content-Language"] == "de"
        assert "Accept-Language" in page.headers["Vary"]

    def test_it_names_the_workspaces_and_roles(self, client, alice):
        client.force_login(alice)
        html = client.get(reverse("audiences:account")).content.decode()
        assert "Retail" in html
        assert "Activator" in html


class TestFrame:
    def test_the_stand_in_and_production_are_marked(self, client, alice, workspace):
        client.force_login(alice)
        url = "/w/retail/destinations/"
        assert "talks to a simulator" not in client.get(url).content.decode()
        workspace.platform_url, workspace.production = "http://127.0.0.1:9900", True
        workspace.save()
        html = client.get(url).content.decode()
        assert "This workspace talks to a simulator, not to Adobe. Nothing leaves this machine." in html
        assert "production" in html

    def test_the_rail_marks_the_page_and_lists_the_persons_workspaces_only(self, client, alice):
        make_workspace("secret-place")
        client.force_login(alice)
        html = client.get("/w/retail/audiences/").content.decode()
        assert '/w/retail/audiences/" aria-current="page"' in html
        assert "Secret Place" not in html
        assert "Administration" not in html


class TestSync:
    @pytest.mark.parametrize(
        ("fields", "said", "polls"),
        [
            ({}, "Catalogue synced", False),
            (
                {"sync_state": "running", "sync_progress": "1,200 of 10,000 audiences"},
                "1,200 of 10,000",
                True,
            ),
            ({"sync_state": "failed", "sync_error": "403003 <Api Key>"}, "403003 &lt;Api Key&gt;", False),
            ({"sync_state": "failed", "synced_at": None}, "Nothing was copied yet", False),
            ({"sync_state": "never", "synced_at": None}, "not synced yet", False),
        ],
    )
    def test_it_polls_only_while_it_runs(self, client, fields, said, polls):
        workspace = make_workspace("here", **fields)
        client.force_login(make_user("bob", "viewer", workspace))
        html = client.get("/w/here/sync/status/").content.decode()
        assert said in html
        assert ("hx-trigger" in html) is polls
        assert ('method="post"' in html) is not polls

    def test_an_unchanged_sync_is_silent(self, client):
        workspace = make_workspace("here", sync_state="running", sync_progress="half")
        client.force_login(make_user("bob", "viewer", workspace))
        seen = f"/w/here/sync/status/?seen={sync_mark(workspace)}"
        assert sync_mark(workspace) in client.get("/w/here/sync/status/").content.decode()
        assert client.get(seen).status_code == 204
        workspace.sync_state = "done"
        workspace.save()
        page = {"HX-Request": "true", "HX-Current-URL": "http://testserver/w/here/audiences/?q=a"}
        html = client.get(seen, headers=page).content.decode()
        assert '<a href="/w/here/audiences/?q=a">Show what is new</a>' in html
        assert "hx-trigger" not in html

    def test_a_failed_sync_says_that_the_old_mirror_is_kept(self, client):
        workspace = make_workspace("here", sync_state="failed", sync_error="timeout")
        client.force_login(make_user("bob", "viewer", workspace))
        assert "You see the catalogue of" in client.get("/w/here/sync/status/").content.decode()

    def test_a_press_waits_for_the_worker_and_no_longer(self, client, alice, workspace):
        client.force_login(alice)
        now = int(time.time())
        url = "/w/retail/sync/status/?asked="
        assert "Starting the sync" in client.get(f"{url}{now}").content.decode()
        assert "Waiting for a worker" in client.get(f"{url}{now - 30}").content.decode()
        for asked in (now - 1000, now + 1000, "x", "9" * 400):
            assert "hx-trigger" not in client.get(f"{url}{asked}").content.decode()
        workspace.sync_started_at = timezone.now() + timedelta(seconds=1)
        workspace.save()
        assert "hx-trigger" not in client.get(f"{url}{now}").content.decode()

    def test_refresh_asks_a_worker(self, client, alice, workspace, settings):
        client.force_login(alice)
        response = client.post("/w/retail/sync/", {"next": "/w/retail/audiences/?q=a"})
        assert response.url == "/w/retail/audiences/?q=a"
        fragment = client.post("/w/retail/sync/", headers={"HX-Request": "true"}).content.decode()
        assert "Starting the sync" in fragment
        assert queued(tasks.sync_workspace.name) == 2

    def test_it_never_leads_to_another_site(self, client, alice):
        client.force_login(alice)
        for there in ("https://evil.example/", "//evil.example", "once"):
            response = client.post("/w/retail/sync/", {"next": there})
            assert response.url == "/w/retail/destinations/"

    def test_strangers_and_links_start_nothing(self, client, alice, workspace):
        client.force_login(make_user("charlie"))
        assert client.post("/w/retail/sync/").status_code == 404
        client.force_login(alice)
        assert client.get("/w/retail/sync/").status_code == 405
        assert queued(tasks.sync_workspace.name) == 0


def queued(task: str) -> int:
    """How often a task waits in the broker; takes them out."""
    found = 0
    with (
        app.connection_for_read() as connection,
        connection.SimpleQueue("celery") as queue,
        suppress(queue.Empty),
    ):
        while message := queue.get_nowait():
            message.ack()
            found += message.headers["task"] == task
    return found


class TestWhenThingsGoWrong:
    @pytest.mark.parametrize("name", ["400", "403", "404", "500", "403_csrf"])
    def test_error_pages_need_neither_database_nor_request(self, name, django_db_blocker):
        with django_db_blocker.block():
            html = render_to_string(f"{name}.html")
        assert "<h1>" in html
        assert "style.css" in html

    def test_an_unknown_address_is_said_kindly(self, client, alice):
        client.force_login(alice)
        response = client.get("/w/nowhere/audiences/")
        assert response.status_code == 404
        assert "There is nothing here for you" in response.content.decode()

    def test_a_form_without_its_token_is_refused_in_words(self, alice):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(alice)
        response = strict.post("/w/retail/sync/")
        assert response.status_code == 403
        assert "This page was open too long" in response.content.decode()
