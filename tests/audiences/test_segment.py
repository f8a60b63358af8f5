"""A Segment space in the mirror: the same tables, the same care, and nothing that pretends to send."""

from __future__ import annotations

import pytest

from activations.actions import CannotRequest
from activations.actions import request as press
from activations.facts import verdicts
from activations.models import Delivery
from audiences import segment
from audiences.clients import any_client_for, client_for, segment_client_for
from audiences.failures import words_of
from audiences.models import Audience, Dataflow, Destination, Mapping, Workspace
from audiences.sync import sync
from platforms.errors import CredentialsRefused, PlatformError, Refused
from platforms.segment import SegmentClient
from simulator.segment.shelf import Audience as There
from tests.audiences.segment_house import mirrored_segment, segment_workspace
from tests.catalogue import make_user, make_workspace

pytestmark = pytest.mark.django_db


def there(sim) -> dict[str, There]:
    return next(iter(sim.world.segment.audiences.values()))


def test_it_works(sim):
    workspace = mirrored_segment(sim)
    assert workspace.sync_state == "done"
    here = {one.platform_id: one for one in Audience.objects.filter(workspace=workspace)}
    assert set(here) == set(there(sim))
    for key, one in there(sim).items():
        flows = {flow.platform_id: flow for flow in Dataflow.objects.filter(audience=here[key])}
        assert set(flows) == set(one.connections)
        mappings = Mapping.objects.filter(audience=here[key])
        assert {mapping.platform_id for mapping in mappings} == set(one.activations)
        assert all(flows[m.dataflow.platform_id].kind == "connection" for m in mappings)
    assert Destination.objects.filter(workspace=workspace).count() == len(sim.world.segment.destinations)


def test_a_mapping_says_what_it_sends_and_keeps_no_secret(sim):
    workspace = mirrored_segment(sim)
    mapping = Mapping.objects.filter(workspace=workspace, enabled=True).first()
    assert mapping.activation_type in ("Audience Entered", "Audience Exited")
    assert mapping.details["personalization"]["profile"]["properties"]
    kept = [
        *Dataflow.objects.values_list("details", flat=True),
        *Mapping.objects.values_list("details", flat=True),
    ]
    assert "demo-" not in str(kept).replace("demo-site", "")


def test_a_second_sync_rewrites_nothing(sim):
    workspace = mirrored_segment(sim)
    assert sync(workspace).total == 0


def test_what_changed_and_what_is_gone(sim):
    workspace = mirrored_segment(sim)
    one = next(one for one in there(sim).values() if one.activations)
    key, activation = next(iter(one.activations.items()))
    activation.name, activation.enabled = "Renamed", False
    removed = next(iter(set(one.activations) - {key}), None)
    del sim.world.segment.audiences[workspace.sandbox][next(k for k in there(sim) if k != one.id)]
    if removed:
        del one.activations[removed]
    sync(workspace)
    mapping = Mapping.objects.get(workspace=workspace, platform_id=key)
    assert (mapping.name, mapping.enabled) == ("Renamed", False)
    assert Audience.objects.filter(workspace=workspace).exclude(vanished_at=None).count() == 1
    if removed:
        assert Mapping.objects.get(platform_id=removed).vanished_at is not None


def test_a_resync_that_goes_on_is_seen(sim):
    from tests.simulator.segment import Caller

    workspace = segment_workspace(sim)
    caller = Caller(sim)
    found = caller.ready()
    caller.patch(found, performResync=True)
    sync(workspace)
    assert Mapping.objects.get(platform_id=found.id).resyncing is True
    caller.pass_time(60)
    sync(workspace)
    assert not Mapping.objects.get(platform_id=found.id).resyncing


def test_a_sync_that_fails_leaves_the_mirror_whole(sim):
    workspace = mirrored_segment(sim)
    before = Mapping.objects.present().count()
    sim.world.segment.revoked = True
    with pytest.raises(PlatformError):
        sync(workspace)
    workspace.refresh_from_db()
    assert workspace.sync_state == "failed"
    assert "token" in words_of(workspace.sync_error)
    assert Mapping.objects.present().count() == before


def test_an_empty_list_is_not_believed(sim):
    workspace = mirrored_segment(sim)
    path = f"/spaces/{workspace.sandbox}/audiences"
    rule = {"method": "GET", "path": path, "fault": "empty_page", "times": None}
    sim.world.faults.replace({"rules": [rule]})
    with pytest.raises(PlatformError):
        sync(workspace)
    assert Audience.objects.present().filter(workspace=workspace).exists()


def test_more_audiences_than_one_look_takes_are_looked_at_in_turns(sim, monkeypatch):
    """What was not looked at this time stays as it is; the next sync goes on from there."""
    monkeypatch.setattr(segment, "LOOKS", 3)
    workspace = segment_workspace(sim)
    keys = sorted(there(sim))
    seen = set()
    for _ in range(-(-len(keys) // 3)):
        sync(workspace)
        workspace.refresh_from_db()
        seen |= set(Dataflow.objects.present().values_list("audience__platform_id", flat=True))
    assert seen == {key for key, one in there(sim).items() if one.connections}
    assert Mapping.objects.exclude(vanished_at=None).count() == 0


@pytest.mark.parametrize(
    ("up_to", "expected"), [("", ["a", "b"]), ("a", ["b", "c"]), ("b", ["c", "a"]), ("z", ["a", "b"])]
)
def test_whose_turn_it_is(monkeypatch, up_to, expected):
    monkeypatch.setattr(segment, "LOOKS", 2)
    assert segment.turn(["a", "b", "c"], up_to) == expected


def test_the_right_client_by_platform(sim):
    ours, theirs = segment_workspace(sim), make_workspace("adobe")
    assert isinstance(any_client_for(ours), SegmentClient)
    assert segment_client_for(ours) is segment_client_for(Workspace.objects.get(pk=ours.pk))
    with pytest.raises(Refused):
        client_for(ours)
    with pytest.raises(Refused):
        segment_client_for(theirs)
    ours.client_secret = "another"
    assert segment_client_for(ours).config.token == "another"
    ours.client_secret_encrypted = "gibberish"
    with pytest.raises(CredentialsRefused) as caught:
        segment_client_for(ours)
    assert caught.value.field == "token"


def test_a_stand_in_is_for_the_demo_alone(sim, settings):
    workspace = segment_workspace(sim)
    settings.DEMO = False
    assert workspace.is_stand_in
    with pytest.raises(Refused):
        segment_client_for(workspace)


def test_what_is_off_at_segment_cannot_be_pressed(sim):
    workspace = mirrored_segment(sim)
    rows = Mapping.objects.select_related("dataflow", "audience").filter(workspace=workspace)
    Mapping.objects.filter(pk=rows[0].pk).update(enabled=False)
    mapping = rows[0]
    verdict = verdicts(workspace, [mapping])[mapping.pk]
    assert verdict.will_go == "blocked"
    assert "activation_disabled" in [finding.code for finding in verdict.findings]
    person = make_user("mara", "activator", workspace)
    with pytest.raises(CannotRequest):
        press(workspace, [mapping], by=person, press="first")
    assert not Delivery.objects.exists()
    assert sim.world.ledger.exports == []
