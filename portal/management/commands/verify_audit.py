"""`manage.py verify_audit`: walk along the audit chain now. The rules are governance.services.auditing's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.services.auditing import HEADS, keep, read_heads, verify
from orchestration.errors import InvalidInput


class Command(BaseCommand):
    """Exit 0 for a whole chain, 1 for a broken one or for a file of heads that can't be read."""

    help = "Check that no entry of the audit log was edited, removed, put in or moved since it was written."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to compare with."""
        parser.add_argument(
            "--head", type=Path, metavar="FILE", help=f"a copy of {HEADS}: shows a tail that was cut off, too"
        )

    def handle(self, *, head: Path | None, **_: Any) -> None:
        """Name the first bad entry."""
        try:
            exported = read_heads(head) if head else []
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        found = verify(exported)
        keep(found)
        if not found.ok:
            self.stderr.write(f"broken at entry {found.first_bad}: {found.problem}")
            sys.exit(1)
        against = f", as {len(exported):,} exported heads say" if exported else ""
        self.stdout.write(f"{found.entries:,} entries, the chain is whole{against}; head {found.head_hash}")
