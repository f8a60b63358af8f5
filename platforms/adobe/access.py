"""Sandboxes and rights of the credentials, and what is wrong with them when something is."""

from __future__ import annotations

from dataclasses import dataclass

from platforms.adobe.catalog import DESTINATION_FLOWS
from platforms.adobe.gateway import ACCESS_CONTROL, FLOW_SERVICE, SANDBOXES, Gateway, having
from platforms.checking import ConnectionReport, Permission, Sandbox
from platforms.decoding import Record, dig, record, records, text, texts
from platforms.errors import CredentialsRefused, OutcomeUnknown, Refused


@dataclass(frozen=True, slots=True)
class Right:
    """A permission as Adobe's UI names it, and the policies that show it; any one granted is enough."""

    name: str
    policies: tuple[str, ...]


# The newest document asks for View, an older one for Manage Destinations: either (contract §13 no. 17).
# No slug for viewing segments is documented, so the resource type stands for it (§10.2).
RIGHTS = (
    Right("View Destinations", ("/permissions/view-destinations", "/permissions/manage-destinations")),
    Right("Activate Destinations", ("/permissions/activate-destinations",)),
    Right("View Profiles", ("/permissions/view-profiles", "/permissions/manage-profiles")),
    Right(
        "View Segments",
        ("/resource-types/segments", "/permissions/view-segments", "/permissions/manage-segments"),
    ),
)
UNDOCUMENTED = frozenset({"/permissions/view-segments", "/permissions/manage-segments"})


class Access:
    """Reads what the credentials may see and do."""

    def __init__(self, gateway: Gateway, sandbox: str) -> None:
        self._gateway = gateway
        self._sandbox = sandbox

    def sandboxes(self) -> tuple[Sandbox, ...]:
        """The sandboxes the credentials may choose."""
        return self._listed()[0]

    def _listed(self) -> tuple[tuple[Sandbox, ...], bool]:
        """The sandboxes, and whether those are all. Sent without a sandbox: the chosen one may be wrong."""
        answer = self._gateway.get(SANDBOXES, sound=having("sandboxes"), sandboxed=False)
        read = map(_sandbox, records(answer["sandboxes"]))
        more = text(dig(answer, "_links", "next", "href"))
        return tuple(sandbox for sandbox in read if sandbox is not None), more is None

    def permissions(self) -> tuple[Permission, ...]:
        """The four rights activation needs, each granted, denied, or None where that cannot be told.

        Slugs differ between documents, so only a name in Adobe's own reference can be denied (§10.2).
        """
        try:
            reference = self._gateway.get(f"{ACCESS_CONTROL}/acl/reference")
            known = {policy for right in RIGHTS for policy in right.policies if _is_known(policy, reference)}
            asked = [policy for right in RIGHTS for policy in right.policies]
            asked = [policy for policy in asked if policy in known or policy not in UNDOCUMENTED]
            answer = self._gateway.inquire(f"{ACCESS_CONTROL}/acl/effective-policies", asked)
        except (Refused, OutcomeUnknown):
            return tuple(Permission(right.name, None) for right in RIGHTS)
        granted = record(answer.get("policies"))
        if "policies" not in answer:
            known = set()
        return tuple(Permission(right.name, _granted(right, known, granted)) for right in RIGHTS)

    def check(self) -> ConnectionReport:
        """Try the credentials part by part; name the first part refused.

        Errors that say nothing about the credentials (unreachable, throttled, 5xx) are raised.
        """
        sandboxes: tuple[Sandbox, ...] = ()
        try:
            sandboxes, complete = self._listed_if_permitted()
            trouble = _trouble(self._sandbox, sandboxes, complete)
            if trouble:
                return ConnectionReport(refused="sandbox", summary=trouble, sandboxes=sandboxes)
            self._gateway.get(f"{FLOW_SERVICE}/flows", [DESTINATION_FLOWS, ("limit", "1")])
        except CredentialsRefused as error:
            return ConnectionReport(
                refused=error.field, summary=error.summary, verbatim=error.verbatim, sandboxes=sandboxes
            )
        permissions = self.permissions()
        lacking = [permission.name for permission in permissions if permission.granted is False]
        return ConnectionReport(
            refused="permission" if lacking else None,
            summary=f"These credentials lack {', '.join(lacking)}." if lacking else "",
            sandboxes=sandboxes,
            permissions=permissions,
        )

    def _listed_if_permitted(self) -> tuple[tuple[Sandbox, ...], bool]:
        """None to choose from where listing is not allowed; the dataflow probe then judges the sandbox."""
        try:
            return self._listed()
        except CredentialsRefused as error:
            if error.field != "permission":
                raise
            return (), False


def _trouble(name: str, sandboxes: tuple[Sandbox, ...], complete: bool) -> str:
    chosen = next((sandbox for sandbox in sandboxes if sandbox.name == name), None)
    if chosen is None:
        return f"These credentials have no sandbox called {name!r}." if complete else ""
    return "" if chosen.state == "active" else f"The sandbox {name!r} is {chosen.state}, not active."


def _sandbox(item: Record) -> Sandbox | None:
    name = text(item.get("name"))
    if name is None:
        return None
    return Sandbox(
        name=name,
        title=text(item.get("title")) or name,
        state=(text(item.get("state")) or "").lower(),
        type=text(item.get("type")) or "",
    )


def _is_known(policy: str, reference: Record) -> bool:
    _, group, slug = policy.split("/")
    return slug in record(reference.get(group))


def _granted(right: Right, known: set[str], granted: Record) -> bool | None:
    """Granted policies carry operations, others are left out of the answer (ACL-DOC)."""
    if any({"*", "read"} & set(texts(granted.get(policy))) for policy in right.policies):
        return True
    return False if known.intersection(right.policies) else None
