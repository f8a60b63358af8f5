"""What only Segment has, as frozen dataclasses. Vendor objects that are free in form stay JSON, secrets struck out.

None is unknown or not given, never no. Ids are text as Segment wrote them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace a token belongs to."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Space:
    """A space of the workspace."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class IdSync:
    """Which identifier goes to a destination. `strategy`: first, last or all; `map_to` is its name there."""

    external_id: str
    strategy: str
    map_to: str | None = None

    def written(self) -> Json:
        """As the API wants it; without `mapTo` an update clears it (contract §5.3)."""
        told: Json = {"externalId": self.external_id, "strategy": self.strategy}
        return told | ({"mapTo": self.map_to} if self.map_to else {})


@dataclass(frozen=True, slots=True)
class Connection:
    """An audience's link to a destination. `destination` and `source` are the keys of Delivery Overview.

    `settings` and `connection_settings` have their secrets struck out: never send them back.
    """

    id: str
    destination: str
    source: str | None = None
    name: str | None = None
    platform: str | None = None
    slug: str | None = None
    enabled: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    id_sync: tuple[IdSync, ...] = ()
    settings: Json = field(default_factory=dict, repr=False)
    connection_settings: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """What a write says of a connection: the id sync that holds now, and the settings without their secrets.

    None is not told.
    """

    id: str
    id_sync: tuple[IdSync, ...] | None = None
    connection_settings: Json | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Entity:
    """Properties of a related entity; Linked Audiences only."""

    relationship: str
    properties: tuple[str, ...]

    def written(self) -> Json:
        return {"relationshipSlug": self.relationship, "properties": list(self.properties)}


@dataclass(frozen=True, slots=True)
class Profile:
    """Traits that go with an event; `mapping` gives them other names on the way out."""

    properties: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)

    def written(self) -> Json:
        told: Json = {"properties": list(self.properties)}
        return told | ({"mapping": dict(self.mapping)} if self.mapping else {})


@dataclass(frozen=True, slots=True)
class Personalization:
    """What goes with an event. A part that is None is left as it is by an update; given, it replaces the
    stored one whole, and no entities remove all of them (contract §5.7)."""

    profile: Profile | None = None
    entities: tuple[Entity, ...] | None = None
    sync_entity_changes: bool | None = None

    def written(self) -> Json:
        told: Json = {}
        if self.profile is not None:
            told["profile"] = self.profile.written()
        if self.entities is not None:
            told["entities"] = [one.written() for one in self.entities]
        if self.sync_entity_changes is not None:
            told["syncEntityPropertyChanges"] = self.sync_entity_changes
        return told


@dataclass(frozen=True, slots=True)
class ActionMapping:
    """Which action of the destination is called, with a value or mapping directive per field of it.

    Updating, a field that is left out keeps its value, one that is given is replaced whole, and another
    action is silently ignored (contract §5.7).
    """

    action: str
    settings: Json = field(default_factory=dict)

    def written(self) -> Json:
        return {"actionId": self.action, "settings": dict(self.settings)}


@dataclass(frozen=True, slots=True)
class Activation:
    """What an audience sends over a connection. `resyncing`: a full resend is pending or going on.

    `type` is an open list (contract §6). Segment tells no times, counts, authors or errors of it.
    """

    id: str
    audience: str
    connection: str
    type: str
    name: str
    enabled: bool | None = None
    display_name: str | None = None
    personalization: Personalization = Personalization()
    mapping: ActionMapping | None = None
    resyncing: bool | None = None


@dataclass(frozen=True, slots=True)
class NewActivation:
    """What `add_activation` asks for. `resync` sends the whole audience at once; `enabled` is always said,
    because its default is not documented."""

    type: str
    name: str
    enabled: bool = True
    resync: bool = False
    display_name: str | None = None
    personalization: Personalization = Personalization(Profile())
    mapping: ActionMapping | None = None

    def written(self) -> Json:
        told: Json = {
            "performResync": self.resync,
            "activationType": self.type,
            "activationName": self.name,
            "enabled": self.enabled,
            "personalization": self.personalization.written(),
        }
        if self.display_name is not None:
            told["displayName"] = self.display_name
        if self.mapping is not None:
            told["destinationMapping"] = self.mapping.written()
        return told


@dataclass(frozen=True, slots=True)
class ActivationChange:
    """What `change_activation` changes; None leaves as it is. `display_name` "" clears it."""

    name: str | None = None
    enabled: bool | None = None
    display_name: str | None = None
    personalization: Personalization | None = None
    mapping: ActionMapping | None = None
    resync: bool = False

    def written(self) -> Json:
        told: Json = {}
        if self.name:
            told["activationName"] = self.name
        if self.enabled is not None:
            told["enabled"] = self.enabled
        if self.display_name is not None:
            told["displayName"] = self.display_name or None
        if self.personalization is not None:
            told["personalization"] = self.personalization.written()
        if self.mapping is not None:
            told["destinationMapping"] = self.mapping.written()
        return told | ({"performResync": True} if self.resync else {})


@dataclass(frozen=True, slots=True)
class ActionField:
    """One field of an action, as a form shows it. `kind` is Segment's word, such as STRING or OBJECT."""

    key: str
    label: str
    kind: str = ""
    description: str = ""
    required: bool = False
    multiple: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    default: Any = None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a destination can be told to do."""

    id: str
    name: str
    slug: str | None = None
    description: str = ""
    fields: tuple[ActionField, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination of the workspace. `kind`: destination or warehouse, None when the answer does not say."""

    id: str
    name: str
    platform: str
    slug: str | None = None
    source: str | None = None
    enabled: bool | None = None
    linked: bool | None = None
    actions: tuple[Action, ...] = ()
    settings: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Supported:
    """A type of destination that audiences can use. Without actions it is set up by the connection alone.

    `connection_fields` are its connection's settings where they are described in a form that can be read:
    how they are described is undocumented.
    """

    key: str
    name: str
    actions: tuple[Action, ...] = ()
    connection_fields: tuple[ActionField, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One group of a delivery count; `group` has the keys that were asked for."""

    group: dict[str, str]
    total: int | None
    retries: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """What Delivery Overview counts in a window; None is unknown."""

    total: int | None
    rows: tuple[DeliveryRow, ...] = ()
