"""The catalogue's lists as sheets: which columns each has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from audiences import shown
from audiences.models import Dataflow, Mapping, Run, Workspace
from audiences.sheets import Column, Sheet, of, person

DATAFLOW: tuple[Column, ...] = (
    (_("Name"), of("name")),
    (_("Dataflow id"), of("platform_id")),
    (_("Description"), of("description")),
    (_("Platform"), of("destination.platform")),
    (_("Account"), of("destination.account")),
    (_("Kind"), lambda flow: flow.get_kind_display()),
    (_("Status"), lambda flow: shown.dataflow(flow.state).word),
)
CHANGED: tuple[Column, ...] = ((_("Modified"), of("updated_at")), (_("Created"), of("created_at")))


def dataflows(workspace: Workspace) -> Sheet:
    """Adobe's dataflows, or Segment's connections, which belong to one audience and have no runs."""
    own: tuple[Column, ...] = (
        (_("Audiences"), of("mapped_count")),
        (_("Last run"), lambda flow: shown.run(flow.last_run_status).word if flow.last_run_status else None),
        (_("Last run at"), of("last_run_at")),
        (_("Path"), of("path")),
        (_("File type"), of("file_type")),
    )
    if workspace.is_segment:
        own = (
            (_("Activations"), of("mapped_count")),
            (_("Audience"), of("audience.name")),
            (_("Audience id"), of("audience.platform_id")),
        )
    return Sheet("destinations", (*DATAFLOW, *own, *CHANGED))


def audiences(prepare: Callable[[list[Any]], Iterable[Any]]) -> Sheet:
    """`prepare` counts the dataflows that each is mapped to."""
    return Sheet("audiences", AUDIENCE, prepare)


AUDIENCE: tuple[Column, ...] = (
    (_("Name"), of("name")),
    (_("System id"), of("platform_id")),
    (_("External id"), of("external_id")),
    (_("External"), of("external")),
    (_("Origin"), lambda one: shown.origin(one.origin) if one.origin else None),
    (_("Lifecycle"), lambda one: shown.lifecycle(one.lifecycle).word if one.lifecycle else None),
    (_("Profiles"), of("profiles")),
    (_("Counted"), of("profiles_as_of")),
    (_("On dataflows"), of("mapped")),
    (_("Evaluated"), of("evaluation")),
    (_("Merge policy"), of("merge_policy")),
    (_("Labels"), of("labels")),
    *CHANGED,
)


def runs(flow: Dataflow, prepare: Callable[[list[Any]], Iterable[Any]]) -> Sheet:
    """`prepare` gives each run its audiences by name."""
    return Sheet(f"runs {flow.name}", RUN, prepare)


def _how(run: Run) -> Any:
    return None if run.ad_hoc is None else _("ad hoc") if run.ad_hoc else _("scheduled")


def _reported(severity: str, run: Run) -> list[str]:
    """What the run reports of one severity, in the vendor's words."""
    rows = run.issues if isinstance(run.issues, list) else []
    those = [one for one in rows if isinstance(one, dict) and one.get("severity") == severity]
    return [" ".join(str(one[key]) for key in ("count", "code", "message") if one.get(key)) for one in those]


RUN: tuple[Column, ...] = (
    (_("Run id"), of("platform_id")),
    (_("Created"), of("created_at")),
    (_("Started"), of("started_at")),
    (_("Completed"), of("completed_at")),
    (_("Started by"), _how),
    (_("Audience"), lambda run: [name or part.audience for part, name in run.parts]),
    (_("Status"), lambda run: None if run.status == "unknown" else shown.run(run.status, run.activated).word),
    (_("Adobe's word"), of("word")),
    (_("Received"), of("received")),
    (_("Activated"), of("activated")),
    (_("Excluded"), of("excluded")),
    (_("Failed"), of("failed")),
    (_("Files"), of("files")),
    (_("Bytes"), of("bytes_out")),
    (_("Errors"), partial(_reported, "error")),
    (_("Why excluded"), partial(_reported, "excluded")),
)


def externals(prepare: Callable[[list[Any]], Iterable[Any]]) -> Sheet:
    """`prepare` says how each stands."""
    return Sheet("external audiences", EXTERNAL, prepare)


EXTERNAL: tuple[Column, ...] = (
    (_("Name"), of("name")),
    (_("External id"), of("external_id")),
    (_("Storage"), lambda one: one.get_cloud_display()),
    (_("Path"), of("path")),
    (_("State"), lambda one: one.stands.shown.word),
    (_("What that means"), lambda one: one.stands.sentence),
    (_("Profiles"), of("audience.profiles")),
    (_("Data lapses"), of("expires_at")),
    (_("Asked for"), of("created_at")),
    (_("By"), lambda one: person(one.created_by)),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A connection with one of its activations, None where it has none."""

    flow: Dataflow
    activation: Mapping | None


def sends(flows: Iterable[Dataflow]) -> Iterator[Sent]:
    """A line for each activation, and one for each connection without any."""
    for flow in flows:
        for one in getattr(flow, "sends", ()) or (None,):
            yield Sent(flow, one)


CONNECTIONS = Sheet(
    "destinations and activations",
    (
        (_("Destination"), lambda row: row.flow.destination.account or row.flow.destination.platform),
        (_("Platform"), of("flow.destination.platform")),
        (_("Dataflow id"), of("flow.platform_id")),
        (_("Status"), lambda row: shown.dataflow(row.flow.state).word),
        (
            _("Identifiers sent"),
            lambda row: [one.get("externalId") for one in row.flow.details.get("idSyncConfiguration") or []],
        ),
        (_("Activation"), of("activation.name")),
        (_("Activation id"), of("activation.platform_id")),
        (_("Sends when"), of("activation.activation_type")),
        (_("Enabled"), of("activation.enabled")),
        (_("Resyncing"), of("activation.resyncing")),
    ),
)
