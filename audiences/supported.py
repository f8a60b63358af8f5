"""What destinations can be told at Segment, as rows of the mirror: their actions, and the fields of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from audiences.models import Destination, Supported, Workspace
from platforms.segment.types import Action, ActionField
from platforms.segment.types import Supported as Told

Json = dict[str, Any]
PASSWORD = "PASSWORD"  # noqa: S105 - the vendor's word for a type of field


def row_of(kind: str, one: Told, known: Mapping[str, Action]) -> Json:
    """A row's columns. Where the list names an action but not its fields, the destination's own are taken."""
    actions = [
        replace(action, fields=action.fields or known[action.id].fields) if action.id in known else action
        for action in one.actions
    ]
    return {
        "audience_type": kind,
        "slug": one.key,
        "name": one.name,
        "actions": [_kept(asdict(action)) for action in actions],
        "connection_fields": [_kept(asdict(field)) for field in one.connection_fields],
    }


def _kept(given: Any) -> Any:
    """JSON has lists and no tuples: what is kept must equal what is read back."""
    if isinstance(given, dict):
        return {key: _kept(value) for key, value in given.items()}
    return [_kept(item) for item in given] if isinstance(given, list | tuple) else given


def actions_of(row: Supported) -> tuple[Action, ...]:
    return tuple(Action(**{**one, "fields": _fields(one["fields"])}) for one in row.actions)


def connection_fields_of(row: Supported) -> tuple[ActionField, ...]:
    return _fields(row.connection_fields)


def _fields(items: Iterable[Json]) -> tuple[ActionField, ...]:
    return tuple(
        ActionField(**{**item, "choices": tuple((value, label) for value, label in item["choices"])})
        for item in items
    )


def described(actions: Iterable[Json], connection_fields: Iterable[Json]) -> Iterator[Json]:
    """Every field of a row, as it is kept."""
    yield from connection_fields
    for action in actions:
        yield from action["fields"]


def hidden_keys(fields: Iterable[Json]) -> frozenset[str]:
    """The keys whose values are secrets by their type, whatever their name says."""
    return frozenset(field["key"] for field in fields if field["kind"] == PASSWORD)


def hidden_in(workspace: Workspace) -> frozenset[str]:
    """The keys whose values are secrets in this workspace."""
    rows = Supported.objects.filter(workspace=workspace).values_list("actions", "connection_fields")
    return hidden_keys(field for row in rows for field in described(*row))


def supported_by(destination: Destination, audience_type: str) -> Supported | None:
    """What is known of this destination for audiences of this type; None where Segment does not list it."""
    rows = Supported.objects.present().filter(
        workspace=destination.workspace_id, audience_type=audience_type, slug=destination.platform_spec
    )
    found: Supported | None = rows.first() if destination.platform_spec else None
    return found
