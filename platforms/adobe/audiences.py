"""The audiences of a sandbox: pages read at once, an empty page never taken for the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from platforms.adobe.gateway import SEGMENTATION, Gateway
from platforms.decoding import Record, dig, first, flag, record, records, text, texts, whole
from platforms.errors import AnswerUnreadable
from platforms.http import together
from platforms.times import moment
from platforms.types import Audience

log = structlog.get_logger(__name__)

AUDIENCES = f"{SEGMENTATION}/audiences"
PAGE_SIZE = 100  # the most is not documented (contract §16 no. 13); the page tells when it is less
READS_AT_ONCE = 6
PAGES_AT_MOST = 10_000

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list. `next` is what `start` must be for the following one, None at the end."""

    start: str
    items: list[Record]
    total: int | None
    next: str | None


class Audiences:
    """Reads audiences of one sandbox, and remembers whether there ever were any."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._seen_any = False

    def all(self, progress: Progress | None = None, *, known: int = 0) -> tuple[Audience, ...]:
        """Every audience once. `known` is how many the caller holds: from some to none is not believed.

        Adobe now and then answers with an empty page (contract §14 no. 5): it is asked again, and when it
        stays empty the reading ends in AnswerUnreadable rather than with fewer audiences.
        """
        report = progress or (lambda _done, _total: None)
        opening = self._opening(known > 0 or self._seen_any)
        found = {key: item for item in opening.items if (key := text(item.get("id")))}
        report(len(found), opening.total)
        starts = _starts(opening)
        pages = self._following(opening) if starts is None else together(READS_AT_ONCE, self._page, starts)
        for page in pages:
            found.update((key, item) for item in page.items if (key := text(item.get("id"))))
            report(len(found), page.total if page.total is not None else opening.total)
        self._seen_any = self._seen_any or bool(found)
        if opening.total is not None and len(found) < opening.total:
            log.warning("Fewer audiences than announced", announced=opening.total, read=len(found))
        return tuple(audience(item) for item in found.values())

    def _opening(self, some_expected: bool) -> Page:
        """The first page. Emptiness is believed only when it lasts and nobody has seen an audience."""
        try:
            return self._read("0", lambda page: bool(page.items))
        except AnswerUnreadable:
            if some_expected:
                raise
        return self._read("0", lambda page: bool(page.items) or not page.total)

    def _page(self, start: str) -> Page:
        """A page that must have something, unless the list has meanwhile become shorter than `start`."""
        return self._read(start, lambda page: bool(page.items) or _is_past_end(page))

    def _following(self, page: Page) -> list[Page]:
        """The pages after `page` one by one, where no total allows reading them at once."""
        pages: list[Page] = []
        seen = {page.start}
        while page.next is not None and page.next not in seen and len(pages) < PAGES_AT_MOST:
            seen.add(page.next)
            page = self._page(page.next)
            pages.append(page)
        return pages

    def _read(self, start: str, believable: Callable[[Page], bool]) -> Page:
        params = [("start", start), ("limit", str(PAGE_SIZE)), ("sort", "updateTime:desc")]
        answer = self._gateway.get(
            AUDIENCES, params, sound=lambda said: "children" in said and believable(_paged(start, said))
        )
        return _paged(start, answer)


def _paged(start: str, answer: Record) -> Page:
    # One spec example writes `_pages` (contract §13 no. 12); `next` is a number or a text.
    paging = record(first(answer.get("_page"), answer.get("_pages")))
    following = text(paging.get("next"))
    return Page(
        start=start,
        items=records(answer.get("children")),
        total=whole(paging.get("totalCount")),
        next=following if following not in (None, "0", start) else None,
    )


def _is_past_end(page: Page) -> bool:
    return page.total is not None and page.start.isdigit() and int(page.start) >= page.total


def _starts(opening: Page) -> list[str] | None:
    """The `start` of every further page, or None when they must be followed one by one.

    Documents call `start` an offset, yet one example advances it by one per page of two: the step the
    platform itself takes from the first page to the second is right under both readings.
    """
    size, total = len(opening.items), opening.total
    if total is None or size == 0:
        return None if opening.next else []
    if total <= size:
        return []
    if opening.next is not None and not opening.next.isdigit():
        return None
    step = int(opening.next) if opening.next else size
    pages = -(-total // size)
    return [str(number * step) for number in range(1, min(pages, PAGES_AT_MOST))]


def audience(item: Record) -> Audience:
    """Read one audience that has an id (contract §7.1, §7.2)."""
    key = text(item.get("id")) or ""
    own = text(item.get("audienceId"))
    metrics = record(item.get("metrics"))
    return Audience(
        id=key,
        name=text(item.get("name")) or key,
        external_id=own if own != key else None,
        external=_is_external(item),
        description=text(item.get("description")) or "",
        origin=text(item.get("originName")) or "",
        namespace=text(item.get("namespace")) or "",
        # List and metrics examples name it differently (contract §13 no. 11).
        lifecycle=(first(text(item.get("lifecycleState")), text(item.get("lifecycle"))) or "").lower(),
        evaluation=_evaluation(record(item.get("evaluationInfo"))),
        merge_policy=text(item.get("mergePolicyId")),
        labels=texts(item.get("labels")),
        ttl_days=whole(item.get("ttlInDays")),
        profiles=whole(dig(metrics, "data", "totalProfiles")),
        profiles_as_of=moment(metrics.get("updateEpoch")) or moment(metrics.get("createEpoch")),
        # An external audience's creationTime is in microseconds in the one example; the epoch is right.
        created_at=moment(item.get("createEpoch")) or moment(item.get("creationTime")),
        updated_at=moment(item.get("updateEpoch")) or moment(item.get("updateTime")),
    )


def _is_external(item: Record) -> bool:
    """`ExternalSegment` in every example, `ExternalAudience` in the enum (contract §13 no. 10)."""
    return (text(item.get("type")) or "").casefold() in ("externalsegment", "externalaudience")


def _evaluation(info: Record) -> str | None:
    """How it is evaluated: continuous means streaming, synchronous means edge (SEG-SPEC)."""
    for key, word in (("batch", "batch"), ("continuous", "streaming"), ("synchronous", "edge")):
        if flag(dig(info, key, "enabled")):
            return word
    return None
