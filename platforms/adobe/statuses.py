"""The platform's many words for a status, in ours. Case, blanks, dashes and underscores do not count."""

from __future__ import annotations

import re

from platforms.types import JobStatus, RunStatus

# Contract §6.4: schema, examples, filters, AEPP and the UI each write them differently.
_RUN_WORDS = {
    "success": RunStatus.SUCCEEDED,
    "succeeded": RunStatus.SUCCEEDED,
    "completed": RunStatus.SUCCEEDED,
    "partialsuccess": RunStatus.PARTIAL,
    "failed": RunStatus.FAILED,
    "failure": RunStatus.FAILED,
    "error": RunStatus.FAILED,
    "aborted": RunStatus.FAILED,
    "processing": RunStatus.RUNNING,
    "inprogress": RunStatus.RUNNING,
    "running": RunStatus.RUNNING,
    "waiting": RunStatus.QUEUED,
    "queued": RunStatus.QUEUED,
    "pending": RunStatus.QUEUED,
    "scheduled": RunStatus.QUEUED,
}

# Contract §7.5, §7.7, and §9 for "SUCCESS".
_JOB_WORDS = {
    "new": JobStatus.QUEUED,
    "queued": JobStatus.QUEUED,
    "processing": JobStatus.PROCESSING,
    "cancelling": JobStatus.PROCESSING,
    "succeeded": JobStatus.SUCCEEDED,
    "success": JobStatus.SUCCEEDED,
    "failed": JobStatus.FAILED,
    "cancelled": JobStatus.CANCELED,
    "canceled": JobStatus.CANCELED,
}


def run_status(word: object, *, completed: bool) -> RunStatus:
    """A run's status. A missing or new word means running until the run has an end, then unknown."""
    known = _RUN_WORDS.get(_folded(word))
    if known is not None:
        return known
    return RunStatus.UNKNOWN if completed else RunStatus.RUNNING


def is_run_word(word: object) -> bool:
    """Whether a document or an example knows this word for a run's status."""
    return _folded(word) in _RUN_WORDS


def job_status(word: object) -> JobStatus:
    """The status of a segment or export job, an ingestion, or an external audience's creation."""
    return _JOB_WORDS.get(_folded(word), JobStatus.UNKNOWN)


def _folded(word: object) -> str:
    return re.sub(r"[\s_-]+", "", word).casefold() if isinstance(word, str) else ""
