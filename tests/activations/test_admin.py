"""Pressing, canceling, retrying and checking again from the administrator's lists."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activations import actions, states
from activations.models import Activation, Delivery, Event, Hold, Job
from audiences.models import Mapping, Membership, Workspace
from tests.activations.world import fault, ledger, mirrored, press, settle, states_of, that, turn
from tests.catalogue import make_dataflow, make_mapping, make_user, make_workspace

pytestmark = pytest.mark.django_db

MAPPINGS = "admin:audiences_mapping_changelist"


@pytest.fixture
def boss(client):
    user = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def staff(client: Any, role: str, workspace: Workspace):
    user = make_user("alice", role, workspace, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return user


def choose(client: Any, mappings: list[Mapping], action: str = "activate", **more: Any) -> Any:
    chosen = {"action": action, "_selected_action": [m.pk for m in mappings], **more}
    return client.post(reverse(MAPPINGS), chosen)


def hand_in(client: Any, asked: Any, **fields: str) -> Any:
    """Post the question's form."""
    paper = re.search(r'name="paper" value="([^"]+)"', asked.content.decode())
    assert paper, asked.content.decode()[:500]
    workspace = asked.context["workspace"]
    url = reverse("admin:audiences_mapping_press", args=[workspace.slug])
    return client.post(url, {"paper": paper[1], **fields}, follow=True)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def test_it_works(client, boss, sim):
    workspace = mirrored(sim)
    chosen = that(workspace, "ready")[:2] + that(workspace, "blocked")[:1]
    asked = choose(client, chosen)
    assert "Send 2 deliveries from Demo, sandbox prod?" in asked.content.decode()
    assert "1 is blocked" in asked.content.decode()
    assert not Activation.objects.exists()
    answer = hand_in(client, asked, reason="3 a.m.")
    assert "Queued." in said(answer)
    made = Activation.objects.get()
    assert (made.source, made.requested_by, made.reason) == ("admin", boss, "3 a.m.")
    assert states_of(made) == {states.QUEUED: 2, states.BLOCKED: 1}
    turn(workspace)
    assert len(ledger(sim)) == 2


def test_a_double_click_is_one_press(client, boss, sim):
    workspace = mirrored(sim)
    asked = choose(client, that(workspace, "ready")[:2])
    hand_in(client, asked)
    hand_in(client, asked)
    assert Activation.objects.count() == 1


def test_an_old_question_sends_nothing_a_second_time(client, boss, sim):
    workspace = mirrored(sim)
    chosen = that(workspace, "ready")[:1]
    first, second = choose(client, chosen), choose(client, chosen)
    hand_in(client, first)
    assert "out of date" in said(hand_in(client, second))
    assert Activation.objects.count() == 1


def test_forged_and_foreign_papers_are_refused(client, boss, sim):
    workspace = mirrored(sim)
    asked = choose(client, that(workspace, "ready")[:1])
    url = reverse("admin:audiences_mapping_press", args=["demo"])
    for paper in ("", "forged", "a:b:c"):
        assert "cannot be used" in said(client.post(url, {"paper": paper}, follow=True))
    client.force_login(make_user("other", is_staff=True, is_superuser=True))
    assert "cannot be used" in said(hand_in(client, asked))
    assert not Activation.objects.exists()


def test_a_production_workspace_asks_for_its_name(client, boss, sim):
    workspace = mirrored(sim, production=True)
    asked = choose(client, that(workspace, "ready")[:1])
    again = hand_in(client, asked, workspace_name="wrong")
    assert again.status_code == 409
    assert not Activation.objects.exists()
    hand_in(client, again, workspace_name="Demo")
    assert Activation.objects.count() == 1


def test_one_question_spans_several_workspaces(client, boss, sim):
    workspace = mirrored(sim)
    away = make_mapping(make_dataflow(make_workspace("zoo", production=True)))
    asked = choose(client, [*that(workspace, "ready")[:1], away])
    assert "Send 2 deliveries from Demo, sandbox prod; Zoo, sandbox prod?" in asked.content.decode()
    assert hand_in(client, asked, workspace_name="Demo").status_code == 409
    hand_in(client, asked, workspace_name="Zoo")
    made = Activation.objects.get()
    assert [place.slug for place in made.places] == ["demo", "zoo"]


