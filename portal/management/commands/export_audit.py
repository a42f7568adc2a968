"""`manage.py export_audit`: the audit log to standard output, oldest first. The format is governance.audit_export's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.audit_export import FORMATS
from governance.selectors.audit import AuditFilter, stream


class Command(BaseCommand):
    """Write every entry, or those from a moment on, in flat memory."""

    help = "Write the audit log to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        """In which form, and from when."""
        parser.add_argument("--format", choices=sorted(FORMATS), default="jsonl")
        parser.add_argument(
            "--since", metavar="TIME", default="", help="a moment such as 2026-11-17 or 2026-11-17T13:58Z"
        )

    def handle(self, *, format: str, since: str, **_: Any) -> None:
        """One line each."""
        for line in FORMATS[format](stream(AuditFilter(since=_moment(since) if since else None))):
            self.stdout.write(line, ending="")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--since {text[:40]!r} is no time; write 2026-11-17, or 2026-11-17T13:58Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
