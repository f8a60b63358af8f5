"""Segment's objects read into our types; what is missing stays None, what is wild is left out."""

from __future__ import annotations

import re
from typing import Any

from platforms import types
from platforms.answer import REDACTED
from platforms.decoding import Record, dig, first, flag, record, records, text, texts, whole
from platforms.segment.types import (
    Action,
    ActionField,
    ActionMapping,
    Activation,
    Connection,
    DeliveryRow,
    Destination,
    Entity,
    IdSync,
    Json,
    Personalization,
    Profile,
    Space,
    Supported,
    Workspace,
)
from platforms.times import moment

_SECRET = re.compile(
    r"secret|token|passw|passphrase|credential|private|signature|authori[sz]ation"
    r"|(api|access|account|auth|encryption|shared|signing|write)_?key",
    re.I,
)
DEEPEST = 40


def without_secrets(value: Any, depth: int = 0) -> Any:
    """Settings with what looks like a secret by its name struck out (contract §5.2)."""
    if depth > DEEPEST:
        return REDACTED
    if isinstance(value, dict):
        return {
            key: REDACTED
            if _SECRET.search(key) and held not in (None, "")
            else without_secrets(held, depth + 1)
            for key, held in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(item, depth + 1) for item in value]
    return value


def workspace(item: Record) -> Workspace | None:
    key = text(item.get("id"))
    slug = text(item.get("slug")) or ""
    return Workspace(key, slug, text(item.get("name")) or slug or key) if key else None


def space(item: Record) -> Space | None:
    key = text(item.get("id"))
    slug = text(item.get("slug")) or ""
    return Space(key, slug, text(item.get("name")) or slug or key) if key else None


def audience(item: Record) -> types.Audience | None:
    """An audience in the vocabulary both vendors share.

    `origin` is its type, `lifecycle` Segment's status (what it is when it says no more than that it is off),
    `evaluation` how it is computed, `external_id` its key. Segment does not say as of when it counted.
    """
    key = text(item.get("id"))
    if key is None:
        return None
    off = "Disabled" if item.get("enabled") is False else ""
    return types.Audience(
        id=key,
        name=text(item.get("name")) or key,
        external_id=text(item.get("key")),
        description=text(item.get("description")) or "",
        origin=text(item.get("audienceType")) or "",
        lifecycle=off or text(item.get("status")) or "",
        evaluation=text(dig(item, "computeCadence", "type")),
        profiles=whole(dig(item, "size", "count")),
        created_at=moment(item.get("createdAt")),
        updated_at=moment(item.get("updatedAt")),
    )


def id_sync(value: object) -> tuple[IdSync, ...]:
    found = (
        (text(one.get("externalId")), text(one.get("strategy")), text(one.get("mapTo")))
        for one in records(value)
    )
    return tuple(IdSync(key, strategy, to) for key, strategy, to in found if key and strategy)


def connection(item: Record) -> Connection | None:
    """None without an id or a destination: it could neither be addressed nor shown."""
    key, destination = text(item.get("id")), text(item.get("destinationId"))
    if key is None or destination is None:
        return None
    return Connection(
        id=key,
        destination=destination,
        source=text(item.get("sourceId")),
        name=text(item.get("name")),
        platform=text(dig(item, "metadata", "name")),
        slug=text(dig(item, "metadata", "slug")),
        enabled=flag(item.get("enabled")),
        created_at=moment(item.get("createdAt")),
        updated_at=moment(item.get("updatedAt")),
        id_sync=id_sync(item.get("idSyncConfiguration")),
        settings=without_secrets(record(item.get("settings"))),
        connection_settings=without_secrets(record(item.get("connectionSettings"))),
    )


def activation(item: Record) -> Activation | None:
    """None without its id or that of its connection."""
    key, held = text(item.get("id")), text(item.get("connectionId"))
    if key is None or held is None:
        return None
    action = text(dig(item, "destinationMapping", "actionId"))
    settings = record(dig(item, "destinationMapping", "settings"))
    return Activation(
        id=key,
        audience=text(item.get("audienceId")) or "",
        connection=held,
        type=text(item.get("activationType")) or "",
        name=text(item.get("activationName")) or key,
        enabled=flag(item.get("enabled")),
        display_name=text(item.get("displayName")),
        personalization=personalization(record(item.get("personalization"))),
        mapping=ActionMapping(action, without_secrets(settings)) if action else None,
        resyncing=flag(item.get("performResync")),
    )


