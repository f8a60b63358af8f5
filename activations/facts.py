"""Gathers what preflight asks for from the mirror and our own ledger, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from activations import pauses, states
from activations.budget import jobs_today
from activations.models import Activation, Delivery, Hold
from activations.preflight import Facts, Guardrails, Verdict, check
from audiences.models import Audience, ExternalAudience, Mapping, PlatformJob, Run, RunAudience, Workspace
from audiences.models.workspaces import OverBudget
from platforms.types import JobStatus, RunStatus

RUN_GOING_ON = (RunStatus.QUEUED, RunStatus.RUNNING)
# The profile snapshot that scheduled and on-demand exports share (contract §7.7).
PROFILE_SCHEMA = "_xdm.context.profile"
# A snapshot job that has not ended by then is taken for stuck: it must not keep everything waiting.
LONGEST_SNAPSHOT = timedelta(hours=6)


def verdicts(
    workspace: Workspace,
    mappings: Iterable[Mapping],
    *,
    now: datetime | None = None,
    leave_out: Collection[int] = (),
    unwilling: Collection[int] = (),
) -> dict[int, Verdict]:
    """Verdict per mapping pk. Mappings come with `dataflow` and `audience` selected.

    `leave_out` are deliveries (pks) being judged again: their own presence in the ledger does not count.
    `unwilling` are mappings (pks) whose presser does not wait for scheduled exports.
    """
    now = now or timezone.now()
    chosen = list(mappings)
    ledger = _Ledger(workspace, now, frozenset(leave_out))
    return {m.pk: check(ledger.facts(m, waits=m.pk not in unwilling)) for m in chosen}


def unwilling(deliveries: Iterable[Delivery]) -> set[int]:
    """The mappings (pks) of these deliveries whose presser does not wait for scheduled exports.

    Not of those that go a second time: their first call may have been taken, so they wait and are not
    called stopped.
    """
    rows = Delivery.objects.filter(pk__in=[d.pk for d in deliveries], posted_at=None)
    chosen = rows.filter(activation__on_export=Activation.OnExport.STOP)
    return set(chosen.values_list("mapping_id", flat=True))


def _snapshot_job(workspace: Workspace, now: datetime) -> bool:
    """Whether the profile snapshot is being made."""
    jobs = PlatformJob.objects.filter(workspace=workspace, kind="export", schema=PROFILE_SCHEMA)
    # What somebody asked for by API is no scheduled snapshot: on-demand exports ignore it (EFN).
    jobs = jobs.exclude(scheduled=False)
    going_on = jobs.filter(status__in=(JobStatus.QUEUED, JobStatus.PROCESSING))
    return going_on.filter(created_at__gt=now - LONGEST_SNAPSHOT).exists()


def _delivered(workspace: Workspace) -> dict[int, datetime]:
    """When mappings (pks) were last delivered by us with people of the present snapshot."""
    if workspace.is_segment or workspace.snapshot_at is None:
        return {}
    since = {"state_since__gte": workspace.snapshot_at, "started_at__gte": workspace.snapshot_at}
    rows = Delivery.objects.filter(workspace=workspace, state__in=(states.SUCCEEDED, states.PARTLY), **since)
    # The last of a mapping wins.
    return dict(rows.order_by("state_since").values_list("mapping_id", "state_since"))


def _lacking(workspace: Workspace) -> str:
    """What of a Segment workspace's credentials is not there or cannot be opened: token or space, "" for nothing."""
    if not workspace.is_segment:
        return ""
    try:
        token = workspace.client_secret
    except ValueError:
        token = ""
    return "" if token and workspace.sandbox else "space" if token else "token"


def _resyncing(workspace: Workspace) -> dict[int, str]:
    """Segment's activations that are being resynced as far as the mirror knows: platform id by mapping's pk."""
    if not workspace.is_segment:
        return {}
    rows = Mapping.objects.filter(workspace=workspace, resyncing=True, vanished_at=None)
    return dict(rows.order_by("pk").values_list("pk", "platform_id"))