def test_activators_of_one_workspace_may_not_press_in_two(client, sim):
    workspace = mirrored(sim)
    alice = staff(client, "activator", workspace)
    away = make_mapping()
    Membership.objects.create(user=alice, workspace=away.workspace, role="viewer")
    choose(client, [*that(workspace, "ready")[:1], away])
    assert "Nothing was done" in said(client.get(reverse(MAPPINGS)))
    assert not Activation.objects.exists()


def test_viewers_are_told_the_permissions(client, sim):
    workspace = mirrored(sim)
    staff(client, "viewer", workspace)
    choose(client, that(workspace, "ready")[:1])
    told = said(client.get(reverse(MAPPINGS)))
    for name in ("View Destinations", "Activate Destinations", "View Profiles", "View Segments"):
        assert name in told
    url = reverse("admin:audiences_mapping_press", args=["demo"])
    assert "Nothing was done" in said(client.post(url, {"paper": "x"}, follow=True))


def test_activators_press_where_they_may(client, sim):
    workspace = mirrored(sim)
    alice = staff(client, "activator", workspace)
    hand_in(client, choose(client, that(workspace, "ready")[:1]))
    assert Activation.objects.get().requested_by == alice


def test_strangers_mappings_cannot_be_chosen(client, sim):
    workspace = mirrored(sim)
    staff(client, "activator", workspace)
    choose(client, [make_mapping()])
    assert not Activation.objects.exists()
    url = reverse("admin:audiences_mapping_press", args=[make_mapping().workspace.slug])
    assert client.post(url, {"paper": "x"}).status_code == 404


def test_nothing_of_it_can_go(client, boss, sim):
    workspace = mirrored(sim)
    body = choose(client, that(workspace, "blocked")[:2]).content.decode()
    assert "None of these can go" in body
    assert 'name="paper"' not in body


def test_will_it_go_is_answered_in_the_list(client, boss, sim):
    workspace = mirrored(sim)
    body = client.get(reverse(MAPPINGS), {"workspace__id__exact": workspace.pk}).content.decode()
    assert "Ready" in body
    make_mapping()
    assert "Ready" in client.get(reverse(MAPPINGS), {"all": ""}).content.decode()


class TestChanges:
    def act(self, client: Any, model: str, rows: list[Any], action: str, **more: str) -> Any:
        url = reverse(f"admin:activations_{model}_changelist")
        chosen = {"action": action, "_selected_action": [row.pk for row in rows], **more}
        return client.post(url, chosen, follow=True)

    def test_cancel_some_then_all(self, client, boss, sim):
        workspace = mirrored(sim)
        activation = press(workspace, that(workspace, "ready")[:3])
        answer = self.act(client, "delivery", list(activation.deliveries.all()[:1]), "cancel")
        assert "1 delivery canceled" in said(answer)
        assert "2 deliveries canceled" in said(self.act(client, "activation", [activation], "cancel"))
        assert "Nothing to cancel" in said(self.act(client, "activation", [activation], "cancel"))
        turn(workspace)
        assert ledger(sim) == []
        assert Event.objects.filter(what="canceled", actor=boss).count() == 3

    def test_retry_asks_first(self, client, boss, sim):
        workspace = mirrored(sim)
        fault(sim, "status", status=400)
        activation = press(workspace, that(workspace, "ready")[:1])
        turn(workspace)
        delivery = activation.deliveries.get()
        assert delivery.state in states.RETRYABLE
        asked = self.act(client, "delivery", [delivery], "retry")
        assert "Retry 1 row" in asked.content.decode()
        assert activation.deliveries.count() == 1
        answer = self.act(client, "delivery", [delivery], "retry", confirmed="yes")
        assert "1 delivery asked for again" in said(answer)
        answer = self.act(client, "delivery", [delivery], "retry", confirmed="yes")
        assert "Nothing to retry" in said(answer)
        assert activation.deliveries.count() == 2

    def test_a_retry_that_lost_its_race_leaves_the_others_retried(self, client, boss, sim, monkeypatch):
        workspace = mirrored(sim)
        made = []
        for mapping in that(workspace, "ready")[:2]:
            fault(sim, "status", status=400)
            made.append(press(workspace, [mapping], f"press {mapping.pk}"))
            turn(workspace)
        retry = actions._retry

        def always_late(activation, by, only):
            if activation == made[0]:
                raise IntegrityError
            return retry(activation, by, only)

        monkeypatch.setattr("activations.actions._retry", always_late)
        answer = self.act(client, "activation", made, "retry", confirmed="yes")
        assert "pressed by someone else right now" in said(answer)
        assert "1 delivery asked for again" in said(answer)
        assert made[1].deliveries.count() == 2

    def test_check_again(self, client, boss, sim):
        workspace = mirrored(sim)
        activation = press(workspace, that(workspace, "ready")[:1])
        turn(workspace)
        Delivery.objects.update(state=states.STOPPED)
        answer = self.act(client, "activation", [activation], "check_again")
        assert "about 1 delivery again" in said(answer)
        assert states_of(activation) == {states.RUNNING: 1}

    def test_viewers_change_nothing(self, client, sim):
        workspace = mirrored(sim)
        activation = press(workspace, that(workspace, "ready")[:1])
        staff(client, "viewer", workspace)
        for action in ("cancel", "retry", "check_again"):
            answer = self.act(client, "activation", [activation], action, confirmed="yes")
            assert "Nothing was done" in said(answer)
        assert states_of(activation) == {states.QUEUED: 1}


