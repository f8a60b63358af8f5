"""Catalogue sync: the mirror equals the platform, unchanged rows are left alone, failures leave it whole."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audiences.clients import client_for
from audiences.failures import lines_of, words_of
from audiences.fresh import look_again
from audiences.models import (
    Audience,
    Dataflow,
    Destination,
    Mapping,
    PlatformJob,
    Run,
    RunAudience,
    Workspace,
)
from audiences.runs import follow, read_runs, store_runs
from audiences.sync import LEASE, _end, _mine, _Progress, _start, sync
from audiences.tasks import sync_workspace
from platforms.errors import PlatformError
from platforms.types import Run as Seen
from platforms.types import RunStatus
from simulator.server import Simulator
from tests.activations.world import CONTROL, impatient, mirrored

pytestmark = pytest.mark.django_db

FLOWS = "/data/foundation/flowservice/flows"
RUNS = "/data/foundation/flowservice/runs"
AUDIENCES = "/data/core/ups/audiences"
LISTS = {
    "dataflows": FLOWS,
    "audiences": AUDIENCES,
    "runs": RUNS,
    "connection specs": "/data/foundation/flowservice/connectionSpecs",
    "connections": "/data/foundation/flowservice/connections",
    "target connections": "/data/foundation/flowservice/targetConnections",
    "export jobs": "/data/core/ups/export/jobs",
    "segment jobs": "/data/core/ups/segment/jobs",
    "schedules": "/data/core/ups/config/schedules",
}
MIRROR = (Destination, Dataflow, Audience, Mapping, PlatformJob, Run, RunAudience)


@pytest.fixture
def sim():
    with Simulator(port=0, seed=7, dataflows=6, audiences=60) as simulator:
        yield simulator


@pytest.fixture
def workspace(sim):
    workspace = mirrored(sim)
    impatient(workspace)
    return workspace


def fault(sim, name, path, *, method="GET", times=None, **fields):
    rule = {"method": method, "path": path, "fault": name, "times": times, **fields}
    CONTROL.put(f"{sim.url}/_sim/faults", json={"rules": [rule]}).raise_for_status()


def everything():
    """The whole mirror, row by row."""
    return {model.__name__: sorted(model.objects.values_list(), key=str) for model in MIRROR}


def prod(sim):
    return sim.world.sandboxes["prod"]


def test_it_works(sim):
    workspace = Workspace(slug="demo", name="Demo", org="DEMO@AdobeOrg", client_id="demo-client")
    workspace.platform_url = workspace.ims_url = sim.url
    workspace.client_secret = "demo-secret"
    workspace.save()
    written = sync(workspace)
    assert written.created == sum(model.objects.count() for model in MIRROR) - RunAudience.objects.count()
    assert (written.updated, written.vanished) == (0, 0)
    assert (workspace.sync_state, workspace.sync_error, workspace.sync_progress) == ("done", "", "")
    assert workspace.synced_at
    assert workspace.snapshot_at
    assert workspace.evaluated_at
    destinations = [flow for flow in prod(sim).flows.values() if flow.kind != "source"]
    assert Dataflow.objects.count() == len(destinations)
    assert set(Audience.objects.filter(listed=True).values_list("platform_id", flat=True)) == set(
        prod(sim).audiences
    )
    assert Mapping.objects.count() == sum(len(flow.mappings) for flow in destinations)
    assert {flow.mapped_count for flow in Dataflow.objects.all()} == {
        len(flow.mappings) for flow in destinations
    }


def test_a_second_sync_writes_nothing(sim, workspace):
    before = everything()
    written = sync(workspace)
    assert written.total == 0
    assert everything() == before


def test_a_changed_row_is_the_only_one_written(sim, workspace):
    audience = next(iter(prod(sim).audiences.values()))
    audience.name = "Renamed"
    written = sync(workspace)
    assert (written.created, written.updated, written.vanished) == (0, 1, 0)
    assert Audience.objects.get(platform_id=audience.id).name == "Renamed"


def test_a_changed_schedule_is_seen(sim, workspace):
    flow = next(flow for flow in prod(sim).flows.values() if flow.kind == "batch" and flow.selectors)
    flow.selectors[0]["value"]["schedule"]["endDate"] = "2031-05-01"
    flow.changed(sim.world.now(), "update")
    sync(workspace)
    assert str(Mapping.objects.get(end_date="2031-05-01").end_date) == "2031-05-01"


def test_what_vanished_is_marked_and_comes_back(sim, workspace):
    place = prod(sim)
    mapped = {audience for flow in place.flows.values() for audience in flow.mappings}
    gone = next(one for key, one in place.audiences.items() if key not in mapped)
    place.audiences.pop(gone.id)
    place.ordered.clear()
    external = place.by_external.pop(gone.audience_id, None)
    assert sync(workspace).vanished == 1
    row = Audience.objects.get(platform_id=gone.id)
    assert row.vanished_at is not None
    assert not Audience.objects.present().filter(pk=row.pk).exists()
    assert sync(workspace).total == 0
    place.audiences[gone.id] = gone
    place.ordered.clear()
    if external:
        place.by_external[gone.audience_id] = external
    assert sync(workspace).updated == 1
    row.refresh_from_db()
    assert row.vanished_at is None


def test_an_unmapped_audience_is_marked_and_mapped_again(sim, workspace):
    flow = next(flow for flow in prod(sim).flows.values() if flow.kind == "batch" and flow.selectors)
    kept = flow.selectors.pop()
    flow.changed(sim.world.now(), "update")
    written = sync(workspace)
    assert (written.updated, written.vanished) == (1, 1)
    flow.selectors.append(kept)
    flow.changed(sim.world.now(), "update")
    assert sync(workspace).vanished == 0
    assert not Mapping.objects.exclude(vanished_at=None).exists()


@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize(
    "trouble",
    [("status", {"status": 500}), ("html", {}), ("truncate", {}), ("reset_before", {})],
    ids=["500", "html", "truncated", "reset"],
)
def test_trouble_in_any_list_leaves_the_mirror_whole_and_says_why(sim, workspace, path, trouble):
    name, fields = trouble
    before, synced_at = everything(), workspace.synced_at
    next(iter(prod(sim).audiences.values())).name = "Half a truth"
    fault(sim, name, path, **fields)
    with pytest.raises(PlatformError):
        sync(workspace)
    assert everything() == before
    assert (workspace.sync_state, workspace.synced_at) == ("failed", synced_at)
    assert workspace.sync_error.strip()
    fault(sim, "delay", path)
    assert sync(workspace).updated == 1
    assert (workspace.sync_state, workspace.sync_error) == ("done", "")


def test_a_second_page_that_fails_leaves_the_mirror_whole():
    with Simulator(port=0, seed=7, dataflows=4, audiences=250) as sim:
        workspace = mirrored(sim)
        impatient(workspace)
        before = everything()
        # Two good pages, then trouble: the reads of the first sync are over, so count from here.
        rules = [
            {"method": "GET", "path": AUDIENCES, "fault": "delay", "times": 1},
            {"method": "GET", "path": AUDIENCES, "fault": "status", "status": 503, "times": None, "probability": 0.6, "seed": 3},
        ]  # fmt: skip
        CONTROL.put(f"{sim.url}/_sim/faults", json={"rules": rules}).raise_for_status()
        with pytest.raises(PlatformError):
            sync(workspace)
        assert everything() == before


def test_what_an_account_keeps_secret_is_not_mirrored(sim, workspace):
    """Accounts come with their credentials, masked or not: name and id are all that is kept of them."""
    accounts = [one for place in sim.world.sandboxes.values() for one in place.connections.values()]
    for account in accounts:
        account["auth"]["params"] = {"accessKey": "AKIA-not-for-us", "nested": {"password": "hush-hush"}}
    sync(workspace)
    kept = [list(model.objects.values()) for model in MIRROR]
    assert Destination.objects.filter(account__in=[one["name"] for one in accounts]).exists()
    assert not any(secret in str(kept) for secret in ("AKIA-not-for-us", "hush-hush", "MASKED"))


def test_one_empty_answer_is_not_the_end_of_all_audiences(sim, workspace):
    before = everything()
    fault(sim, "empty_page", AUDIENCES, times=1)
    assert sync(workspace).total == 0
    fault(sim, "empty_page", AUDIENCES)
    with pytest.raises(PlatformError):
        sync(workspace)
    assert everything() == before


def test_a_fresh_process_does_not_believe_emptiness_either(sim, workspace):
    impatient(workspace)  # a client that has never seen an audience
    fault(sim, "empty_page", AUDIENCES)
    with pytest.raises(PlatformError):
        sync(workspace)
    assert not Audience.objects.exclude(vanished_at=None).exists()


def test_one_empty_answer_is_not_the_end_of_all_dataflows(sim, workspace):
    fault(sim, "empty_page", FLOWS, times=1)
    assert sync(workspace).vanished == 0


def test_refused_credentials_name_the_part(sim, workspace):
    workspace.client_secret = "rotated away"
    workspace.save()
    impatient(workspace)
    with pytest.raises(PlatformError):
        sync(workspace)
    assert "secret" in words_of(workspace.sync_error)
    sync_workspace(workspace.pk)  # the task expects it: noted, not raised
    workspace.refresh_from_db()
    assert workspace.sync_state == "failed"


def test_an_address_that_is_none_is_a_failed_sync(sim, workspace):
    workspace.platform_url = "nonsense"
    workspace.save()
    impatient(workspace)
    with pytest.raises(PlatformError):
        sync(workspace)
    assert workspace.sync_state == "failed"
    assert workspace.sync_error


def test_our_own_fault_is_said_to_be_ours():
    assert words_of(lines_of(KeyError("secret"), "Adobe")) == "Our own fault: KeyError"


# ── what is mirrored ──


def test_the_system_id_is_the_one_that_leaves(sim, workspace):
    for mapping in Mapping.objects.filter(audience__external=True).select_related("audience", "dataflow"):
        flow = prod(sim).flows[mapping.dataflow.platform_id]
        assert mapping.audience.platform_id in flow.mappings
        assert mapping.audience.external_id != mapping.audience.platform_id
        assert prod(sim).audiences[mapping.audience.platform_id].audience_id == mapping.audience.external_id
    assert Mapping.objects.filter(audience__external=True).exists()


def test_a_mapped_audience_that_the_list_lacks_is_kept_and_marked(sim, workspace):
    place = prod(sim)
    flow = next(flow for flow in place.flows.values() if flow.kind == "batch" and flow.mappings)
    hidden = next(iter(flow.mappings))
    place.audiences.pop(hidden)
    place.ordered.clear()
    sync(workspace)
    row = Audience.objects.get(platform_id=hidden)
    assert (row.listed, row.vanished_at) == (False, None)
    assert row.mappings.filter(vanished_at=None).exists()


def test_a_new_merge_policy_is_remembered_from_when_we_saw_it(sim, workspace):
    assert not Audience.objects.exclude(merge_policy_seen_at=None).exists(), "the first sync sees none as new"
    audience = next(iter(prod(sim).audiences.values()))
    audience.merge_policy = "another policy"
    began = timezone.now()
    sync(workspace)
    row = Audience.objects.exclude(merge_policy_seen_at=None).get()
    assert (row.platform_id, row.merge_policy) == (audience.id, "another policy")
    assert row.merge_policy_seen_at >= began
    assert sync(workspace).total == 0
    row.refresh_from_db()
    assert row.merge_policy_seen_at >= began


def test_an_endless_name_is_cut_and_stays_cut(sim, workspace):
    audience = next(iter(prod(sim).audiences.values()))
    audience.name = "n" * 4_000
    assert sync(workspace).updated == 1
    assert Audience.objects.get(platform_id=audience.id).name == "n" * 255
    assert sync(workspace).total == 0


def test_a_production_and_a_development_sandbox_do_not_mix(sim, workspace):
    other = Workspace(
        slug="dev", name="Dev", org="DEMO@AdobeOrg", sandbox="dev", client_id="demo-client",
        platform_url=sim.url, ims_url=sim.url,
    )  # fmt: skip
    other.client_secret = "demo-secret"
    other.save()
    before = Dataflow.objects.filter(workspace=workspace).count()
    sync(other)
    assert Dataflow.objects.filter(workspace=other).count() == 3
    assert Dataflow.objects.filter(workspace=workspace, vanished_at=None).count() == before
    assert sync(workspace).total == 0


# ── runs ──


def test_runs_and_what_they_did_with_each_audience(sim, workspace):
    assert {run.ad_hoc for run in Run.objects.all()} <= {True, False, None}
    run = Run.objects.filter(status="succeeded").exclude(audiences=None).first()
    counts = run.audiences.get()
    assert (counts.received, counts.activated, counts.excluded) == (run.received, run.activated, run.excluded)


def test_a_run_that_was_going_on_is_read_again_until_it_is_over(sim, workspace):
    open_ones = Run.objects.filter(status__in=("running", "queued"))
    assert open_ones.exists()
    sim.world.clock.set(now=sim.world.clock.now() + 3_000)
    look_again(workspace, client_for(workspace), {run.dataflow.platform_id for run in open_ones})
    assert not Run.objects.filter(pk__in=[run.pk for run in open_ones], status="running").exists()


def test_a_run_the_platform_forgot_is_not_waited_for_for_ever(sim, workspace):
    run = Run.objects.filter(status="running").first()
    forgotten = prod(sim).runs.by_id.pop(run.platform_id)
    prod(sim).runs.all.remove(forgotten)
    prod(sim).runs.by_flow[forgotten.flow].remove(forgotten)
    Workspace.objects.update(synced_at=timezone.now() + timedelta(days=1))
    workspace.refresh_from_db()
    assert run.platform_id in read_runs(workspace, client_for(workspace), [run.dataflow.platform_id]).gone
    look_again(workspace, client_for(workspace), {run.dataflow.platform_id})
    run.refresh_from_db()
    assert run.vanished_at is not None


def test_what_is_known_of_a_runs_kind_is_never_forgotten(workspace):
    flow = Dataflow.objects.first()
    seen = Seen(id="r1", dataflow=flow.platform_id, status=RunStatus.RUNNING)
    store_runs(workspace, [seen], ad_hoc={"r1"})
    store_runs(workspace, [seen])
    assert Run.objects.get(platform_id="r1").ad_hoc is True


def test_runs_of_unknown_dataflows_are_left_out(workspace):
    store_runs(workspace, [Seen(id="r1", dataflow="nowhere", status=RunStatus.RUNNING)])
    assert not Run.objects.filter(platform_id="r1").exists()


# ── together with others ──


def test_a_sync_that_runs_is_not_joined_by_another(workspace):
    now = timezone.now()
    Workspace.objects.update(sync_state="running", sync_started_at=now)
    assert sync(workspace) is None
    Workspace.objects.update(sync_started_at=now - LEASE - timedelta(seconds=1))
    assert sync(workspace) is not None


def test_a_sync_that_lost_its_lease_writes_nothing(workspace):
    """The newer sync's word stands: the older one finds at its end that the workspace is no longer its own."""
    started = _start(workspace)
    newer = started + timedelta(minutes=11)
    Workspace.objects.update(sync_started_at=newer)
    assert not _mine(workspace, started).exists()
    _end(workspace, started, "failed", "the old one's trouble")
    workspace.refresh_from_db()
    assert (workspace.sync_state, workspace.sync_started_at, workspace.sync_error) == ("running", newer, "")


