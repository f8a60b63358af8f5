"""The mirror's tables."""

from audiences.models.catalog import Audience, Dataflow, Destination, Mapping, Supported, Trait
from audiences.models.counts import Counted
from audiences.models.external import ExternalAudience, ExternalEvent, ExternalOperation
from audiences.models.paces import Pace
from audiences.models.runs import PlatformJob, Run, RunAudience
from audiences.models.wishes import Wish, WishEvent
from audiences.models.workspaces import Membership, Role, User, Workspace

__all__ = [
    "Audience",
    "Counted",
    "Dataflow",
    "Destination",
    "ExternalAudience",
    "ExternalEvent",
    "ExternalOperation",
    "Mapping",
    "Membership",
    "Pace",
    "PlatformJob",
    "Role",
    "Run",
    "RunAudience",
    "Supported",
    "Trait",
    "User",
    "Wish",
    "WishEvent",
    "Workspace",
]
