"""The external audience service: create, follow, ingest, update, extend, delete."""

from simulator.aischeck import (
    NEED_CONNECTION,
    ais_refusal,
    bad,
    check_create,
    check_start,
    check_update,
    senseless,
)
from simulator.clock import DAY
from simulator.external import STAGES, External, Ingestion, forget, rows_for, user_of
from simulator.ids import uuid_for
from simulator.sandbox import Sandbox
from simulator.wire import Answer, Ask, Json, answer, body_of
from simulator.world import World

# Guardrails that the system enforces: ingestions of an audience, and of a sandbox within a day.
PER_AUDIENCE, PER_DAY = 10, 100


def create(world: World, ask: Ask) -> Answer:
    """POST /external-audience/: 202, and an operation that creates it."""
    place, now = ask.sandbox, world.now()
    body = check_create(body_of(ask))
    _check_connection(place, body["sourceSpec"]["params"])
    if _taken(place, body, now):
        raise ais_refusal("100950-409", f"The audience {body['name']} already exists.")
    number = place.asked_ais = place.asked_ais + 1
    one = External(
        id=uuid_for(place.seed, "ais", number),
        operation=uuid_for(place.seed, "ais-operation", number),
        body=body,
        created=now,
        updated=now,
        fails=_struck(ask, "run_error"),
    )
    place.externals[one.id] = one
    return answer({"operationId": one.operation, "operationDetails": body}, 202)


def operation(world: World, ask: Ask) -> Answer:
    """GET /external-audience/operations/{id}. The audience's id counts only after SUCCESS."""
    now, place = world.now(), ask.sandbox
    one = next((one for one in place.externals.values() if one.operation == ask.parts[0]), None)
    if one is None:
        raise ais_refusal("100940-404", f"The operation {ask.parts[0]} was not found.")
    status = one.status(now)
    found: Json = {
        "operationId": one.operation,
        "status": status,
        "operationDetails": one.body,
        "audienceName": one.name,
        **_stamps(place, one),
    }
    return answer(found | {"audienceId": one.id} if status == "SUCCESS" else found)


def update(world: World, ask: Ask) -> Answer:
    """PATCH /external-audience/{id}: description, labels, labels of fields, days kept."""
    one = _one(world, ask)
    change = check_update(body_of(ask), one.body["fields"])
    labels = {field["name"]: field["labels"] for field in change.pop("fields", []) if "labels" in field}
    one.body = {**one.body, **change, "fields": [_relabelled(field, labels) for field in one.body["fields"]]}
    one.updated = world.now()
    if one.audience is not None:
        one.audience.description = str(one.body.get("description", ""))
        one.audience.labels = tuple(one.body.get("labels", ()))
        one.audience.ttl = one.body["ttlInDays"]
        one.audience.updated = int(one.updated)
    source = one.body["sourceSpec"]["params"]
    shown = {key: value for key, value in one.body.items() if key != "name"}
    # The published answer has no `params` level here.
    return answer(
        {
            "audienceId": one.id,
            "audienceName": one.name,
            **shown,
            "sourceSpec": source,
            **_stamps(ask.sandbox, one),
        }
    )


def ingest(world: World, ask: Ask) -> Answer:
    """POST /external-audience/{id}/runs: one at a time, within the guardrails."""
    now, place, one = world.now(), ask.sandbox, _one(world, ask)
    since, until = check_start(body_of(ask))
    run = _begin(ask, one, since, int(now) if until is None else until, now)
    return answer(_run(place, one, run))


def run(world: World, ask: Ask) -> Answer:
    """GET /external-audience/{id}/runs/{run}, stage by stage."""
    now, one = world.now(), _one(world, ask)
    found = next((run for run in one.ingestions if run.id == ask.parts[1]), None)
    if found is None:
        raise ais_refusal("100940-404", f"The run {ask.parts[1]} was not found.")
    shown = {**_run(ask.sandbox, one, found), "status": found.status(now), "details": found.details(now)}
    return answer(shown)


