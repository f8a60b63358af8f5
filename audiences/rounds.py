"""A worker's round: verbs over workspaces, where the trouble of one does not keep the others waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog
from structlog.contextvars import bound_contextvars

from audiences.models import Workspace
from platforms.pace import Share, sharing

log = structlog.get_logger(__name__)


def each(
    workspaces: Iterable[Workspace],
    *verbs: Callable[[Workspace], object],
    share: Share = Share.WATCH,
) -> None:
    """Every verb on every workspace; what fails for one must not keep the others waiting.

    Calls of the platform take from this share of the pace, and every log line names the workspace. The first
    error is raised at the end, so that the task is seen to have failed.
    """
    errors: list[Exception] = []
    for workspace in workspaces:
        for verb in verbs:
            try:
                with sharing(share), bound_contextvars(workspace=workspace.slug):
                    verb(workspace)
            except Exception as error:
                log.exception("A verb failed.", verb=verb.__name__, workspace=workspace.slug)
                errors.append(error)
    if errors:
        raise errors[0]
