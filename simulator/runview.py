"""How a run looks from outside at a moment: which parts are there yet, and in which words."""

from collections.abc import Callable
from typing import Any

from simulator.clock import millis
from simulator.dataflow import Flow
from simulator.ids import hex_for, number_for, uuid_for
from simulator.runs import CREATED, DONE, PROCESSING, Run
from simulator.sandbox import Sandbox
from simulator.wire import Json

ROWS_PER_FILE = 5_000_000
BYTES_PER_ROW = 109
STARTED = "metrics.durationSummary.startedAtUTC"
COMPLETED = "metrics.durationSummary.completedAtUTC"
STATUS = "metrics.statusSummary.status"
TARGET_ENTITY = "metrics.recordSummary.targetSummaries[].entitySummaries[].id"
SOURCE_ENTITY = "metrics.recordSummary.sourceSummaries[].entitySummaries[].id"
PLAIN: dict[str, Callable[[Run], Any]] = {
    "id": lambda run: run.id,
    "flowId": lambda run: run.flow,
    "createdAt": lambda run: millis(run.created),
    "providerRefId": lambda run: hex_for(32, "provider", run.id),
}
# No example run has a root `state`, though the vendor lists it as a filter: it finds nothing here.
RUN_PATHS = frozenset({*PLAIN, "state", STARTED, COMPLETED, STATUS, TARGET_ENTITY, SOURCE_ENTITY})
# The platform writes the same status in several ways; which one a run gets depends only on its id.
WORDS = {
    "success": ("success", "Success", "success"),
    "empty": ("success", "Success", "success"),
    "partial": ("partialSuccess", "partialSuccess", "partialSuccess"),
    "failed": ("failed", "Failed", "failed"),
    "running": ("Processing", "Processing", "inProgress"),
}


def word(run: Run, outcome: str) -> str:
    """The status word this run uses."""
    return WORDS[outcome][number_for(3, "word", run.id)]


def last_run(run: Run) -> Json:
    """The dataflow's `lastRunDetails` for a finished run: only two words are documented there."""
    state = "failed" if run.outcome == "failed" else "success"
    return {
        "id": run.id,
        "state": state,
        "startedAtUTC": millis(run.started),
        "completedAtUTC": millis(run.ends),
    }


def run_value(run: Run, path: str, now: float) -> list[Any]:
    """The values under a filter path, as the document would hold them, without building it: filters look
    at thousands of runs to show a page of them."""
    phase = run.phase(now)
    if path in PLAIN:
        return [PLAIN[path](run)]
    if phase == CREATED:
        return []
    if path == STARTED:
        return [millis(run.started)]
    if path == STATUS:
        return [word(run, "running" if phase == PROCESSING else run.outcome)]
    if path == COMPLETED:
        return [] if phase == PROCESSING else [millis(run.ends)]
    shown = path == SOURCE_ENTITY or (path == TARGET_ENTITY and phase == DONE and run.outcome != "failed")
    return [f"segment:{run.audience}"] if shown and run.audience else []


def run_document(run: Run, flow: Flow, place: Sandbox, now: float) -> Json:
    """The run's item in `/runs` at this moment."""
    document = _head(run, flow, place, now)
    phase = run.phase(now)
    if phase == CREATED:
        return document
    if phase == PROCESSING:
        document["metrics"] = _processing(run)
        document["activities"] = [_read_activity(run, "running")]
    else:
        document["metrics"] = _failed(run) if run.outcome == "failed" else _delivered(run)
        document["activities"] = _activities(run)
    return document


def _head(run: Run, flow: Flow, place: Sandbox, now: float) -> Json:
    return {
        "id": run.id,
        "flowId": run.flow,
        "createdAt": millis(run.created),
        "updatedAt": millis(run.updated(now)),
        **({"createdBy": run.by} if run.by else {}),
        "updatedBy": "acp_foundation_connectors@AdobeID",
        **({"createdClient": run.client} if run.client else {}),
        "updatedClient": "acp_foundation_connectors",
        "sandboxId": place.id,
        "sandboxName": place.name,
        "imsOrgId": place.org,
        "flowSpec": flow.document["flowSpec"],
        "providerRefId": hex_for(32, "provider", run.id),
        "etag": f'"{hex_for(8, "etag", run.id, run.updated(now))}"',
    }


