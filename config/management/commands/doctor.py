"""`manage.py doctor`: explains in words what is stuck and why, and what to run.

Here, because it asks the whole house: the stack's parts and every workspace.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from activations.doctor import Finding, examine, installation
from audiences import speech
from audiences.models import Workspace
from config import readiness
from notices.doctor import notices


class Command(BaseCommand):
    help = "Explain what is stuck, since when, why, and what to run. Exit code 0: healthy, 1: there is something to do."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", help="slug of the one workspace to look at (default: all)")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")
        parser.add_argument("--offline", action="store_true", help="ask no platform anything")

    def handle(self, *_args: Any, **options: Any) -> None:
        found = findings(options["workspace"], ask=not options["offline"])
        healthy = not any(finding.level == "act" for finding in found)
        if options["json"]:
            said = {"healthy": healthy, "findings": [finding.as_json() for finding in found]}
            self.stdout.write(json.dumps(said))
        else:
            for finding in found:
                self.stdout.write(told(finding))
            self.stdout.write("Healthy." if healthy else "Not healthy: see what is marked with ✗.")
        if not healthy:
            sys.exit(1)


def findings(slug: str | None, *, ask: bool) -> list[Finding]:
    """The stack first; without a database and its tables there is nothing more to look at."""
    parts = readiness.ask()
    found = list(installation.parts((name, part.ok, part.says) for name, part in parts.items()))
    found += installation.settings_that_do_not_belong()
    if not parts["database"].ok:
        return found
    lacking = list(installation.unmigrated())
    if lacking:
        return found + lacking
    workspaces = Workspace.objects.order_by("slug")
    if slug:
        workspaces = workspaces.filter(slug=slug)
        if not workspaces:
            raise CommandError(f"No workspace has the short name {slug!r}.", returncode=2)
    found += examine(workspaces, ask=ask) + notices(workspaces)
    return sorted(found, key=lambda finding: finding.level != "act")


def told(finding: Finding) -> str:
    """A finding for people, in four lines."""
    now = timezone.now()
    since = f" Since {speech.moment(finding.since, now)}." if finding.since else ""
    place = f"[{finding.workspace}] " if finding.workspace else ""
    mark = "✗" if finding.level == "act" else "·"
    return f"{mark} {place}{finding.what}{since}\n    Why: {finding.why}\n    Do:  {finding.do}\n"
