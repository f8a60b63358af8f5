"""`python -m config.worker`: Celery's worker without its command line, which costs 15 MB (a whole shell).

In production `celery --app config worker` does the same.
"""

from __future__ import annotations

import sys
import warnings

from config.celery import app
from config.environment import read


def main() -> int:
    """Work until TERM; threads, because the work is waiting for HTTP."""
    # The embedded stack may well be root's, in a container; it reads no pickles.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    worker = app.Worker(
        pool="threads",
        concurrency=read("WORKER_THREADS"),
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
