"""`manage.py rebuild_search`: what search knows, made anew from the objects themselves."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from governance.services.indexing import rebuild


class Command(BaseCommand):
    """Rebuild."""

    help = "Make search's copy of every object anew. The portal and its workers may go on; safe to end and run again."

    def handle(self, *_: Any, verbosity: int, **__: Any) -> None:
        """Says which kind it is at every few seconds."""
        began = said = time.monotonic()

        def progress(kind: str, count: int) -> None:
            nonlocal said
            if verbosity and time.monotonic() - said > 2:
                said = time.monotonic()
                self.stdout.write(f"{kind}: {count:,}")

        total = rebuild(progress)
        if verbosity:
            self.stdout.write(f"{total:,} objects can be found; took {time.monotonic() - began:.1f} s")
