"""The shapes of Segment's answers that this product relies on, pinned: no published document is at hand.

Fields named here are those an independent client cannot do without (the contract's §11.1); `?` marks what
may be missing but, where present, must be of the type.
"""

from __future__ import annotations

from typing import Any

PAGE = {"current": str, "next?": (str, type(None)), "previous?": (str, type(None)), "totalEntries?": int}
ID_SYNC = [{"externalId": str, "strategy": str, "mapTo?": str}]
ENTITY = [{"properties": [str], "relationshipSlug": str}]
ACTIVATION: dict[str, Any] = {
    "id": str,
    "enabled": bool,
    "workspaceId": str,
    "spaceId": str,
    "audienceId": str,
    "connectionId": str,
    "activationType": str,
    "activationName": str,
    "displayName?": (str, type(None)),
    "personalization": {
        "profile": {"properties": [str], "mapping?": dict},
        "entities?": ENTITY,
        "syncEntityPropertyChanges?": bool,
    },
    "destinationMapping?": {"actionId": str, "settings?": dict},
    "performResync?": bool,
}
CONNECTION = {
    "id": str,
    "name?": str,
    "sourceId": str,
    "enabled": bool,
    "createdAt": str,
    "updatedAt": str,
    "settings": dict,
    "destinationId": str,
    "metadata?": {"id": str, "name": str, "slug": str},
    "idSyncConfiguration?": ID_SYNC,
    "connectionSettings?": dict,
}
SPACE = {"id": str, "slug": str, "name": str}
AUDIENCE = {
    "id": str,
    "spaceId": str,
    "name": str,
    "key": str,
    "enabled": bool,
    "createdBy": str,
    "updatedBy": str,
    "createdAt": str,
    "updatedAt": str,
    "audienceType": str,
    "computeCadence": {"type": str},
    "definition?": {"query": str},
    "status?": str,
    "size?": {"type": str, "count?": (int, float)},
    "schedules?": [{"id": str, "strategy": str, "config": dict}],
}
FIELD = {"id": str, "sortOrder": int, "fieldKey": str, "label": str, "type": str, "description": str, "required": bool, "multiple": bool, "dynamic": bool, "allowNull": bool}  # fmt: skip
ACTION = {"id": str, "slug": str, "name": str, "fields": [FIELD]}
SHAPES: dict[str, Any] = {
    "workspace": {"workspace": {"id": str, "slug": str, "name": str}},
    "spaces": {"spaces": [SPACE], "pagination": PAGE},
    "space": {"space": SPACE},
    "traits": {"traits": [{"trait": str, "type": str, "lastSeenAt?": str}], "pagination": PAGE},
    "audiences": {"audiences": [AUDIENCE], "pagination": PAGE},
    "audience": {"audience": AUDIENCE},
    "run": {"run": {"id": str}},
    "connections": {"connections": [CONNECTION], "pagination?": PAGE},
    "connected": {"connection": {"id": str}, "idSyncConfiguration": ID_SYNC, "connectionSettings?": dict},
    "reconnected": {"destination": {"id": str}, "idSyncConfiguration?": ID_SYNC, "connectionSettings?": dict},
    "activations": {"activations": [ACTIVATION], "pagination?": PAGE},
    "activation": {"activation": ACTIVATION},
    "removed": {"status": str},
    "supported": {"destinations": dict},
    "destinations": {
        "destinations": [
            {
                "id": str,
                "enabled": bool,
                "sourceId": str,
                "settings": dict,
                "metadata": {"id": str, "name": str, "slug": str, "actions": [ACTION]},
            }
        ],
        "pagination": PAGE,
    },
    "delivery": {
        "total": int,
        "dataset": [{"total": int, "series": [{"time": str, "count": int, "retryCount?": int}]}],
        "pagination": PAGE,
    },
}


def fits(shape: Any, value: Any, where: str = "data") -> list[str]:
    """What is wrong with a value; nothing where it fits."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [wrong for n, one in enumerate(value) for wrong in fits(shape[0], one, f"{where}[{n}]")]
    if not isinstance(shape, dict):
        kinds = shape if isinstance(shape, tuple) else (shape,)
        good = isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)
        return [] if good else [f"{where} is {value!r}"]
    if not isinstance(value, dict):
        return [f"{where} is no object"]
    found: list[str] = []
    for name, inner in shape.items():
        key = name.rstrip("?")
        if key in value:
            found += fits(inner, value[key], f"{where}.{key}")
        elif not name.endswith("?"):
            found.append(f"{where}.{key} is missing")
    return found


def assert_shape(name: str, answer: Any) -> dict[str, Any]:
    """The `data` of a successful answer, which has no `errors` beside it and the shape of this name."""
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"data"}
    assert fits(SHAPES[name], body["data"]) == []
    return body["data"]


def assert_error(answer: Any, status: int, field: str | None = None) -> dict[str, Any]:
    """The one error of a refusal in the documented envelope."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"errors"}
    (error,) = body["errors"]
    assert isinstance(error["type"], str)
    assert field is None or error.get("field") == field, error
    return error
