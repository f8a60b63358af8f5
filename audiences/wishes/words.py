"""What a wish that needs somebody means, and what to do about it. `%(vendor)s` is whose platform it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audiences.models import Wish
from audiences.wishes import states

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Meaning:
    """What happened, and what to do."""

    meaning: Words
    do: Words


MEANINGS: dict[str, Meaning] = {
    "never_sent": Meaning(
        _("%(vendor)s could not be asked for an hour, so nothing was sent."),
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
    known = {**MEANINGS, **AT_SEGMENT} if wish.workspace.is_segment else MEANINGS
    found = known.get(wish.reason) or known.get(wish.reason.partition(":")[0]) or known["refused"]
    named = {"vendor": wish.workspace.vendor}
    return Meaning(str(found.meaning) % named, str(found.do) % named)
