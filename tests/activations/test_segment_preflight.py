"""Preflight's rules for Segment, one by one; none of Adobe's speaks there, and none of these at Adobe."""

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activations.preflight import RULES, SEGMENT_RULES, Facts, Verdict, check

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
CLEAN = Facts(
    now=NOW, platform="segment", dataflow="Win back → Braze", kind="connection", lifecycle="Live",
    mapping_enabled=True, sends_when="Audience Entered", profiles=1_000,
)  # fmt: skip

RULED = {
    "no token": ({"lacking": "token"}, "credentials_missing", "stop"),
    "no space": ({"lacking": "space"}, "credentials_missing", "stop"),
    "the connection vanished": ({"dataflow_vanished": True}, "dataflow_vanished", "stop"),
    "the activation vanished": ({"mapped": False}, "activation_vanished", "stop"),
    "the audience vanished": ({"audience_vanished": True}, "audience_vanished", "stop"),
    "not listed": ({"audience_listed": False}, "audience_not_listed", "look"),
    "the connection is disabled": ({"dataflow_state": "disabled"}, "connection_disabled", "stop"),
    "the activation is disabled": ({"mapping_enabled": False}, "activation_disabled", "stop"),
    "whether it is enabled is unknown": ({"mapping_enabled": None}, "activation_state_unknown", "look"),
    "the audience is disabled": ({"lifecycle": "Disabled"}, "audience_disabled", "stop"),
    "computing": ({"lifecycle": "Computing"}, "audience_computing", "wait"),
    "backfilling": ({"lifecycle": "Backfilling"}, "audience_computing", "wait"),
    "preparing": ({"lifecycle": "PREPARING"}, "audience_computing", "wait"),
    "locked": ({"lifecycle": "Locked"}, "audience_locked", "wait"),
    "in error": ({"lifecycle": "Error"}, "audience_in_error", "look"),
    "failed": ({"lifecycle": "Failed"}, "audience_in_error", "look"),
    "no status": ({"lifecycle": ""}, "audience_status_unknown", "look"),
    "a new status": ({"lifecycle": "Hibernating"}, "audience_status_unknown", "look"),
    "on its way already": ({"in_flight_here": True}, "already_in_flight", "stop"),
    "a resync of ours": ({"held": True}, "resync_held", "wait"),
    "a resync elsewhere": ({"ad_hoc_run_elsewhere": "act_2"}, "resync_elsewhere", "wait"),
    "ours, and the flag that shows it": (
        {"held": True, "ad_hoc_run_elsewhere": "act_2"}, "resync_held", "wait",
    ),
    "a resync of it": ({"ad_hoc_run_here": "act_1"}, "joins_resync", "join"),
    "sends exits": ({"sends_when": "Audience Exited"}, "sends_exits_only", "look"),
    "sends removals": ({"sends_when": "Entity Removed"}, "sends_exits_only", "look"),
    "no count": ({"profiles": None}, "count_unknown", "look"),
    "nobody": ({"profiles": 0}, "count_zero", "look"),
}  # fmt: skip
PASSES = {
    "clean": {},
    "not computing": {"lifecycle": "Not Computing"},
    "awaiting destinations": {"lifecycle": "Awaiting Destinations"},
    "a type of tomorrow": {"sends_when": "Audience Teleported"},
    "state of the connection unknown": {"dataflow_state": "unknown"},
    # What only Adobe minds.
    "jobs of today": {"jobs_today": 500},
    "no batch file": {"kind": "connection"},
    "an old count": {"profiles_as_of": datetime(2020, 1, 1, tzinfo=UTC)},
    "no date in the file name": {"file_name_template": "%SEGMENT_NAME%"},
    "a scheduled run": {"scheduled_run": "r", "snapshot_job": True},
}
# Pauses have their own table and their own tests.
TESTED_ELSEWHERE = {"not_paused"}
OUTCOMES = {"stop": "blocked", "wait": "waits", "join": "joins", "look": "ready"}


@pytest.mark.parametrize("case", PASSES.values(), ids=PASSES)
def test_it_works(case):
    assert check(replace(CLEAN, **case)) == Verdict()


@pytest.mark.parametrize(("case", "code", "severity"), RULED.values(), ids=RULED)
def test_every_rule_finds_its_case_alone(case, code, severity):
    verdict = check(replace(CLEAN, **case))
    assert [(f.code, f.severity) for f in verdict.findings] == [(code, severity)]
    assert verdict.will_go == OUTCOMES[severity]
    found = verdict.main
    assert str(found.sentence).endswith(".")
    assert str(found.do).endswith(".")
    assert found.source
    assert "Adobe" not in f"{found.sentence} {found.do} {found.source}"
    assert found.run == ("act_1" if severity == "join" else "")


def test_every_rule_has_its_case():
    silent = {
        rule.__name__
        for rule in SEGMENT_RULES
        if not any(rule(replace(CLEAN, **case[0])) for case in RULED.values())
    }
    assert silent == TESTED_ELSEWHERE


def test_each_platform_has_rules_of_its_own():
    shared = {rule.__name__ for rule in RULES} & {rule.__name__ for rule in SEGMENT_RULES}
    assert shared == {"dataflow_present", "audience_known", "not_paused", "not_held", "count_known"}
    theirs = {rule for rule in RULES if rule not in SEGMENT_RULES}
    assert {rule.__module__ for rule in SEGMENT_RULES if rule in theirs} == set()


VALUES = {
    "dataflow_state": st.sampled_from(["enabled", "disabled", "unknown", "", "???"]),
    "lifecycle": st.text(max_size=12) | st.sampled_from(["Live", "Computing", "Locked", "Failed"]),
    "sends_when": st.text(max_size=30),
    "mapping_enabled": st.sampled_from([True, False, None]),
    "profiles": st.none() | st.integers(min_value=0),
    "ad_hoc_run_here": st.none() | st.text(min_size=1, max_size=9),
    "ad_hoc_run_elsewhere": st.none() | st.text(min_size=1, max_size=9),
    "lacking": st.sampled_from(["", "token", "space"]),
}
BOOLEANS = [one.name for one in fields(Facts) if one.type == "bool"]


@given(st.fixed_dictionaries({}, optional=VALUES | dict.fromkeys(BOOLEANS, st.booleans())))
def test_no_facts_make_it_fail(given_facts):
    verdict = check(replace(CLEAN, **given_facts))
    assert verdict.will_go in OUTCOMES.values()
