"""`manage.py activate`: press from a script, through the same verb as the page."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from activations import states
from activations.actions import CannotRequest, request
from activations.management.commands.catalog import set_named, workspace_named
from activations.models import Activation, ActivationSet, Delivery
from activations.sets import mappings_in
from audiences.models import Mapping, User, Workspace

ALL_DELIVERED, SOME_NOT, REFUSED = 0, 1, 2
LOOK_EVERY = 0.5
LONGEST_PRESS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a choice: a workspace's slug, and the platform ids of a dataflow and an audience."""

    workspace: str
    dataflow: str
    audience: str


class Command(BaseCommand):
    help = (
        "Activate audiences on demand. Exit 0: all delivered (without --wait: all accepted for sending); "
        "1: some not; 2: refused before sending."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", help="slug of the workspace, the activation's home")
        parser.add_argument("--set", dest="of_set", help="name or number of a set, instead of a choice")
        parser.add_argument("--dataflow", help="platform id of the dataflow")
        parser.add_argument(
            "--audience", action="append", default=[], help="system id of an audience; repeat it"
        )
        parser.add_argument(
            "--pairs",
            help="file (or -) with a line dataflow<TAB>audience per delivery; a third column names another workspace",
        )
        parser.add_argument("--name", default="", help="name of the activation")
        parser.add_argument("--reason", default="", help="why, for the record")
        parser.add_argument("--as", dest="login", help="login of the person this is done for")
        parser.add_argument("--press", help="token of this press: the same token never sends twice")
        parser.add_argument(
            "--on-export", choices=Activation.OnExport.values, default=Activation.OnExport.WAIT,
            help="beside a scheduled export that is running: wait and go when it is over (default), or stop",
        )  # fmt: skip
        parser.add_argument("--wait", action="store_true", help="follow until every delivery is over")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            activation = self._press(options)
        except CannotRequest as refusal:
            self._refuse(refusal, options["json"])
            sys.exit(REFUSED)
        except CommandError as problem:
            if options["json"]:
                self.stdout.write(json.dumps(nothing_sent("bad_choice", str(problem), [])))
            raise
        if not options["json"]:
            self.stdout.write(f"Activation {activation.pk}")
            self.stdout.flush()
        if options["wait"]:
            self._follow(activation)
        self._report(activation, options["json"])
        sys.exit(exit_code(activation, waited=options["wait"]))

    def _press(self, options: dict[str, Any]) -> Activation:
        if len(options["press"] or "") > LONGEST_PRESS:
            raise CommandError(f"--press takes at most {LONGEST_PRESS} characters.", returncode=REFUSED)
        of_set = set_named(options["of_set"]) if options["of_set"] else None
        if of_set:
            mappings = _of_set(of_set, options)
            home = _home(options, mappings)
        else:
            home = _home(options)
            mappings = chosen(pairs(options, home.slug))
        return request(
            home,
            mappings,
            by=person(options["login"]),
            press=options["press"] or secrets.token_urlsafe(24),
            source=Activation.Source.COMMAND,
            name=options["name"] or (of_set.name if of_set else ""),
            reason=options["reason"],
            on_export=options["on_export"],
            of_set=of_set,
        )

    def _follow(self, activation: Activation) -> None:
        try:
            follow(activation)
        except KeyboardInterrupt:
            self.stderr.write("No longer following; what is under way goes on.")

    def _refuse(self, refusal: CannotRequest, as_json: bool) -> None:
        lines = [
            {
                "workspace": mapping.workspace.slug,
                "dataflow": mapping.dataflow.platform_id,
                "audience": mapping.audience.platform_id,
                "state": states.BLOCKED,
                "run": None,
                "reason": verdict.main.code if verdict.main else "",
                "findings": [finding.as_json() for finding in verdict.findings],
            }
            for mapping, verdict in refusal.verdicts.items()
        ]
        if as_json:
            self.stdout.write(json.dumps(nothing_sent(refusal.code, str(refusal), lines)))
            return
        self.stderr.write(str(refusal))
        for mapping, verdict in refusal.verdicts.items():
            for finding in verdict.findings:
                self.stderr.write(f"  {mapping}: {finding.sentence} {finding.do}")

    def _report(self, activation: Activation, as_json: bool) -> None:
        deliveries = present(activation)
        if as_json:
            lines = [
                {
                    "workspace": delivery.workspace.slug,
                    "dataflow": delivery.dataflow.platform_id,
                    "audience": delivery.audience.platform_id,
                    "state": delivery.state,
                    "run": delivery.run_id or None,
                    "joined": delivery.joined,
                    "reason": delivery.reason,
                    "verbatim": delivery.verbatim,
                }
                for delivery in deliveries
            ]
            state = states.worst([delivery.state for delivery in deliveries])
            self.stdout.write(json.dumps({"activation": activation.pk, "state": state, "deliveries": lines}))
            return
        for delivery in deliveries:
            self.stdout.write(
                f"  {delivery.shown.word}: {delivery} {delivery.verbatim or delivery.reason}".rstrip()
            )


def _of_set(of_set: ActivationSet, options: dict[str, Any]) -> list[Mapping]:
    """All that the set holds. Raises CommandError (exit 2) beside another choice, and for one that holds nothing."""
    if options["pairs"] or options["dataflow"] or options["audience"]:
        raise CommandError("A --set is a choice already: leave the others out.", returncode=REFUSED)
    found = mappings_in(of_set)
    if not found:
        raise CommandError(f"The set {of_set.name!r} holds nothing any more.", returncode=REFUSED)
    return found


def _home(options: dict[str, Any], mappings: Sequence[Mapping] = ()) -> Workspace:
    """The workspace named; for a set that of its first mapping, as when a schedule presses it."""
    if options["workspace"]:
        return workspace_named(options["workspace"])
    if not mappings:
        raise CommandError("Name a --workspace or a --set.", returncode=REFUSED)
    return mappings[0].workspace


def nothing_sent(code: str, message: str, deliveries: list[dict[str, Any]]) -> dict[str, Any]:
    """The JSON object of a press that made no activation."""
    return {
        "activation": None,
        "state": "refused",
        "code": code,
        "message": message,
        "deliveries": deliveries,
    }


def pairs(options: dict[str, Any], home: str) -> list[Asked]:
    """What is asked for. Raises CommandError (exit 2) on a malformed choice."""
    if options["pairs"]:
        if options["dataflow"] or options["audience"]:
            raise CommandError("Choose either --pairs or --dataflow with --audience.", returncode=REFUSED)
        return _read_pairs(options["pairs"], home)
    if not options["dataflow"] or not options["audience"]:
        raise CommandError("Name a --dataflow and at least one --audience, or --pairs.", returncode=REFUSED)
    return [Asked(home, options["dataflow"], audience) for audience in options["audience"]]


def _read_pairs(source: str, home: str) -> list[Asked]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The pairs cannot be read: {error}", returncode=REFUSED) from error
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) not in (2, 3) or not all(parts):
            raise CommandError(
                f"Line {number} is not dataflow<TAB>audience, nor that<TAB>workspace: {line!r}",
                returncode=REFUSED,
            )
        found.append(Asked(parts[2] if len(parts) == 3 else home, parts[0], parts[1]))
    return found


