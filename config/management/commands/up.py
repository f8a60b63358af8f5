"""`manage.py up`, for `manage.py help`: the work is the supervisor's, which needs no Django (see manage.py)."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.supervisor.stack import main


class Command(BaseCommand):
    help = "Start the whole stack (broker, web, worker, beat; with --demo also the simulator) and watch it."
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        sys.exit(main(argv[2:]))

    def handle(self, *_: Any, **__: Any) -> None:
        sys.exit(main([]))
