"""The one door to an Adobe sandbox: every call the product makes, each with its contract."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import httpx

from platforms.adobe import activation
from platforms.adobe.access import Access
from platforms.adobe.audiences import Audiences, Progress
from platforms.adobe.auth import Tokens
from platforms.adobe.catalog import Catalog
from platforms.adobe.config import AdobeConfig
from platforms.adobe.external import Externals
from platforms.adobe.flowchanges import FlowChanges
from platforms.adobe.gateway import Gateway
from platforms.adobe.runs import Runs
from platforms.adobe.segmentation import Kind, Segmentation
from platforms.changes import Change, Changed
from platforms.checking import ConnectionReport, Sandbox
from platforms.errors import CredentialsRefused
from platforms.http import Limits, Wire
from platforms.pace import Pacer
from platforms.patience import Patience
from platforms.types import (
    Accepted,
    Audience,
    Dataflow,
    EvaluationSchedule,
    Pair,
    PlatformJob,
    Run,
)


class AdobeClient:
    """Reads one sandbox and activates in it. One per process and workspace; safe from any thread.

    `externals` has the calls about external audiences.

    Reads are repeated with growing pauses and end in a `PlatformError`. `activate` is never repeated.
    `pace` is asked before every request, which it may hold back, and told the answer; `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        config: AdobeConfig,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        pace: Pacer | None = None,
        adhoc_timeout: float = activation.READ_TIMEOUT,
        limits: Limits | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.config = config
        self._adhoc_timeout = adhoc_timeout
        self._wire = Wire(transport=transport, limits=limits, pace=pace)
        waits = patience or Patience()
        self._tokens = Tokens(config, self._wire, waits, clock)
        self._gateway = Gateway(config, self._wire, self._tokens, waits)
        self._catalog = Catalog(self._gateway, clock)
        self._changes = FlowChanges(self._gateway, self._catalog)
        self._audiences = Audiences(self._gateway)
        self._runs = Runs(self._gateway)
        self._segmentation = Segmentation(self._gateway)
        self.externals = Externals(self._gateway)
        self._access = Access(self._gateway, config.sandbox)

    def __repr__(self) -> str:
        return f"AdobeClient({self.config.org!r}, {self.config.sandbox!r})"

    def __enter__(self) -> AdobeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back. The client cannot be used afterwards."""
        self._wire.close()

    def dataflows(self) -> tuple[Dataflow, ...]:
        """Every destination dataflow of the sandbox. Account and path are None where not permitted."""
        return self._catalog.dataflows()

    def dataflow(self, key: str) -> Dataflow:
        """One dataflow, read now. Raises NotFound."""
        return self._catalog.dataflow(key)

    def dataflows_by_id(self, ids: Collection[str]) -> dict[str, Dataflow]:
        """These dataflows, read now, a hundred a call; an unknown id is absent."""
        return self._catalog.dataflows_by_id(ids)

    def change_dataflow(
        self,
        key: str,
        changes: Sequence[Change],
        *,
        inspect: Callable[[Dataflow], object] | None = None,
        last: Callable[[], object] | None = None,
    ) -> Changed:
        """Read a dataflow and change its mappings in one call, sent once, unless it changed in between.

        `inspect` is given what was read, before anything is sent; what it or `last` raises keeps the change
        back. Raises Conflict when the dataflow was changed meanwhile: nothing happened then.
        """
        return self._changes.mappings(key, changes, inspect=inspect, last=last)

    def switch_dataflow(self, key: str, *, on: bool, last: Callable[[], object] | None = None) -> Changed:
        """Enable or disable a dataflow, sent once. It cannot be tied to a version of the dataflow."""
        return self._changes.switch(key, on=on, last=last)

    def audiences(self, progress: Progress | None = None, *, known: int = 0) -> tuple[Audience, ...]:
        """Every audience once, in no promised order. `progress(read, total or None)` runs in this thread.

        With `known` > 0 an empty list raises AnswerUnreadable instead of being believed.
        """
        return self._audiences.all(progress, known=known)

    def segment_jobs(self, limit: int = 20) -> tuple[PlatformJob, ...]:
        """The newest evaluation jobs, newest first."""
        return self._segmentation.segment_jobs(limit)

    def export_jobs(self, limit: int = 20) -> tuple[PlatformJob, ...]:
        """The newest snapshot jobs, newest first."""
        return self._segmentation.export_jobs(limit)

    def job(self, kind: Kind, key: str) -> PlatformJob:
        """One evaluation or export job, read now. Raises NotFound."""
        return self._segmentation.job(kind, key)

    def evaluate(
        self, audiences: Sequence[str] = (), *, last: Callable[[], object] | None = None
    ) -> PlatformJob:
        """Ask for an evaluation of these audiences, of all when none is named; sent once."""
        return self._segmentation.evaluate(audiences, last=last)

    def export(
        self, dataset: str, audiences: Sequence[str] = (), *, last: Callable[[], object] | None = None
    ) -> PlatformJob:
        """Ask for an export of these audiences' profiles to a dataset; sent once."""
        return self._segmentation.export(dataset, audiences, last=last)

    def cancel_job(self, kind: Kind, key: str, *, last: Callable[[], object] | None = None) -> None:
        """Ask for a job to be cancelled; sent once."""
        self._segmentation.cancel(kind, key, last=last)

    def latest_export_id(self) -> str:
        """The export job v1 needs. Raises NotFound when none has succeeded."""
        return self._segmentation.latest_export_id()

    def schedules(self) -> tuple[EvaluationSchedule, ...]:
        """When the platform evaluates audiences."""
        return self._segmentation.schedules()

    def runs(self, ids: Collection[str]) -> dict[str, Run]:
        """Runs by id, a hundred a call; an id the platform does not show is absent."""
        return self._runs.by_id(ids)

    def run(self, key: str) -> Run:
        """One run. Raises NotFound."""
        return self._runs.one(key)

    def runs_of(
        self, dataflows: Collection[str], *, since: datetime | None = None, limit: int | None = None
    ) -> tuple[Run, ...]:
        """Runs of these dataflows created at or after `since`, newest first, at most `limit` in all."""
        return self._runs.of_dataflows(dataflows, since, limit)

    def platform_now(self) -> datetime | None:
        """This moment by the platform's clock, which dates its runs; None while it told us no time. To have
        a token is to have heard it."""
        return self._wire.far_clock.now()

    def activate(
        self,
        pairs: Sequence[Pair],
        *,
        version: activation.Version = "v2",
        export_ids: Sequence[str] = (),
        last: Callable[[], object] | None = None,
    ) -> Accepted:
        """One `adhocrun` call for these pairs, sent once. The error's type says what is known.

        `last` is called when nothing but the sending is left; what it raises keeps the call back.
        """
        return activation.activate(
            self._gateway,
            pairs,
            version=version,
            export_ids=export_ids,
            read_timeout=self._adhoc_timeout,
            last=last,
        )

    def credentials_work(self) -> None:
        """One cheap question. Raises PlatformError when the answer is no, or none."""
        self.sandboxes()

    def sandboxes(self) -> tuple[Sandbox, ...]:
        """The sandboxes these credentials may choose."""
        return self._access.sandboxes()

    def check_connection(self) -> ConnectionReport:
        """Try a new token and every part of the credentials; name the first that is refused.

        Raises NotSent or OutcomeUnknown when the platform could not be asked.
        """
        try:
            self._tokens.current(instead_of=self._tokens.kept)
        except CredentialsRefused as error:
            return ConnectionReport(refused=error.field, summary=error.summary, verbatim=error.verbatim)
        return self._access.check()
