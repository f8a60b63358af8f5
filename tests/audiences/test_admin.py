"""The administrator's pages of the mirror: they open, stay cheap, and keep what is secret."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import override_settings
from django.urls import reverse

from audiences.models import Membership, User, Workspace
from tests.catalogue import make_mapping, make_user, make_workspace

pytestmark = pytest.mark.django_db

SECRET = "p8e-this-is-the-secret-Zq"


@pytest.fixture
def boss(client) -> User:
    user = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


@pytest.fixture
def workspace() -> Workspace:
    made = make_workspace("acme")
    made.client_secret = SECRET
    made.save()
    return made


def form_of(workspace: Workspace | None = None, **changes: str) -> dict[str, str]:
    """What a browser posts from the workspace's page."""
    return {
        "name": "Acme", "slug": "acme", "platform": "adobe", "org": "1234@AdobeOrg", "sandbox": "prod",
        "client_id": "key", "client_secret": "", "scopes": "openid,AdobeID",
        "platform_url": "https://platform.adobe.io", "ims_url": "https://ims-na1.adobelogin.com",
        "adhoc_version": "v2", "max_per_job": "80", "jobs_per_day": "20", "over_budget": "look", "mapping_wait": "01:00:00",
        "merge_policy_wait": "1 00:00:00", "count_max_age": "1 12:00:00", "watch_limit": "06:00:00",
        "send_limit": "1 00:00:00",
        "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
        **changes,
    }  # fmt: skip


def page(workspace: Workspace) -> str:
    return reverse("admin:audiences_workspace_change", args=[workspace.pk])


