"""Webhooks over real HTTP, through the courier's own process: signed, cut off, tried again, guarded."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from notices import actions, rounds, signing
from notices.models import Channel, Errand
from notices.outbox import collect
from tests.activations.house import make_house
from tests.environment import ROOT
from tests.notices.conftest import SECRET, channel, finished

pytestmark = pytest.mark.django_db


def due_again() -> None:
    """As if every pause were over."""
    now = timezone.now()
    Errand.objects.filter(state=Errand.State.WAITING).update(next_at=now)
    Channel.objects.update(next_at=None)


def tell(house, *outcomes: str) -> Errand:
    finished(house, *(outcomes or ("succeeded",)))
    collect()
    rounds.carry_due()
    return Errand.objects.select_related("channel").get()


class TestCarrying:
    def test_it_works(self, house, receiver):
        channel(house, receiver.url)
        errand = tell(house, "succeeded", "failed")
        assert (errand.state, errand.status, errand.attempts) == (Errand.State.DONE, 204, 1)
        (heard,) = receiver.heard
        assert heard.path == "/hook/very-secret-path"
        assert heard.json["type"] == "activation.failures"
        assert heard.json["data"]["subject"].endswith("1 of 2 failed (fixable)")
        assert heard.json["data"]["deliveries"] == {"total": 2, "succeeded": 1, "failed": 1}
        assert heard.json["data"]["workspace"]["slug"] == "northwind"

    def test_a_receiver_can_check_the_signature_as_the_document_says(self, house, receiver):
        channel(house, receiver.url)
        errand = tell(house)
        (heard,) = receiver.heard
        key, stamp = heard.headers["webhook-id"], heard.headers["webhook-timestamp"]
        assert key == str(errand.key)
        assert abs(int(stamp) - time.time()) < 60
        secret = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = hmac.new(secret, f"{key}.{stamp}.{heard.body}".encode(), hashlib.sha256).digest()
        assert heard.headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"

    def test_an_error_is_tried_again_under_the_same_id_and_signed_anew(self, house, receiver):
        receiver.answers, receiver.body = [500], "the queue is full"
        channel(house, receiver.url)
        errand = tell(house)
        assert (errand.state, errand.status, errand.words) == (
            Errand.State.WAITING, 500, "It answered 500. the queue is full",
        )  # fmt: skip
        assert errand.next_at > timezone.now() + timedelta(seconds=20)
        assert rounds.carry_due() == 0
        due_again()
        assert rounds.carry_due() == 1
        errand.refresh_from_db()
        assert (errand.state, errand.attempts, errand.words) == (Errand.State.DONE, 2, "")
        first, second = receiver.heard
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body

    def test_one_that_hangs_is_cut_off_and_keeps_nobody_waiting(self, house, receiver, settings):
        settings.NOTIFY_TIMEOUT = 3
        receiver.answers = ["hang"]
        channel(house, receiver.url)
        began = time.monotonic()
        errand = tell(house)
        assert 2 < time.monotonic() - began < 20
        assert (errand.state, errand.words) == (Errand.State.WAITING, "No answer within 3 s: cut off.")
        assert Channel.objects.get().failures == 1

    def test_a_failing_channel_is_left_alone_by_all_its_errands_until_it_works_again(self, house, receiver):
        receiver.answers = [500]
        made = channel(house, receiver.url)
        tell(house)
        finished(house, "succeeded", press="second")
        collect()
        assert rounds.carry_due() == 0
        actions.test(made)
        assert rounds.carry_due() == 3, "the test goes at once, and what waited goes with its success"
        assert set(Errand.objects.values_list("state", flat=True)) == {Errand.State.DONE}
        made.refresh_from_db()
        assert (made.failures, made.next_at) == (0, None)

    def test_patience_ends(self, house, receiver):
        receiver.answers = [500]
        channel(house, receiver.url)
        finished(house, "succeeded")
        collect()
        Errand.objects.update(attempts=len(rounds.BACKOFF))
        rounds.carry_due()
        errand = Errand.objects.get()
        assert (errand.state, errand.next_at) == (Errand.State.FAILED, None)

    def test_a_receiver_that_asks_for_patience_gets_it(self, house, receiver):
        receiver.answers, receiver.headers = [429], {"Retry-After": "3600"}
        channel(house, receiver.url)
        assert tell(house).next_at > timezone.now() + timedelta(minutes=59)

    def test_gone_is_final_and_redirects_are_not_followed(self, house, receiver):
        receiver.answers, receiver.headers = [302], {"Location": receiver.url}
        channel(house, receiver.url)
        errand = tell(house)
        assert (errand.state, errand.status, len(receiver.heard)) == (Errand.State.WAITING, 302, 1)
        receiver.answers = [410]
        due_again()
        rounds.carry_due()
        errand.refresh_from_db()
        assert (errand.state, errand.status) == (Errand.State.FAILED, 410)

    def test_whose_carrier_died_is_carried_again(self, house, receiver):
        channel(house, receiver.url)
        finished(house, "succeeded")
        collect()
        (errand,) = rounds.claim(1, timezone.now())
        assert rounds.carry_due() == 0
        Errand.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert rounds.carry_due() == 1
        errand.refresh_from_db()
        assert (errand.state, errand.attempts) == (Errand.State.DONE, 2)

    def test_who_may_no_longer_look_is_no_longer_told(self, house, receiver):
        channel(house, receiver.url, owner=house.bob)
        finished(house, "succeeded")
        collect()
        house.bob.memberships.all().delete()
        rounds.carry_due()
        assert Errand.objects.get().state == Errand.State.DROPPED
        assert receiver.heard == []


class TestTheTest:
    def test_it_takes_the_real_path_and_says_what_it_is(self, house, receiver):
        made = channel(house, receiver.url)
        first = actions.test(made)
        assert actions.test(made) == first, "a second press finds the first"
        rounds.carry_due()
        (heard,) = receiver.heard
        assert heard.json["type"] == "test"
        assert heard.headers["webhook-signature"].startswith("v1,")

    def test_it_is_tried_once_and_does_not_slow_the_channel_down(self, house, receiver):
        receiver.answers = [500]
        made = channel(house, receiver.url)
        actions.test(made)
        rounds.carry_due()
        assert Errand.objects.get().state == Errand.State.FAILED
        made.refresh_from_db()
        assert made.failures == 0


class TestTheGuard:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "169.254.169.254", "10.1.2.3"]
    )
    def test_networks_of_the_house_are_refused_unless_named(self, house, receiver, settings, host):
        settings.NOTIFY_NETWORKS = []
        channel(house, receiver.url.replace("127.0.0.1", host))
        errand = tell(house)
        assert errand.state == Errand.State.FAILED
        assert "a network that notices may not reach" in errand.words
        assert receiver.heard == []

    def test_apprise_is_guarded_too(self, house, receiver, settings):
        settings.NOTIFY_NETWORKS = []
        channel(house, receiver.url.replace("http:", "json:"), kind="chat")
        assert "may not reach" in tell(house).words
        assert receiver.heard == []


class TestApprise:
    def test_a_service_gets_subject_and_text(self, house, receiver):
        channel(house, receiver.url.replace("http:", "json:"), kind="chat")
        errand = tell(house, "failed")
        assert errand.state == Errand.State.DONE, errand.words
        (heard,) = receiver.heard
        assert heard.json["title"].endswith("failed (fixable)")
        assert heard.json["type"] == "failure"
        assert "The run failed." in heard.json["message"]

    def test_its_refusal_is_told_without_the_address(self, house, receiver):
        receiver.answers = [403]
        channel(house, receiver.url.replace("http:", "json:"), kind="chat")
        errand = tell(house)
        assert errand.state == Errand.State.WAITING
        assert "error=403" in errand.words
        assert "very-secret-path" not in errand.words

    def test_an_address_that_no_service_knows_is_said(self, house):
        channel(house, "nosuchthing://token/very-secret", kind="chat")
        errand = tell(house)
        assert (errand.state, errand.words) == (
            Errand.State.FAILED,
            "No service is known by such an address.",
        )


@pytest.mark.django_db(transaction=True)
def test_two_workers_carry_each_errand_once(receiver):
    house = make_house()
    for number in range(3):
        channel(house, receiver.url, name=f"Channel {number}")
    finished(house, "succeeded")
    collect()
    start = Barrier(2)

    def work() -> int:
        try:
            start.wait(10)
            return rounds.carry_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        tries = [future.result() for future in [pool.submit(work), pool.submit(work)]]
    assert sum(tries) == 3
    assert len({heard.headers["webhook-id"] for heard in receiver.heard}) == len(receiver.heard) == 3
    assert set(Errand.objects.values_list("state", flat=True)) == {Errand.State.DONE}


def test_the_documents_own_code_accepts_a_real_call_and_refuses_what_was_changed_or_kept(house, receiver):
    source = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    known: dict[str, Any] = {}
    exec(source.partition("```python\n")[2].partition("```")[0], known)
    channel(house, receiver.url)
    tell(house)
    (heard,) = receiver.heard
    known["verify"](SECRET, heard.headers, heard.body.encode())
    with pytest.raises(ValueError, match="not signed by us"):
        known["verify"](SECRET, heard.headers, heard.body.encode() + b" ")
    later = {**heard.headers, "webhook-timestamp": str(int(heard.headers["webhook-timestamp"]) + 1)}
    with pytest.raises(ValueError, match="not signed by us"):
        known["verify"](SECRET, later, heard.body.encode())
    old = signing.headers(SECRET, "an id", int(time.time()) - 301, heard.body)
    with pytest.raises(ValueError, match="too old"):
        known["verify"](SECRET, old, heard.body.encode())
