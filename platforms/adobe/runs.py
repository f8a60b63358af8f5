"""Dataflow runs: read in batches by id or by dataflow, and decoded without inventing a number."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from urllib.parse import quote

from platforms.adobe.catalog import IDS_PER_CALL, batched
from platforms.adobe.gateway import FLOW_SERVICE, Gateway, single
from platforms.adobe.statuses import is_run_word, run_status
from platforms.decoding import Record, dig, first, record, records, said, text, whole
from platforms.errors import NotFound
from platforms.http import together
from platforms.times import moment
from platforms.types import Counts, Oddity, Run, RunIssue

RUNS = f"{FLOW_SERVICE}/runs"
PAGE_SIZE = 100  # the most Flow Service gives (DST-SPEC)
READS_AT_ONCE = 4


class Runs:
    """Reads runs of one sandbox."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def by_id(self, ids: Collection[str]) -> dict[str, Run]:
        """Runs by id, a hundred a call; an id the platform does not show (yet) is absent."""
        wanted = set(ids)
        found: dict[str, Run] = {}
        for runs in together(READS_AT_ONCE, self._some, list(batched(ids, IDS_PER_CALL))):
            found.update((run.id, run) for run in runs if run.id in wanted)
        return found

    def one(self, key: str) -> Run:
        """One run. Raises NotFound, which just after an activation may mean "not visible yet" (§6.5)."""
        found = single(self._gateway.get(f"{RUNS}/{quote(key, safe='')}"))
        decoded = run(found) if found else None
        if decoded is None:
            raise NotFound("Adobe does not know this run.", status=200)
        return decoded

    def of_dataflows(
        self, dataflows: Collection[str], since: datetime | None, limit: int | None
    ) -> tuple[Run, ...]:
        """Runs created at or after `since`, newest first, at most `limit` in all."""
        batches = list(batched(dataflows, IDS_PER_CALL))
        found: list[Run] = []
        for runs in together(READS_AT_ONCE, lambda ids: list(self._newest(ids, since, limit)), batches):
            found.extend(runs)
        found.sort(key=lambda each: each.created_at.timestamp() if each.created_at else 0.0, reverse=True)
        return tuple(found[:limit])

    def _some(self, ids: tuple[str, ...]) -> list[Run]:
        filters = [("property", f"id=={','.join(ids)}"), ("limit", str(PAGE_SIZE))]
        return [each for items in self._gateway.pages(RUNS, filters) for each in _decoded(items)]

    def _newest(self, ids: tuple[str, ...], since: datetime | None, limit: int | None) -> Iterator[Run]:
        """Pages are left as soon as they are too old; a run that has no time is kept, never the end."""
        filters = [
            ("property", f"flowId=={','.join(ids)}"),
            ("orderby", "-createdAt"),
            ("limit", str(min(limit or PAGE_SIZE, PAGE_SIZE))),
        ]
        given = 0
        for items in self._gateway.pages(RUNS, filters):
            for each in _decoded(items):
                if since is not None and each.created_at is not None and each.created_at < since:
                    return
                yield each
                given += 1
                if limit is not None and given >= limit:
                    return


def _decoded(items: list[Record]) -> list[Run]:
    return [each for each in map(run, items) if each is not None]


def run(item: Record) -> Run | None:
    """Read one run; None without an id. Every metric may be missing (contract §6.3)."""
    key = text(item.get("id"))
    if key is None:
        return None
    metrics = record(item.get("metrics"))
    duration = record(metrics.get("durationSummary"))
    word = first(text(dig(metrics, "statusSummary", "status")), text(item.get("state")))
    # The schema says stoppedAtUTC, every example completedAtUTC (contract §13 no. 7).
    completed = moment(duration.get("completedAtUTC")) or moment(duration.get("stoppedAtUTC"))
    summary = record(metrics.get("recordSummary"))
    return Run(
        id=key,
        dataflow=text(item.get("flowId")) or "",
        status=run_status(word, completed=completed is not None),
        word=word,
        created_at=moment(item.get("createdAt")),
        updated_at=moment(item.get("updatedAt")),
        started_at=moment(duration.get("startedAtUTC")),
        completed_at=completed,
        counts=_counts(summary),
        bytes_out=whole(dig(metrics, "sizeSummary", "outputBytes")),
        files=whole(dig(metrics, "fileSummary", "outputFileCount")),
        audiences=_audiences(summary),
        issues=_issues(metrics, summary, _activities(item)),
        snapshot_only=_snapshot_only(_activities(item)),
        created_by=text(item.get("createdBy")) or "",
        created_client=text(item.get("createdClient")) or "",
        odd=tuple(_odd(item, word)),
    )