def test_progress_is_told_while_it_reads(sim, workspace):
    progress = _Progress(workspace)
    progress(100, 1_000)
    progress(200, 1_000)
    workspace.refresh_from_db()
    assert workspace.sync_progress == "100 of 1000", "at most once a second"
    sync(workspace)
    assert workspace.sync_progress == ""


# ── cost ──


def queries_of(audiences, dataflows):
    with Simulator(port=0, seed=7, dataflows=dataflows, audiences=audiences) as sim:
        workspace = mirrored(sim, slug=f"w{audiences}")
        impatient(workspace)
        with CaptureQueriesContext(connection) as again:
            assert sync(workspace).total == 0
    return len(again)


def test_a_sync_without_changes_costs_the_same_number_of_queries_at_ten_times_the_size():
    small, large = queries_of(60, 6), queries_of(600, 12)
    assert large <= small + 3


def test_a_dataflows_last_run_is_the_newest_that_anybody_told_of(workspace):
    flow = Dataflow.objects.filter(last_run_at__isnull=False).first()
    began = timezone.now() + timedelta(days=1)
    going = Seen(
        id="r1", dataflow=flow.platform_id, status=RunStatus.RUNNING, word="inProgress", started_at=began
    )
    follow(workspace, [going])
    follow(workspace, [replace(going, id="r0", started_at=began - timedelta(hours=1))])
    for look in (lambda: None, lambda: look_again(workspace, client_for(workspace), {flow.platform_id})):
        look()
        flow.refresh_from_db()
        assert (flow.last_run, flow.last_run_status, flow.last_run_at) == ("r1", "running", began)
    assert sync(workspace) is not None
    flow.refresh_from_db()
    assert flow.last_run == "r1"
