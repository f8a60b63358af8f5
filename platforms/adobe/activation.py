"""`POST adhocrun`: send once, and say exactly what is known about its effect (contract §8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from platforms.adobe.envelopes import envelope, refusal, unreadable
from platforms.adobe.gateway import Gateway
from platforms.answer import Answer, redact
from platforms.decoding import Record, said, text, texts
from platforms.envelopes import facts, taken_but_unreadable
from platforms.errors import (
    ActivationRefused,
    NotInSchedule,
    NotReady,
    NotSupported,
    PlatformError,
    RunGoingOn,
)
from platforms.types import Accepted, Oddity, Pair

Version = Literal["v2", "v1"]

ADHOCRUN = "/data/core/activation/disflowprovider/adhocrun"
V2 = "application/vnd.adobe.adhoc.activation+json; version=2"
READ_TIMEOUT = 60.0
READY_AFTER = 600.0
MATCHED = 16_000

_GOING_ON = re.compile(
    r"Run already going on for (?:audience|segment)\s+(\S+)\s+for order\s+(\S+)\s+with run id\s+(\S+)", re.I
)
_NOT_IN_SCHEDULE = re.compile(
    r"(?:Segments?|Audiences?) (.+?) (?:is|are) not part of this dataflow or out of schedule range", re.I
)
_NOT_READY = re.compile(r"\bnot ready for\b", re.I)
_WAIT = re.compile(r"wait (?:for |at least |about ){0,2}(\d{1,5}) ?(second|minute|hour|s|m|h)", re.I)
_NOT_SUPPORTED = re.compile(r"Adhoc run can ?not be executed for Flow spec", re.I)
_FLOW_NAMED = re.compile(r"Flow for id\s+([\w-]{1,100})", re.I)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0}
FIELDS = frozenset({"segment", "audience", "order", "statusURL"})
Odd = tuple[str, Any, Pair | None]
_RUN_ID = re.compile(r"[\w.:~-]{1,200}")


def activate(
    gateway: Gateway,
    pairs: Sequence[Pair],
    *,
    version: Version = "v2",
    export_ids: Sequence[str] = (),
    read_timeout: float = READ_TIMEOUT,
    last: Callable[[], object] | None = None,
) -> Accepted:
    """Ask for one export per (dataflow, audience). Never repeated here, except after a 401.

    The type of the error says what is known: NotSent, Refused (nothing happened), OutcomeUnknown. v1
    wants the id of a finished export job and no Accept; v2 is chosen by its exact Accept (AH-SPEC).
    `last` is called just before each sending; what it raises keeps the call back.
    """
    if not pairs or not all(dataflow and audience for dataflow, audience in pairs):
        raise ValueError("activate needs at least one pair, each with a dataflow and an audience")
    if version == "v1" and not export_ids:
        raise ValueError("version v1 needs the id of an export job")
    wanted = tuple(dict.fromkeys(pairs))
    body: dict[str, object] = {"activationInfo": _by_dataflow(wanted)}
    if version == "v1":
        body["exportIds"] = list(export_ids)
    answer = gateway.post_once(
        ADHOCRUN, body, accept=V2 if version == "v2" else None, read_timeout=read_timeout, last=last
    )
    return _accepted(answer, wanted, gateway.secrets)


def _by_dataflow(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for dataflow, audience in pairs:
        grouped.setdefault(dataflow, []).append(audience)
    return grouped


def _accepted(answer: Answer, wanted: tuple[Pair, ...], secrets: Iterable[str]) -> Accepted:
    if not 200 <= answer.status < 300:
        raise _refused(answer, secrets)
    try:
        given = answer.json()
    except ValueError as error:
        raise _unreadable(answer, secrets) from error
    if isinstance(given, dict) and isinstance(given.get("order"), list):
        runs, odd = _ordered(given["order"], frozenset(wanted))
    elif isinstance(given, dict) and _is_beta(given):
        runs, odd = _beta(given, wanted)
    else:
        raise _unreadable(answer, secrets)
    return Accepted(
        runs=runs,
        missing=tuple(pair for pair in wanted if pair not in runs),
        odd=tuple(Oddity(kind, said(item, secrets), pair) for kind, item, pair in odd),
        request_id=answer.request_id,
        status=answer.status,
        body=redact(answer.text, secrets),
    )


def _ordered(order: list[Any], wanted: frozenset[Pair]) -> tuple[dict[Pair, str], list[Odd]]:
    """Match by pair; Adobe promises neither order nor completeness nor uniqueness (contract §8.3).

    A pair told twice keeps its first run. What does not fit is odd, and nothing is concluded from it.
    """
    runs: dict[Pair, str] = {}
    odd: list[Odd] = []
    for item in order:
        if not isinstance(item, dict):
            odd.append(("record", item, None))
            continue
        pair = (text(item.get("order")) or "", text(item.get("segment")) or "")
        run = run_id(item.get("statusURL"))
        if pair not in wanted:
            odd.append(("pair", item, pair))
        elif run is None:
            odd.append(("run_id", item, pair))
        elif pair in runs:
            odd.append(("duplicate", item, pair))
        else:
            runs[pair] = run
            if set(item) - FIELDS:
                odd.append(("fields", item, pair))
    return runs, odd


def _is_beta(said: Record) -> bool:
    """The beta answered `{code: DEST-ADH-200, message, statusURLs[]}` (AH-OLD, contract §13 no. 2)."""
    return said.get("code") == "DEST-ADH-200" or isinstance(said.get("statusURLs"), list)


def _beta(said: Record, wanted: tuple[Pair, ...]) -> tuple[dict[Pair, str], list[Odd]]:
    """Its links name no pair and usually no run: one pair with one run is all that can be matched."""
    links = texts(said.get("statusURLs"))
    run = run_id(links[0]) if len(links) == 1 and len(wanted) == 1 else None
    if run is not None:
        return {wanted[0]: run}, []
    return {}, [("record", {"statusURL": link}, None) for link in links]


def run_id(link: object) -> str | None:
    """The run id at the end of a `statusURL`. The link is never fetched: it could lead anywhere."""
    if not isinstance(link, str):
        return None
    path = re.split(r"[?#]", link, maxsplit=1)[0].rstrip("/")
    last = path.rpartition("/")[2]
    return last if last != "runs" and _RUN_ID.fullmatch(last) else None


def _refused(answer: Answer, secrets: Iterable[str]) -> PlatformError:
    """A 400's sentence decides; other statuses decide by themselves.

    Where the body broke off and the status alone tells nothing, the outcome counts as unknown: half a
    sentence could name half a run.
    """
    telling = answer.status in (401, 403, 404, 429) or answer.status >= 500
    if answer.flaw is not None and not telling:
        return _unreadable(answer, secrets)
    if 400 <= answer.status < 500 and answer.status not in (401, 403, 429):
        read = envelope(answer, secrets)
        known = sentence(read.message, **facts(answer, read))
        if known is not None:
            return known
    return refusal(answer, secrets)


def sentence(message: str, **known: Any) -> ActivationRefused | None:
    """The typed refusal a sentence stands for, in either wording (contract §8.4); None when unknown."""
    told = " ".join(message[:MATCHED].split())
    if found := _GOING_ON.search(told):
        audience, dataflow, run = (part.strip(".,;:!'\"{}[]()") for part in found.groups())
        run = run if _RUN_ID.fullmatch(run) else ""
        return RunGoingOn(
            "A run for this audience is going on.", audience=audience, dataflow=dataflow, run=run, **known
        )
    if found := _NOT_IN_SCHEDULE.search(told):
        return NotInSchedule(
            "Not mapped on this dataflow, or outside its schedule.", names=found.group(1), **known
        )
    if _NOT_SUPPORTED.search(told):
        named = _FLOW_NAMED.search(told)
        return NotSupported(
            "This destination cannot be activated ad hoc.",
            dataflow=named.group(1) if named else "",
            **known,
        )
    if _NOT_READY.search(told):
        return NotReady("Too new to be activated ad hoc.", wait=_wait(told), **known)
    return None


def _wait(told: str) -> float:
    """Seconds to wait as the sentence says; ten minutes, the only documented number, when it does not."""
    found = _WAIT.search(told)
    return int(found.group(1)) * _SECONDS[found.group(2)[0].lower()] if found else READY_AFTER


def _unreadable(answer: Answer, secrets: Iterable[str]) -> PlatformError:
    return taken_but_unreadable(unreadable(answer, "Adobe answered, but not in a shape we know.", secrets))