def personalization(item: Record) -> Personalization:
    profile = record(item.get("profile"))
    renamed = record(profile.get("mapping"))
    entities = item.get("entities")
    return Personalization(
        profile=Profile(
            texts(profile.get("properties")),
            {key: value for key, value in renamed.items() if isinstance(value, str)},
        ),
        entities=tuple(
            Entity(slug, texts(one.get("properties")))
            for one in records(entities)
            if (slug := text(one.get("relationshipSlug")))
        )
        if isinstance(entities, list)
        else None,
        sync_entity_changes=flag(item.get("syncEntityPropertyChanges")),
    )


def destination(item: Record) -> Destination | None:
    key = text(item.get("id"))
    if key is None:
        return None
    platform = text(dig(item, "metadata", "name"))
    return Destination(
        id=key,
        name=text(item.get("name")) or platform or key,
        platform=platform or "",
        slug=text(dig(item, "metadata", "slug")),
        source=text(item.get("sourceId")),
        enabled=flag(item.get("enabled")),
        linked=flag(dig(item, "metadata", "supportedPlatforms", "linkedAudiences")),
        actions=actions(dig(item, "metadata", "actions")),
        settings=without_secrets(record(item.get("settings"))),
    )


def supported(value: object) -> tuple[Supported, ...]:
    """The map of supported destinations, or a list of them: the items' form is undocumented (§5.8)."""
    keyed = value.items() if isinstance(value, dict) else ((None, item) for item in records(value))
    found = []
    for key, item in keyed:
        known = record(item)
        name = first(*(text(known.get(word)) for word in ("name", "label", "slug", "id")), key)
        if name:
            found.append(
                Supported(
                    key=first(key, text(known.get("slug")), text(known.get("id")), name),
                    name=name,
                    actions=actions(known.get("actions")),
                    connection_settings=known.get("connectionSettings"),
                )
            )
    return tuple(found)


def actions(value: object) -> tuple[Action, ...]:
    return tuple(one for one in map(_action, records(value)) if one is not None)


def _action(item: Record) -> Action | None:
    key = first(text(item.get("id")), text(item.get("slug")))
    if key is None:
        return None
    fields = [one for one in map(_field, records(item.get("fields"))) if one is not None]
    order = {
        text(one.get("fieldKey")): whole(one.get("sortOrder")) or 0 for one in records(item.get("fields"))
    }
    return Action(
        id=key,
        name=text(item.get("name")) or key,
        slug=text(item.get("slug")),
        description=text(item.get("description")) or "",
        fields=tuple(sorted(fields, key=lambda one: order.get(one.key, 0))),
    )


def _field(item: Record) -> ActionField | None:
    key = first(text(item.get("fieldKey")), text(item.get("key")))
    if key is None:
        return None
    choices = item.get("choices")
    return ActionField(
        key=key,
        label=text(item.get("label")) or key,
        kind=text(item.get("type")) or "",
        description=text(item.get("description")) or "",
        required=item.get("required") is True,
        multiple=item.get("multiple") is True,
        choices=tuple(choice for one in choices if (choice := _choice(one)))
        if isinstance(choices, list)
        else (),
        default=item.get("defaultValue"),
    )


def _choice(item: object) -> tuple[str, str] | None:
    """(value, label)."""
    if isinstance(item, dict):
        value = text(item.get("value"))
        return (value, text(item.get("label")) or value) if value else None
    value = text(item)
    return (value, value) if value else None


def delivery_rows(items: list[Record]) -> list[DeliveryRow]:
    known = ("total", "series", "totalRetryCount")
    return [
        DeliveryRow(
            {key: said for key, value in item.items() if key not in known and (said := text(value))},
            whole(item.get("total")),
            whole(item.get("totalRetryCount")),
        )
        for item in items
    ]


def as_json(one: Activation) -> Json:
    """What an activation carries, for keeping and showing: written as the API writes it."""
    told: Json = {"personalization": one.personalization.written()}
    return told | ({"destinationMapping": one.mapping.written()} if one.mapping else {})
