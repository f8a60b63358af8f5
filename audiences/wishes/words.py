"""What a wish that needs somebody means, and what to do about it."""

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
        _("Adobe could not be asked for an hour, so nothing was sent."),
        _("See whether the workspace can be reached, then ask again."),
    ),
    "no_trace": Meaning(
        _("The call left, its answer was lost, and since then Adobe could not be asked what became of it."),
        _("Press Refresh, look whether it is so, and ask again if it is not."),
    ),
    "not_found": Meaning(
        _(
            "Adobe does not know the dataflow any more, or the credential may not see it; nothing was changed."
        ),
        _("Press Refresh and look whether it is still there."),
    ),
    "credentials_refused:permission": Meaning(
        _("Adobe says that the credential may not do this; nothing was changed."),
        _("An administrator adds Manage Destinations and Activate Destinations to the credential's role."),
    ),
    "credentials_refused:permission:evaluate": _lacks_right(_("Evaluate a Segment to an Audience")),
    "credentials_refused:permission:export": _lacks_right(_("Export Audience for Segment")),
    "credentials_refused:permission:cancel": _lacks_right(
        _("Evaluate a Segment to an Audience or Export Audience for Segment")
    ),
    "credentials_refused": Meaning(
        _("Adobe does not accept the workspace's credentials; nothing was changed."),
        _("An administrator uses “Check connection” on the workspace: it names the field."),
    ),
    "refused": Meaning(
        _("Adobe looked at it and said no; nothing was changed."),
        _("Correct what Adobe names, then ask again."),
    ),
}
CHANGED = Meaning(
    _(
        "Somebody changed it between your look and your press, so nothing was sent. What you see now is fresh."
    ),
    _("Look again, and ask again if you still want it."),
)


def meaning_of(wish: Wish) -> Meaning | None:
    """None while nothing is the matter."""
    if wish.state not in states.NEEDS_YOU:
        return None
    if wish.state == states.CHANGED:
        return CHANGED
    known = MEANINGS.get(f"{wish.reason}:{wish.what}") or MEANINGS.get(wish.reason)
    known = known or MEANINGS.get(wish.reason.partition(":")[0])
    return known or MEANINGS["refused"]
