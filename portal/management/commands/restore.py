"""`manage.py restore FILE`: a backup into an empty database. The work is portal.backups.restoring's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backups import restoring
from portal.backups.archive import BackupError


class Command(BaseCommand):
    """Restore, and say what happens next."""

    help = "Restore a backup into this installation's database, which must be empty. Stop everything first."

    def add_arguments(self, parser: CommandParser) -> None:
        """One file, and what may be lost."""
        parser.add_argument("file", type=Path, help="a file that `manage.py backup` wrote")
        parser.add_argument("--replace", default="", metavar="DATABASE", help="give up everything in this database")
        parser.add_argument(
            "--terminate-open-runs",
            action="store_true",
            help="for a copy to look at: end what would go on, undo nothing",
        )

    def handle(self, *, file: Path, replace: str, terminate_open_runs: bool, **_: Any) -> None:
        """Exit 1, with the remedy, when it was refused or failed."""
        try:
            contents = restoring.restore(file, replace=replace)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"restored {sum(contents.rows.values()):,} rows of {contents.taken_at} (Plumbline {contents.plumbline},"
            f" {contents.environment}), {contents.rows['orchestration_run']:,} runs"
        )
        if terminate_open_runs:
            self.stdout.write(f"{restoring.terminate_open_runs():,} open runs were terminated here")
        elif contents.open_runs:
            self.stdout.write(
                f"{contents.open_runs:,} open runs go on here as soon as workers start. If the installation that they come"
                " from still runs, both would do their steps: stop that one first, or restore with --terminate-open-runs"
            )
        self.stdout.write("sessions are not in a backup: everybody signs in again")
