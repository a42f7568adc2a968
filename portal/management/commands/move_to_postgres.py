"""`manage.py move_to_postgres URL`: the embedded database to PostgreSQL. The work is portal.backups.moving's."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backups.archive import BackupError
from portal.backups.moving import move


class Command(BaseCommand):
    """Move, and say what to set."""

    help = "Copy the embedded SQLite database into an empty PostgreSQL. Stop everything first."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("url", help="postgresql://user:password@host:5432/name")

    def handle(self, *, url: str, verbosity: int, **_: Any) -> None:
        """Exit 1, with the remedy, when it was refused or failed."""
        try:
            copied = move(url, self.stdout.write if verbosity else len)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"moved {sum(copied.values()):,} rows of {len(copied)} tables; the counts of both agree")
        self.stdout.write("now set DATABASE_URL to that URL, start everything, and put the SQLite file away")
        key = settings.PLUMBLINE.data_dir / "secret-key"
        if key.exists():
            self.stdout.write(f"to stay signed in, set SECRET_KEY to the content of {key}")
