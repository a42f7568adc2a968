"""`manage.py rebuild_rollups`: the dashboards' figures counted anew from the runs themselves."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import UTC, date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orchestration.errors import Conflict
from orchestration.services.rollups import rebuild


class Command(BaseCommand):
    """Rebuild."""

    help = (
        "Count runs, steps and calls anew into minutes, hours and days. Workers may go on; new outcomes wait meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Flags."""
        parser.add_argument(
            "--since", type=date.fromisoformat, help="first day, UTC (YYYY-MM-DD); default: all that can be"
        )

    def handle(self, *_: Any, since: date | None, verbosity: int, **__: Any) -> None:
        """Says how far it is every few seconds."""
        began = said = time.monotonic()

        def progress(count: int) -> None:
            nonlocal said
            if verbosity and time.monotonic() - said > 2:
                said = time.monotonic()
                self.stdout.write(f"{count:,} rows counted")

        try:
            done = rebuild(
                since=datetime(since.year, since.month, since.day, tzinfo=UTC) if since else None, progress=progress
            )
        except (ValueError, Conflict) as error:
            raise CommandError(str(error)) from error
        if verbosity:
            took = time.monotonic() - began
            self.stdout.write(f"{done.rows:,} rows since {done.since:%Y-%m-%d} counted in {took:.1f} s")
