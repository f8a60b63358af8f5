"""What a connection or an activation is set up with, as a wish keeps it: texts that two people can compare."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from audiences.models import Wish
from platforms.segment.types import ActionMapping, ActivationChange, Entity, IdSync, Personalization, Profile

Json = dict[str, Any]
Note = Callable[[], object]
YES, NO = "yes", "no"


def laid_out(value: Any) -> str:
    """JSON in one spelling; "" for nothing."""
    if value in (None, {}, []):
        return ""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def connection_terms(details: Mapping[str, Any]) -> dict[str, str]:
    """What a person sees of a connection; secrets are struck out in it."""
    return {
        "id_sync": "; ".join(id_sync_words(details.get("idSyncConfiguration") or [])),
        "connection_settings": laid_out(details.get("connectionSettings")),
    }


def id_sync_words(items: list[Json]) -> list[str]:
    """Each as "email (last → Email)"."""
    return [
        f"{one.get('externalId')} ({one.get('strategy')}{' → ' + one['mapTo'] if one.get('mapTo') else ''})"
        for one in items
    ]


def activation_terms(details: Mapping[str, Any], enabled: bool | None) -> dict[str, str]:
    """What a person sees of an activation; secrets are struck out in it."""
    people = details.get("personalization") or {}
    mapped = details.get("destinationMapping") or {}
    return {
        "name": str(details.get("activationName") or ""),
        "display_name": str(details.get("displayName") or ""),
        "enabled": {True: YES, False: NO, None: ""}[enabled],
        "traits": laid_out(people.get("profile", {}).get("properties")),
        "trait_names": laid_out(people.get("profile", {}).get("mapping")),
        "entities": laid_out(people.get("entities")),
        "sync_entity_changes": laid_out(people.get("syncEntityPropertyChanges")),
        "settings": laid_out(mapped.get("settings")),
    }


def id_sync_of(wanted: Json) -> list[IdSync]:
    """The id sync that is asked for; none: left as it is."""
    return [
        IdSync(*(one.get(key) for key in ("id", "strategy", "to"))) for one in wanted.get("id_sync") or []
    ]


def personalization_of(wanted: Json) -> Personalization | None:
    """What is asked to go with each event; a part that is not asked for stays as it is."""
    profile, entities = wanted.get("profile"), wanted.get("entities")
    changes = wanted.get("sync_entity_changes")
    if profile is None and entities is None and changes is None:
        return None
    return Personalization(
        Profile(tuple(profile["properties"]), dict(profile["mapping"])) if profile is not None else None,
        tuple(Entity(one["relationshipSlug"], tuple(one["properties"])) for one in entities)
        if entities is not None
        else None,
        changes,
    )


def change_of(wanted: Json) -> ActivationChange:
    """The change that is asked for: only what is in the wish."""
    settings = wanted.get("settings")
    return ActivationChange(
        name=wanted.get("name"),
        enabled=wanted.get("enabled"),
        display_name=wanted.get("display_name"),
        personalization=personalization_of(wanted),
        mapping=ActionMapping(wanted["action"], settings) if settings else None,
    )


def sends_anyway(wish: Wish, now: Json) -> bool:
    """Whether a wish with secrets is sent although all that can be seen of it is so already: the secrets
    cannot be seen. Only when its own lost call turned what was seen into what was wanted is it taken for done.
    """
    return bool(wish.sealed) and not (wish.doubtful and now != wish.seen)


def secrets_in(wanted: Json, shown: Json) -> tuple[str, ...]:
    """The texts that are in the one and struck out in the other."""
    return tuple(dict.fromkeys(_differing(wanted, shown)))


def _differing(wanted: Any, shown: Any) -> Iterator[str]:
    if wanted == shown:
        return
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            yield from _differing(value, shown.get(key) if isinstance(shown, dict) else None)
    elif isinstance(wanted, list):
        for index, value in enumerate(wanted):
            same = isinstance(shown, list) and index < len(shown)
            yield from _differing(value, shown[index] if same else None)
    elif isinstance(wanted, str) and wanted:
        yield wanted
