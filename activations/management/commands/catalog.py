"""`manage.py catalog`: a workspace's dataflows, or a set, and what would go, for people and scripts."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from activations.facts import verdicts
from activations.models import ActivationSet
from activations.places import judge
from activations.preflight import Verdict
from activations.sets import mappings_in
from audiences.models import Dataflow, Mapping, Workspace

NAMED = 10
LONGEST_NUMBER = 19


class Command(BaseCommand):
    help = "List the dataflows of a workspace with their audiences, or a set, and whether each would go now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", help="slug of the workspace")
        parser.add_argument(
            "--set", dest="of_set", help="name or number of a set: list what it holds instead"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["of_set"]:
            self._list_set(set_named(options["of_set"]), as_json=options["json"])
            return
        if not options["workspace"]:
            raise CommandError("Name a --workspace or a --set.", returncode=2)
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

    def _list_set(self, found: ActivationSet, *, as_json: bool) -> None:
        mappings = mappings_in(found)
        verdict = judge(mappings[0].workspace, mappings) if mappings else {}
        lines = [_place(one) | _line(one, verdict[one.pk]) for one in mappings]
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "set": {"id": found.pk, "name": found.name, "version": found.version},
                        "deliveries": lines,
                    }
                )
            )
            return
        self.stdout.write(f"{found.name} · version {found.version} · set {found.pk}")
        for one in lines:
            self.stdout.write(f"  {one['will_go']:8} {one['workspace']} · {one['name']} → {one['where']}")


def set_named(asked: str) -> ActivationSet:
    """The set of this name, or of this number where names are not enough. Raises CommandError (exit 2)."""
    rows = ActivationSet.objects.filter(name=asked)
    if not rows and asked.isascii() and asked.isdigit() and len(asked) < LONGEST_NUMBER:
        rows = ActivationSet.objects.filter(pk=int(asked))
    found = list(rows[: NAMED + 1])
    if len(found) == 1:
        return found[0]
    if found:
        numbers = ", ".join(str(one.pk) for one in found[:NAMED])
        raise CommandError(f"Several sets are called {asked!r}; give one's number: {numbers}.", returncode=2)
    known = ", ".join(repr(one.name) for one in ActivationSet.objects.all()[:NAMED]) or "none"
    raise CommandError(f"No set is called {asked!r}. Known: {known}.", returncode=2)


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


def _place(mapping: Mapping) -> dict[str, Any]:
    flow = mapping.dataflow
    return {"workspace": mapping.workspace.slug, "dataflow": flow.platform_id, "where": flow.name}


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