class _Ledger:
    """What is going on in the workspace, read once for all mappings."""

    def __init__(self, workspace: Workspace, now: datetime, leave_out: Collection[int]) -> None:
        self.workspace = workspace
        self.now = now
        self.guardrails = Guardrails(
            mapping_wait=workspace.mapping_wait,
            merge_policy_wait=workspace.merge_policy_wait,
            count_max_age=workspace.count_max_age,
            jobs_per_day=workspace.jobs_per_day,
            over_budget_waits=workspace.over_budget == OverBudget.WAIT,
        )
        self.jobs_today = jobs_today(workspace, now)
        self.pauses = pauses.standing(workspace, now)
        self.lacking = _lacking(workspace)
        self.resyncing = _resyncing(workspace)
        self.held = set(Hold.objects.filter(workspace=workspace).values_list("key", flat=True))
        self.in_flight = self._in_flight(leave_out)
        self.ours = {run for run in self.in_flight.values() if run}
        self.delivered = _delivered(workspace)
        self.snapshot_job = _snapshot_job(workspace, now)
        self.scheduled: dict[int, str] = {}
        self.ad_hoc: dict[str, dict[int, str]] = {}
        self._read_runs()

    def _in_flight(self, leave_out: Collection[int]) -> dict[int, str]:
        moving = Delivery.objects.filter(workspace=self.workspace, state__in=states.MOVING)
        rows = moving.values_list("pk", "mapping_id", "run_id")
        return {mapping: run for pk, mapping, run in rows if pk not in leave_out}

    def _read_runs(self) -> None:
        going_on = Run.objects.filter(workspace=self.workspace, status__in=RUN_GOING_ON, vanished_at=None)
        runs = {
            pk: (run, flow, ad_hoc)
            for pk, run, flow, ad_hoc in going_on.values_list("pk", "platform_id", "dataflow_id", "ad_hoc")
        }
        foreign = []
        for pk, (run, flow, ad_hoc) in runs.items():
            if ad_hoc is False:
                self.scheduled[flow] = run
            elif run not in self.ours:
                foreign.append(pk)
        # A scheduled run carries every audience of its dataflow, so those are not even asked for.
        for pk, audience in RunAudience.objects.filter(run__in=foreign).values_list("run_id", "audience"):
            run, flow, _ad_hoc = runs[pk]
            self.ad_hoc.setdefault(audience, {})[flow] = run

    @cached_property
    def uploads(self) -> dict[str, tuple[datetime | None, datetime | None]]:
        """When the external audiences made here were last ingested and when their data lapses, by their id."""
        known = ExternalAudience.objects.filter(
            workspace=self.workspace, live=True, external_id__isnull=False
        )
        rows = known.values_list("external_id", "ingested_at", "expires_at")
        return {str(key): (ingested, lapses) for key, ingested, lapses in rows}

    def _upload(self, audience: Audience) -> tuple[datetime | None, datetime | None]:
        """(ingested at, lapses at) of an external audience; what was not made here is dated by its last change."""
        if not audience.external:
            return None, None
        known = self.uploads.get(audience.external_id or audience.platform_id)
        if known is None:
            return audience.updated_at, None
        return known[0] or self.now, known[1]

    def _foreign(self, mapping: Mapping) -> tuple[str | None, str | None]:
        """The run, not of ours, that goes on for this mapping here, and one that is in its way elsewhere.

        At Segment the flag of any other activation is in the way, whoever set it: one resync a workspace.
        """
        if self.workspace.is_segment:
            mine = self.resyncing.get(mapping.pk)
            other = next((key for pk, key in self.resyncing.items() if pk != mapping.pk), None)
            return (None if self.in_flight.get(mapping.pk) else mine), other
        foreign = self.ad_hoc.get(mapping.audience.platform_id, {})
        flow = mapping.dataflow_id
        return foreign.get(flow), next((run for other, run in foreign.items() if other != flow), None)

    def facts(self, mapping: Mapping, *, waits: bool) -> Facts:
        """`waits`: its presser lets it wait for a scheduled export."""
        flow, audience = mapping.dataflow, mapping.audience
        ingested_at, lapses_at = self._upload(audience)
        here, elsewhere = self._foreign(mapping)
        pause = self.pauses.on(flow.destination_id)
        return Facts(
            now=self.now,
            platform=self.workspace.platform,
            guardrails=self.guardrails,
            dataflow=flow.name,
            kind=flow.kind,
            dataflow_state=flow.state,
            operation_status=flow.operation_status,
            dataflow_vanished=flow.vanished_at is not None,
            mapped=mapping.vanished_at is None,
            mapping_enabled=mapping.enabled,
            sends_when=mapping.activation_type,
            lacking=self.lacking,
            audience_vanished=audience.vanished_at is not None,
            audience_listed=audience.listed,
            lifecycle=audience.lifecycle,
            external=audience.external,
            start_date=mapping.start_date,
            end_date=mapping.end_date,
            mapped_at=mapping.mapped_at,
            merge_policy_seen_at=audience.merge_policy_seen_at,
            profiles=audience.profiles,
            profiles_as_of=audience.profiles_as_of,
            ingested_at=ingested_at,
            lapses_at=lapses_at,
            evaluated_at=self.workspace.evaluated_at,
            file_name_template=mapping.file_name_template,
            scheduled_run=self.scheduled.get(flow.pk),
            snapshot_job=self.snapshot_job,
            ad_hoc_run_here=here,
            ad_hoc_run_elsewhere=elsewhere,
            held=not self.held.isdisjoint({audience.platform_id, Hold.WHOLE_WORKSPACE}),
            in_flight_here=mapping.pk in self.in_flight,
            jobs_today=self.jobs_today,
            delivered_at=self.delivered.get(mapping.pk),
            waits_for_exports=waits,
            paused=pauses.fact(pause) if pause else None,
        )
