"""Rules about a resync through Segment. What the documents leave open is said to be open."""

from __future__ import annotations

from activations.preflight.finding import OURS, SEGMENT_API, SEGMENT_GUIDE, Facts, Finding
from audiences.told import said as _

COMPUTING = frozenset({"computing", "backfilling", "preparing"})
IN_TROUBLE = frozenset({"error", "failed"})
AT_EASE = frozenset({"live", "not computing", "awaiting destinations"})


def credentials_there(facts: Facts) -> Finding | None:
    if not facts.lacking:
        return None
    sentence = (
        _("No space is chosen for this workspace yet.")
        if facts.lacking == "space"
        else _("This workspace has no token that can be read.")
    )
    return Finding(
        "credentials_missing", "stop",
        sentence,
        _("Ask your administrator to complete the workspace and to use “Check connection”."),
        OURS,
    )  # fmt: skip


def activation_present(facts: Facts) -> Finding | None:
    if facts.mapped:
        return None
    return Finding(
        "activation_vanished", "stop",
        _("The activation is no longer there at Segment."),
        _("Choose another one, or add it to the connection again."),
        OURS,
    )  # fmt: skip


def connection_enabled(facts: Facts) -> Finding | None:
    if facts.dataflow_state != "disabled":
        return None
    return Finding(
        "connection_disabled", "stop",
        _("The destination is disabled at Segment, so nothing would reach it."),
        _("Enable the destination in Segment."),
        SEGMENT_API,
    )  # fmt: skip


def activation_enabled(facts: Facts) -> Finding | None:
    """Whether a resync of what is off is queued, ignored or refused is not documented (contract §7)."""
    if facts.mapping_enabled is None:
        return Finding(
            "activation_state_unknown", "look",
            _("Segment does not say whether this activation is enabled."),
            _("Check it in Segment: a disabled one may send nothing."),
            SEGMENT_API,
        )  # fmt: skip
    if facts.mapping_enabled:
        return None
    return Finding(
        "activation_disabled", "stop",
        _("The activation is disabled, and Segment does not say what a resync does then."),
        _("Enable the activation first."),
        SEGMENT_API,
    )  # fmt: skip


def audience_enabled(facts: Facts) -> Finding | None:
    if facts.lifecycle.lower() != "disabled":
        return None
    return Finding(
        "audience_disabled", "stop",
        _("The audience is disabled, so it is not computed and sends nothing."),
        _("Enable the audience first."),
        SEGMENT_API,
    )  # fmt: skip


def audience_settled(facts: Facts) -> Finding | None:
    word = facts.lifecycle.lower()
    if word in COMPUTING:
        return Finding(
            "audience_computing", "wait",
            _("Segment is computing the audience (%(word)s), so a part of it would be sent.")
            % {"word": facts.lifecycle},
            _("It goes by itself when Segment has computed it."),
            SEGMENT_API,
        )  # fmt: skip
    if word == "locked":
        return Finding(
            "audience_locked", "wait",
            _("The audience is locked: Segment is applying a change to it."),
            _("It goes by itself when the change is applied."),
            SEGMENT_GUIDE,
        )  # fmt: skip
    return None


def audience_status_known(facts: Facts) -> Finding | None:
    """Statuses are an open list (contract §6)."""
    word = facts.lifecycle.lower()
    if word in AT_EASE | COMPUTING | {"disabled", "locked"}:
        return None
    if word in IN_TROUBLE:
        return Finding(
            "audience_in_error", "look",
            _("Segment says of the audience: %(word)s. What is sent may be old.") % {"word": facts.lifecycle},
            _("Look at the audience in Segment if it matters."),
            SEGMENT_API,
        )  # fmt: skip
    sentence = (
        _("Segment says of the audience: %(word)s, a word that we do not know.") % {"word": facts.lifecycle}
        if word
        else _("Segment does not say how the audience stands.")
    )
    return Finding(
        "audience_status_unknown", "look",
        sentence,
        _("Look at the audience in Segment if it matters."),
        SEGMENT_API,
    )  # fmt: skip


def no_resync_elsewhere(facts: Facts) -> Finding | None:
    """One that we hold the place for is `traffic.not_held`'s business."""
    if facts.ad_hoc_run_elsewhere is None or facts.held:
        return None
    return Finding(
        "resync_elsewhere", "wait",
        _("A resync that was not started here is going on in this workspace; Segment allows one at a time."),
        _("It goes by itself when that one has finished."),
        SEGMENT_GUIDE,
    )  # fmt: skip


def no_resync_here(facts: Facts) -> Finding | None:
    """It sends the whole audience as it is configured now: a second one would only send everybody twice."""
    if facts.ad_hoc_run_here is None:
        return None
    return Finding(
        "joins_resync", "join",
        _("A resync of this activation, started elsewhere, is going on."),
        _("Nothing to do: we follow it. It sends the whole audience."),
        SEGMENT_API,
        run=facts.ad_hoc_run_here,
    )  # fmt: skip


def sends_entries(facts: Facts) -> Finding | None:
    """Types are an open list: one that we do not know is sent all the same."""
    word = facts.sends_when.lower()
    if not word.endswith(("exited", "removed")):
        return None
    return Finding(
        "sends_exits_only", "look",
        _("This activation sends when somebody leaves (%(word)s); Segment does not say what a resync of it sends.")
        % {"word": facts.sends_when},
        _("Resync the activation that sends when somebody enters, if that is what you want."),
        SEGMENT_API,
    )  # fmt: skip


def count_known(facts: Facts) -> Finding | None:
    if facts.profiles is None:
        return Finding(
            "count_unknown", "look",
            _("Segment gives no count for this audience."),
            _("Check its size in Segment if it matters."),
            SEGMENT_API,
        )  # fmt: skip
    if facts.profiles == 0:
        return Finding(
            "count_zero", "look",
            _("The audience had nobody in it when it was last counted."),
            _("Check the audience's rule; a resync would send nobody."),
            SEGMENT_API,
        )  # fmt: skip
    return None
