"""What a wish that needs somebody means, and what to do about it. `%(vendor)s` is whose platform it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from audiences.models import Wish
from audiences.wishes import states

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happened, and what to do."""

    meaning: Words
    do: Words


def _lacks_right(right: Words) -> Meaning:
    """The rights of evaluating and exporting, as Adobe's access control names them (contract §10.1)."""
    return Meaning(
        _("Adobe says that the credential may not do this; nothing was asked for."),
        format_lazy(_("An administrator adds {right} to the credential's role."), right=right),
    )


MEANINGS: dict[str, Meaning] = {
    "never_sent": Meaning(
        _("%(vendor)s could not be asked in time, so nothing was sent."),
        _("See whether the workspace can be reached, then ask again."),
    ),
    "no_trace": Meaning(
        _(
            "The call left, its answer was lost, and since then %(vendor)s could not be asked what became of it."
        ),
        _("Press Refresh, look whether it is so, and ask again if it is not."),
    ),
    "not_found": Meaning(
        _(
            "%(vendor)s does not know it any more, or the credential may not see it; nothing was changed. "
            "What is gone is marked so here."
        ),
        _("Press Refresh and look whether it is still there."),
    ),
    "credentials_refused:permission": Meaning(
        _("%(vendor)s says that the credential may not do this; nothing was changed."),
        _("An administrator adds Manage Destinations and Activate Destinations to the credential's role."),
    ),
    "credentials_refused:permission:evaluate": _lacks_right(_("Evaluate a Segment to an Audience")),
    "credentials_refused:permission:export": _lacks_right(_("Export Audience for Segment")),
    "credentials_refused:permission:cancel": _lacks_right(
        _("Evaluate a Segment to an Audience or Export Audience for Segment")
    ),
    "credentials_refused": Meaning(
        _("%(vendor)s does not accept the workspace's credentials; nothing was changed."),
        _("An administrator uses “Check connection” on the workspace: it names the field."),
    ),
    "in_use": Meaning(
        _("Activations still use this destination, so %(vendor)s keeps it; nothing was changed."),
        _("Remove these activations first, then the destination."),
    ),
    "exists": Meaning(
        _("%(vendor)s has an activation of this name and action on this destination; nothing was added."),
        _("Choose another name, or change the one that is there."),
    ),
    "refused": Meaning(
        _("%(vendor)s looked at it and said no; nothing was changed."),
        _("Correct what %(vendor)s names, then ask again."),
    ),
}
# Where a token's rights are given is another place at Segment.
AT_SEGMENT: dict[str, Meaning] = {
    "credentials_refused:permission": Meaning(
        _("Segment says that the token may not do this; nothing was changed."),
        _(
            "An owner makes a token with the permissions of a Workspace Owner, and an administrator enters it."
        ),
    ),
    # Found before it was asked: Segment does not say what a full resync does where something is off.
    "connection_disabled": Meaning(
        _("The destination is disabled, so a full resync would reach nothing; nothing was sent."),
        _("Enable the destination in Segment, or add the activation without a full resync."),
    ),
    "audience_disabled": Meaning(
        _("The audience is disabled, so a full resync would send nobody; nothing was sent."),
        _("Enable the audience, or add the activation without a full resync."),
    ),
}
# Why one that resyncs waits; the codes are preflight's.
WAITS: dict[str, Words] = {
    "resync_held": _("waits for another resync of this workspace; Segment allows one at a time"),
    "resync_elsewhere": _("waits for a resync that was not started here; Segment allows one at a time"),
    "audience_computing": _("waits until Segment has computed the audience"),
    "audience_locked": _("waits until Segment has applied a change to the audience"),
    "paused": _("waits until the pause is over"),
}
CHANGED = Meaning(
    _(
        "Somebody changed it between your look and your press, so nothing was sent. What you see now is fresh."
    ),
    _("Look again, and ask again if you still want it."),
)


def waits_for(wish: Wish) -> Words:
    """What keeps it from being asked for; "" where nothing is known to."""
    return WAITS.get(wish.reason, "") if wish.state == states.QUEUED else ""


def meaning_of(wish: Wish) -> Meaning | None:
    """None while nothing is the matter."""
    if wish.state not in states.NEEDS_YOU:
        return None
    if wish.state == states.CHANGED:
        return CHANGED
    known = {**MEANINGS, **AT_SEGMENT} if wish.workspace.is_segment else MEANINGS
    codes = (f"{wish.reason}:{wish.what}", wish.reason, wish.reason.partition(":")[0], "refused")
    found = next(known[code] for code in codes if code in known)
    named = {"vendor": wish.workspace.vendor}
    return Meaning(str(found.meaning) % named, str(found.do) % named)
