"""`manage.py prune`: delete old runs now. The rules are in orchestration.services.retention."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestration.services.retention import prunable, prune


class Command(BaseCommand):
    """Delete, or say how many would be; safe to stop and to run again, also while the portal runs."""

    help = "Delete runs that finished more than PLUMBLINE_RUN_RETENTION_DAYS ago."

    def add_arguments(self, parser: CommandParser) -> None:
        """How old, and whether to do it."""
        parser.add_argument("--days", type=float, help="instead of PLUMBLINE_RUN_RETENTION_DAYS")
        parser.add_argument("--dry-run", action="store_true", help="only say how many")

    def handle(self, *, days: float | None, dry_run: bool, **_: Any) -> None:
        """Until none is left."""
        kept = settings.PLUMBLINE.run_retention_days if days is None else days
        if not 0 < kept <= 36_500:
            raise CommandError(
                "runs are kept for ever here; set PLUMBLINE_RUN_RETENTION_DAYS, or give --days with 36500 at most"
            )
        if dry_run:
            self.stdout.write(f"{prunable(days=kept):,} runs finished more than {kept:g} days ago; none was deleted")
        else:
            self.stdout.write(f"deleted {prune(days=kept).runs:,} runs that finished more than {kept:g} days ago")
