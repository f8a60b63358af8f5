"""Wild values: whatever JSON brings, reading it gives a value or None and never an exception."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.adobe.activation import run_id, sentence
from platforms.adobe.audiences import audience
from platforms.adobe.dataflows import Surroundings, dataflow, place
from platforms.adobe.envelopes import envelope, refusal
from platforms.adobe.gateway import continuation
from platforms.adobe.kinds import platform_spec
from platforms.adobe.runs import run
from platforms.adobe.segmentation import _job, _offset, _schedule
from platforms.adobe.statuses import job_status, run_status
from platforms.answer import Answer, redact, seconds_to_wait
from platforms.decoding import dig, texts, whole
from platforms.errors import PlatformError, RunGoingOn
from platforms.times import day, moment
from platforms.types import JobStatus, RunStatus

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MOMENTS = st.datetimes(datetime(2002, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


def shaped(*keys: str) -> st.SearchStrategy[dict[str, object]]:
    """Objects with the keys a decoder looks for, nested in any way, holding anything at all."""
    anything = st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=4),
        max_leaves=20,
    )
    made = st.dictionaries(st.sampled_from(keys), anything, max_size=8)
    return made.map(lambda fields: {"id": "x", **fields})


@given(MOMENTS)
def test_the_same_moment_in_every_unit(then: datetime) -> None:
    micro = (then - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    second = then.replace(microsecond=0)
    assert moment(micro) == then
    assert moment(str(micro)) == then
    assert moment(micro // 1000) == then.replace(microsecond=then.microsecond // 1000 * 1000)
    assert moment(micro // 1_000_000) == moment(str(micro // 1_000_000)) == second
    assert moment(second.isoformat()) == second


@given(JSON)
def test_any_value_is_a_moment_or_none(value: object) -> None:
    read = moment(value)
    assert read is None or read.tzinfo is UTC
    day(value)


@pytest.mark.parametrize("nothing", [0, -1, "0", "", "soon", True, 1e300, float("nan"), 10**30, [], "9" * 20])
def test_no_moment(nothing: object) -> None:
    assert moment(nothing) is None


def test_days() -> None:
    assert day("2022-07-21") == day("2022-07-21T10:00:00Z") == date(2022, 7, 21)
    assert day("21.07.2022") is None


WORDS = [
    ("success", RunStatus.SUCCEEDED),
    ("Completed", RunStatus.SUCCEEDED),
    ("partialSuccess", RunStatus.PARTIAL),
    ("PARTIAL_SUCCESS", RunStatus.PARTIAL),
    ("Failed", RunStatus.FAILED),
    ("in Progress", RunStatus.RUNNING),
    ("IN_PROGRESS", RunStatus.RUNNING),
    ("Waiting", RunStatus.QUEUED),
]


@given(st.sampled_from(WORDS), st.data())
def test_words_in_any_dress(known: tuple[str, RunStatus], data: st.DataObject) -> None:
    letters = [data.draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in known[0]]
    gaps = data.draw(st.sampled_from(["", " ", "_", "-", "__"]))
    dressed = gaps + "".join(letters).replace("_", gaps) + gaps
    assert run_status(dressed, completed=data.draw(st.booleans())) is known[1]


@given(JSON)
def test_unknown_words_mean_running_until_there_is_an_end(word: object) -> None:
    assert run_status(word, completed=False) in RunStatus
    assert job_status(word) in JobStatus


def test_missing_word() -> None:
    assert run_status(None, completed=False) is RunStatus.RUNNING
    assert run_status("paused", completed=True) is RunStatus.UNKNOWN
    assert job_status("CANCELLING") is JobStatus.PROCESSING


@given(st.integers(0, 10**8))
def test_retry_after_in_seconds(seconds: int) -> None:
    assert seconds_to_wait(f" {seconds} ") == seconds


@given(st.integers(5, 10**6))
def test_retry_after_as_a_date(seconds: int) -> None:
    then = datetime.now(UTC) + timedelta(seconds=seconds)
    wait = seconds_to_wait(format_datetime(then, usegmt=True))
    assert wait is not None
    assert seconds - 3 <= wait <= seconds


@given(st.text(max_size=80))
def test_retry_after_in_nonsense(written: str) -> None:
    wait = seconds_to_wait(written)
    assert wait is None or wait >= 0


def test_retry_after_in_the_past_is_now() -> None:
    assert seconds_to_wait("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert seconds_to_wait(None) is None


@given(st.text(max_size=300))
def test_any_sentence_is_known_or_not(said: str) -> None:
    for text in (said, f"Run already going on for audience {said}", f"Segments {said} are not part of this"):
        assert sentence(text) is None or isinstance(sentence(text), PlatformError)


IDS = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)


@given(IDS, IDS, IDS, st.sampled_from(["audience", "segment", "Segment"]))
def test_ids_come_out_of_the_sentence_whole(audience_id: str, flow: str, running: str, word: str) -> None:
    said = f"Run already going on for {word} {audience_id} for order {flow} with run id {running}"
    error = sentence(said)
    assert isinstance(error, RunGoingOn)
    assert (error.audience, error.dataflow, error.run) == (audience_id, flow, running)
    assert run_id(f"https://platform.adobe.io/data/foundation/flowservice/runs/{running}/?a=b#c") in (
        running,
        None if running == "runs" else running,
    )


def test_a_sentence_made_to_be_slow_is_not() -> None:
    sentence("Segments " * 50_000)
    sentence("Run already going on for audience " * 20_000)
    envelope_of(400, json.dumps({"message": "sandbox " * 100_000}))


@given(JSON)
def test_any_link_gives_an_id_or_none(link: object) -> None:
    found = run_id(link)
    assert found is None or "/" not in found


@given(JSON)
def test_counts_are_never_invented(value: object) -> None:
    assert whole(value) is None or (isinstance(whole(value), int) and whole(value) >= 0)  # type: ignore[operator]


def test_counts() -> None:
    assert [whole(value) for value in (0, 12.0, "40", -1, 1.5, True, "x", None, float("inf"))] == [
        0,
        12,
        40,
        *[None] * 6,
    ]
    assert texts(["a", 1, "", "b"]) == ("a", "b")
    assert dig({"a": {"b": 1}}, "a", "b") == 1
    assert dig({"a": [1]}, "a", "b") is None


@given(
    shaped(
        "state", "name", "transformations", "params", "segmentSelectors", "selectors", "value", "id", "schedule",
        "inheritedAttributes", "targetConnections", "baseConnection", "connectionSpec", "lastOperation",
        "lastRunDetails", "targetConnectionIds", "scheduleParams", "startDate", "createTime", "status",
    )
)  # fmt: skip
def test_any_flow_is_read(item: dict[str, object]) -> None:
    read = dataflow(item, Surroundings())
    assert read is None or read.id
    place(item)
    platform_spec(item)


@given(
    shaped(
        "metrics", "durationSummary", "recordSummary", "sourceSummaries", "entitySummaries", "statusSummary",
        "errors", "activities", "extensions", "sizeSummary", "completedAtUTC", "inputRecordCount", "id",
        "failedInfo", "createdAt", "snapshot.batchId", "status", "code", "message",
    )
)  # fmt: skip
def test_any_run_is_read(item: dict[str, object]) -> None:
    read = run(item)
    assert read is None or read.status in RunStatus


@given(
    shaped(
        "audienceId", "metrics", "data", "totalProfiles", "evaluationInfo", "batch", "enabled", "labels", "type",
        "updateEpoch", "lifecycleState", "errors", "status", "properties", "schema", "link", "next", "_links",
        "href", "totalTime", "creationTime",
    )
)  # fmt: skip
def test_anything_else_is_read(item: dict[str, object]) -> None:
    audience(item)
    _job(item, "segment")
    _schedule(item)
    _offset(item)
    continuation(item)


def envelope_of(status: int, body: str | bytes) -> object:
    answer = Answer(status, httpx.Headers(), body if isinstance(body, bytes) else body.encode())
    return envelope(answer)


@given(st.integers(300, 599), st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_error_answer_is_typed(status: int, body: bytes) -> None:
    error = refusal(Answer(status, httpx.Headers(), body))
    assert isinstance(error, PlatformError)
    assert error.status == status


@given(
    shaped("message", "error_code", "errors", "type", "title", "detail", "errorMessage", "code", "requestId")
)
def test_any_envelope_is_typed(body: dict[str, object]) -> None:
    for status in (400, 403, 404, 500):
        assert isinstance(refusal(Answer(status, httpx.Headers(), json.dumps(body).encode())), PlatformError)


def test_text_that_no_database_takes_is_mended() -> None:
    body = rb'{"a\u0000b": ["\ud800x", "\ud83d\ude00", "\\u0000"], "n": 1}'
    said = Answer(200, httpx.Headers(), body).json()
    assert said == {"a\ufffdb": ["\ufffdx", "\U0001f600", "\\u0000"], "n": 1}
    assert Answer(200, httpx.Headers(), b'"\xed\xa0\x80"').json() == "\ufffd"
    assert Answer(200, httpx.Headers(), b"a\x00b").text == "a\ufffdb"


def test_secrets_are_struck_out() -> None:
    text = redact("Bearer abcdefghijkl and eyJhbGciOiJub25lIn0.abc and p8e-very-secret", ["p8e-very-secret"])
    assert text == "Bearer [redacted] and [redacted] and [redacted]"
