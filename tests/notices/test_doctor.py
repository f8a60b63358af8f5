"""The doctor's sight of notices: channels that keep failing, errands nobody carries, changes nobody looked at."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from audiences.models import Workspace
from notices.carry import Answer
from notices.doctor import FAILURES, TICK, notices
from notices.models import Channel, Errand
from notices.outbox import collect
from notices.rounds import claim, record
from tests.notices.conftest import channel, finished

pytestmark = pytest.mark.django_db
URL = "https://example.com/hook/very-secret-path"
SOON = timedelta(minutes=10)


def found(now=None):
    return {one.code: one for one in notices(Workspace.objects.all(), now)}


def fail(times: int) -> None:
    """The channel's errand fails so often, each time when its turn has come."""
    now = timezone.now()
    for _ in range(times):
        (errand,) = claim(1, now)
        record(errand, Answer(False, "It answered 500."), now)
        now += timedelta(hours=9)


def test_health_is_silent(house):
    channel(house, URL)
    finished(house, "succeeded")
    collect()
    assert found() == {}


def test_a_channel_that_keeps_failing_is_named_with_why(house):
    channel(house, URL)
    finished(house, "succeeded")
    collect()
    fail(FAILURES - 1)
    assert "channel_failing" not in found()
    Channel.objects.update(failures=FAILURES)
    one = found()["channel_failing"]
    assert "“Operations”" in one.what
    assert "3 times in a row" in one.what
    assert one.why == "It answered 500."
    assert one.workspace == house.workspace.slug
    assert "very-secret" not in str(one)
    Channel.objects.update(enabled=False)
    assert "channel_failing" not in found()


def test_overdue_errands(house):
    channel(house, URL)
    finished(house, "succeeded")
    collect()
    assert "errands_overdue" not in found()
    one = found(timezone.now() + SOON)["errands_overdue"]
    assert one.what.startswith("1 errand is due")
    assert one.do == TICK
    Channel.objects.update(next_at=timezone.now() + 2 * SOON)
    assert "errands_overdue" not in found(timezone.now() + SOON), "its channel is being patient"
    Channel.objects.update(next_at=None, enabled=False)
    assert "errands_overdue" not in found(timezone.now() + SOON)


def test_errands_whose_carrier_died(house):
    channel(house, URL)
    finished(house, "succeeded")
    collect()
    Errand.objects.update(state=Errand.State.CARRYING, lease_until=timezone.now())
    assert "errands_overdue" in found(timezone.now() + SOON)


def test_changes_that_nobody_looked_at(house):
    finished(house, "succeeded")
    assert "notices_behind" not in found()
    assert found(timezone.now() + SOON)["notices_behind"].what.startswith("1 activation has changed")


def test_the_command_says_it(house):
    channel(house, URL)
    finished(house, "succeeded")
    collect()
    Channel.objects.update(failures=7)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", "--offline", stdout=out)
    assert "has failed 7 times in a row" in out.getvalue()
