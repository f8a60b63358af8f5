"""`manage.py catalog`: the workspace's dataflows and what would go, for people and scripts."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from activations.facts import verdicts
from activations.preflight import Verdict
from audiences.models import Dataflow, Mapping, Workspace


class Command(BaseCommand):
    help = "List the dataflows of a workspace with their audiences and whether each would go now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, help="slug of the workspace")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        workspace = workspace_named(options["workspace"])
        flows = catalogue(workspace)
        if options["json"]:
            self.stdout.write(json.dumps({"dataflows": flows}))
            return
        for flow in flows:
            self.stdout.write(f"{flow['name']} · {flow['kind']} · {flow['state']} · {flow['id']}")
            for one in flow["audiences"]:
                sends = f" · {one['sends_when']} · {one['activation']}" if "activation" in one else ""
                self.stdout.write(f"  {one['will_go']:8} {one['name']} · {one['id']}{sends}")


def workspace_named(slug: str) -> Workspace:
    try:
        return Workspace.objects.get(slug=slug)
    except Workspace.DoesNotExist:
        known = ", ".join(Workspace.objects.values_list("slug", flat=True)) or "none"
        raise CommandError(
            f"No workspace has the short name {slug!r}. Known: {known}.", returncode=2
        ) from None


def catalogue(workspace: Workspace) -> list[dict[str, Any]]:
    """Every dataflow the mirror shows, with its present mappings and their verdicts."""
    mappings = list(
        Mapping.objects.filter(workspace=workspace, vanished_at=None)
        .select_related("dataflow", "audience")
        .order_by("audience__name", "pk")
    )
    found = verdicts(workspace, mappings, now=timezone.now())
    flows: dict[int, dict[str, Any]] = {
        flow.pk: {
            "id": flow.platform_id,
            "name": flow.name,
            "kind": flow.kind,
            "state": flow.state,
            "audiences": [],
        }
        for flow in Dataflow.objects.filter(workspace=workspace, vanished_at=None).order_by("name", "pk")
    }
    for mapping in mappings:
        if mapping.dataflow_id in flows:
            flows[mapping.dataflow_id]["audiences"].append(_line(mapping, found[mapping.pk]))
    return list(flows.values())


def _line(mapping: Mapping, verdict: Verdict) -> dict[str, Any]:
    clears_at = verdict.clears_at
    return {
        "id": mapping.audience.platform_id,
        "name": mapping.audience.name,
        "will_go": verdict.will_go,
        "findings": [finding.as_json() for finding in verdict.findings],
        "clears_at": clears_at.isoformat() if clears_at else None,
        **(
            {"activation": mapping.platform_id, "sends_when": mapping.activation_type}
            if mapping.activation_type
            else {}
        ),
    }