def chosen(asked: list[Asked]) -> list[Mapping]:
    """The mappings asked for; at Segment every activation of the pair. Raises CommandError (exit 2) naming the first
    that the mirror lacks."""
    for slug in sorted({one.workspace for one in asked}):
        workspace_named(slug)
    rows = Mapping.objects.filter(
        workspace__slug__in={one.workspace for one in asked},
        dataflow__platform_id__in={one.dataflow for one in asked},
        audience__platform_id__in={one.audience for one in asked},
    )
    known: dict[Asked, list[Mapping]] = defaultdict(list)
    for mapping in rows.select_related("workspace", "dataflow", "audience").order_by("pk"):
        pair = Asked(mapping.workspace.slug, mapping.dataflow.platform_id, mapping.audience.platform_id)
        known[pair].append(mapping)
    for one in asked:
        if one not in known:
            raise CommandError(
                f"Audience {one.audience} is not mapped to dataflow {one.dataflow} in workspace {one.workspace}; "
                "nothing was sent.",
                returncode=REFUSED,
            )
    return [mapping for one in asked for mapping in known[one]]


def person(login: str | None) -> User | None:
    if not login:
        return None
    found = User.objects.filter(username=login).first()
    if found is None:
        raise CommandError(f"Nobody signs in as {login!r}.", returncode=REFUSED)
    return found


def present(activation: Activation) -> list[Delivery]:
    """The activation's deliveries that no retry has replaced."""
    rows = activation.deliveries.filter(superseded=False)
    return list(rows.select_related("workspace", "dataflow", "audience").order_by("pk"))


def follow(activation: Activation) -> None:
    """Return when every delivery is over. The workers do the work; this only looks."""
    while activation.deliveries.filter(superseded=False, state__in=states.MOVING).exists():
        time.sleep(LOOK_EVERY)


def exit_code(activation: Activation, *, waited: bool) -> int:
    """0 when all are delivered with people in them; without --wait, when none is already over badly."""
    found = {delivery.state for delivery in present(activation)}
    over = {states.SUCCEEDED, states.FINISHED}
    good = over if waited else {*over, *states.MOVING}
    return ALL_DELIVERED if found <= good else SOME_NOT