def messages_of(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


class TestWhoMayEnter:
    def test_nobody_without_signing_in(self, client):
        assert client.get("/admin/").headers["Location"].startswith("/admin/login/")

    def test_only_staff(self, client, workspace):
        client.force_login(make_user("bob", "activator", workspace))
        for url in ("/admin/", page(workspace), reverse("admin:audiences_workspace_connection")):
            assert client.get(url).headers["Location"].startswith("/admin/login/")

    def test_staff_see_their_own_workspaces_only(self, client, workspace):
        from django.contrib.auth.models import Permission

        other = make_mapping().workspace
        alice = make_user("alice", "viewer", workspace, is_staff=True)
        alice.user_permissions.set(Permission.objects.filter(content_type__app_label="audiences"))
        client.force_login(alice)
        assert client.get(page(workspace)).status_code == 200
        assert client.get(page(other)).status_code == 302
        assert client.post(reverse("admin:audiences_workspace_check", args=[other.pk])).status_code == 404
        for name in ("workspace", "dataflow", "audience", "destination", "mapping"):
            listed = client.get(reverse(f"admin:audiences_{name}_changelist")).content.decode()
            assert other.name not in listed, name

    def test_only_a_superuser_touches_a_superuser(self, client, workspace):
        from django.contrib.auth.models import Permission

        root = make_user("root", is_superuser=True, is_staff=True)
        clerk = make_user("clerk", is_staff=True)
        clerk.user_permissions.set(Permission.objects.filter(codename__endswith="_user"))
        client.force_login(clerk)
        for name in ("change", "password_change"):
            url = reverse(f"admin:auth_user_{name}", args=[root.pk]) if name == "password_change" else (
                reverse("admin:audiences_user_change", args=[root.pk])
            )  # fmt: skip
            answer = client.post(url, {"password1": "xxyyzz112233", "password2": "xxyyzz112233"})
            assert answer.status_code == 403, name
        mine = reverse("admin:audiences_user_change", args=[clerk.pk])
        client.post(mine, {
            "username": "clerk", "is_active": "on", "is_superuser": "on", "is_staff": "on", "time_zone": "",
            "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
            "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
        })  # fmt: skip
        clerk.refresh_from_db()
        assert not clerk.is_superuser


class TestSecret:
    def test_it_is_in_no_page(self, client, boss, workspace):
        cipher = workspace.client_secret_encrypted.encode()
        for url in (
            page(workspace),
            reverse("admin:audiences_workspace_changelist"),
            reverse("admin:audiences_workspace_history", args=[workspace.pk]),
            reverse("admin:audiences_workspace_delete", args=[workspace.pk]),
            f"{reverse('admin:audiences_workspace_connection')}?w={workspace.pk}",
        ):
            body = client.get(url).content
            assert SECRET.encode() not in body, url
            assert cipher not in body, url

    def test_those_who_may_only_look_read_words(self, client, workspace):
        from django.contrib.auth.models import Permission

        alice = make_user("alice", "viewer", workspace, is_staff=True)
        alice.user_permissions.set(Permission.objects.filter(codename="view_workspace"))
        client.force_login(alice)
        body = client.get(page(workspace)).content
        assert b"A secret is stored" in body
        assert SECRET.encode() not in body

    def test_empty_keeps_it_and_a_new_one_replaces_it(self, client, boss, workspace):
        client.post(page(workspace), form_of(name="Renamed"))
        workspace.refresh_from_db()
        assert (workspace.name, workspace.client_secret) == ("Renamed", SECRET)
        client.post(page(workspace), form_of(client_secret="another one"))
        workspace.refresh_from_db()
        assert workspace.client_secret == "another one"
        assert "another one" not in workspace.client_secret_encrypted

    def test_a_wrong_form_does_not_hand_it_back(self, client, boss, workspace):
        answer = client.post(page(workspace), form_of(client_secret="typed just now", org=""))
        assert answer.status_code == 200
        assert b"typed just now" not in answer.content
        workspace.refresh_from_db()
        assert workspace.client_secret == SECRET

    def test_whether_one_is_stored_is_said(self, client, boss, workspace):
        assert b"A secret is stored." in client.get(page(workspace)).content
        empty = make_workspace("empty")
        assert b"No secret is stored yet." in client.get(page(empty)).content
        Workspace.objects.filter(pk=empty.pk).update(client_secret_encrypted="not ours")
        assert b"none of FIELD_KEYS opens it" in client.get(page(empty)).content


class TestForm:
    def test_a_new_workspace_leads_to_its_connection(self, client, boss):
        url = reverse("admin:audiences_workspace_add")
        assert client.get(url).status_code == 200
        answer = client.post(url, form_of(client_secret=SECRET), follow=True)
        made = Workspace.objects.get(slug="acme")
        assert answer.redirect_chain[-1][0] == page(made)
        assert made.client_secret == SECRET
        assert b"Check connection" in answer.content

    def test_members_are_rows_of_it(self, client, boss, workspace):
        bob = make_user("bob")
        answer = client.post(page(workspace), form_of(**{
            "memberships-TOTAL_FORMS": "1", "memberships-0-user": str(bob.pk), "memberships-0-role": "activator",
            "memberships-0-workspace": str(workspace.pk), "memberships-0-id": "",
        }))  # fmt: skip
        assert answer.status_code == 302
        assert Membership.objects.get(user=bob).role == "activator"

    def test_saving_leaves_what_workers_write(self, client, boss, workspace):
        """A sync that ends while the form is saved must not be undone by it."""
        saved = Workspace.save

        def meanwhile(self, *args, **kwargs):
            Workspace.objects.filter(pk=self.pk).update(sync_progress="7 of 9")
            saved(self, *args, **kwargs)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Workspace, "save", meanwhile)
            client.post(page(workspace), form_of(name="Renamed"))
        workspace.refresh_from_db()
        assert (workspace.name, workspace.sync_progress) == ("Renamed", "7 of 9")

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("platform_url", "http://platform.adobe.io", "must begin with https://"),
            ("ims_url", "https://me:pw@ims.example.com", "Credentials do not belong"),
            ("ims_url", "https://ims.example.com/?a=b", "without “?”"),
            ("max_per_job", "0", "between 1 and 1000"),
            ("jobs_per_day", "0", "between 1 and"),
            ("watch_limit", "00:00:00", "Must be between"),
            ("mapping_wait", "-1:00:00", "Must be between"),
            ("slug", "not a slug", "slug"),
        ],
    )
    def test_nonsense_is_refused_at_its_field(self, client, boss, workspace, field, value, said):
        answer = client.post(page(workspace), form_of(**{field: value}))
        assert said in " ".join(answer.context["adminform"].form.errors[field]), answer.context["errors"]

    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1:9900", "http://localhost:9900", "https://[::1]/", "http://127.9.9.9", "https://0.0.0.0",
         "https://[::ffff:127.0.0.1]", "https://169.254.169.254"],
    )  # fmt: skip
    def test_this_machine_only_in_demo_mode(self, client, boss, workspace, url):
        with override_settings(DEMO=False):
            assert client.post(page(workspace), form_of(platform_url=url)).status_code == 200
        with override_settings(DEMO=True):
            assert client.post(page(workspace), form_of(platform_url=url)).status_code == 302

    def test_more_than_the_platform_documents_is_allowed_with_a_warning(self, client, boss, workspace):
        answer = client.post(
            page(workspace), form_of(max_per_job="100", mapping_wait="00:10:00"), follow=True
        )
        said = messages_of(answer)
        assert "hard limit of 80" in said
        assert "“wait after mapping” is shorter" in said

    def test_it_opens_with_thousands_of_rows_and_deletes_by_counts(self, client, boss, workspace):
        for _ in range(3):
            make_mapping(make_mapping().dataflow)
        mapping = make_mapping()
        url = reverse("admin:audiences_workspace_delete", args=[mapping.workspace.pk])
        assert mapping.audience.name not in client.get(url).content.decode()
        assert client.post(url, {"post": "yes"}).status_code == 302
        assert not Workspace.objects.filter(pk=mapping.workspace.pk).exists()


def test_sync_now_is_queued_and_said(client, boss, workspace):
    answer = client.post(reverse("admin:audiences_workspace_sync", args=[workspace.pk]), follow=True)
    assert "is queued" in messages_of(answer)
    chosen = {"action": "sync_now", "_selected_action": [str(workspace.pk)]}
    answer = client.post(reverse("admin:audiences_workspace_changelist"), chosen, follow=True)
    assert "is queued" in messages_of(answer)


def test_long_waits_are_read_back_as_they_were(client, boss, workspace):
    client.post(page(workspace), form_of(send_limit="2 00:00:00"))
    workspace.refresh_from_db()
    assert workspace.send_limit == timedelta(days=2)