def runs(world: World, ask: Ask) -> Answer:
    """GET /external-audience/{id}/runs, newest first and without stages. Its parameters are not published."""
    now, one = world.now(), _one(world, ask)
    if ask.query:
        raise bad(f"The query parameter {ask.query[0][0]} is not supported.")
    listed = [{**_run(ask.sandbox, one, run), "status": run.status(now)} for run in reversed(one.ingestions)]
    return answer({"runs": listed})


def extend(world: World, ask: Ask) -> Answer:
    """POST /external-audience/extend-ttl/{id}: the last good data is ingested again, for as long once more."""
    now, one = world.now(), _one(world, ask)
    last = one.last_good(now)
    if last is None:
        raise senseless("There is no ingested data whose expiration could be extended.")
    _begin(ask, one, last.since, last.until, now)
    one.expires += one.body["ttlInDays"] * DAY
    return answer({"audienceId": one.id, "name": one.name})


def delete(world: World, ask: Ask) -> Answer:
    """DELETE /external-audience/{id}: 204 and nothing else."""
    forget(ask.sandbox, _one(world, ask))
    return Answer(204)


def _one(world: World, ask: Ask) -> External:
    found = ask.sandbox.externals.get(ask.parts[0])
    if found is None or found.status(world.now()) != "SUCCESS":
        raise ais_refusal("100940-404", f"The audience {ask.parts[0]} was not found.")
    return found


def _check_connection(place: Sandbox, source: Json) -> None:
    known = source.get("baseConnectionId")
    if known and source["cloudType"] in NEED_CONNECTION and known not in place.connections:
        raise senseless(f"baseConnectionId: the connection {known} was not found.")


def _taken(place: Sandbox, body: Json, now: float) -> bool:
    """SILENT what counts as the same audience; the stricter reading: its name, or its own id."""
    own = body.get("customAudienceId")
    coming = [one for one in place.externals.values() if one.status(now) != "FAILED"]
    uploaded = [one for one in place.audiences.values() if one.origin == "CUSTOM_UPLOAD"]
    if own and (own in place.by_external or own in {one.body.get("customAudienceId") for one in coming}):
        return True
    return body["name"] in {*(one.name for one in coming), *(one.name for one in uploaded)}


def _begin(ask: Ask, one: External, since: int, until: int, now: float) -> Ingestion:
    place = ask.sandbox
    if one.running(now) is not None:
        raise senseless("An ingestion of this audience is already in progress.")
    if len(one.ingestions) >= PER_AUDIENCE:
        raise senseless(f"The limit of {PER_AUDIENCE} ingestions per audience is reached.")
    today = now // DAY
    begun = sum(run.created // DAY == today for other in place.externals.values() for run in other.ingestions)
    if begun >= PER_DAY:
        raise senseless(f"The limit of {PER_DAY} ingestion runs per day is reached.")
    begun_run = Ingestion(
        id=uuid_for(one.id, "ingestion", len(one.ingestions)),
        created=now,
        since=since,
        until=until,
        rows=0 if _struck(ask, "run_empty") else rows_for(place, one),
        fails=STAGES[0] if _struck(ask, "run_error") else "",
    )
    one.ingestions.append(begun_run)
    return begun_run


def _struck(ask: Ask, fault: str) -> bool:
    return ask.fault is not None and ask.fault.fault == fault


def _relabelled(field: Json, labels: dict[str, list[str]]) -> Json:
    return {**field, "labels": labels[field["name"]]} if field["name"] in labels else field


def _stamps(place: Sandbox, one: External) -> Json:
    user = user_of(place)
    return {
        "createdBy": user, "createdAt": int(one.created), "updatedBy": user, "updatedAt": int(one.updated),
    }  # fmt: skip


def _run(place: Sandbox, one: External, run: Ingestion) -> Json:
    return {
        "audienceName": one.name,
        "audienceId": one.id,
        "runId": run.id,
        "differentialIngestion": True,
        "dataFilterStartTime": run.since,
        "dataFilterEndTime": run.until,
        "createdAt": int(run.created),
        "createdBy": user_of(place),
    }
