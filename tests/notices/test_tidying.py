"""Old notices are deleted, with what became of them; what is still needed is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from activations import actions, states
from notices import tidying
from notices.actions import test as send_test
from notices.models import Errand, Notice
from notices.outbox import collect
from notices.tasks import tidy_tick
from tests.activations.house import ended, running, sent
from tests.notices.conftest import channel, finished

pytestmark = pytest.mark.django_db


def later(days: float):
    return timezone.now() + timedelta(days=days)


def test_it_works(house, settings):
    settings.NOTICES_KEPT = 30
    made = channel(house, "https://example.com/hook")
    activation = finished(house, "failed", "failed", "failed")
    collect()
    Errand.objects.update(state=Errand.State.FAILED)
    send_test(made)
    Errand.objects.filter(notice=None).update(state=Errand.State.DONE)
    assert tidying.tidy(later(29)) == 0
    assert Notice.objects.count() == 1
    assert Errand.objects.count() == 2
    assert tidying.tidy(later(31)) == 3
    assert not Notice.objects.exists()
    assert not Errand.objects.exists()
    made.refresh_from_db()
    activation.refresh_from_db()


def test_what_still_moves_keeps_what_was_told_of_it(house):
    activation = finished(house, "failed", "", "")
    collect()
    assert tidying.tidy(later(365)) == 0
    moving = activation.deliveries.filter(state=states.RUNNING).select_related("audience", "dataflow")
    ended(list(moving), states.SUCCEEDED)
    collect()
    assert list(activation.notices.order_by("pk").values_list("change", flat=True)) == ["needs", "failures"]


def test_an_activation_whose_story_is_gone_can_be_asked_again(house):
    activation = finished(house, "failed")
    collect()
    tidying.tidy(later(365))
    actions.retry(activation, by=house.alice)
    ended(running(activation, sent(activation)), states.SUCCEEDED)
    collect()
    assert activation.notices.get(told=True).change == "well"


def test_errands_that_are_not_over_stay(house):
    made = channel(house, "https://example.com/hook")
    send_test(made)
    assert tidying.tidy(later(365)) == 0
    assert Errand.objects.count() == 1


def test_many_go_in_small_steps(house, monkeypatch):
    monkeypatch.setattr(tidying, "AT_ONCE", 2)
    for number in range(5):
        finished(house, "succeeded", press=f"press-{number}")
    collect()
    assert tidying.tidy(later(365)) == 5


def test_the_hourly_tick_does_it(house):
    finished(house, "succeeded")
    collect()
    Notice.objects.update(at=timezone.now() - timedelta(days=91))
    tidy_tick()
    assert not Notice.objects.exists()
