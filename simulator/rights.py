"""What the credential needs for calls that change or send something, as the vendor's permissions name it."""

from simulator import adhoc, flowchange, madejobs, organisation, upsjobs
from simulator.routes import Handler, Route
from simulator.upsquery import ups_refusal
from simulator.wire import Ask, Refusal, flow_refusal

ACTIVATE = ("Activate Destinations", "/permissions/activate-destinations", "*")
MANAGE = ("Manage Destinations", "/permissions/manage-destinations", "*")
EVALUATE = ("Evaluate a Segment to an Audience", "/resource-types/segment-jobs", "write")
EXPORT = ("Export Audience for Segment", "/permissions/export-audience-for-segments", "*")
# The vendor names permissions by what one does in its pages; which call needs which is read from that.
NEEDED: dict[Handler, tuple[str, str, str]] = {
    adhoc.adhocrun: ACTIVATE,
    flowchange.patch: ACTIVATE,
    flowchange.action: MANAGE,
    madejobs.evaluate: EVALUATE,
    upsjobs.cancel_segment_job: EVALUATE,
    madejobs.export: EXPORT,
    upsjobs.cancel_export: EXPORT,
}


def check(route: Route, ask: Ask) -> None:
    """403 in the service's own words where the right is not granted."""
    needed = NEEDED.get(route.handler)
    if needed is None:
        return
    name, policy, operation = needed
    if operation not in organisation.GRANTED.get(policy, ()):
        raise _refusal(route, ask, f"Permission denied: {name} is required.")


def _refusal(route: Route, ask: Ask, message: str) -> Refusal:
    if route.handler is adhoc.adhocrun:
        return adhoc.refuse(message, 403)
    if "/flowservice/" in ask.path:
        return flow_refusal("2118-403", message)
    return ups_refusal(ask, 403, "UPAPI-113752-403", message)
