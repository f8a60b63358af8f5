"""Celery tasks of the notices: each calls a verb and stops."""

from __future__ import annotations

from celery import shared_task

from notices import outbox, rounds, tidying


@shared_task
def tick() -> None:
    """Every three seconds: what changed is written down, and what is due is carried."""
    try:
        outbox.collect()
    finally:
        rounds.carry_due()


@shared_task
def tidy_tick() -> None:
    """Every hour: what was told long ago is deleted."""
    tidying.tidy()
