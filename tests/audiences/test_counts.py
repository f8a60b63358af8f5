"""Counts of audiences over time: noted by the sync when they change, forgotten when they are old, shown as a line."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from activations.trends.people import people
from audiences import counts
from audiences.models import Audience, Counted, RunAudience
from audiences.sync import sync
from tests.activations.world import mirrored
from tests.catalogue import make_audience, make_dataflow, make_run, make_user, make_workspace

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class TestSync:
    def test_the_first_notes_every_known_count_and_the_second_none(self, sim):
        workspace = mirrored(sim)
        known = Audience.objects.exclude(profiles=None).count()
        assert Counted.objects.count() == known > 0
        row = Counted.objects.select_related("audience").first()
        assert (row.profiles, row.as_of) == (row.audience.profiles, row.audience.profiles_as_of)
        sync(workspace)
        assert Counted.objects.count() == known

    def test_only_what_changed_is_noted(self, sim):
        workspace = mirrored(sim)
        before = Counted.objects.count()
        row = Audience.objects.filter(profiles__gt=0, external=False)[0]
        sim.world.sandboxes["prod"].audiences[row.platform_id].size += 1000
        sync(workspace)
        assert Counted.objects.count() == before + 1
        newest = Counted.objects.order_by("-pk")[0]
        assert newest.audience == row
        assert newest.profiles == Audience.objects.get(pk=row.pk).profiles != row.profiles


def noted(audience, now, **fields):
    before = counts.known(audience.workspace)
    for name, value in fields.items():
        setattr(audience, name, value)
    audience.save()
    return counts.note(before, [audience], now)


def test_a_new_moment_of_the_same_count_is_noted_and_so_is_a_count_that_became_unknown():
    audience, now = make_audience(make_workspace(), profiles=7), timezone.now()
    assert noted(audience, now) == 0
    assert noted(audience, now, profiles_as_of=now) == 1
    assert noted(audience, now, profiles=None, profiles_as_of=None) == 1
    assert list(Counted.objects.order_by("pk").values_list("profiles", flat=True)) == [7, None]


def test_counts_are_noted_in_bulk():
    workspace, now = make_workspace(), timezone.now()
    made = [make_audience(workspace) for _ in range(300)]
    with CaptureQueriesContext(connection) as captured:
        assert counts.note({}, made, now) == 300
    assert len(captured) < 6
    assert Counted.objects.count() == 300


def test_what_is_old_is_forgotten():
    audience, now = make_audience(make_workspace()), timezone.now()
    for days in (1, 119, 121, 500):
        Counted.objects.create(audience=audience, profiles=days, seen_at=now - days * DAY)
    assert counts.forget(now) == 2
    assert set(Counted.objects.values_list("profiles", flat=True)) == {1, 119}


class TestChart:
    def test_it_has_counts_and_what_runs_received(self):
        audience, now = make_audience(make_workspace()), timezone.now()
        for days, profiles in ((80, 100), (40, None), (20, 300), (95, 9)):
            at = now - days * DAY
            Counted.objects.create(
                audience=audience, profiles=profiles, as_of=at if profiles else None, seen_at=at
            )
        make_run(make_dataflow(audience.workspace), audience)
        chart = people(audience, now, "UTC")
        assert [row.values for row in chart.table.rows] == [
            (100, None),
            (None, None),
            (300, None),
            (None, 48_210),
        ]
        assert chart.table.rows[1].note == "the count became unknown"
        # Two counts with an unknown one between them are no line.
        assert "polyline" not in chart.pictures
        assert [column.name for column in chart.table.columns] == ["Counted by Adobe", "Received by a run"]

    def test_runs_between_counts_do_not_break_the_line(self):
        audience, now = make_audience(make_workspace()), timezone.now()
        for hours in (200, 1):
            Counted.objects.create(
                audience=audience, profiles=hours, as_of=now, seen_at=now - timedelta(hours=hours)
            )
        Counted.objects.filter(profiles=200).update(as_of=now - timedelta(hours=200))
        make_run(make_dataflow(audience.workspace), audience)
        assert people(audience, now, "UTC").pictures.count("polyline") == 2

    def test_a_failed_run_tells_no_size(self):
        audience, now = make_audience(make_workspace()), timezone.now()
        flow = make_dataflow(audience.workspace)
        make_run(flow, audience)
        make_run(flow, audience)
        RunAudience.objects.filter(run=make_run(flow, audience, status="failed")).update(received=0)
        assert [row.values for row in people(audience, now, "UTC").table.rows] == [(None, 48_210)] * 2

    def test_one_count_is_no_line(self):
        audience, now = make_audience(make_workspace()), timezone.now()
        assert people(audience, now, "UTC") is None
        Counted.objects.create(audience=audience, profiles=5, seen_at=now)
        assert people(audience, now, "UTC") is None

    def test_the_page_and_its_csv(self):
        workspace = make_workspace("northwind")
        audience, now, client = make_audience(workspace), timezone.now(), Client()
        client.force_login(make_user("alice", "viewer", workspace))
        place = reverse("activations:audience", args=["northwind", audience.platform_id])
        sheet = reverse("activations:people_csv", args=["northwind", audience.platform_id])
        assert "Fewer than two counts are known" in client.get(place).content.decode()
        assert client.get(sheet).status_code == 404
        for days in (3, 2):
            Counted.objects.create(audience=audience, profiles=1000 * days, seen_at=now - days * DAY)
        page = client.get(place).content.decode()
        assert page.count('role="img"') == 2
        assert "3,000" in page
        assert "seen " in page
        text = b"".join(client.get(sheet).streaming_content).decode()
        assert "3000" in text
        client.force_login(make_user("charlie"))
        assert client.get(sheet).status_code == 404