# Every root field that a schema or an example has (contract §6.3), with both spellings of two of them.
FIELDS = frozenset(
    {
        "id", "flowId", "createdAt", "updatedAt", "createdBy", "updatedBy", "createdClient", "updatedClient",
        "sandboxId", "sandboxName", "imsOrgId", "flowSpec", "providerRefId", "etag", "eTag", "version", "name",
        "state", "metrics", "activities", "activites",
    }
)  # fmt: skip


def _odd(item: Record, word: str | None) -> Iterator[Oddity]:
    if word is not None and not is_run_word(word):
        yield Oddity("status", said({"status": word}))
    unknown = {name: value for name, value in item.items() if name not in FIELDS}
    if unknown:
        yield Oddity("run_fields", said(unknown))


def _activities(item: Record) -> list[Record]:
    return records(first(item.get("activities"), item.get("activites")))  # FLOW-SPEC's spelling


def _counts(summary: Record) -> Counts:
    return Counts(
        received=whole(summary.get("inputRecordCount")),
        activated=first(whole(summary.get("outputRecordCount")), whole(summary.get("createdRecordCount"))),
        excluded=whole(summary.get("skippedRecordCount")),
        failed=whole(summary.get("failedRecordCount")),
    )


def _audiences(summary: Record) -> dict[str, Counts]:
    """Per-audience counts: what came in is told by the sources, what went out by the targets (§6.3)."""
    joined: dict[str, Record] = {}
    for side in ("sourceSummaries", "targetSummaries"):
        for connection in records(summary.get(side)):
            for entity in records(connection.get("entitySummaries")):
                key = re.sub(r"^segment:", "", text(entity.get("id")) or "", flags=re.I)
                if key:
                    joined.setdefault(key, {}).update(
                        (name, value) for name, value in entity.items() if whole(value) is not None
                    )
    return {key: _counts(entity) for key, entity in joined.items()}


def _issues(metrics: Record, summary: Record, activities: list[Record]) -> tuple[RunIssue, ...]:
    """What the run complains of, each complaint once; errors may stand beside a success (MONAPI)."""
    told = [("error", item) for item in records(summary.get("failedInfo"))]
    told += [("error", item) for item in records(dig(metrics, "statusSummary", "errors"))]
    for activity in activities:
        told += [("error", item) for item in records(dig(activity, "statusSummary", "errors"))]
    told += [("excluded", item) for item in records(summary.get("skippedInfo"))]
    told += [("warning", item) for item in records(summary.get("warningInfo"))]
    seen: dict[tuple[str, str, str], RunIssue] = {}
    for severity, item in told:
        issue = _issue(severity, item)
        seen.setdefault((issue.severity, issue.code, issue.message), issue)
    return tuple(issue for issue in seen.values() if issue.code or issue.message)


def _issue(severity: str, item: Record) -> RunIssue:
    if severity == "error" and str(item.get("type")).casefold() == "warning":
        severity = "warning"
    return RunIssue(
        severity,
        code=text(item.get("code")) or "",
        message=first(text(item.get("message")), text(item.get("msg")), ""),
        count=whole(item.get("count")),
    )


def _snapshot_only(activities: list[Record]) -> bool | None:
    """Whether the activities read the snapshot alone, as an ad-hoc run does (contract appendix A).

    Unverified by any document, so it supports a guess about a run and never decides one.
    """
    extensions = [record(dig(activity, "statusSummary", "extensions")) for activity in activities]
    read = {key.partition(".")[0] for each in extensions for key, value in each.items() if value}
    if "incremental" in read:
        return False
    return True if "snapshot" in read else None
