"""`manage.py backup FILE`: one consistent file, taken while the portal runs. The work is portal.backups.taking's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backups.archive import BackupError
from portal.backups.taking import back_up


class Command(BaseCommand):
    """Take a backup, say what is in it."""

    help = "Write a backup of the whole database to FILE while everything runs."

    def add_arguments(self, parser: CommandParser) -> None:
        """One file."""
        parser.add_argument("file", type=Path, help="where to; readable by you alone, and whole or not there")
        parser.add_argument("--overwrite", action="store_true", help="replace the file if it is there")

    def handle(self, *, file: Path, overwrite: bool, **_: Any) -> None:
        """Exit 1, with the remedy, when there is no backup."""
        try:
            taken = back_up(file, overwrite=overwrite)
        except BackupError as error:
            raise CommandError(str(error)) from error
        contents = taken.contents
        self.stdout.write(
            f"{file}: {taken.size:,} bytes, {sum(contents.rows.values()):,} rows of {contents.database},"
            f" {contents.rows['orchestration_run']:,} runs, {contents.open_runs:,} of them open"
        )
        self.stdout.write(
            "not in it: secrets, the secret key, the environment, and sessions; keep the first three apart"
        )
