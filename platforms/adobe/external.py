"""External audiences: create one from a file, ingest it, keep it, change it, delete it (contract §9).

Writes are sent once. The type of a write's error says what is known: NotSent, Refused (nothing happened),
OutcomeUnknown. There is no reading of one external audience and no list of them: a creation whose outcome is
unknown is looked up by its name among the audiences, an ingestion among the runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from platforms.adobe.audiences import AUDIENCES, PAGE_SIZE, audience
from platforms.adobe.envelopes import refusal
from platforms.adobe.gateway import EXTERNAL_AUDIENCES, Gateway, having
from platforms.adobe.statuses import job_status
from platforms.answer import Answer, redact
from platforms.decoding import Record, dig, first, record, records, text
from platforms.envelopes import VERBATIM
from platforms.errors import AnswerUnreadable
from platforms.external import (
    ExternalChange,
    ExternalOperation,
    ExternalSpec,
    Ingestion,
    IngestionStage,
    Taken,
)
from platforms.times import moment
from platforms.types import Audience, JobStatus

ACCEPT = "application/json"
ORIGIN = "CUSTOM_UPLOAD"
PAGES_AT_MOST = 20

Last = Callable[[], object]


class Externals:
    """The external audiences of one sandbox. `external_id` is always the service's own id, not the system's."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def create(self, spec: ExternalSpec, *, last: Last | None = None) -> Taken:
        """Ask for a new external audience; `key` is the operation that creates it. Conflict: it exists already.

        `last` is called when nothing but the sending is left; what it raises keeps the call back.
        """
        answer = self._write("POST", "/", creation(spec), last)
        return self._taken(answer, "operationId")

    def operation(self, key: str) -> ExternalOperation:
        """How a creation stands. The id of the audience counts only once it succeeded. Raises NotFound."""
        said = self._gateway.get(f"{EXTERNAL_AUDIENCES}/operations/{_quoted(key)}", sound=having("status"))
        word = text(said.get("status"))
        status = _status(word)
        made = text(said.get("audienceId")) if status is JobStatus.SUCCEEDED else None
        return ExternalOperation(id=key, status=status, word=word, external_id=made)

    def ingest(
        self, external_id: str, data_from: int, data_until: int | None = None, *, last: Last | None = None
    ) -> Taken:
        """Bring in the files of a span, in seconds since 1970; `key` is the ingestion's run. One at a time."""
        body = {"dataFilterStartTime": data_from}
        if data_until is not None:
            body["dataFilterEndTime"] = data_until
        return self._taken(self._write("POST", f"/{_quoted(external_id)}/runs", body, last), "runId")

    def ingestions(self, external_id: str) -> tuple[Ingestion, ...]:
        """The ingestions of an audience, newest first, without their stages. Raises NotFound."""
        said = self._gateway.get(f"{EXTERNAL_AUDIENCES}/{_quoted(external_id)}/runs", sound=having("runs"))
        found = [_ingestion(item) for item in records(said["runs"]) if text(item.get("runId"))]
        return tuple(sorted(found, key=lambda one: str(one.created_at or ""), reverse=True))

    def ingestion(self, external_id: str, run: str) -> Ingestion:
        """One ingestion with its stages. Raises NotFound."""
        path = f"{EXTERNAL_AUDIENCES}/{_quoted(external_id)}/runs/{_quoted(run)}"
        return _ingestion({**self._gateway.get(path, sound=having("audienceId")), "runId": run})

    def update(self, external_id: str, change: ExternalChange, *, last: Last | None = None) -> Taken:
        """Replace what the change names. Raises NotFound."""
        return self._taken(self._write("PATCH", f"/{_quoted(external_id)}", replacement(change), last))

    def extend(self, external_id: str, *, last: Last | None = None) -> Taken:
        """Keep the data for its time once more: the platform ingests the last good data again (XA-PUB)."""
        return self._taken(self._write("POST", f"/extend-ttl/{_quoted(external_id)}", None, last))

    def delete(self, external_id: str, *, last: Last | None = None) -> Taken:
        """Delete the audience. NotFound: it is gone already."""
        return self._taken(self._write("DELETE", f"/{_quoted(external_id)}", None, last))

    def named(self, name: str) -> tuple[Audience, ...]:
        """The uploaded audiences of exactly this name. The platform's filter finds what contains it."""
        found: list[Audience] = []
        start = "0"
        for _ in range(PAGES_AT_MOST):
            params = [("start", start), ("limit", str(PAGE_SIZE)), ("name", name)]
            said = self._gateway.get(AUDIENCES, params, sound=having("children"))
            found += [audience(item) for item in records(said["children"]) if text(item.get("id"))]
            paging = record(first(said.get("_page"), said.get("_pages")))
            following = text(paging.get("next"))
            if following in (None, "0", start):
                break
            start = following or ""
        return tuple(one for one in found if one.name == name and one.origin.upper() == ORIGIN)

    def by_external_id(self, external_id: str) -> Audience | None:
        """The audience the service knows by this id, with its system id; None while it is not listed."""
        params = [("property", f"audienceId=={external_id}")]
        said = self._gateway.get(AUDIENCES, params, sound=having("children"))
        return next((audience(item) for item in records(said["children"]) if text(item.get("id"))), None)

    def _write(self, method: str, path: str, body: object, last: Last | None) -> Answer:
        return self._gateway.write_once(method, EXTERNAL_AUDIENCES + path, body, accept=ACCEPT, last=last)

    def _taken(self, answer: Answer, key: str = "") -> Taken:
        """What a 2xx says; where it must name what it began and does not, the outcome is unknown."""
        secrets = self._gateway.secrets
        if not 200 <= answer.status < 300:
            raise refusal(answer, secrets)
        named = _named(answer, key) if key else ""
        if named is None:
            body = redact(answer.text, secrets)
            raise AnswerUnreadable(
                "Adobe took it, but did not say what it began.",
                verbatim=body[:VERBATIM], status=answer.status, request_id=answer.request_id, body=body,
            )  # fmt: skip
        return Taken(
            key=named, status=answer.status, body=redact(answer.text, secrets), request_id=answer.request_id
        )


