"""Rules about the audience: that it is there, and how many people of which day would be in the file."""

from __future__ import annotations

from activations.preflight.finding import ADOBE_EXTERNAL, ADOBE_UI, OURS, Facts, Finding
from activations.preflight.flows import after
from audiences import shown
from audiences.told import kept
from audiences.told import said as _


def audience_known(facts: Facts) -> Finding | None:
    if facts.audience_vanished:
        return Finding(
            "audience_vanished", "stop",
            _("The audience is no longer on the platform."),
            _("Choose another audience."),
            OURS,
        )  # fmt: skip
    if not facts.audience_listed:
        return Finding(
            "audience_not_listed", "look",
            _("The platform's audience list does not show this audience, so its size and state are unknown."),
            _("Check that the credentials may read it."),
            OURS,
        )  # fmt: skip
    return None


def lifecycle_published(facts: Facts) -> Finding | None:
    word = facts.lifecycle.lower()
    if word in ("published", "active", ""):
        return None
    return Finding(
        "audience_not_published", "stop",
        _("The audience is “%(word)s”, not published.") % {"word": _(kept(shown.lifecycle(word).word))},
        _("Publish the audience in Adobe Experience Platform."),
        OURS,
    )  # fmt: skip


def not_delivered_yet(facts: Facts) -> Finding | None:
    """The same snapshot twice is the same people twice: sometimes meant, and never a surprise."""
    if facts.delivered_at is None:
        return None
    return Finding(
        "already_delivered", "look",
        _("Delivered at %(at)s from this same snapshot.") % {"at": facts.delivered_at},
        _("Activating again sends the same people once more."),
        OURS,
    )  # fmt: skip


def merge_policy_settled(facts: Facts) -> Finding | None:
    if facts.merge_policy_seen_at is None:
        return None
    clears_at = after(facts.merge_policy_seen_at, facts.guardrails.merge_policy_wait)
    if clears_at <= facts.now:
        return None
    return Finding(
        "merge_policy_new", "look",
        _("Its merge policy changed less than 24 hours ago, so the file may be empty or incomplete."),
        _("Wait a day after a merge policy change for a complete file."),
        ADOBE_UI,
        clears_at,
    )  # fmt: skip


def external_evaluated(facts: Facts) -> Finding | None:
    if not facts.external or facts.ingested_at is None:
        return None
    if facts.evaluated_at is not None and facts.evaluated_at >= facts.ingested_at:
        return None
    return Finding(
        "external_not_evaluated", "look",
        _("No daily segmentation has run since this external audience changed, so it may go out empty."),
        _("Wait for the next daily segmentation if you need the new people in it."),
        ADOBE_EXTERNAL,
    )  # fmt: skip


def external_kept(facts: Facts) -> Finding | None:
    if facts.lapses_at is None or facts.lapses_at > facts.now:
        return None
    return Finding(
        "external_lapsed", "look",
        _("This external audience's data has lapsed, as far as we can reckon, so it may go out empty."),
        _("Ingest it again, and wait for the next daily segmentation."),
        ADOBE_EXTERNAL,
    )  # fmt: skip


def count_known(facts: Facts) -> Finding | None:
    if facts.profiles is None:
        return Finding(
            "count_unknown", "look",
            _("The platform gives no profile count for this audience."),
            _("Check its size in Adobe Experience Platform if it matters."),
            OURS,
        )  # fmt: skip
    if facts.profiles == 0:
        return Finding(
            "count_zero", "look",
            _("The audience had no profiles when it was last counted."),
            _("Check the audience's rule; an empty file would be delivered."),
            OURS,
        )  # fmt: skip
    if facts.profiles_as_of and facts.now - facts.profiles_as_of > facts.guardrails.count_max_age:
        return Finding(
            "count_old", "look",
            _("The profile count is older than a day and a half."),
            _("Check that the daily evaluation still runs."),
            OURS,
        )  # fmt: skip
    return None