LEDGER = (Activation, Delivery, Job, Hold, Event)


def test_the_ledger_is_not_written_by_hand(client, boss, sim):
    workspace = mirrored(sim)
    press(workspace, that(workspace, "ready")[:1])
    turn(workspace)
    for model in LEDGER:
        row, name = model.objects.first(), f"admin:activations_{model._meta.model_name}"
        assert row is not None
        assert client.get(reverse(f"{name}_add")).status_code == 403
        assert client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
        assert client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403


def test_every_page_opens_and_costs_the_same_with_more_rows(client, boss, sim):
    workspace = mirrored(sim)
    ready = that(workspace, "ready")
    press(workspace, ready[:1], "first")
    turn(workspace)
    client.get("/admin/")
    few = opened(client)
    for number in range(1, 9):
        press(workspace, ready[number : number + 1], f"press {number}")
    turn(workspace)
    many = opened(client)
    assert many == few
    assert max(many.values()) <= 16, many


def opened(client: Any) -> dict[str, int]:
    counted = {}
    for model in (*LEDGER, Mapping):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(f"{name}_changelist")).status_code == 200
        counted[model.__name__] = len(queries)
        row = model.objects.order_by("pk").first()
        assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200
    return counted


def test_the_job_shows_the_call_as_sent_and_answered(client, boss, sim):
    workspace = mirrored(sim)
    press(workspace, that(workspace, "ready")[:1])
    turn(workspace)
    job = Job.objects.get()
    body = client.get(reverse("admin:activations_job_change", args=[job.pk])).content.decode()
    assert Delivery.objects.get().dataflow.platform_id in body
    assert "statusURL" in body
    assert "demo-secret" not in body


def test_deliveries_and_events_of_one_activation(client, boss, sim):
    workspace = mirrored(sim)
    ready = that(workspace, "ready")
    mine = press(workspace, ready[:2], "mine")
    press(workspace, ready[2:3], "other")
    body = client.get(reverse("admin:activations_activation_change", args=[mine.pk])).content.decode()
    link = re.search(r'href="(/admin/activations/delivery/\?[^"]+)"', body)
    assert link
    assert len(client.get(link[1]).context["cl"].result_list) == 2


def test_what_arrived_is_summed_up(client, boss, sim):
    workspace = mirrored(sim)
    press(workspace, that(workspace, "ready")[:2])
    settle(sim, workspace)
    assert "delivered" in client.get(reverse("admin:activations_activation_changelist")).content.decode()


def test_everything_is_registered():
    reverse("admin:index")  # the admin is only read when its pages are asked for
    names = {model.__name__ for model in admin.site._registry}
    assert names >= {
        "User", "Workspace", "Destination", "Dataflow", "Audience", "Mapping", "Run", "PlatformJob", "Activation",
        "Delivery", "Job", "Hold", "Event", "PeriodicTask", "IntervalSchedule", "CrontabSchedule",
    }  # fmt: skip
