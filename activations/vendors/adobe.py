"""Adobe's ways: up to eighty deliveries a job, one job at a time per audience, and a list of runs that tells all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import QuerySet

from activations import oddities, starters
from activations.cadence import PER_CALL
from activations.models import Activation, Delivery, Hold, Job
from activations.trace import CLOCK_SKEW, sent
from activations.vendors.vendor import Prepared
from audiences.clients import client_for
from audiences.fresh import look_again
from audiences.models import Workspace
from audiences.runs import follow, store_runs
from platforms.adobe import AdobeClient
from platforms.types import Run


class Adobe:
    """One look costs a few calls whatever the number of its deliveries, so it takes many at once."""

    looked_at = 4000
    per_question = PER_CALL
    swept = 4000

    def per_job(self, workspace: Workspace) -> int:
        return max(1, workspace.max_per_job)

    def hold_key(self, delivery: Delivery) -> str:
        return delivery.audience.platform_id

    def unheld(self, workspace: Workspace, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        held = Hold.objects.filter(workspace=workspace).values("key")
        return rows.exclude(audience__platform_id__in=held)

    def body(self, deliveries: Sequence[Delivery]) -> dict[str, list[str]]:
        """Audience ids per dataflow id, as the call carries them."""
        info: dict[str, list[str]] = {}
        for delivery in deliveries:
            dataflow, audience = delivery.pair
            info.setdefault(dataflow, []).append(audience)
        return info

    def look(self, workspace: Workspace, deliveries: Collection[Delivery]) -> None:
        flows = {one.dataflow.platform_id for one in deliveries}
        look_again(workspace, client_for(workspace), flows, {one.audience.platform_id for one in deliveries})

    def prepare(self, workspace: Workspace, job: Job, deliveries: Sequence[Delivery]) -> Prepared:
        client = client_for(workspace)
        exports = _export_ids(client, job)
        pairs = [delivery.pair for delivery in deliveries]
        return Prepared(
            client,
            lambda last: client.activate(
                pairs, version="v1" if job.version == "v1" else "v2", export_ids=exports, last=last
            ),
        )

    def runs(self, workspace: Workspace, deliveries: Sequence[Delivery], now: datetime) -> dict[str, Run]:
        runs = client_for(workspace).runs(sorted({delivery.run_id for delivery in deliveries}))
        known = {delivery.run_id for delivery in deliveries if not delivery.joined}
        store_runs(workspace, runs.values(), ad_hoc=known)
        follow(workspace, runs.values())
        starters.keep(deliveries, runs, now)
        oddities.flag_runs(deliveries, runs)
        return runs

    def traces(self, workspace: Workspace, deliveries: Sequence[Delivery]) -> list[Run]:
        """Runs of the deliveries' dataflows since the first of their calls, that no delivery follows and that are
        not seen to be scheduled exports."""
        flows = sorted({delivery.dataflow.platform_id for delivery in deliveries})
        since = min(sent(delivery) for delivery in deliveries) - CLOCK_SKEW
        runs = client_for(workspace).runs_of(flows, since=since)
        candidates = [run for run in runs if run.snapshot_only is not False]
        claimed = Delivery.objects.filter(workspace=workspace, run_id__in=[run.id for run in candidates])
        taken = set(claimed.values_list("run_id", flat=True))
        return [run for run in candidates if run.id not in taken]

    def count_at(self, delivery: Delivery, now: datetime) -> datetime | None:  # noqa: ARG002 - as every vendor
        return None


def _export_ids(client: AdobeClient, job: Job) -> tuple[str, ...]:
    if job.version != "v1":
        return ()
    named = Activation.objects.filter(deliveries__job=job).exclude(export_id="").first()
    job.export_id = named.export_id if named else client.latest_export_id()
    job.save(update_fields=["export_id"])
    return (job.export_id,)
