"""Lists of mappings, deliveries, activations, sets and jobs as sheets: which columns each has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import merge

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activations import shelf, states
from activations.afterwards import afterwards
from activations.going import Row
from activations.models import Activation, Delivery
from activations.summary import Summary, summaries
from audiences.models import PlatformJob, User
from audiences.sheets import CHUNK, Column, Sheet, of, person
from audiences.shown import JOB
from audiences.wishes.lines import which_words


def _findings(row: Row) -> list[str]:
    return [str(one.sentence) for one in (row.main, *row.more) if one is not None]


MAPPED: tuple[Column, ...] = (
    (_("Audience"), of("mapping.audience.name")),
    (_("Audience id"), of("mapping.audience.platform_id")),
    (_("Dataflow"), of("mapping.dataflow.name")),
    (_("Dataflow id"), of("mapping.dataflow.platform_id")),
    (_("Will it go?"), of("word")),
    (_("Why"), _findings),
    (_("Profiles"), of("mapping.audience.profiles")),
    (_("Counted"), of("mapping.audience.profiles_as_of")),
    (_("Export"), lambda row: row.export if row.mapping.frequency or row.mapping.export_mode else None),
    (_("Schedule from"), of("mapping.start_date")),
    (_("Schedule until"), of("mapping.end_date")),
    (_("Export time (UTC)"), of("mapping.start_time")),
    (_("Mapped"), of("mapping.mapped_at")),
)
AT_SEGMENT: tuple[Column, ...] = (
    (_("Activation"), of("mapping.name")),
    (_("Activation id"), of("mapping.platform_id")),
    (_("Sends when"), of("mapping.activation_type")),
    (_("Enabled"), of("mapping.enabled")),
    (_("Resyncing"), of("mapping.resyncing")),
)


def mappings(what: str, rows: Sequence[Row]) -> Sheet:
    """Rows judged now; those of Segment are activations, with what only they have."""
    places = {row.mapping.workspace_id for row in rows}
    own = AT_SEGMENT if any(row.mapping.activation_type for row in rows) else ()
    where: tuple[Column, ...] = ((_("Workspace"), of("mapping.workspace.slug")),) if len(places) > 1 else ()
    return Sheet(what, (*where, *MAPPED, *own))


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery, with why what arrived is not what was expected."""

    delivery: Delivery
    said: Sequence[str]


def _lines(deliveries: list[Delivery]) -> list[Line]:
    now = timezone.now()
    found = [(one, afterwards(one, now)) for one in deliveries]
    return [Line(one, after.said if after else ()) for one, after in found]


def deliveries(what: str) -> Sheet:
    """A line per delivery. They come with `WITH` selected."""
    return Sheet(what, DELIVERY, _lines)


WITH = ("activation__requested_by", "workspace", "dataflow", "audience")
DELIVERY: tuple[Column, ...] = (
    (_("Activation"), of("delivery.activation_id")),
    (_("Name"), of("delivery.activation.name")),
    (_("Pressed"), of("delivery.activation.requested_at")),
    (_("By"), lambda line: person(line.delivery.activation.requested_by)),
    (_("Why"), of("delivery.activation.reason")),
    (_("Source"), lambda line: line.delivery.activation.get_source_display()),
    (_("Workspace"), of("delivery.workspace.slug")),
    (_("Dataflow"), of("delivery.dataflow.name")),
    (_("Dataflow id"), of("delivery.dataflow.platform_id")),
    (_("Audience"), of("delivery.audience.name")),
    (_("Audience id"), of("delivery.audience.platform_id")),
    (_("State"), lambda line: line.delivery.shown.word),
    (_("The platform's word"), of("delivery.run_word")),
    (_("Replaced by a retry"), of("delivery.superseded")),
    (_("Expected"), of("delivery.expected")),
    (_("Expected as of"), of("delivery.expected_as_of")),
    (_("Received"), of("delivery.received")),
    (_("Activated"), of("delivery.activated")),
    (_("Excluded"), of("delivery.excluded")),
    (_("Failed"), of("delivery.failed")),
    (_("Files"), of("delivery.files")),
    (_("Bytes"), of("delivery.bytes_out")),
    (_("Usual"), of("delivery.usual")),
    (_("Compared with"), of("delivery.usual_of")),
    (_("Unusual"), lambda line: line.delivery.get_unusual_display() or None),
    (_("Expected and arrived"), lambda line: " ".join(line.said) or None),
    (_("Run id"), of("delivery.run_id")),
    (_("Started"), of("delivery.started_at")),
    (_("Finished"), of("delivery.finished_at")),
    (_("Reason"), of("delivery.reason")),
    (_("The platform said"), of("delivery.verbatim")),
)