def _named(answer: Answer, key: str) -> str | None:
    try:
        return text(dig(answer.json(), key))
    except ValueError:
        return None


def creation(spec: ExternalSpec) -> Record:
    """The body that asks for this audience. What is empty is left out: the platform then takes its default."""
    source: dict[str, Any] = {
        "path": spec.source.path,
        "type": spec.source.kind,
        "sourceType": "Cloud Storage",
        "cloudType": spec.source.cloud,
    }
    if spec.source.connection:
        source["baseConnectionId"] = spec.source.connection
    if spec.source.public_key:
        source["encryption"] = _filled(
            {"publicKeyId": spec.source.public_key, "signVerificationKeyId": spec.source.signing_key}
        )
    body = {
        "name": spec.name,
        "description": spec.description,
        "fields": [
            _filled({"name": f.name, "type": f.type, "identityNs": f.identity, "labels": list(f.labels)})
            for f in spec.fields
        ],
        "sourceSpec": {"params": source},
        "ttlInDays": spec.ttl_days,
        "audienceType": "people",
        "originName": ORIGIN,
        "namespace": spec.namespace,
        "labels": list(spec.labels),
        "tags": list(spec.tags),
    }
    return _filled(body)


def replacement(change: ExternalChange) -> Record:
    """The body of an update: what it names replaces what was there, even where it is empty."""
    body: Record = {
        "description": change.description,
        "ttlInDays": change.ttl_days,
        "labels": None if change.labels is None else list(change.labels),
    }
    if change.field_labels is not None:
        body["fields"] = [{"name": name, "labels": list(labels)} for name, labels in change.field_labels]
    return {name: value for name, value in body.items() if value is not None}


def _filled(body: Record) -> Record:
    return {name: value for name, value in body.items() if value not in (None, "", [])}


def _quoted(key: str) -> str:
    return quote(key, safe="")


def _status(word: str | None) -> JobStatus:
    """SUCCESS and FAILED are published; any other word, or none, means that it goes on (contract §9)."""
    known = job_status(word)
    return JobStatus.PROCESSING if known is JobStatus.UNKNOWN else known


def _ingestion(item: Record) -> Ingestion:
    word = text(item.get("status"))
    return Ingestion(
        id=text(item.get("runId")) or "",
        status=_status(word),
        word=word,
        created_at=moment(item.get("createdAt")),
        data_from=moment(item.get("dataFilterStartTime")),
        data_until=moment(item.get("dataFilterEndTime")),
        stages=tuple(_stage(stage) for stage in records(item.get("details"))),
    )


def _stage(item: Record) -> IngestionStage:
    word = text(item.get("status"))
    name = text(item.get("stage")) or ""
    return IngestionStage(name=name, status=_status(word), word=word, run=text(item.get("flowRunId")))
