"""`python -m config.beat`: Celery's beat without its command line, which costs 15 MB.

In production `celery --app config beat` does the same. One beat at a time; two only send double ticks, which
claims in the database make harmless.
"""

from __future__ import annotations

from config.celery import app


def main() -> None:
    """Send what is due until TERM."""
    app.Beat(loglevel="WARNING", quiet=True).run()


if __name__ == "__main__":
    main()
