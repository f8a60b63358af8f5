"""The segmentation service: audiences and segment definitions."""

from simulator.ids import hex_for
from simulator.sandbox import Audience, Sandbox
from simulator.upsquery import MAX_LIMIT, bad_value, only, sorting, ups_refusal, whole
from simulator.wire import Answer, Ask, Json, answer, body_of
from simulator.world import World

PROFILE = "_xdm.context.profile"
ENOUGH = 10**9
SORTS = {
    "updateTime": lambda one: (one.updated, one.id),
    "creationTime": lambda one: (one.created, one.id),
    "name": lambda one: (one.name, one.id),
}


def audiences(world: World, ask: Ask) -> Answer:
    """GET /audiences: an offset list with the service's odd next link."""
    only(ask, "start", "limit", "sort", "property", "name", "description", "entityType")
    now, place = world.now(), ask.sandbox
    start, limit = whole(ask, "start", 0, 0, ENOUGH), whole(ask, "limit", 20, 1, MAX_LIMIT)
    field, descending = sorting(ask, frozenset(SORTS), "updateTime:desc")
    found = _filtered(ask, _ordered(place, field, descending))
    shown = found[start : start + limit]
    total, after = len(found), start + len(shown)
    page: Json = {
        "totalCount": total,
        "totalPages": -(-total // limit),
        "pageSize": len(shown),
        "limit": limit,
        "start": start,
        "sortField": field,
        "sort": "desc" if descending else "asc",
    }
    links: Json = {}
    if shown and after < total:
        page["next"] = after
        links["next"] = {"href": f"@/audiences?start={after}&limit={limit}&totalCount={total}"}
    children = [audience_document(place, one, now) for one in shown]
    return answer({"children": children, "_page": page, "_links": links})


def audience(world: World, ask: Ask) -> Answer:
    """GET /audiences/{id}: by system id only."""
    found = ask.sandbox.audiences.get(ask.parts[0])
    if found is None:
        text = f"The audience entity {ask.parts[0]} is not found. Use a valid entity and try again."
        refusal = ups_refusal(ask, 404, "UPAPI-113430-404", text)
        refusal.body["errors"]["404"][0]["code"] = 404
        raise refusal
    return answer(audience_document(ask.sandbox, found, world.now()))


def bulk_get(world: World, ask: Ask) -> Answer:
    """POST /audiences/bulk-get: 207 with what was found and what was not."""
    body = body_of(ask)
    items = body.get("ids") if isinstance(body, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_LIMIT:
        text = "The number of requested IDs is invalid. Cannot be 0 or exceed 100."
        raise ups_refusal(ask, 400, "UPAPI-113015-400", text)
    ids = [item.get("id") if isinstance(item, dict) else None for item in items]
    if not all(isinstance(one, str) and one for one in ids):
        raise bad_value(ask, "Every entry of ids needs an id.")
    names = [str(one) for one in ids]
    if not any(name in ask.sandbox.audiences for name in names):
        text = f"The entity {','.join(names)} is not found."
        raise ups_refusal(ask, 404, "UPAPI-113000-404", text)
    return answer({"results": {name: _result(world, ask, name) for name in names}}, 207)


def definitions(_: World, ask: Ask) -> Answer:
    """GET /segment/definitions: platform audiences only, in pages by number."""
    only(ask, "start", "limit", "page", "sort", "evaluationInfo.continuous.enabled")
    limit = whole(ask, "limit", MAX_LIMIT, 1, MAX_LIMIT)
    number = whole(ask, "page", 0, 0, ENOUGH)
    start = whole(ask, "start", number * limit, 0, ENOUGH)
    field, descending = sorting(ask, frozenset(SORTS), "name:asc")
    found = [one for one in _ordered(ask.sandbox, field, descending) if not one.external]
    if ask.first("evaluationInfo.continuous.enabled") == "true":
        found = [one for one in found if one.continuous]
    shown = found[start : start + limit]
    segments = [_definition(ask.sandbox, one) for one in shown]
    page = {"totalCount": len(found), "totalPages": -(-len(found) // limit), "pageSize": len(shown)}
    return answer({"segments": segments, "page": page})


def _result(world: World, ask: Ask, name: str) -> Json:
    found = ask.sandbox.audiences.get(name)
    if found is not None:
        return audience_document(ask.sandbox, found, world.now())
    return {"requestId": ask.request_id, "errors": {"404": [{"code": 404, "message": "Not found."}]}}


def _ordered(place: Sandbox, field: str, descending: bool) -> list[Audience]:
    """The audiences in an order, sorted once: the catalogue does not change while it stands."""
    key = f"{field}:{descending}"
    if key not in place.ordered:
        place.ordered[key] = sorted(place.audiences.values(), key=SORTS[field], reverse=descending)
    return place.ordered[key]


def _filtered(ask: Ask, found: list[Audience]) -> list[Audience]:
    if ask.first("entityType") not in (None, PROFILE):
        return []
    wanted = {_audience_id(ask, text) for text in ask.every("property")}
    if wanted:
        # Exact match; several must all agree (SILENT, the stricter reading).
        found = list(ask.sandbox.by_external.get(wanted.pop(), [])) if len(wanted) == 1 else []
    name, description = ask.first("name"), ask.first("description")
    if name:
        found = [one for one in found if name.lower() in one.name.lower()]
    if description:
        found = [one for one in found if description.lower() in one.description.lower()]
    return found


def _audience_id(ask: Ask, text: str) -> str:
    path, sign, value = text.partition("==")
    if path != "audienceId" or not sign:
        raise bad_value(ask, f"The property {text} is not supported.")
    return value


def audience_document(place: Sandbox, one: Audience, now: float) -> Json:
    """An audience as the service shows it at this moment."""
    # The vendor's own external examples write microseconds here; createEpoch is right.
    unit = 1_000_000 if one.external else 1_000
    document: Json = {
        "id": one.id,
        "audienceId": one.audience_id,
        "name": one.name,
        "description": one.description,
        "imsOrgId": place.org,
        "sandbox": sandbox_part(place),
        "type": "ExternalSegment" if one.external else "SegmentDefinition",
        "originName": one.origin,
        "namespace": one.namespace,
        "lifecycleState": one.lifecycle,
        "isSystem": False,
        "labels": _labels(one),
        "createdBy": "5A1B2C3D4E5F60718293A4B5@AdobeID",
        "creationTime": one.created * unit,
        "createEpoch": one.created,
        "updateTime": one.updated * 1_000,
        "updateEpoch": one.updated,
    }
    document |= _outside(one) if one.external else _definition_parts(one)
    metrics = _metrics(place, one, now)
    if metrics:
        document["metrics"] = metrics
    return document


def sandbox_part(place: Sandbox) -> Json:
    """The sandbox as this service writes it into everything."""
    return {
        "sandboxId": place.id,
        "sandboxName": place.name,
        "type": place.type,
        "default": place.default,
    }


def _labels(one: Audience) -> list[str]:
    if one.labels is not None:
        return list(one.labels)
    return ["core/C1"] if one.size and one.size % 5 == 0 else []


def _outside(one: Audience) -> Json:
    found: Json = {
        "datasetId": hex_for(24, "dataset", one.id),
        "linkedAudienceRef": {"flowId": one.audience_id},
    }
    return found if one.ttl is None else {**found, "ttlInDays": one.ttl}


def _definition_parts(one: Audience) -> Json:
    value = f'segmentation.key = "{hex_for(8, one.id)}"'
    return {
        "schema": {"name": PROFILE},
        "expression": {"type": "PQL", "format": "pql/text", "value": value},
        "mergePolicyId": one.merge_policy,
        "evaluationInfo": {
            "batch": {"enabled": not one.continuous},
            "continuous": {"enabled": one.continuous},
            "synchronous": {"enabled": False},
        },
        "dataGovernancePolicy": {"excludeOptOut": True},
        "_etag": f'"{hex_for(8, "etag", one.id)}-0000-0200-0000-{hex_for(12, one.updated)}"',
        "dependents": [],
        "dependencies": [],
    }


def _metrics(place: Sandbox, one: Audience, now: float) -> Json | None:
    counted = one.counted_at(now)
    if counted is None:
        return None
    total = one.profiles(now)
    data: Json = {"totalProfiles": total}
    if not one.external:
        data["totalProfilesByNamespace"] = {"crmid": total, "ecid": total * 3 // 5}
        data["totalProfilesByStatus"] = {"existing": total - total // 20, "realized": total // 20}
    return {
        "type": "export",
        "jobId": hex_for(32, "metrics", place.seed, counted),
        "id": one.id,
        "data": data,
        "createEpoch": counted,
        "updateEpoch": counted,
    }


def _definition(place: Sandbox, one: Audience) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "imsOrgId": place.org,
        "profileInstanceId": "ups",
        "creationTime": one.created * 1_000,
        "updateTime": one.updated * 1_000,
        "updateEpoch": one.updated,
        **_definition_parts(one),
    }
