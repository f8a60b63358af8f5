"""Preflight's rules, one by one, at their boundaries; and that no facts at all can make it fail."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from activations.preflight import RULES, Facts, Finding, Guardrails, Verdict, check

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
TODAY = NOW.date()
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)

CLEAN = Facts(
    now=NOW,
    dataflow="Orders",
    start_date=date(2026, 1, 1),
    mapped_at=NOW - 30 * DAY,
    profiles=1_000,
    profiles_as_of=NOW - HOUR,
    file_name_template="%SEGMENT_NAME%_%DATETIME(YYYYMMdd)%",
)

# what is different → (code, severity, when it clears)
RULED = {
    "the dataflow vanished": ({"dataflow_vanished": True}, "dataflow_vanished", "stop", None),
    "streaming": ({"kind": "streaming"}, "not_batch", "stop", None),
    "dataset": ({"kind": "dataset"}, "not_batch", "stop", None),
    "kind unknown": ({"kind": "unknown"}, "kind_unknown", "look", None),
    "disabled": ({"dataflow_state": "disabled"}, "dataflow_disabled", "stop", None),
    "a state in between": ({"dataflow_state": "enabling"}, "dataflow_in_transition", "wait", None),
    "an operation in progress": ({"operation_status": "IN_PROGRESS"}, "dataflow_in_transition", "wait", None),
    "an operation queued": ({"operation_status": "queued"}, "dataflow_in_transition", "wait", None),
    "not mapped": ({"mapped": False}, "not_mapped", "stop", None),
    "the audience vanished": ({"audience_vanished": True}, "audience_vanished", "stop", None),
    "not listed": ({"audience_listed": False}, "audience_not_listed", "look", None),
    "begins tomorrow": (
        {"start_date": TODAY + DAY},
        "schedule_not_begun",
        "stop",
        datetime(2026, 11, 23, tzinfo=UTC),
    ),
    "ended yesterday": ({"end_date": TODAY - DAY}, "schedule_ended", "stop", None),
    "ends today": ({"end_date": TODAY}, "schedule_last_day", "look", None),
    "draft": ({"lifecycle": "draft"}, "audience_not_published", "stop", None),
    "archived": ({"lifecycle": "Archived"}, "audience_not_published", "stop", None),
    "mapped this minute": ({"mapped_at": NOW}, "mapped_recently", "wait", NOW + HOUR),
    "mapped a second too late": (
        {"mapped_at": NOW - HOUR + SECOND},
        "mapped_recently",
        "wait",
        NOW + SECOND,
    ),
    "mapped in the future": ({"mapped_at": NOW + HOUR}, "mapped_recently", "wait", NOW + 2 * HOUR),
    "a new merge policy": (
        {"merge_policy_seen_at": NOW - DAY + SECOND},
        "merge_policy_new",
        "look",
        NOW + SECOND,
    ),
    "a scheduled export": ({"scheduled_run": "r"}, "scheduled_export_running", "wait", None),
    "the snapshot being made": ({"snapshot_job": True}, "snapshot_export_running", "wait", None),
    "a foreign run here": ({"ad_hoc_run_here": "r"}, "joins_run", "join", None),
    "a foreign run elsewhere": ({"ad_hoc_run_elsewhere": "r"}, "audience_running_elsewhere", "wait", None),
    "on its way already": ({"in_flight_here": True}, "already_in_flight", "stop", None),
    "held": ({"held": True}, "audience_held", "wait", None),
    "external, never evaluated": (
        {"external": True, "ingested_at": NOW - HOUR},
        "external_not_evaluated",
        "look",
        None,
    ),
    "external, evaluated before": (
        {"external": True, "ingested_at": NOW - HOUR, "evaluated_at": NOW - HOUR - SECOND},
        "external_not_evaluated",
        "look",
        None,
    ),
    "external, lapsed": ({"external": True, "lapses_at": NOW}, "external_lapsed", "look", None),
    "no count": ({"profiles": None}, "count_unknown", "look", None),
    "nobody": ({"profiles": 0}, "count_zero", "look", None),
    "an old count": ({"profiles_as_of": NOW - 36 * HOUR - SECOND}, "count_old", "look", None),
    "no date in the file name": ({"file_name_template": "%SEGMENT_NAME%"}, "file_name_static", "look", None),
    "the hard budget is used": (
        {"jobs_today": 20, "guardrails": Guardrails(over_budget_waits=True)},
        "budget_waits",
        "wait",
        datetime.combine(TODAY + DAY, time(0), UTC),
    ),
    "delivered already": ({"delivered_at": NOW - HOUR}, "already_delivered", "look", None),
    "the budget is used": ({"jobs_today": 20}, "budget_used", "look", None),
}
PASSES = {
    "clean": {},
    "starts today": {"start_date": TODAY},
    "ends tomorrow": {"end_date": TODAY + DAY},
    "no schedule known": {"start_date": None, "end_date": None},
    "mapped exactly an hour ago": {"mapped_at": NOW - HOUR},
    "mapped when, nobody knows": {"mapped_at": None},
    "merge policy exactly a day old": {"merge_policy_seen_at": NOW - DAY},
    "state unknown": {"dataflow_state": "", "lifecycle": ""},
    "operation completed": {"operation_status": "completed"},
    "external, evaluated since": {"external": True, "ingested_at": NOW - HOUR, "evaluated_at": NOW - HOUR},
    "external, ingested when, nobody knows": {"external": True},
    "external, kept": {"external": True, "lapses_at": NOW + SECOND},
    "counted exactly a day and a half ago": {"profiles_as_of": NOW - 36 * HOUR},
    "counted when, nobody knows": {"profiles_as_of": None},
    "timestamp in the file name": {"file_name_template": "%TIMESTAMP%"},
    "no template known": {"file_name_template": None},
    "one job left": {"jobs_today": 19},
}
# Pauses have their own table and their own tests.
TESTED_ELSEWHERE = {"not_paused"}
OUTCOMES = {"stop": "blocked", "wait": "waits", "join": "joins", "look": "ready"}


@pytest.mark.parametrize("case", PASSES.values(), ids=PASSES)
def test_it_works(case):
    assert check(replace(CLEAN, **case)) == Verdict()


@pytest.mark.parametrize(("case", "code", "severity", "clears_at"), RULED.values(), ids=RULED)
def test_every_rule_finds_its_case_alone(case, code, severity, clears_at):
    verdict = check(replace(CLEAN, **case))
    assert [(f.code, f.severity, f.clears_at) for f in verdict.findings] == [(code, severity, clears_at)]
    assert verdict.will_go == OUTCOMES[severity]
    assert verdict.main.code == code
    assert verdict.looks == (severity == "look")
    assert verdict.clears_at == (clears_at if severity == "wait" else None)
    assert str(verdict.main.sentence).endswith(".")
    assert str(verdict.main.do).endswith(".")
    assert verdict.main.source


def test_every_rule_has_its_case():
    named = {case[1] for case in RULED.values()}
    told = {
        rule(replace(CLEAN, **case[0])).code
        for case in RULED.values()
        for rule in RULES
        if rule(replace(CLEAN, **case[0]))
    }
    assert told == named
    silent = [
        rule.__name__ for rule in RULES if not any(rule(replace(CLEAN, **c[0])) for c in RULED.values())
    ]
    assert set(silent) <= TESTED_ELSEWHERE


def test_codes_are_stable():
    """Scripts and messages know these words: one that goes away is a breaking change."""
    assert sorted({case[1] for case in RULED.values()}) == [
        "already_delivered", "already_in_flight", "audience_held", "audience_not_listed", "audience_not_published",
        "audience_running_elsewhere", "audience_vanished", "budget_used", "budget_waits", "count_old", "count_unknown",
        "count_zero", "dataflow_disabled", "dataflow_in_transition", "dataflow_vanished",
        "external_lapsed", "external_not_evaluated", "file_name_static", "joins_run", "kind_unknown",
        "mapped_recently", "merge_policy_new", "not_batch", "not_mapped", "schedule_ended",
        "schedule_last_day",
        "schedule_not_begun", "scheduled_export_running", "snapshot_export_running",
    ]  # fmt: skip


def test_guardrails_are_the_workspaces():
    patient = Guardrails(mapping_wait=timedelta(minutes=20), jobs_per_day=5)
    assert check(replace(CLEAN, guardrails=patient, mapped_at=NOW - timedelta(minutes=20))) == Verdict()
    assert check(replace(CLEAN, guardrails=patient, jobs_today=5)).looks


def test_the_day_is_the_platforms_not_the_viewers():
    late = NOW.replace(hour=23, minute=59).astimezone(UTC)
    assert check(replace(CLEAN, now=late, end_date=TODAY)).main.code == "schedule_last_day"
    assert (
        check(replace(CLEAN, now=late + timedelta(minutes=1), end_date=TODAY)).main.code == "schedule_ended"
    )


def test_one_wait_without_an_end_makes_the_end_unknown():
    both = check(replace(CLEAN, mapped_at=NOW, scheduled_run="r"))
    assert both.will_go == "waits"
    assert both.clears_at is None


def test_two_waits_end_with_the_later_one():
    finding = Finding("a", "wait", "", "", "", NOW + HOUR)
    later = replace(finding, code="b", clears_at=NOW + 2 * HOUR)
    assert Verdict((later, finding)).clears_at == NOW + 2 * HOUR


def test_a_finding_is_told_once():
    verdict = check(replace(CLEAN, dataflow_state="updating", operation_status="IN_PROGRESS"))
    assert [finding.code for finding in verdict.findings] == ["dataflow_in_transition"]


def test_a_known_wait_is_told_beside_one_without_a_moment():
    verdict = check(replace(CLEAN, mapped_at=NOW, dataflow_state="enabling"))
    assert (verdict.will_go, verdict.clears_at, verdict.earliest) == ("waits", None, NOW + HOUR)
    assert check(replace(CLEAN, dataflow_state="enabling")).earliest is None
    assert check(CLEAN).earliest is None


def test_findings_travel_as_json():
    finding = check(replace(CLEAN, mapped_at=NOW)).main
    assert finding.as_json() == {
        "code": "mapped_recently",
        "severity": "wait",
        "sentence": "Mapped 0 min ago; Adobe needs 60.",
        "do": str(finding.do),
        "source": finding.source,
        "clears_at": "2026-11-22T15:30:00+00:00",
    }


moments = st.none() | st.datetimes(timezones=st.just(UTC))
days = st.none() | st.dates()
words = (
    st.none() | st.text(max_size=12) | st.sampled_from(["IN_PROGRESS", "completed", "published", "enabled"])
)
kinds = {
    "now": st.datetimes(
        min_value=datetime(1970, 1, 1), max_value=datetime(9990, 1, 1), timezones=st.just(UTC)
    ),
    "guardrails": st.builds(
        Guardrails,
        mapping_wait=st.timedeltas(timedelta(0), 1000 * DAY),
        merge_policy_wait=st.timedeltas(timedelta(0), 1000 * DAY),
        count_max_age=st.timedeltas(timedelta(0), 1000 * DAY),
        jobs_per_day=st.integers(0, 100),
        over_budget_waits=st.booleans(),
    ),
    "start_date": days,
    "end_date": days,
    **dict.fromkeys(("mapped_at", "merge_policy_seen_at", "profiles_as_of", "ingested_at"), moments),
    "evaluated_at": moments,
    "profiles": st.none() | st.integers(0, 2**62),
    "jobs_today": st.integers(0, 1000),
    "operation_status": words,
    "file_name_template": words,
    **dict.fromkeys(("scheduled_run", "ad_hoc_run_here", "ad_hoc_run_elsewhere"), words),
    **{name: st.text(max_size=12) for name in ("dataflow", "kind", "dataflow_state", "lifecycle")},
}


def any_facts():
    told = {f.name: kinds.get(f.name, st.booleans() if f.type == "bool" else None) for f in fields(Facts)}
    return st.builds(Facts, **{name: kind for name, kind in told.items() if kind is not None})


@given(any_facts())
def test_no_facts_can_make_it_fail_and_the_worst_decides(facts):
    verdict = check(facts)
    severities = [finding.severity for finding in verdict.findings]
    expected = next((OUTCOMES[one] for one in ("stop", "wait", "join") if one in severities), "ready")
    assert verdict.will_go == expected
    assert len({finding.code for finding in verdict.findings}) == len(severities)
    for finding in verdict.findings:
        assert finding.as_json()["code"] == finding.code
    if verdict.main is not None:
        assert severities.index(verdict.main.severity) == verdict.findings.index(verdict.main)
    if verdict.clears_at is not None:
        assert verdict.clears_at > facts.now


def test_an_audiences_state_is_said_in_the_readers_words():
    (finding,) = check(replace(CLEAN, lifecycle="inactive")).findings
    assert str(finding.sentence) == "The audience is “Inactive”, not published."
    with override("de"):
        assert str(finding.sentence.facts["word"]) == "Inaktiv"
    (finding,) = check(replace(CLEAN, lifecycle="Frozen")).findings
    assert "“frozen”" in str(finding.sentence)