def _entity(run: Run, counts: Json) -> list[Json]:
    return [{"id": f"segment:{run.audience}", **counts}] if run.audience else []


def _processing(run: Run) -> Json:
    # No counts while it runs: a client that shows 0 for a missing number would be wrong.
    source = {"id": run.source, "entitySummaries": _entity(run, {})}
    return {
        "durationSummary": {"startedAtUTC": millis(run.started)},
        "recordSummary": {"sourceSummaries": [source]},
        "statusSummary": {"status": word(run, "running")},
    }


def _duration(run: Run) -> Json:
    return {"startedAtUTC": millis(run.started), "completedAtUTC": millis(run.ends)}


def _failed(run: Run) -> Json:
    error = {"code": "ACTIVATION_BATCH-0000-FAILED", "message": "Job aborted."}
    zeros = {"inputRecordCount": 0, "skippedRecordCount": 0}
    source = {"id": run.source, **zeros, "entitySummaries": _entity(run, zeros)}
    return {
        "durationSummary": _duration(run),
        "recordSummary": {**zeros, "sourceSummaries": [source], "failedInfo": [error]},
        "statusSummary": {
            "status": word(run, "failed"),
            "errors": [error],
            "activityRefs": [uuid_for("activity", run.id, 1)],
        },
    }


def skipped(run: Run) -> int:
    """How many of the rows did not match the filter."""
    return run.rows * (9 if run.outcome == "partial" else 1) // 40 if run.outcome != "empty" else 0


def _delivered(run: Run) -> Json:
    rows, out = run.rows, run.rows - skipped(run)
    read = {"inputRecordCount": rows, "skippedRecordCount": skipped(run)}
    wrote = {"createdRecordCount": out, "outputRecordCount": out}
    source = {"id": run.source, **read, "entitySummaries": _entity(run, read)}
    target = {"id": run.target, **wrote, "entitySummaries": _entity(run, wrote)}
    records: Json = {**read, **wrote, "sourceSummaries": [source], "targetSummaries": [target]}
    if skipped(run):
        text = "Records didn't match attribute filter."
        records["skippedInfo"] = [
            {"code": "ACTIVATION_BATCH-0000-SKIP", "message": text, "count": skipped(run)}
        ]
    files = -(-out // ROWS_PER_FILE)
    return {
        "durationSummary": _duration(run),
        "sizeSummary": {"inputBytes": rows * BYTES_PER_ROW, "outputBytes": out * BYTES_PER_ROW},
        "recordSummary": records,
        "fileSummary": {"inputFileCount": files, "outputFileCount": files},
        "statusSummary": {
            "status": word(run, run.outcome),
            "activityRefs": [uuid_for("activity", run.id, 1)],
        },
    }


def _activities(run: Run) -> list[Json]:
    first = _read_activity(run, run.outcome)
    if run.outcome == "failed":
        return [first]
    second = {
        "id": uuid_for("activity", run.id, 2),
        "name": "Activation Batch Publisher Activity",
        "updatedAtUTC": 0,
        "durationSummary": {
            "startedAtUTC": first["durationSummary"]["completedAtUTC"],
            "completedAtUTC": millis(run.ends),
        },
        "statusSummary": {"status": "success", "extensions": {}},
    }
    return [first, second]


def _read_activity(run: Run, outcome: str) -> Json:
    duration = {"startedAtUTC": millis(run.started)}
    if outcome != "running":
        duration["completedAtUTC"] = millis(run.started + (run.ends - run.started) * 0.6)
    return {
        "id": uuid_for("activity", run.id, 1),
        "name": "Activation Batch XdmProcessor Activity",
        "updatedAtUTC": 0,
        "durationSummary": duration,
        "latencySummary": {},
        "statusSummary": {"status": word(run, outcome), "extensions": _extensions(run)},
    }


def _extensions(run: Run) -> Json:
    # The missing `incremental.*` keys are the only sign that a run was ad hoc.
    shown = {
        "snapshot.batchId": hex_for(26, "snapshot", run.flow, int(run.created) // 86_400).upper(),
        "snapshot.datasetId": hex_for(24, "snapshot-dataset", run.source),
    }
    if run.kind != "adhoc":
        shown["incremental.batchId"] = hex_for(26, "incremental", run.id).upper()
        shown["incremental.datasetId"] = hex_for(24, "incremental-dataset", run.source)
    return shown
