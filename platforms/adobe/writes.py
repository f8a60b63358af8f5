"""What the answer to a write means, for writes whose refusals need no reading of sentences."""

from __future__ import annotations

from collections.abc import Iterable

from platforms.adobe.envelopes import refusal, unreadable
from platforms.answer import Answer
from platforms.decoding import Record

# These say by themselves what became of the call, however much of the body arrived.
TELLING = (401, 403, 404, 409, 412, 429)


def granted(answer: Answer, secrets: Iterable[str] = ()) -> Record:
    """The body of a success, {} where it has none; raises the typed error of everything else.

    A body that broke off proves nothing about the effect, unless the status does.
    """
    if not 200 <= answer.status < 300:
        telling = answer.status in TELLING or answer.status >= 500
        if answer.flaw is not None and not telling:
            raise unreadable(answer, "Adobe's answer broke off.", secrets)
        raise refusal(answer, secrets)
    if answer.status == 204 or (not answer.content.strip() and answer.flaw is None):
        return {}
    try:
        said = answer.json()
    except ValueError as error:
        raise unreadable(answer, "Adobe's answer is not JSON.", secrets) from error
    if not isinstance(said, dict):
        raise unreadable(answer, "Adobe's answer lacks what it should have.", secrets)
    return said
