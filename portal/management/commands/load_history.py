"""`manage.py load_history --days 28`: a past for the example company, once, so that its charts have something to show.

The newest day comes first. Safe to stop and to run again: each run has a key of its own and is there once. Owns the marks
that say that a past is example data; what happened in it is examples/history.py's.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from orchestration import clock
from orchestration.models import EngineMark, Objective
from orchestration.services.governed import save

#: Charts of the example workflows show example data until this moment.
MARK, DONE = "example_history", "example_history_done"
SEED = 28


class Command(BaseCommand):
    """Load the past."""

    help = "Replay the example workflows over the last days (embedded mode only), in the background of a start."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How far back."""
        parser.add_argument("--days", type=int, default=28)

    def handle(self, *_: Any, days: int, **__: Any) -> None:
        """Once; goes on where it was stopped."""
        if not settings.PLUMBLINE.embedded:
            raise CommandError("the examples are for the embedded mode only")
        if not 1 <= days <= 90:
            raise CommandError("--days: from 1 to 90, as long as hours are kept")
        if EngineMark.objects.filter(name=DONE).exists():
            return
        mark, _new = EngineMark.objects.get_or_create(name=MARK, defaults={"at": clock.now()})
        _count_from(mark.at - timedelta(days=days))
        count = self._load(mark.at, days)
        clock.reset()
        EngineMark.objects.create(name=DONE, at=clock.now())
        self.stdout.write(f"example history: {count:,} runs of {days} days are there")

    def _load(self, until: Any, days: int) -> int:
        from examples.history import Past, starts_of

        past, said, count = Past(until, SEED), time.monotonic(), 0
        midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
        for back in range(days + 1):
            for start in starts_of(midnight - timedelta(days=back), until, SEED):
                if start.at > until - timedelta(days=days):
                    began = time.monotonic()
                    past.play(start)
                    count += 1
                    # SQLite has one writer: whoever else wants to write gets as much time. Being nice would not do:
                    # a process that holds the turn and gets no processor keeps everybody waiting.
                    time.sleep(time.monotonic() - began)
            if time.monotonic() - said > 5:
                said = time.monotonic()
                self.stdout.write(f"example history: {back} of {days} days")
                self.stdout.flush()
        return count


def _count_from(begin: datetime) -> None:
    """The objectives of the examples count what is about to be played."""
    for objective in Objective.objects.filter(source=Objective.Source.MANIFEST, since__gt=begin):
        objective.since = begin
        with transaction.atomic():
            save(objective, actor=None, reason="The example company has a past, which its budgets count.")
