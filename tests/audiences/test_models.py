"""People, workspaces and who may see what."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audiences.models import Audience, Dataflow, Destination, Mapping, Membership, Role, User, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """Alice and Bob belong, Charlie is a stranger, Dora administrates, Eve has left."""
    workspace = Workspace.objects.create(slug="shop", name="Shop", org="o", client_id="c")
    Workspace.objects.create(slug="other", name="Other", org="o", client_id="c")
    made = {name: User.objects.create_user(name) for name in ("alice", "bob", "charlie", "eve")}
    made["dora"] = User.objects.create_superuser("dora")
    Membership.objects.create(workspace=workspace, user=made["alice"], role=Role.ACTIVATOR)
    Membership.objects.create(workspace=workspace, user=made["bob"])
    Membership.objects.create(workspace=workspace, user=made["eve"], role=Role.ACTIVATOR)
    made["eve"].is_active = False
    return made


SEES = {"alice": {"shop"}, "bob": {"shop"}, "charlie": set(), "dora": {"shop", "other"}, "eve": set()}


@pytest.mark.parametrize(("name", "expected"), SEES.items(), ids=SEES)
def test_it_works(people, name, expected):
    assert set(Workspace.objects.visible_to(people[name]).values_list("slug", flat=True)) == expected


def test_strangers_from_nowhere_see_nothing(people):
    assert not Workspace.objects.visible_to(AnonymousUser()).exists()


def test_what_belongs_to_a_workspace_is_seen_with_it(people):
    workspace = Workspace.objects.get(slug="shop")
    Audience.objects.create(workspace=workspace, platform_id="a", name="A")
    assert Audience.objects.all().visible_to(people["bob"]).count() == 1
    assert Audience.objects.all().visible_to(people["charlie"]).count() == 0


def test_a_person_belongs_once(people):
    workspace = Workspace.objects.get(slug="shop")
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(workspace=workspace, user=people["bob"])


@pytest.mark.parametrize("model", [Audience, Destination])
def test_a_platform_id_exists_once_per_workspace(people, model):
    workspace, other = Workspace.objects.order_by("pk")
    model.objects.create(workspace=workspace, platform_id="urn:not a uuid")
    model.objects.create(workspace=other, platform_id="urn:not a uuid")
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(workspace=workspace, platform_id="urn:not a uuid")


def test_a_pair_is_mapped_once(people):
    workspace = Workspace.objects.get(slug="shop")
    destination = Destination.objects.create(workspace=workspace, platform_id="d", platform="S3")
    flow = Dataflow.objects.create(
        workspace=workspace, platform_id="f", name="F", state="enabled", destination=destination
    )
    audience = Audience.objects.create(workspace=workspace, platform_id="a", name="A")
    Mapping.objects.create(workspace=workspace, platform_id="f a", dataflow=flow, audience=audience)
    with pytest.raises(IntegrityError), transaction.atomic():
        Mapping.objects.create(workspace=workspace, platform_id="other", dataflow=flow, audience=audience)


def test_vanished_rows_stay_and_are_not_present(people):
    workspace = Workspace.objects.get(slug="shop")
    Audience.objects.create(workspace=workspace, platform_id="a", name="A", vanished_at=timezone.now())
    assert Audience.objects.count() == 1
    assert Audience.objects.all().present().count() == 0


def test_a_stand_in_is_only_for_demo_mode(settings):
    workspace = Workspace(slug="w", name="W", org="o", client_id="c", platform_url="http://127.0.0.1:9900")
    assert workspace.is_stand_in
    settings.DEMO = False
    with pytest.raises(ValidationError, match="demo mode"):
        workspace.clean()
    settings.DEMO = True
    workspace.clean()
    assert not Workspace(platform_url="https://platform.adobe.io").is_stand_in


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", ""])
def test_zones_that_are(zone):
    User(username="u", password="x", time_zone=zone).full_clean()


def test_zones_that_are_not():
    with pytest.raises(ValidationError, match="not a time zone"):
        User(username="u", password="x", time_zone="Mars/Olympus").full_clean()
