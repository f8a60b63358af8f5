"""Guardrails are data: each with default, source and date, changed by administrators, seen by everybody."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from activations.budget import jobs_today
from activations.models import Job
from audiences.guardrails import NAMES, guardrails
from audiences.models import Workspace
from tests.activations.house import make_house
from tests.catalogue import make_user, make_workspace

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", NAMES)
def test_each_tells_default_source_and_date(name):
    told = str(Workspace._meta.get_field(name).help_text)
    assert told.startswith("Default ")
    assert re.search(r"read 20\d\d-\d\d|Our own figure", told), told


def test_every_limit_of_the_row_is_among_them():
    """A new duration or count of the workspace is a guardrail, or a reason is written here why it is not."""
    kinds = {"DurationField", "PositiveSmallIntegerField"}
    figures = {f.name for f in Workspace._meta.fields if f.get_internal_type() in kinds}
    assert figures | {"over_budget"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_administrator_can_change_each(client, name):
    workspace = make_workspace("retail")
    client.force_login(make_user("root", is_superuser=True, is_staff=True))
    page = client.get(reverse("admin:audiences_workspace_change", args=[workspace.pk])).content.decode()
    assert f'name="{name}"' in page


def test_a_viewer_reads_them_and_cannot_change_them(client):
    house = make_house(max_per_job=40, mapping_wait=timedelta(minutes=90), synced_at=timezone.now())
    house.activation()
    client.force_login(house.bob)
    page = client.get(house.url("steps")).content.decode()
    for one in guardrails(house.workspace):
        assert one.label.capitalize()[:10] in page
    assert "1 h 30 min" in page
    assert page.count("not the default") == 2
    assert 'name="max_per_job"' not in page


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [("sending", 1), ("accepted", 1), ("refused", 1), ("unknown", 1), ("not_sent", 0)],
)
def test_the_budget_counts_what_reached_the_platform(outcome, counts):
    workspace = make_workspace("retail")
    now = timezone.now()
    Job.objects.create(workspace=workspace, outcome=outcome, created_at=now, lease_until=now, size=1)
    assert jobs_today(workspace, now) == counts
    assert jobs_today(workspace, now + timedelta(days=1)) == 0, "a new UTC day"
