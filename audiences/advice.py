"""What a check of a connection comes to, in words: what was refused, what to do about it, and who can.

For the page of first steps and for the administration alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences import connection
from audiences.connection import Check
from audiences.models import Workspace

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Advice:
    """What a refused part is called, what to do about it, and who can."""

    title: Words
    do: Words
    who: Words


YOU = gettext_lazy("You, on this workspace's page, with the Adobe Developer Console open beside it.")
ROLES = gettext_lazy("Whoever administers roles and product profiles of your organisation at Adobe.")
CHOOSE = gettext_lazy(
    "You choose; whoever administers roles of your organisation at Adobe adds a missing one."
)
NETWORK = gettext_lazy("Whoever runs this server and its network.")

ADVICE: dict[str, Advice] = {
    "key": Advice(
        gettext_lazy("The client ID (API key) was refused"),
        gettext_lazy("Copy “Client ID” again from the credential in the Adobe Developer Console."), YOU,
    ),
    "secret": Advice(
        gettext_lazy("The client secret was refused"),
        gettext_lazy("Copy the client secret again, or make a new one in the Adobe Developer Console, and enter it in "
                     "“Client secret”."), YOU,
    ),
    "scopes": Advice(
        gettext_lazy("The scopes were refused"),
        gettext_lazy("Copy the scopes from the OAuth server-to-server page, separated by commas."), YOU,
    ),
    "org": Advice(
        gettext_lazy("The IMS organisation was refused"),
        gettext_lazy("Check “IMS organisation” (it ends in @AdobeOrg), and that the credential belongs to a product profile of "
                     "Experience Platform in that organisation."), ROLES,
    ),
    "sandbox": Advice(
        gettext_lazy("The sandbox was refused"),
        gettext_lazy("Choose one of the active sandboxes below. If yours is missing, add the credential to a role that "
                     "includes it."), CHOOSE,
    ),
    "token": Advice(
        gettext_lazy("The access token was refused, though it is new"),
        gettext_lazy("Check that the client ID, the organisation and both addresses belong together."), YOU,
    ),
    "permission": Advice(
        gettext_lazy("A permission is missing"),
        gettext_lazy("Add the credential (Developer Console, “API credentials” of a role in Experience Platform's "
                     "Permissions) to a role with the permissions marked missing below."), ROLES,
    ),
    "address": Advice(
        gettext_lazy("The address is not allowed"),
        gettext_lazy("Enter the platform's real addresses: https://platform.adobe.io and "
                     "https://ims-na1.adobelogin.com unless Adobe gave you others."), YOU,
    ),
    "platform": Advice(
        gettext_lazy("The platform could not be asked, so nothing is known about the credentials"),
        gettext_lazy("Check both addresses, DNS, proxy and firewall of the worker, and Adobe's status page; then check "
                     "again."), NETWORK,
    ),
    "ours": Advice(
        gettext_lazy("The check itself failed"),
        gettext_lazy("The worker's log has the details. Check again; if it repeats, report it."), NETWORK,
    ),
}  # fmt: skip


SEGMENT_YOU = gettext_lazy("You, on this workspace's page, with Segment's access management open beside it.")
SEGMENT_OWNER = gettext_lazy("An owner of the workspace at Segment.")
SEGMENT_ADVICE: dict[str, Advice] = {
    "token": Advice(
        gettext_lazy("The token was refused"),
        gettext_lazy("Make a Public API token in Segment (Settings, Access Management, Tokens) and enter it in "
                     "“Public API token”. Tokens of the older Config API do not work, and one that was published "
                     "anywhere is revoked."), SEGMENT_OWNER,
    ),
    "permission": Advice(
        gettext_lazy("The token may not do this, or the workspace lacks the feature"),
        gettext_lazy("Give the token a role that includes Engage's spaces and audiences; the workspace's plan must "
                     "include them."), SEGMENT_OWNER,
    ),
    "space": Advice(
        gettext_lazy("There is no such space, or none is chosen"),
        gettext_lazy("Choose one of the spaces below."), SEGMENT_YOU,
    ),
    "address": Advice(
        gettext_lazy("The address is not allowed"),
        gettext_lazy("Enter https://api.segmentapis.com, or https://eu1.api.segmentapis.com for a workspace in the "
                     "EU."), SEGMENT_YOU,
    ),
    "platform": Advice(
        gettext_lazy("The platform could not be asked, so nothing is known about the token"),
        gettext_lazy("Check the address, DNS, proxy and firewall of the worker, and Segment's status page; then check "
                     "again."), NETWORK,
    ),
}  # fmt: skip


def no_broker() -> str:
    return _("The broker does not answer, so nothing was asked. Look at /readyz.")


@dataclass(frozen=True, slots=True)
class Report:
    """How the check of one workspace's connection stands, with what to do about it."""

    workspace: Workspace
    check: Check | None

    @property
    def advice(self) -> Advice | None:
        part = self.check.part if self.check else ""
        if self.workspace.is_segment and part in SEGMENT_ADVICE:
            return SEGMENT_ADVICE[part]
        return ADVICE.get(part) or (ADVICE["ours"] if part else None)

    @property
    def is_checking(self) -> bool:
        return self.check is not None and self.check.state == "checking" and not self.check.is_lost

    @property
    def is_present(self) -> bool:
        """It is over, and about the settings as they are."""
        return self.check is not None and self.check.state == "done" and not self.is_old

    @property
    def is_old(self) -> bool:
        """The settings were changed after this check."""
        return self.check is not None and not self.check.is_about(self.workspace)

    @property
    def stays(self) -> str:
        """Why no other sandbox may be chosen; "" where one may."""
        return connection.why_not_move(self.workspace)
