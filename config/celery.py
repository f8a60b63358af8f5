"""The Celery app and its beat table."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("activate_on_demand")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Ticks expire when the next one is due, so a busy worker never faces a pile of them.
app.conf.beat_schedule = {
    "watch running deliveries": {
        "task": "activations.tasks.watch_tick",
        "schedule": 2.0,
        "options": {"expire_seconds": 2},
    },
    "sweep what a lost nudge left behind": {
        "task": "activations.tasks.sweep_tick",
        "schedule": 15.0,
        "options": {"expire_seconds": 15},
    },
    # On the minute, as the moments of schedules are; each is claimed once, so a second beat does no harm.
    "fire schedules that are due": {
        "task": "activations.tasks.schedule_tick",
        "schedule": crontab(),
        "options": {"expire_seconds": 60},
    },
    "carry on with external audiences": {
        "task": "audiences.tasks.external_tick",
        "schedule": 3.0,
        "options": {"expire_seconds": 3},
    },
    "take the next step of chains": {
        "task": "activations.tasks.chain_tick",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "fulfil what a lost nudge left behind": {
        "task": "audiences.tasks.wish_tick",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "follow evaluations and exports": {
        "task": "audiences.tasks.job_tick",
        "schedule": 10.0,
        "options": {"expire_seconds": 10},
    },
    "forget share links of long ago": {
        "task": "activations.tasks.link_tick",
        "schedule": 3600.0,
        "options": {"expire_seconds": 3600},
    },
    "mirror the catalogue": {
        "task": "audiences.tasks.sync_tick",
        "schedule": 900.0,
        "options": {"expire_seconds": 900},
    },
    "tell what changed": {
        "task": "notices.tasks.tick",
        "schedule": 3.0,
        "options": {"expire_seconds": 3},
    },
    "delete old notices": {
        "task": "notices.tasks.tidy_tick",
        "schedule": 3600.0,
        "options": {"expire_seconds": 3600},
    },
    "heartbeat": {
        "task": "config.tasks.heartbeat",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
}
