"""Operations due for a question, each taken by one worker at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from audiences.models import ExternalOperation, Workspace

# While one worker asks, the others leave these alone: a silent platform must not hold them all.
ASKING = timedelta(seconds=settings.QUESTION_LEASE)


def take(workspace: Workspace, state: str, now: datetime) -> Iterator[ExternalOperation]:
    """The due operations in this state, taken out of the others' sight until they have been asked about."""
    due = ExternalOperation.objects.filter(workspace=workspace, state=state, next_check_at__lte=now)
    for operation in due.select_related("external", "workspace").order_by("pk"):
        mine = ExternalOperation.objects.filter(
            pk=operation.pk, state=state, next_check_at=operation.next_check_at
        )
        if mine.update(next_check_at=now + ASKING):
            yield operation
