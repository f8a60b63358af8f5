"""The steps from a new workspace to its first activation, each read from facts: nothing is ticked off by hand.

What the connection's check found, what the mirror holds, who belongs to the workspace and what was pressed decide;
so the page can be left and come back to, and is right when something was done elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activations.chance import Chance, chance
from activations.models import Activation
from audiences import speech
from audiences.advice import Report
from audiences.connection import last_check
from audiences.models import Audience, Dataflow, Mapping, Role, User, Workspace
from audiences.models.workspaces import SyncState
from audiences.shown import Shown, table
from audiences.sync import LEASE

DONE, NEXT, GOING, TROUBLE, LATER, FREE = "done", "next", "going", "trouble", "later", "free"
SHOWN = table(
    Shown(DONE, gettext_lazy("Done"), "done", "check"),
    Shown(NEXT, gettext_lazy("Next"), "moving", "arrow-right"),
    Shown(GOING, gettext_lazy("Going on"), "moving", "loader-circle"),
    Shown(TROUBLE, gettext_lazy("Needs you"), "act", "x"),
    Shown(LATER, gettext_lazy("Later"), "idle", "circle-dashed"),
    Shown(FREE, gettext_lazy("Any time"), "idle", "circle"),
)
TITLES: dict[str, str | Promise] = {
    "workspace": gettext_lazy("Workspace"),
    "connection": gettext_lazy("Connection"),
    "catalogue": gettext_lazy("First sync"),
    "members": gettext_lazy("Members"),
    "activation": gettext_lazy("First activation"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: how it stands, and what is said about it."""

    key: str
    state: str
    says: str = ""

    @property
    def title(self) -> str | Promise:
        return TITLES[self.key]

    @property
    def shown(self) -> Shown:
        return SHOWN[self.state]


@dataclass(frozen=True, slots=True)
class Steps:
    """All steps of a workspace, with what the page shows beside them."""

    rows: list[Step]
    report: Report
    chance: Chance | None = None
    first: Activation | None = None
    done: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "done", sum(step.state == DONE for step in self.rows))

    @property
    def is_going(self) -> bool:
        """Whether something changes by itself, so that the page must look again."""
        return any(step.state == GOING for step in self.rows)


def steps_of(workspace: Workspace, viewer: User, now: datetime, *, waiting: bool = False) -> Steps:
    """How the steps stand, in a constant number of queries. `waiting`: a sync was asked for and not yet begun."""
    report = Report(workspace, last_check(workspace))
    connected = _connection(workspace, report)
    mirrored = _catalogue(workspace, connected, now, waiting=waiting)
    first = (
        Activation.objects.visible_to(viewer)
        .filter(_touches(workspace))
        .select_related("workspace")
        .order_by("pk")
        .first()
    )
    found = chance(workspace, now) if mirrored.state == DONE and first is None else None
    rows = [
        Step("workspace", DONE, _named(workspace)),
        connected,
        mirrored,
        _members(workspace),
        _activation(first, found),
    ]
    return Steps(rows, report, found, first)


def _touches(workspace: Workspace) -> Q:
    return Q(workspace=workspace) | Q(shares__workspace=workspace)


def _named(workspace: Workspace) -> str:
    where = (
        workspace.place
        if workspace.is_segment or not workspace.org
        else f"{workspace.org} · {workspace.place}"
    )
    return f"{workspace.vendor} · {where}" if where else workspace.vendor


def _connection(workspace: Workspace, report: Report) -> Step:
    state, says = _checked(workspace, report)
    return Step("connection", state, says)


def _checked(workspace: Workspace, report: Report) -> tuple[str, str]:
    """A check that is going on, or about the present settings, decides; else what the last sync showed."""
    check = report.check
    if check is None and workspace.sync_state == SyncState.DONE and workspace.synced_at is not None:
        return DONE, _("It worked at the last sync.")
    if check is None:
        return NEXT, _("Not checked within the last day.")
    if report.is_checking:
        return GOING, _("A worker is asking %(vendor)s.") % {"vendor": workspace.vendor}
    if check.state == "checking":
        return TROUBLE, _("No worker has answered. Look at /readyz: it names the part that is missing.")
    if report.is_old:
        return NEXT, _("The settings were changed after the last check: check again.")
    refused = str(report.advice.title) if report.advice else ""
    return (TROUBLE, refused) if check.part else (DONE, _("Everything that was asked for was accepted."))


def _catalogue(workspace: Workspace, connected: Step, now: datetime, *, waiting: bool) -> Step:
    state, since = workspace.sync_state, workspace.sync_started_at
    if state == SyncState.RUNNING and since is not None and since > now - LEASE:
        return Step("catalogue", GOING, _("Audiences, destinations, dataflows and runs are being copied."))
    if waiting:
        return Step("catalogue", GOING, _("The sync is queued; a worker takes it up in a moment."))
    if state == SyncState.FAILED:
        return Step("catalogue", TROUBLE, _("The last sync failed."))
    if workspace.synced_at is not None:
        return Step("catalogue", DONE, _copied(workspace))
    if connected.state == DONE:
        return Step(
            "catalogue", NEXT, _("Copies what there is to choose from. It reads; it changes nothing.")
        )
    return Step("catalogue", LATER, _("First the connection must work."))


def _copied(workspace: Workspace) -> str:
    here = {"workspace": workspace, "vanished_at": None}
    audiences, flows = Audience.objects.filter(**here).count(), Dataflow.objects.filter(**here).count()
    mapped = Mapping.objects.filter(**here).count()
    said = (
        ngettext("%(n)s audience", "%(n)s audiences", audiences) % {"n": speech.number(audiences)},
        ngettext("%(n)s dataflow", "%(n)s dataflows", flows) % {"n": speech.number(flows)},
        ngettext("%(n)s mapping", "%(n)s mappings", mapped) % {"n": speech.number(mapped)},
    )
    return " · ".join(said)


def _members(workspace: Workspace) -> Step:
    found = workspace.memberships.aggregate(n=Count("pk"), press=Count("pk", filter=Q(role=Role.ACTIVATOR)))
    if not found["n"]:
        return Step("members", FREE, _("Nobody but administrators sees this workspace yet."))
    press, look = found["press"], found["n"] - found["press"]
    said = (
        ngettext("%(n)s may press", "%(n)s may press", press) % {"n": speech.number(press)},
        ngettext("%(n)s may look", "%(n)s may look", look) % {"n": speech.number(look)},
    )
    return Step("members", DONE, " · ".join(said))


def _activation(first: Activation | None, found: Chance | None) -> Step:
    if first is not None:
        return Step("activation", DONE, first.name)
    if found is None:
        return Step("activation", LATER, _("When there is something to choose from."))
    if found.dataflow is not None:
        words = {"n": speech.number(found.ready), "name": found.dataflow.name}
        said = ngettext(
            "%(n)s audience is ready on %(name)s.", "%(n)s audiences are ready on %(name)s.", found.ready
        )
        return Step("activation", NEXT, said % words)
    return Step("activation", LATER if found.at else TROUBLE, found.why)
