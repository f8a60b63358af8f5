"""The beat table names tasks that exist, and a tick expires before the next one is due."""

import pytest
from celery.schedules import crontab
from django_celery_beat.schedulers import DatabaseScheduler

from config.celery import app


def test_every_entry_names_a_real_task() -> None:
    app.loader.import_default_modules()
    missing = {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks)
    assert not missing


@pytest.mark.django_db(transaction=True)
def test_ticks_expire_when_the_next_is_due() -> None:
    scheduler = DatabaseScheduler(app, lazy=True)
    scheduler.setup_schedule()
    for name in app.conf.beat_schedule:
        model = scheduler.schedule[name].model
        assert model.expire_seconds == seconds_between(model.schedule), name


def seconds_between(schedule) -> float:
    if isinstance(schedule, crontab):
        assert len(schedule.minute) == 60, "the one clock-bound tick comes every minute"
        return 60
    return schedule.run_every.total_seconds()
