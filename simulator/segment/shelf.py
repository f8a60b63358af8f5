"""One Segment workspace: its spaces, audiences, destinations, connections and activations, by id."""

from dataclasses import dataclass, field
from math import ceil
from typing import Any

from simulator.clock import iso
from simulator.ids import hex_for, number_for
from simulator.segment.refusals import missing
from simulator.wire import Json

TOKEN = "sgp_demo_public_api_token"  # noqa: S105 - the published credential of a stand-in, not a secret
LINKED = "LINKED"
# The seeded schedule of Linked Audiences: every four hours.
RUNS_EVERY = 4 * 3_600
AUDIENCE_TYPES = ("USERS", "ACCOUNTS", LINKED)


@dataclass(frozen=True, slots=True)
class Space:
    """A space: three fields and nothing else."""

    id: str
    slug: str
    name: str

    def shown(self) -> Json:
        return {"id": self.id, "slug": self.slug, "name": self.name}


@dataclass(slots=True)
class Destination:
    """A destination instance of the workspace. `actions` is empty for one that is set up by its connection."""

    id: str
    name: str
    slug: str
    label: str
    source: str
    kind: str = "destination"
    enabled: bool = True
    actions: list[Json] = field(default_factory=list)
    connection_fields: list[Json] = field(default_factory=list)
    settings: Json = field(default_factory=dict)
    linked: bool = True
    engage: bool = True

    def metadata(self) -> Json:
        """Who makes it."""
        return {"id": hex_for(24, "metadata", self.slug), "name": self.label, "slug": self.slug}


@dataclass(slots=True)
class Resync:
    """One full resend: when it was asked for, shows, begins to send and is over, and how many it sends."""

    id: str
    began: float
    visible: float
    sends: float
    ends: float
    rows: int
    failed: int

    def sent(self, now: float) -> int:
        """Events sent so far."""
        part = (now - self.sends) / max(1e-6, self.ends - self.sends)
        return int(self.rows * min(1.0, max(0.0, part)))

    def ride(self, now: float) -> None:
        """A run of its audience begins: what is still pending goes with it."""
        if now < self.sends:
            self.ends -= self.sends - now
            self.sends = now


@dataclass(slots=True)
class Activation:
    """What is sent to a connection, and when."""

    id: str
    audience: "Audience"
    connection: "Connection"
    type: str
    name: str
    enabled: bool
    personalization: Json
    display_name: str | None = None
    mapping: Json | None = None
    resyncs: list[Resync] = field(default_factory=list)

    def resyncing(self, now: float) -> bool:
        """Whether a resend is pending or in progress, shown or not."""
        return bool(self.resyncs) and now < self.resyncs[-1].ends

    def shown(self, workspace: str, now: float) -> Json:
        """ActivationOutput. `performResync` is true while it lasts; afterwards it is false or left out."""
        told: Json = {
            "id": self.id,
            "enabled": self.enabled,
            "workspaceId": workspace,
            "spaceId": self.audience.space,
            "audienceId": self.audience.id,
            "connectionId": self.connection.id,
            "activationType": self.type,
            "activationName": self.name,
            "personalization": self.personalization,
        }
        if self.connection.destination.kind == "warehouse":
            told["displayName"] = self.display_name
        if self.mapping is not None:
            told["destinationMapping"] = self.mapping
        if self.resyncs and self.resyncs[-1].visible <= now < self.resyncs[-1].ends:
            told["performResync"] = True
        elif number_for(2, self.id, len(self.resyncs)):
            told["performResync"] = False
        return told


@dataclass(slots=True)
class Connection:
    """An audience's link to a destination."""

    id: str
    audience: "Audience"
    destination: Destination
    id_sync: list[Json]
    settings: Json
    created: float
    updated: float

    def shown(self) -> Json:
        """SimpleDestination; a name and metadata are not always there."""
        told: Json = {
            "id": self.id,
            "sourceId": self.destination.source,
            "enabled": self.destination.enabled,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "settings": self.destination.settings,
            "destinationId": self.destination.id,
            "idSyncConfiguration": self.id_sync,
            "connectionSettings": self.settings,
        }
        if number_for(4, self.id):
            told |= {"name": self.destination.name, "metadata": self.destination.metadata()}
        return told


@dataclass(slots=True)
class Audience:
    """One audience of a space, with what belongs to it."""

    id: str
    space: str
    name: str
    key: str
    type: str
    query: str
    enabled: bool
    status: str | None
    size: int | None
    created: float
    updated: float
    description: str = ""
    cadence: str = "REALTIME"
    connections: dict[str, Connection] = field(default_factory=dict)
    activations: dict[str, Activation] = field(default_factory=dict)
    schedules: list[Json] = field(default_factory=list)

    def next_run(self, now: float) -> float:
        """When a Linked Audience is computed again by its schedule."""
        return self.created + RUNS_EVERY * ceil((now - self.created) / RUNS_EVERY)

    def shown(self, *, schedules: bool = False) -> Json:
        """AudienceSummary; what is optional may be missing."""
        told: Json = {
            "id": self.id,
            "spaceId": self.space,
            "name": self.name,
            "key": self.key,
            "enabled": self.enabled,
            "definition": {"query": self.query},
            "createdBy": "usr_demo",
            "updatedBy": "usr_demo",
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "audienceType": self.type,
            "computeCadence": {"type": self.cadence},
        }
        if self.type == LINKED:
            told["definition"]["targetEntity"] = "profile"
        if self.description:
            told["description"] = self.description
        if self.status is not None:
            told["status"] = self.status
        if self.size is not None:
            told["size"] = {"type": "USERS" if self.type == LINKED else self.type, "count": self.size}
        if schedules:
            told["schedules"] = self.schedules
        return told


@dataclass(slots=True)
class Shelf:
    """Everything one Segment workspace holds."""

    id: str
    slug: str
    name: str
    seed: str
    spaces: dict[str, Space] = field(default_factory=dict)
    audiences: dict[str, dict[str, Audience]] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)
    revoked: bool = False
    made: int = 0
    pages: int = 0
    used: dict[str, list[float]] = field(default_factory=dict)

    def space(self, key: str) -> Space:
        if key not in self.spaces:
            raise missing("Space", key)
        return self.spaces[key]

    def audience(self, space: str, key: str) -> Audience:
        found = self.audiences.get(self.space(space).id, {}).get(key)
        if found is None:
            raise missing("Audience", key)
        return found

    def next_id(self, prefix: str) -> str:
        """An id for something made on request."""
        self.made += 1
        return prefix + hex_for(20, self.seed, "made", prefix, self.made)

    def every_activation(self) -> list[Activation]:
        return [
            activation
            for held in self.audiences.values()
            for audience in held.values()
            for activation in audience.activations.values()
        ]


def of(kind: str, held: dict[str, Any], key: str) -> Any:
    """What an audience holds under this id, or 404."""
    if key not in held:
        raise missing(kind, key)
    return held[key]
