"""Codes in, words out: what a reason means, what to do about it, and whether a retry helps.

Nobody is told that something went wrong: a text we do not know is shown as unknown, word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from activations.messages import house, platform, segment
from activations.messages.message import ADMIN, Message, Words, merged
from audiences.told import read

__all__ = ["MESSAGES", "Explained", "Message", "explain"]

MESSAGES = merged((platform.MESSAGES, house.MESSAGES, segment.OWN))
# By platform: what is said instead.
INSTEAD: dict[str, dict[str, Message]] = {"segment": segment.INSTEAD}

UNKNOWN = Message(
    "unknown",
    _("Adobe said something we do not know"),
    _("This dashboard has no explanation for it yet, so it is kept below word for word."),
    _("Show it to your administrator; when it is clear, retry."),
    "after",
    ADMIN,
)

# Documented sentences, in the older wording (segment) and the newer one (audience).
SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), code)
    for pattern, code in (
        (r"already going on for (?:audience|segment)\b|a run already exists", "run_going_on"),
        (r"not part of this dataflow or out of schedule range", "not_in_schedule"),
        (r"not ready\b.*please wait for", "not_ready"),
        (r"adhoc run can ?not be executed for flow spec", "not_supported"),
        (r"api key is (?:required|invalid)", "credentials_refused:key"),
        (r"oauth token is (?:missing|not valid)", "credentials_refused:token"),
        (r"profile is not valid|missing header", "credentials_refused:org"),
        (r"ACTIVATION_BATCH-\d+-SKIP", "ACTIVATION_BATCH-0000-SKIP"),
        (r"ACTIVATION_BATCH-\d+-FAILED", "ACTIVATION_BATCH-0000-FAILED"),
    )
)
# Reasons that say less than the vendor's own text may say.
VAGUE = frozenset(
    {"", "refused", "activation_refused", "platform_error", "credentials_refused", "run_failed"}
)
HIGHEST_QUOTED = 5


@dataclass(frozen=True, slots=True)
class Explained:
    """A message with what the vendor said about it, word for word."""

    message: Message
    verbatim: str = ""
    issues: tuple[str, ...] = ()

    @property
    def title(self) -> Words:
        return self.message.title


def explain(
    reason: str,
    verbatim: str = "",
    *,
    field: str = "",
    issues: Iterable[Mapping[str, Any]] = (),
    finding: Mapping[str, Any] | None = None,
    vendor: str = "adobe",
) -> Explained:
    """The message of a delivery's `reason`, in words of the platform `vendor`.

    `field` is what to correct where credentials were refused; `issues` are what the run reported;
    `finding` is preflight's own, which names dates and minutes and therefore speaks before the table.
    """
    said = tuple(_quote(issue) for issue in list(issues)[:HIGHEST_QUOTED])
    message = _message(reason, field, " ".join((verbatim, *said)))
    message = INSTEAD.get(vendor, {}).get(message.code, message)
    if finding and finding.get("code") == reason and reason in MESSAGES:
        message = replace(message, meaning=read(finding["sentence"]), do=read(finding["do"]))
    return Explained(message, _kept(reason, verbatim, message, said), said)


def _message(reason: str, field: str, text: str) -> Message:
    exact = MESSAGES.get(f"{reason}:{field}") if field else None
    if exact is not None:
        return exact
    if reason in VAGUE:
        for pattern, code in SENTENCES:
            if pattern.search(text):
                return MESSAGES[code]
    return MESSAGES.get(reason, UNKNOWN)


def _kept(reason: str, verbatim: str, message: Message, said: tuple[str, ...]) -> str:
    """The verbatim text, unless the issues say the same; the bare code when there is nothing else."""
    if verbatim and verbatim not in said:
        return verbatim
    return reason if message.code == UNKNOWN.code and not said else ""


def _quote(issue: Mapping[str, Any]) -> str:
    code, text = str(issue.get("code") or ""), str(issue.get("message") or "")
    return f"{code}: {text}" if code and text else code or text