@dataclass(frozen=True, slots=True)
class Summed:
    """An activation with how it stands."""

    activation: Activation
    summary: Summary


def _summed(activations: list[Activation]) -> list[Summed]:
    counted = summaries(one.pk for one in activations)
    return [Summed(one, counted[one.pk]) for one in activations]


ACTIVATIONS = Sheet(
    "activations",
    (
        (_("Activation"), of("activation.pk")),
        (_("Name"), of("activation.name")),
        (_("Workspace"), of("activation.workspace.slug")),
        (_("Pressed"), of("activation.requested_at")),
        (_("By"), lambda row: person(row.activation.requested_by)),
        (_("Why"), of("activation.reason")),
        (_("Source"), lambda row: row.activation.get_source_display()),
        (_("State"), lambda row: row.summary.worst.word if row.summary.total else None),
        (_("Deliveries"), of("summary.total")),
        *((state.word, partial(lambda value, row: row.summary.of((value,)), value)) for value, state in states.STATES.items()),
        (_("Unusual"), of("summary.unusual")),
    ),
    _summed,
)  # fmt: skip


def newest_first(lists: Iterable[QuerySet[Activation]]) -> Iterable[Activation]:
    """The lists of `past` as one, a chunk at a time."""
    return merge(
        *(rows.iterator(CHUNK) for rows in lists), key=lambda one: (one.requested_at, one.pk), reverse=True
    )


def sets(viewer: User) -> Sheet:
    """Sets with what is next and what was last, as far as the viewer may see it."""
    return Sheet("sets", SET, lambda rows: shelf.held(rows, viewer))


SET: tuple[Column, ...] = (
    (_("Set"), of("of_set.name")),
    (_("Mappings"), of("size")),
    (_("Workspaces"), lambda held: [place.slug for place in held.places]),
    (_("Goes next by itself"), of("next.fire_at")),
    (_("Schedule"), lambda held: shelf.words(held.next) if held.next else None),
    (_("Last by itself"), of("last.firing.due_at")),
    (_("Outcome"), lambda held: held.last.firing.shown.word if held.last else None),
    (_("What became of it"), lambda held: became(held.last) if held.last else None),
    (_("Version"), of("of_set.version")),
    (_("Changed"), of("of_set.changed_at")),
)


def became(outcome: shelf.Outcome) -> str | None:
    """How the activations of a moment stand, and what else is to say of it."""
    said = [f"{activation.name}: {summary.words}" for activation, summary in outcome.made]
    return " ".join(filter(None, (*said, outcome.words))) or None


def firings(name: str, viewer: User) -> Sheet:
    """Every moment of a set's schedules and what became of it. They come with `schedule` selected."""
    return Sheet(f"schedule of {name}", FIRING, lambda rows: shelf.outcomes(rows, viewer))


FIRING: tuple[Column, ...] = (
    (_("Schedule"), lambda one: shelf.words(one.firing.schedule)),
    (_("Zone"), of("zone")),
    (_("Due"), of("firing.due_at")),
    (_("Happened"), of("firing.at")),
    (_("Outcome"), lambda one: one.firing.shown.word),
    (_("Activations"), lambda one: [activation.pk for activation, _summary in one.made]),
    (_("Left out"), of("firing.left_out")),
    (_("What became of it"), became),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A job of the platform with who asked for it here, "" where nobody did."""

    job: PlatformJob
    by: str


JOB_COLUMNS: tuple[Column, ...] = (
    (_("Job id"), of("job.platform_id")),
    (_("Kind"), lambda row: _("Evaluation") if row.job.kind == "segment" else _("Export")),
    (_("Audiences"), lambda row: which_words(row.job.segments)),
    (_("State"), lambda row: JOB[row.job.status].word if row.job.status in JOB and row.job.status != "unknown" else None),
    (_("Adobe's word"), of("job.word")),
    (_("Scheduled"), of("job.scheduled")),
    (_("Asked for by"), of("by")),
    (_("Begun"), of("job.created_at")),
    (_("Completed"), of("job.completed_at")),
    (_("Schema"), of("job.schema")),
    (_("Data set"), of("job.dataset")),
    (_("Problems"), of("job.problems")),
)  # fmt: skip
