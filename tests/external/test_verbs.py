"""From a wish to an audience that can be used, and every verb's refusals and faults, judged by the platform."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audiences.connection import why_not_move
from audiences.external import actions
from audiences.external.actions import CannotAsk
from audiences.external.answers import field_named, record
from audiences.external.moves import EDGES, IllegalMove, move
from audiences.external.send import claim, note_sending
from audiences.external.sweep import free_dead
from audiences.models import ExternalOperation
from audiences.tasks import external as external_task
from audiences.tasks import external_tick
from platforms.errors import AnswerLost, NotSent, Refused
from tests.catalogue import make_user
from tests.external.world import AIS, SPEC, Stage, fresh, ingest, last, listed, story

pytestmark = pytest.mark.django_db
S = ExternalOperation.State


def test_it_works(stage: Stage) -> None:
    alice = make_user("alice", "activator", stage.workspace)
    external = actions.create(stage.workspace, by=alice, press="one", **SPEC)
    assert actions.create(stage.workspace, by=alice, press="one", **SPEC) == external
    assert last(external).state == S.QUEUED
    stage.round()
    assert last(external).state == S.RUNNING
    stage.settle(3)
    external = fresh(external)
    (there,) = stage.there()
    assert (last(external).state, external.external_id) == (S.SUCCEEDED, there.id)
    assert listed(external).platform_id == there.audience.id != there.id
    assert there.body["fields"][1] == {"name": "city", "type": "string", "labels": ["core/C2"]}

    ingest(external)
    stage.round()
    stage.wait(3)
    stage.round()
    run = last(external, "ingest")
    assert [(one["name"], one["status"]) for one in run.stages] == [("DATASET_INGEST", "processing")]
    stage.settle(8)
    external, run = fresh(external), last(external, "ingest")
    assert [one["status"] for one in run.stages] == ["succeeded", "succeeded"]
    assert run.state == S.SUCCEEDED
    assert external.expires_at - external.ingested_at == timedelta(days=40)  # type: ignore[operator]
    assert story(external) == [
        "requested", "sent", "accepted", "created", "requested", "sent", "accepted", "stage", "stage", "ingested",
    ]  # fmt: skip
    assert external.events.first().actor == alice  # type: ignore[union-attr]
    stage.next_evaluation()
    assert listed(external).profiles > 1_000  # type: ignore[operator]


def test_update_extend_and_delete(stage: Stage) -> None:
    external = stage.ingested()
    change = {
        "description": "Newer",
        "ttl_days": 5,
        "labels": ["core/C1"],
        "field_labels": {"city": ["core/C9"]},
    }
    actions.update(external, change, by=None)
    stage.round()
    (there,) = stage.there()
    assert (there.body["description"], there.body["ttlInDays"], there.body["labels"]) == (
        "Newer",
        5,
        ["core/C1"],
    )
    external = fresh(external)
    assert (external.ttl_days, external.fields[1]["labels"]) == (5, ["core/C9"])
    assert there.body["fields"][1]["labels"] == ["core/C9"]

    before = external.expires_at
    actions.extend(external, by=None)
    stage.settle(8)
    external = fresh(external)
    assert external.expires_at > before  # type: ignore[operator]
    seen = last(external, "ingest")
    assert (seen.seen, seen.state, len(there.ingestions)) == (True, S.SUCCEEDED, 2)

    actions.delete(external, by=None)
    stage.round()
    external = fresh(external)
    assert (stage.there(), external.live, last(external, "delete").state) == ([], False, S.SUCCEEDED)
    with pytest.raises(CannotAsk, match="no longer exists"):
        ingest(external)
    assert stage.asked().name == external.name


def test_what_is_not_even_asked(stage: Stage) -> None:
    external = stage.asked()
    for verb in (ingest, lambda one: actions.extend(one, by=None), lambda one: actions.delete(one, by=None)):
        with pytest.raises(CannotAsk, match="not created"):
            verb(external)
    with pytest.raises(CannotAsk) as caught:
        stage.asked()
    assert (caught.value.field, caught.value.code) == ("name", "name_taken")
    uploaded = next(
        one for one in stage.sim.world.sandboxes["prod"].audiences.values() if one.origin == "CUSTOM_UPLOAD"
    )
    with pytest.raises(CannotAsk, match="Adobe has an uploaded audience"):
        stage.asked(name=uploaded.name)
    stage.settle(3)
    external = fresh(external)
    with pytest.raises(CannotAsk, match="No ingestion has succeeded"):
        actions.extend(external, by=None)
    now = timezone.now()
    with pytest.raises(CannotAsk, match="after the start"):
        ingest(external, data_from=now, data_until=now)
    ingest(external)
    with pytest.raises(CannotAsk, match="one at a time"):
        ingest(external)
    with pytest.raises(CannotAsk, match="Nothing was changed"):
        actions.update(external, {}, by=None)
    actions.delete(external, by=None)
    with pytest.raises(CannotAsk, match="being deleted"):
        actions.update(external, {"ttl_days": 3}, by=None)


@pytest.mark.parametrize("fault", ["silence_after", "reset_after", "truncate"])
def test_a_creation_whose_answer_is_lost_is_found_by_name(stage: Stage, fault: str) -> None:
    stage.fault(fault)
    external = stage.asked()
    stage.round()
    assert last(external).state == S.UNCONFIRMED
    stage.settle(6)
    external = fresh(external)
    (there,) = stage.there()
    assert (last(external).state, external.external_id, external.found) == (S.SUCCEEDED, there.id, False)
    assert stage.calls("POST", f"{AIS}/") == 1
    assert "found" in story(external)


@pytest.mark.parametrize("rule", [{"fault": "reset_before"}, {"fault": "status", "status": 502}])
def test_a_creation_without_effect_goes_once_more(stage: Stage, rule: dict[str, object]) -> None:
    stage.fault(rule.pop("fault"), **rule)  # type: ignore[arg-type]
    external = stage.asked()
    stage.settle()
    assert last(external).state == S.SUCCEEDED
    assert (len(stage.there()), stage.calls("POST", f"{AIS}/")) == (1, 2)
    assert "sent_again" in story(external)


def test_a_lost_creation_that_is_slow_to_be_listed_is_not_made_twice(stage: Stage) -> None:
    """The second call is a duplicate: the audience is found, however long the list takes."""
    stage.fault("silence_after")
    external = stage.asked()
    stage.round()
    stage.fault("empty_page", path="/data/core/ups/audiences", method="GET", times=None)
    stage.settle(8)
    assert (stage.calls("POST", f"{AIS}/"), last(external).state) == (2, S.UNCONFIRMED)
    assert (last(external).reason, last(external).verbatim) == (
        "duplicate", "The audience Winter newsletter already exists.",
    )  # fmt: skip
    stage.heal()
    stage.settle(2)
    assert (last(external).state, fresh(external).found, len(stage.there())) == (S.SUCCEEDED, False, 1)
    assert stage.calls("POST", f"{AIS}/") == 2


def elsewhere(stage: Stage, name: str = str(SPEC["name"])) -> None:
    """Somebody else made an audience of this name; the mirror does not know."""
    from audiences.clients import client_for
    from audiences.external.send import spec_of
    from audiences.models import ExternalAudience

    client_for(stage.workspace).externals.create(
        spec_of(ExternalAudience(**{**SPEC, "name": name, "ttl_days": 7}))
    )
    stage.wait(3600)


def test_a_duplicate_of_somebody_elses_is_found_and_said_to_be(stage: Stage) -> None:
    elsewhere(stage)
    external = stage.asked()
    stage.settle(4)
    external = fresh(external)
    assert (len(stage.there()), stage.calls("POST", f"{AIS}/")) == (1, 2)
    assert (last(external).state, external.found, external.ttl_days) == (S.SUCCEEDED, True, 7)
    assert "existed" in story(external)


def test_a_duplicate_that_cannot_be_found_is_refused(stage: Stage) -> None:
    elsewhere(stage)
    stage.fault("empty_page", path="/data/core/ups/audiences", method="GET", times=None)
    external = stage.asked()
    stage.settle()
    assert (last(external).state, last(external).reason) == (S.REFUSED, "duplicate")
    assert not fresh(external).live


def test_a_refusal_names_its_field_and_makes_nothing(stage: Stage) -> None:
    external = stage.asked(cloud="S3", connection="nowhere")
    stage.round()
    operation = last(external)
    assert (operation.state, operation.field, operation.status) == (S.REFUSED, "connection", 422)
    assert operation.verbatim == "baseConnectionId: the connection nowhere was not found."
    assert (fresh(external).live, stage.there()) == (False, [])


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("ttlInDays must be between 1 and 90.", "ttl_days"),
        ("path must not contain spaces.", "path"),
        ("fields: the type of name must be one of", "columns"),
        ("Something else", ""),
        ("dataFilterEndTime must be after dataFilterStartTime.", "data_until"),
    ],
)
def test_the_field_a_refusal_names(text: str, field: str) -> None:
    assert field_named(text) == field


def test_throttled_goes_later_and_says_so(stage: Stage) -> None:
    stage.fault("status", status=429, retry_after=60)
    external = stage.asked()
    stage.round()
    operation = last(external)
    assert (operation.state, operation.posted_at) == (S.QUEUED, None)
    assert operation.not_before >= stage.now() + timedelta(seconds=55)  # type: ignore[operator]
    stage.round()
    assert stage.calls("POST", f"{AIS}/") == 1
    stage.wait(70)
    stage.settle(3)
    assert last(external).state == S.SUCCEEDED


def test_credentials_refused(stage: Stage) -> None:
    stage.fault("status", status=403)
    external = stage.asked()
    stage.round()
    assert (last(external).state, last(external).reason) == (S.REFUSED, "credentials_refused:key")


@pytest.mark.parametrize("fault", ["silence_after", "reset_after"])
def test_a_lost_ingestion_is_found_among_the_runs(stage: Stage, fault: str) -> None:
    external = stage.made()
    path = f"{AIS}/{external.external_id}/runs"
    stage.fault(fault, path=path)
    ingest(external)
    stage.settle()
    (there,) = stage.there()
    run = last(external, "ingest")
    assert (run.state, run.platform_id) == (S.SUCCEEDED, there.ingestions[0].id)
    assert (len(there.ingestions), stage.calls("POST", path)) == (1, 1)


def test_a_lost_ingestion_that_the_list_hides_is_not_begun_twice(stage: Stage) -> None:
    external = stage.made()
    path = f"{AIS}/{external.external_id}/runs"
    stage.fault("silence_after", path=path)
    ingest(external)
    stage.round()
    stage.fault("status", path=path, method="GET", status=500, times=6)
    stage.settle(20)
    (there,) = stage.there()
    assert (last(external, "ingest").state, len(there.ingestions)) == (S.SUCCEEDED, 1)


def test_an_ingestion_that_fails(stage: Stage) -> None:
    external = stage.made()
    stage.fault("run_error", path=f"{AIS}/{external.external_id}/runs")
    ingest(external)
    stage.settle()
    run = last(external, "ingest")
    assert (run.state, run.stages[0]["status"], run.word) == (S.FAILED, "failed", "FAILED")
    assert fresh(external).ingested_at is None


def test_a_creation_that_fails(stage: Stage) -> None:
    stage.fault("run_error")
    external = stage.asked()
    stage.settle(3)
    assert (last(external).state, fresh(external).live) == (S.FAILED, False)
    stage.heal()
    assert stage.asked().pk != external.pk


@pytest.mark.parametrize("fault", ["silence_after", "reset_after", "reset_before"])
@pytest.mark.parametrize("kind", ["update", "extend", "delete"])
def test_lost_changes_end_in_the_truth(stage: Stage, kind: str, fault: str) -> None:
    external = stage.ingested()
    key = external.external_id
    (there,) = stage.there()
    method, path = {
        "update": ("PATCH", f"{AIS}/{key}"),
        "extend": ("POST", f"{AIS}/extend-ttl/{key}"),
        "delete": ("DELETE", f"{AIS}/{key}"),
    }[kind]
    before = there.expires
    stage.fault(fault, path=path, method=method)
    if kind == "update":
        actions.update(external, {"description": "Newer"}, by=None)
    else:
        getattr(actions, kind)(external, by=None)
    stage.settle(14)
    assert last(external, kind).state == S.SUCCEEDED
    if kind == "update":
        assert there.body["description"] == fresh(external).description == "Newer"
    elif kind == "extend":
        assert len(there.ingestions) == 2
        assert there.expires >= before + 40 * 86_400
    else:
        assert (stage.there(), fresh(external).live) == ([], False)
    if fault != "reset_before":
        assert stage.calls(method, path) == 1


def test_deleted_elsewhere(stage: Stage) -> None:
    from simulator.external import forget

    external = stage.made()
    forget(stage.sim.world.sandboxes["prod"], stage.there()[0])
    ingest(external)
    stage.round()
    external = fresh(external)
    assert (last(external, "ingest").state, external.live) == (S.REFUSED, False)
    assert external.deleted_at is not None

    other = stage.made(name="Another")
    forget(stage.sim.world.sandboxes["prod"], stage.there()[0])
    actions.look_again(other, by=None)
    stage.wait(1)
    stage.round()
    assert fresh(other).deleted_at is not None
    assert story(other)[-2:] == ["looked", "vanished"]


def test_a_deletion_of_what_is_gone_is_done(stage: Stage) -> None:
    from simulator.external import forget

    external = stage.made()
    forget(stage.sim.world.sandboxes["prod"], stage.there()[0])
    actions.delete(external, by=None)
    stage.round()
    assert (last(external, "delete").state, story(external)[-1]) == (S.SUCCEEDED, "gone")


def test_a_sender_that_died_before_its_call_leaves_it_queued(stage: Stage) -> None:
    external = stage.asked()
    operation = claim(stage.workspace, stage.now())
    assert operation is not None
    assert claim(stage.workspace, stage.now()) is None
    stage.wait(3600)
    free_dead(stage.workspace, stage.now())
    assert last(external).state == S.QUEUED
    from audiences.clients import client_for

    with pytest.raises(NotSent, match="lease ended"):
        note_sending(client_for(stage.workspace), operation)
    stage.settle(3)
    assert (last(external).state, stage.calls("POST", f"{AIS}/")) == (S.SUCCEEDED, 1)


def test_a_frozen_sender_does_not_speak_for_the_next(stage: Stage) -> None:
    external = stage.asked()
    frozen = claim(stage.workspace, stage.now())
    assert frozen is not None
    stage.wait(3600)
    free_dead(stage.workspace, stage.now())
    after = claim(stage.workspace, stage.now())
    assert after is not None
    for answer in (NotSent("Its lease ended."), Refused("No."), AnswerLost("Silence.")):
        record(frozen, answer, now=stage.now())
        assert (last(external).state, last(external).attempts) == (S.SENDING, 2)


def test_an_ingestion_of_what_was_deleted_meanwhile_ends(stage: Stage) -> None:
    external = stage.made()
    ingest(external)
    stage.round()
    actions.delete(external, by=None)
    stage.settle(14, 60)
    assert (last(external, "ingest").state, last(external, "ingest").reason) == (S.STOPPED, "not_found")


def test_a_sender_that_died_in_its_call_is_looked_up(stage: Stage) -> None:
    from audiences.external.send import send

    external = stage.asked()
    operation = claim(stage.workspace, stage.now())
    assert operation is not None
    send(stage.workspace, operation)  # and its answer is never written down
    stage.wait(3600)
    stage.settle(4)
    assert (last(external).state, stage.calls("POST", f"{AIS}/")) == (S.SUCCEEDED, 1)
    assert fresh(external).external_id == stage.there()[0].id


def test_what_never_left_is_never_sent(stage: Stage) -> None:
    external = stage.asked()
    stage.wait(2 * 86_400)
    stage.round()
    assert (last(external).state, fresh(external).live) == (S.CANCELED, False)
    assert stage.there() == []


def test_nothing_is_known_for_a_person_to_decide_and_check_again(stage: Stage) -> None:
    stage.fault("silence_after")
    external = stage.asked()
    stage.round()
    stage.fault("status", path="*", method="*", status=503, times=None)
    stage.wait(3600)
    stage.settle(5, 60)
    assert last(external).state == S.STOPPED
    assert fresh(external).live
    stage.heal()
    assert actions.check_again(last(external), by=None)
    assert not actions.check_again(last(external), by=None)
    stage.settle(4)
    assert (last(external).state, len(stage.there())) == (S.SUCCEEDED, 1)


def test_ingestions_begun_elsewhere_are_followed(stage: Stage) -> None:
    from audiences.clients import client_for

    external = stage.made()
    client_for(stage.workspace).externals.ingest(str(external.external_id), 1_700_000_000)
    actions.look_again(external, by=None)
    stage.settle(6)
    run = last(external, "ingest")
    assert (run.seen, run.state, run.requested_by) == (True, S.SUCCEEDED, None)
    assert fresh(external).runs_due_at is None


def test_limits_on_ingestions_are_known(stage: Stage) -> None:
    external = stage.made()
    now = timezone.now()
    assert actions.used_up(external, now) == ""
    for number in range(10):
        ExternalOperation.objects.create(
            workspace=stage.workspace, external=external, kind="ingest", state=S.SUCCEEDED, state_since=now,
            requested_at=now, deadline=now, platform_id=f"run-{number}",
        )  # fmt: skip
    assert "10 ingestions" in actions.used_up(external, now)


def test_a_move_that_is_not_drawn_is_our_bug(stage: Stage) -> None:
    operation = last(stage.asked())
    with pytest.raises(IllegalMove):
        move(operation, S.SUCCEEDED, what="x", now=timezone.now())
    assert set(EDGES) == set(S.values)


def test_the_tasks_find_the_work_by_themselves(stage: Stage) -> None:
    external = stage.asked()
    external_tick()
    assert last(external).state == S.RUNNING
    stage.wait(20)
    ExternalOperation.objects.update(next_check_at=timezone.now())
    external_task(stage.workspace.pk)
    assert last(external).state == S.SUCCEEDED
    external_task(987_654)


def test_a_workspace_with_external_audiences_does_not_move_to_another_sandbox(stage):
    assert why_not_move(stage.workspace) == ""
    stage.asked()
    assert "External audiences were created" in why_not_move(stage.workspace)
