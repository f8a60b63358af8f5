"""Every administrator's page opens, costs the same with more rows, and carries nothing inline."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from audiences.models import User, Workspace
from tests.activations.world import mirrored
from tests.catalogue import make_mapping, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client) -> User:
    user = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def rows_of_beat() -> None:
    every = IntervalSchedule.objects.create(every=5, period="seconds")
    PeriodicTask.objects.create(name="own heartbeat", task="config.tasks.heartbeat", interval=every)


# Queries of a list with rows, session and user included; one more row must not be one more query.
QUERIES_AT_MOST = 14
MIRRORED = ("destination", "dataflow", "audience", "mapping", "run", "platformjob")


# What our content security policy would not run: script without source or nonce, style, handlers.
INLINE = re.compile(
    rb"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*(?:\ssrc=|\snonce=\"[^\"]|type=\"application/json\"))"
)


def open_everything(client) -> dict[str, int]:
    """Open every list and the first row of each; answer the number of queries per list."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counted = {}
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse(f"admin:{name}_changelist"))
        assert answer.status_code == 200, name
        assert INLINE.search(answer.content) is None, name
        counted[name] = len(queries)
        row = model._default_manager.first()
        if row is not None:
            answer = client.get(reverse(f"admin:{name}_change", args=[row.pk]))
            assert answer.status_code == 200, name
            assert INLINE.search(answer.content) is None, name
    return counted


def test_every_page_opens_and_costs_the_same_with_more_rows(client, boss, sim):
    rows_of_beat()
    mirrored(sim)
    client.get("/admin/")
    few = open_everything(client)
    for _ in range(30):
        make_mapping(workspace_of_the_mirror())
    many = open_everything(client)
    assert many == few
    assert max(many.values()) <= QUERIES_AT_MOST, many


def workspace_of_the_mirror():
    from tests.catalogue import make_dataflow

    return make_dataflow(Workspace.objects.get(slug="demo"))


def test_the_mirror_is_not_written_by_hand(client, boss, sim):
    mirrored(sim)
    for name in MIRRORED:
        model = next(m for m in admin.site._registry if m._meta.label_lower == f"audiences.{name}")
        row = model._default_manager.first()
        assert client.get(reverse(f"admin:audiences_{name}_add")).status_code == 403
        assert (
            client.post(reverse(f"admin:audiences_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code
            == 403
        )
        assert client.post(reverse(f"admin:audiences_{name}_change", args=[row.pk]), {}).status_code == 403


def test_search_finds_by_name_and_by_id(client, boss):
    mapping = make_mapping()
    make_mapping()
    for name, word in (("audience", mapping.audience.platform_id), ("dataflow", mapping.dataflow.name),
                       ("mapping", mapping.audience.name)):  # fmt: skip
        answer = client.get(reverse(f"admin:audiences_{name}_changelist"), {"q": word})
        assert len(answer.context["cl"].result_list) == 1


def test_people_are_made_inactive_rather_than_deleted(client, boss):
    bob = make_user("bob")
    assert (
        client.post(reverse("admin:audiences_user_delete", args=[bob.pk]), {"post": "yes"}).status_code == 403
    )


def test_a_person_is_made_and_given_a_zone(client, boss):
    add = reverse("admin:audiences_user_add")
    assert client.get(add).status_code == 200
    client.post(add, {"username": "nora", "usable_password": "true", "password1": "a long enough one",
                      "password2": "a long enough one"})  # fmt: skip
    nora = User.objects.get(username="nora")
    body = client.get(reverse("admin:audiences_user_change", args=[nora.pk])).content
    assert b"time_zone" in body
