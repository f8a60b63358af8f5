"""Every code in use has its words, and documented sentences are recognised in both wordings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from activations import messages, states, story
from activations.messages import MESSAGES, UNKNOWN, explain, segment
from activations.messages.message import RETRY
from platforms import errors

ROOM = Path(states.__file__).parent
SOURCES = {str(path.relative_to(ROOM)): path.read_text() for path in ROOM.rglob("*.py")}


def every_error() -> list[type[errors.PlatformError]]:
    found, todo = [], [errors.PlatformError]
    while todo:
        kind = todo.pop()
        found.append(kind)
        todo.extend(kind.__subclasses__())
    return found


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_platform_has_its_words(kind):
    assert kind.code in MESSAGES


@pytest.mark.parametrize("field", ["key", "secret", "scopes", "org", "sandbox", "permission", "token"])
def test_refused_credentials_name_the_field(field):
    message = explain("credentials_refused", field=field).message
    assert message.code == f"credentials_refused:{field}"
    assert explain(f"credentials_refused:{field}").message is message


def findings() -> list[tuple[str, str]]:
    rules = "".join(text for name, text in SOURCES.items() if name.startswith("preflight/"))
    return re.findall(r'Finding\(\s*"(\w+)", "(\w+)"', rules)


def test_findings_are_seen():
    assert len(findings()) > 15


@pytest.mark.parametrize("code", sorted({code for code, severity in findings() if severity != "look"}))
def test_every_stop_and_wait_of_preflight_has_its_words(code):
    assert code in MESSAGES


def reasons_in_use() -> set[str]:
    """Reason codes that the verbs write as literals."""
    found = set()
    for name in (
        "answers.py",
        "courses.py",
        "reconcile.py",
        "recheck.py",
        "watch.py",
        "sweep.py",
        "dispatch.py",
        "actions.py",
    ):
        found |= set(re.findall(r'\breason="(\w+)"', SOURCES.get(name, "")))
        found |= set(re.findall(r'states\.[A-Z]+: "(\w+)"', SOURCES.get(name, "")))
        found |= set(re.findall(r'unconfirmed\([^)\n]*"(\w+)"', SOURCES.get(name, "")))
    return found - {"released"}


@pytest.mark.parametrize("code", sorted(reasons_in_use()))
def test_every_reason_of_the_verbs_has_its_words(code):
    assert code in MESSAGES


def whats_in_use() -> set[str]:
    text = "".join(SOURCES.values())
    return set(re.findall(r'\bwhat="(\w+)"', text)) | set(re.findall(r'"what": "(\w+)"', text))


@pytest.mark.parametrize("what", sorted(whats_in_use()))
def test_every_event_has_its_sentence(what):
    assert what in story.SENTENCES


# What only Adobe answers, or only Adobe's deliveries come to.
ADOBES = {
    "activation_refused",
    "run_going_on",
    "not_in_schedule",
    "not_ready",
    "not_supported",
    "token_unavailable",
}
SEGMENTS = [
    "watch_limit", "no_trace", "status_unknown", "sender_lost", "never_sent", "canceled", "resync_not_seen", "brand_new",
    "credentials_refused:token", "credentials_refused:permission", "credentials_refused:space",
]  # fmt: skip


def segments_codes() -> set[str]:
    rules = SOURCES["preflight/segment.py"] + SOURCES["preflight/traffic.py"].split("def no_scheduled_run")[0]
    found = set(re.findall(r'Finding\(\s*"(\w+)", "(?:stop|wait|join)"', rules))
    told = {kind.code for kind in every_error()} - ADOBES
    return found | told | {*SEGMENTS, "dataflow_vanished", "audience_vanished", "already_in_flight"}


@pytest.mark.parametrize("code", sorted(segments_codes()))
def test_at_segment_nobody_is_told_about_adobe(code):
    reason, _, field = code.partition(":")
    message = explain(reason, field=field, vendor="segment").message
    for words in (message.title, message.meaning, message.do, message.who, message.link):
        assert "Adobe" not in str(words)


@pytest.mark.parametrize(
    "message", [*segment.OWN.values(), *segment.INSTEAD.values()], ids=lambda one: one.code
)
def test_segments_messages_are_whole(message):
    test_messages_are_whole_and_honest(message)


@pytest.mark.parametrize("message", MESSAGES.values(), ids=lambda message: message.code)
def test_messages_are_whole_and_honest(message):
    assert message.retry in RETRY
    assert message.tone in ("moving", "look", "act")
    for words in (message.title, message.meaning, message.do, message.who):
        assert str(words).strip()
        assert "went wrong" not in str(words)
    assert str(message.meaning).endswith(".")
    assert str(message.do).endswith(".")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Run already going on for audience a1 for order o1 with run id r1", "run_going_on"),
        ("Run already going on for segment a1 for order o1 with run id r1", "run_going_on"),
        ("Segments Lapsed VIP are not part of this dataflow or out of schedule range!", "not_in_schedule"),
        ("Audiences Lapsed VIP are not part of this dataflow or out of schedule range!", "not_in_schedule"),
        (
            "Following order ID(s) are not ready for dataset export, please wait for 10 minutes and retry.",
            "not_ready",
        ),
        ("Error is [Adhoc run can not be executed for Flow spec=3dd4.", "not_supported"),
        ("Api Key is invalid", "credentials_refused:key"),
        ("Profile is not valid", "credentials_refused:org"),
    ],
)
def test_documented_sentences_are_recognised_in_both_wordings(text, code):
    assert explain("refused", text).message.code == code


def test_a_runs_errors_are_recognised_and_others_kept_word_for_word():
    skipped = explain("run_failed", issues=[{"code": "ACTIVATION_BATCH-0000-SKIP", "message": "no e-mail"}])
    assert skipped.message.code == "ACTIVATION_BATCH-0000-SKIP"
    assert skipped.issues == ("ACTIVATION_BATCH-0000-SKIP: no e-mail",)
    other = explain("run_failed", "X-1: disk full", issues=[{"code": "X-1", "message": "disk full"}])
    assert other.message.code == "run_failed"
    assert other.issues == ("X-1: disk full",)
    assert other.verbatim == ""


def test_an_unknown_message_says_so_and_keeps_the_text():
    found = explain("brand_new_code", "The frobnicator is offline")
    assert found.message is UNKNOWN
    assert found.verbatim == "The frobnicator is offline"
    assert explain("brand_new_code").verbatim == "brand_new_code"


def test_preflights_own_sentence_speaks_before_the_table():
    finding = {"code": "schedule_ended", "sentence": "It ended on 2 October.", "do": "Extend it."}
    found = explain("schedule_ended", finding=finding)
    assert str(found.message.meaning) == "It ended on 2 October."
    assert found.message.title == messages.MESSAGES["schedule_ended"].title
