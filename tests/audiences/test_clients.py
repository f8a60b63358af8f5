"""One client per workspace and process, made anew when what it was made of changes."""

import pytest

from audiences import clients
from audiences.clients import client_for
from audiences.models import Workspace
from audiences.sync import sync
from platforms.errors import CredentialsRefused, Refused
from tests.activations.world import mirrored

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    workspace = Workspace(slug="w", name="W", org="o", client_id="c")
    workspace.client_secret = "first"
    workspace.save()
    return workspace


def test_it_works(workspace):
    client = client_for(workspace)
    assert client_for(Workspace.objects.get(pk=workspace.pk)) is client
    assert client.config.client_secret == "first"
    assert "first" not in repr(client) + repr(client.config)


@pytest.mark.parametrize(
    "field", ["org", "sandbox", "client_id", "client_secret", "scopes", "platform_url", "ims_url"]
)
def test_what_changes_makes_a_new_client(workspace, field):
    client = client_for(workspace)
    setattr(workspace, field, "https://elsewhere.example.com")
    assert client_for(workspace) is not client
    assert getattr(client_for(workspace).config, field) == "https://elsewhere.example.com"


def test_what_does_not_matter_to_it_does_not(workspace):
    client = client_for(workspace)
    workspace.name, workspace.production, workspace.max_per_job = "Other", True, 5
    assert client_for(workspace) is client


def test_two_workspaces_have_two_clients(workspace):
    other = Workspace(slug="x", name="X", org="o", client_id="c")
    other.client_secret = "first"
    other.save()
    assert client_for(other) is not client_for(workspace)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9900", "http://localhost", "http://[::1]:1", "http://LOCALHOST:1"]
)
def test_a_platform_on_this_machine_is_refused_outside_demo_mode(settings, workspace, url):
    settings.DEMO = False
    client_for(workspace)
    for field in ("platform_url", "ims_url"):
        pointed = Workspace.objects.get(pk=workspace.pk)
        setattr(pointed, field, url)
        with pytest.raises(Refused, match="demo mode"):
            client_for(pointed)
    settings.DEMO = True
    assert client_for(pointed)


def test_a_secret_that_no_key_opens_is_refused_by_name(workspace):
    workspace.client_secret_encrypted = "nonsense"
    with pytest.raises(CredentialsRefused) as refusal:
        client_for(workspace)
    assert refusal.value.field == "secret"


def test_corrected_credentials_are_used_at_once(sim):
    workspace = mirrored(sim)
    workspace.client_secret = "wrong"
    workspace.save()
    with pytest.raises(CredentialsRefused):
        sync(workspace)
    workspace.client_secret = "demo-secret"
    workspace.save()
    assert sync(workspace) is not None
    assert len([key for key in clients._clients if key == workspace.pk]) == 1
