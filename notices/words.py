"""A notice in words: the subject that says it all in one line, and the text below it."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from activations import states
from activations.afterwards import percent
from activations.summary import ORDER, Summary
from audiences import speech
from audiences.told import read
from notices.change import Change
from notices.models import Notice

TROUBLE = tuple(state for state in ORDER if state in states.NEEDS_YOU)


def subject(notice: Notice) -> str:
    """ "[prod] Friday flash sale → Braze SFTP: 3 of 172 failed (fixable)"."""
    return f"[{notice.workspace.place}] {title(notice)}: {outcome(notice)}"


def title(notice: Notice) -> str:
    """What was asked for, and where it was to go, unless its name says that already."""
    name, where = notice.activation.name, _where(notice)
    return name if " → " in name or not where else f"{name} → {where}"


def _where(notice: Notice) -> str:
    flows = notice.data.get("flows", 0)
    if flows == 1:
        return str(notice.data["where"][0])
    return ngettext("%(n)s dataflow", "%(n)s dataflows", flows) % {"n": speech.number(flows)} if flows else ""


def outcome(notice: Notice) -> str:
    """How it stands, with its counts and how much is unusual: what a subject says after the colon."""
    said, unusual = _outcome(notice), notice.data.get("unusual", {}).get("count", 0)
    if not unusual:
        return said
    return f"{said}, {ngettext('%(n)s unusual', '%(n)s unusual', unusual) % {'n': speech.number(unusual)}}"


def _outcome(notice: Notice) -> str:
    summary = Summary(notice.data.get("counts", {}))
    if notice.change == Change.RECOVERED:
        return _("recovered, %(words)s") % {"words": summary.words}
    if notice.change in (Change.FAILURES, Change.NEEDS):
        trouble = _trouble(notice, summary)
        if notice.change == Change.FAILURES:
            return trouble
        going = ngettext("%(n)s still going", "%(n)s still going", summary.moving)
        return f"{trouble}, {going % {'n': speech.number(summary.moving)}}"
    return summary.words


def _trouble(notice: Notice, summary: Summary) -> str:
    """ "3 of 172 failed"; "5 of 172 need somebody (fixable): 3 failed · 2 blocked" when there is more than one kind."""
    parts = [(count, _word(state, count)) for state in TROUBLE if (count := summary.counts.get(state))]
    if ran_out := notice.data.get("ran_out", 0):
        parts.append((ran_out, _("never sent: time ran out")))
    fixable = _fixable(notice, summary)
    if summary.total == 1:
        return f"{parts[0][1]}{fixable}"
    total = speech.number(summary.total)
    if len(parts) == 1:
        count, word = parts[0]
        said = _("%(n)s of %(total)s %(word)s") % {"n": speech.number(count), "total": total, "word": word}
        return f"{said}{fixable}"
    every = speech.number(sum(count for count, _word in parts))
    said = _("%(n)s of %(total)s need somebody") % {"n": every, "total": total}
    return f"{said}{fixable}: {' · '.join(f'{speech.number(count)} {word}' for count, word in parts)}"


def _word(state: str, count: int) -> str:
    """The word after a count, and alone where there is only one delivery."""
    return _("outcome unknown") if state == states.STOPPED else states.STATES[state].counted(count)


def _fixable(notice: Notice, summary: Summary) -> str:
    """Whether a person can do something about it: said when a retry helps, now or after a fix."""
    count = notice.data.get("fixable", 0)
    if not count:
        return ""
    said = _("fixable")
    if count < summary.needs_you + notice.data.get("ran_out", 0):
        said = _("%(n)s fixable") % {"n": speech.number(count)}
    return f" ({said})"


def text(notice: Notice) -> str:
    """Plain text for people: how it stands, each problem with what to do, and where to look."""
    said = [Summary(notice.data.get("counts", {})).words, *_unusual(notice)]
    said += map(_problem, notice.data.get("problems", []))
    said += [_("Workspace: %(name)s") % {"name": notice.workspace.name}, *link(notice)]
    return "\n\n".join(said)


def _unusual(notice: Notice) -> list[str]:
    """What to look at before anybody relies on what arrived."""
    unusual = notice.data.get("unusual")
    if not unusual:
        return []
    lines = [_("Look before you rely on it: it differs by 20 % or more from what is usual.")]
    for one in unusual["named"]:
        words = {
            "name": one["name"], "n": speech.number(one["activated"]), "usual": speech.number(one["usual"]),
            "off": percent(one["activated"], one["usual"]), "of": one["of"],
        }  # fmt: skip
        lines.append(_("%(name)s: %(n)s, %(off)s against %(usual)s, the median of its last %(of)s.") % words)
    if more := unusual["count"] - len(unusual["named"]):
        lines.append(ngettext("and %(n)s more", "and %(n)s more", more) % {"n": speech.number(more)})
    return ["\n".join(lines)]


def _problem(problem: dict[str, object]) -> str:
    lines = [
        f"{speech.number(int(str(problem['count'])))} × {read(problem['title'])}",
        str(read(problem["do"])),
    ]
    said = problem.get("said")
    if isinstance(said, list) and said:
        lines.insert(1, _("“%(text)s”") % {"text": said[0]})
    return "\n".join(lines)


def link(notice: Notice) -> list[str]:
    """The activation's address, when this installation knows its own."""
    url = absolute(notice.activation.get_absolute_url())
    return [url] if url else []


def absolute(path: str) -> str:
    """A page's whole address; "" while nobody has said where the dashboard is (SITE_URL)."""
    return f"{settings.SITE_URL.rstrip('/')}{path}" if settings.SITE_URL else ""
