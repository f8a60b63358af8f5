"""The doctor: every way of being stuck has its finding, with since when, why and what to run; health is silent."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from activations import pauses, states
from activations.doctor import deliveries, examine, installation, platforms
from activations.doctor.finding import SWEEP, WATCH
from activations.models import Chain, Delivery, Hold, Job
from activations.moves import move
from audiences import clients
from audiences.models import ExternalAudience, ExternalOperation, PlatformJob, Wish, Workspace
from config import readiness
from tests.activations.house import ended, make_house, running, sent
from tests.activations.world import mirrored
from tests.catalogue import make_workspace

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(minutes=10)


@pytest.fixture
def house():
    return make_house()


def findings(house, **fields):
    house.workspace.refresh_from_db()
    return {finding.code: finding for finding in examine([house.workspace], ask=False, **fields)}


def later(house, **fields):
    return findings(house, now=timezone.now() + LONG_AGO, **fields)


def on_its_way(house):
    """Three deliveries that the platform has taken."""
    activation = house.activation()
    return running(activation, sent(activation))


def test_a_healthy_workspace_has_no_finding(house):
    assert findings(house) == {}
    ended(on_its_way(house), states.SUCCEEDED)
    assert findings(house) == {}


def test_what_has_just_been_pressed_is_no_trouble(house):
    house.activation()
    assert findings(house) == {}


class TestDeliveries:
    def test_unconfirmed_and_since_when(self, house):
        activation = house.activation()
        job = sent(activation)
        now = timezone.now()
        waiting = list(activation.deliveries.select_related("audience"))
        move(waiting, states.UNCONFIRMED, what="unconfirmed", now=now, job=job, reason="answer_lost",
             next_check_at=now + 2 * LONG_AGO, deadline=now + 2 * LONG_AGO)  # fmt: skip
        assert "unconfirmed" not in findings(house), "looked into at once"
        found = later(house)["unconfirmed"]
        assert (
            found.what
            == f"3 deliveries are whose outcome at the platform is unknown (activation {activation.pk})."
        )
        assert found.since == now
        assert "answer was lost" in found.why
        assert WATCH in found.do

    def test_a_job_whose_lease_ended(self, house):
        job = sent(house.activation())
        assert "job_lease_ended" not in findings(house)
        found = later(house)["job_lease_ended"]
        assert f"Job {job.pk}" in found.what
        assert found.since == job.lease_until
        assert found.do == SWEEP

    def test_armed_ones_say_what_they_wait_for_and_trouble_nobody(self, house):
        pauses.pause(workspace=house.workspace, reason="Freeze", by=None)
        house.activation()
        found = findings(house)
        assert found["armed"].level == "note"
        assert "Sending is paused" in found["armed"].why

    def test_armed_ones_that_nobody_judged(self, house):
        pauses.pause(workspace=house.workspace, reason="Freeze", by=None)
        house.activation()
        found = later(house)["armed_not_judged"]
        assert (found.level, found.do) == ("act", SWEEP)

    def test_queued_ones_that_do_not_leave(self, house):
        activation = house.activation()
        found = later(house)["queued_stuck"]
        assert "3 deliveries are queued" in found.what
        assert "broker" in found.why
        assert f"--args='[{house.workspace.pk}]'" in found.do
        assert found.since == activation.requested_at

    def test_queued_ones_under_a_pause(self, house):
        house.activation()
        pauses.pause(workspace=house.workspace, reason="Freeze", by=house.alice)
        found = later(house)
        assert found["queued_paused"].level == "note"
        assert "alice: Freeze" in found["queued_paused"].why
        assert "queued_stuck" not in found

    def test_queued_ones_while_told_to_slow_down(self, house):
        house.activation()
        Workspace.objects.update(send_after=timezone.now() + 2 * LONG_AGO)
        found = later(house)
        assert found["queued_paced"].level == "note"
        assert "queued_stuck" not in found

    def test_queued_ones_whose_audience_is_held_by_a_job(self, house):
        activation = house.activation()
        now = timezone.now()
        job = Job.objects.create(
            workspace=house.workspace, created_at=now, lease_until=now + 2 * LONG_AGO, size=1
        )
        for delivery in activation.deliveries.select_related("audience"):
            Hold.objects.create(workspace=house.workspace, key=delivery.audience.platform_id, job=job)
        found = later(house)
        assert f"job {job.pk}" in found["queued_held"].why
        assert found["queued_held"].level == "note"
        assert "queued_stuck" not in found

    def test_past_the_deadline(self, house):
        house.activation()
        Delivery.objects.update(deadline=timezone.now())
        assert later(house)["past_deadline"].do.startswith(SWEEP)

    def test_runs_nobody_asks_about(self, house):
        on_its_way(house)
        Delivery.objects.update(next_check_at=timezone.now())
        found = later(house)["not_asked_about"]
        assert found.do == WATCH
        assert "not_asked_about" not in findings(house)

    def test_holds_that_nothing_needs(self, house):
        now = timezone.now()
        job = Job.objects.create(
            workspace=house.workspace, created_at=now, lease_until=now, size=1, outcome="accepted"
        )
        Hold.objects.create(workspace=house.workspace, key="nobody", job=job)
        found = later(house)["orphan_hold"]
        assert found.since == now
        assert found.do == SWEEP

    def test_holds_that_are_needed_are_left_out(self, house):
        activation = house.activation()
        job = sent(activation)
        for delivery in activation.deliveries.select_related("audience"):
            Hold.objects.create(workspace=house.workspace, key=delivery.audience.platform_id, job=job)
        assert list(deliveries.orphans(house.workspace, timezone.now() + LONG_AGO)) == []

    def test_what_a_person_must_decide(self, house):
        ended(on_its_way(house), states.STOPPED, reason="watch_limit")
        found = findings(house)["stopped_watching"]
        assert found.level == "note"
        assert "Check again" in found.do

    def test_another_workspace_is_not_blamed(self, house):
        house.activation()
        other = make_workspace("other")
        assert list(examine([other], ask=False, now=timezone.now() + LONG_AGO)) == []


class TestAsked:
    """Besides deliveries: wishes, operations on external audiences, chains."""

    def wish(self, house, **fields):
        now = timezone.now()
        known = {"what": "evaluate", "asked_at": now, "press": f"w-{Wish.objects.count()}", "state_since": now,
                 "next_at": now, "deadline": now + 6 * LONG_AGO}  # fmt: skip
        return Wish.objects.create(workspace=house.workspace, **{**known, **fields})

    def operation(self, house, **fields):
        now = timezone.now()
        external = ExternalAudience.objects.create(
            workspace=house.workspace, name="Loyal guests", path="dlz/guests.csv", created_at=now, press="e"
        )
        known = {"kind": "create", "state_since": now, "requested_at": now, "deadline": now + 6 * LONG_AGO}
        return ExternalOperation.objects.create(
            workspace=house.workspace, external=external, **{**known, **fields}
        )

    def chain(self, house, **fields):
        now = timezone.now()
        known = {"asked_at": now, "press": "c", "name": "Sale", "dataset": "d", "state_since": now}
        return Chain.objects.create(workspace=house.workspace, **{**known, **fields})

    def test_wishes_that_nobody_takes_up(self, house):
        made = self.wish(house)
        assert findings(house) == {}
        found = later(house)["wish_stuck"]
        assert (found.level, found.since) == ("act", made.state_since)
        assert found.what == "1 wish due and not taken up: “Evaluate”."
        assert "wish_tick" in found.do

    def test_a_wish_whose_worker_died(self, house):
        self.wish(house, state="sending", lease_until=timezone.now())
        assert set(later(house)) == {"wish_stuck"}

    def test_a_wish_in_doubt_is_looked_into_and_one_given_up_is_for_a_person(self, house):
        far = timezone.now() + 3 * LONG_AGO
        self.wish(house, state="unconfirmed", next_at=far)
        self.wish(house, state="lost")
        self.wish(house, state="done")
        found = later(house)
        assert {code: one.level for code, one in found.items()} == {
            "wish_unconfirmed": "note",
            "wish_lost": "note",
        }

    @pytest.mark.parametrize(("state", "due"), [
        ("queued", "not_before"),
        ("sending", "lease_until"),
        ("running", "next_check_at"),
        ("unconfirmed", "next_check_at"),
    ])  # fmt: skip
    def test_external_operations_that_nobody_carries_on_with(self, house, state, due):
        self.operation(house, state=state, **{due: timezone.now()})
        assert "external_stuck" not in findings(house)
        found = later(house)
        assert set(found) == {"external_stuck"}
        assert "external_tick" in found["external_stuck"].do

    def test_external_operations_that_rightly_wait(self, house):
        far = timezone.now() + 3 * LONG_AGO
        self.operation(house, state="unconfirmed", next_check_at=far)
        assert later(house)["external_unconfirmed"].level == "note"
        ExternalOperation.objects.update(state="stopped", next_check_at=None)
        assert later(house)["external_stopped"].level == "note"
        ExternalOperation.objects.update(state="running", next_check_at=far)
        assert later(house) == {}

    def test_a_chain_that_rightly_waits(self, house):
        wish = self.wish(house, state="done", job=a_job(house, status="processing"))
        self.chain(house, state="evaluating", evaluation=wish)
        assert {code: one.level for code, one in later(house).items()} == {"chain": "note"}

    def test_a_chain_whose_step_is_over_and_not_the_next(self, house):
        wish = self.wish(house, state="done", job=a_job(house, status="succeeded"))
        self.chain(house, state="evaluating", evaluation=wish)
        assert findings(house) == {}
        assert "chain_tick" in later(house)["chain_stuck"].do

    @pytest.mark.parametrize(("state", "ago"), [("pressing", 0), ("exporting", 13)])
    def test_a_chain_that_does_not_press_or_lasts_for_ever(self, house, state, ago):
        since = timezone.now() - timedelta(hours=ago)
        wish = self.wish(house, state="done", job=a_job(house, status="processing"))
        self.chain(house, state=state, state_since=since, export=wish)
        assert set(later(house)) == {"chain_stuck"}


def a_job(house, **fields):
    now = timezone.now()
    known = {"kind": "segment", "platform_id": "job-1", "created_at": now, "completed_at": now}
    return PlatformJob.objects.create(workspace=house.workspace, **known, **fields)


class TestMirror:
    @pytest.mark.parametrize(
        ("code", "fields"),
        [
            ("sync_failed", {"sync_state": "failed", "sync_error": "Adobe is down"}),
            ("sync_hangs", {"sync_state": "running", "sync_started_at": timezone.now() - timedelta(hours=1)}),
            ("never_synced", {"sync_state": "never", "synced_at": None}),
            ("mirror_old", {"synced_at": timezone.now() - timedelta(hours=3)}),
        ],
    )
    def test_each_trouble_has_its_finding(self, code, fields):
        workspace = make_workspace("retail", **fields)
        found = {finding.code: finding for finding in examine([workspace], ask=False)}
        assert set(found) == {code}
        assert f"sync_workspace --args='[{workspace.pk}]'" in found[code].do

    def test_the_reason_is_told(self):
        workspace = make_workspace("retail", sync_state="failed", sync_error="Adobe is down\n503")
        assert next(platforms.mirror(workspace, timezone.now())).why == "Adobe is down 503"


class TestPlatform:
    @pytest.fixture
    def workspace(self, sim):
        return mirrored(sim)

    def ask(self, workspace):
        clients._clients.pop(workspace.pk, None)
        return {finding.code: finding for finding in platforms.connection(workspace, timezone.now())}

    def test_it_works(self, workspace):
        assert self.ask(workspace) == {}

    def test_refused_credentials_name_the_field(self, workspace):
        workspace.client_secret = "wrong"
        found = self.ask(workspace)["credentials_refused"]
        assert "secret" in found.what
        assert "wrong" not in str(found)

    def test_a_secret_that_no_key_opens(self, workspace):
        workspace.client_secret_encrypted = "gAAAAA-not-ours"
        assert "FIELD_KEYS" in self.ask(workspace)["secret_unreadable"].do

    def test_no_secret_at_all(self, workspace):
        workspace.client_secret_encrypted = ""
        assert set(self.ask(workspace)) == {"secret_missing"}

    def test_segments_secret_is_called_a_token(self, workspace):
        workspace.platform = "segment"
        workspace.client_secret_encrypted = ""
        found = self.ask(workspace)["secret_missing"]
        assert found.what == "No token is stored."
        assert found.do.startswith("Enter the token anew")
        workspace.client_secret_encrypted = "gAAAAA-not-ours"
        assert self.ask(workspace)["secret_unreadable"].what == "The token cannot be decrypted."

    def test_a_platform_that_does_not_answer(self, workspace):
        workspace.platform_url = workspace.ims_url = "http://127.0.0.1:1"
        assert "nothing is lost" in self.ask(workspace)["platform_unreachable"].do

    def test_a_stand_in_outside_demo_mode(self, workspace, settings):
        settings.DEMO = False
        assert set(self.ask(workspace)) == {"platform_refuses"}

    @pytest.mark.parametrize(("ahead", "side"), [(3600, "behind"), (-3600, "ahead of")])
    def test_a_clock_that_is_wrong(self, ahead, side):
        (found,) = platforms._skew(timedelta(seconds=ahead), "retail")
        assert found.what == f"This host's clock is 3600 s {side} the platform's."

    def test_a_clock_that_is_right(self, workspace):
        assert list(platforms._skew(timedelta(seconds=-1), "retail")) == []


class TestInstallation:
    def test_each_part_that_fails_is_named_with_its_remedy(self):
        answers = [(name, False, f"The {name} is silent.") for name in readiness.PARTS]
        found = list(installation.parts(answers))
        assert [finding.code for finding in found] == [f"{name}_down" for name in readiness.PARTS]
        assert all("un: " in finding.do for finding in found)

    def test_parts_that_are_well_are_left_out(self):
        assert list(installation.parts([("beat", True, "Beat ticked.")])) == []

    @pytest.mark.parametrize(
        ("name", "code"), [("DEMO", "demo_in_production"), ("DEBUG", "debug_in_production")]
    )
    def test_settings_that_do_not_belong(self, settings, name, code):
        settings.DEMO = settings.DEBUG = settings.SECURE = False
        setattr(settings, name, True)
        settings.ALLOWED_HOSTS = ["localhost"]
        assert list(installation.settings_that_do_not_belong()) == []
        settings.ALLOWED_HOSTS = ["activate.example.com"]
        assert [finding.code for finding in installation.settings_that_do_not_belong()] == [code]

    def test_production_on_a_stand_in(self):
        workspace = make_workspace("retail", production=True, platform_url="http://127.0.0.1:9900")
        assert [finding.code for finding in installation.stand_ins(workspace)] == ["stand_in_in_production"]

    def test_tables_that_are_up_to_date(self):
        assert list(installation.unmigrated()) == []


class TestCommand:
    @pytest.fixture(autouse=True)
    def _alive(self, settings):
        settings.ALLOWED_HOSTS = ["localhost"]
        readiness.note(readiness.BEAT_KEY)
        readiness.note(readiness.WORKER_KEY)

    def run(self, *args):
        out = StringIO()
        code = 0
        try:
            call_command("doctor", "--offline", *args, stdout=out)
        except SystemExit as exit:
            code = exit.code
        return code, out.getvalue()

    def test_healthy(self, house):
        assert self.run() == (0, "Healthy.\n")
        assert self.run("--json") == (0, '{"healthy": true, "findings": []}\n')

    def test_trouble(self, house):
        house.activation()
        Delivery.objects.update(state_since=timezone.now() - LONG_AGO)
        code, said = self.run("--workspace", "northwind")
        assert code == 1
        assert "✗ [northwind] 3 deliveries are queued" in said
        assert "Since " in said
        assert "Why: " in said
        assert "Do:  Run: celery --app config call activations.tasks.dispatch" in said

    def test_as_json(self, house):
        house.activation()
        Delivery.objects.update(state_since=timezone.now() - LONG_AGO)
        code, said = self.run("--json")
        (found,) = json.loads(said)["findings"]
        assert code == 1
        assert (found["code"], found["workspace"], found["level"]) == ("queued_stuck", "northwind", "act")
        assert found["since"]

    def test_notes_alone_are_healthy(self, house):
        pauses.pause(workspace=house.workspace, reason="Freeze", by=None)
        house.activation()
        code, said = self.run()
        assert code == 0
        assert "· [northwind]" in said

    def test_silence_of_beat_and_worker(self, house):
        from django.core.cache import cache

        cache.delete_many([readiness.BEAT_KEY, readiness.WORKER_KEY])
        code, said = self.run("--json")
        assert code == 1
        assert {found["code"] for found in json.loads(said)["findings"]} == {"beat_down", "worker_down"}

    def test_an_unknown_workspace_is_named(self):
        with pytest.raises(CommandError, match="nowhere"):
            call_command("doctor", "--workspace", "nowhere")


def codes():
    """Every finding's code, read from the sources."""
    room = Path(deliveries.__file__).parent
    text = "".join(path.read_text() for path in sorted(room.glob("*.py")))
    found = set(re.findall(r'inding\(\s*"(\w+)"', text))
    assert len(found) > 20
    return sorted(found | {f"{name}_down" for name in readiness.PARTS})


@pytest.mark.parametrize("code", codes())
def test_every_finding_is_in_the_documentation(code):
    assert f"`{code}`" in (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
