"""`manage.py load_documents PATH`: decisions/ and runbooks/ of Markdown files with front matter, each loaded once.

Owns reading the folder and printing the report. The rules are in governance.services.loading.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.services.loading import load_documents

#: A larger file is no document; the limit on a body answers for those in between.
MAX_FILE = 2 * 1024 * 1024


class Command(BaseCommand):
    """Run it again at will: what exists is left as it is."""

    help = "Load a folder with decisions/ and runbooks/ of Markdown files. What exists already is left as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """One folder, and what the files may leave out."""
        parser.add_argument("path", type=Path, help="the folder that holds decisions/ and runbooks/")
        parser.add_argument("--owner", default="", help="team that owns files which name none")
        parser.add_argument("--reason", default="", help="why, for the history")

    def handle(self, *, path: Path, owner: str, reason: str, verbosity: int, **_options: Any) -> None:
        """Load, report; exit 1 when a file could not be loaded."""
        if not path.is_dir():
            raise CommandError(f"{path} is no folder")
        unread: list[str] = []
        decisions, runbooks = (self._texts(path / name, unread) for name in ("decisions", "runbooks"))
        report = load_documents(
            decisions=decisions,
            runbooks=runbooks,
            reason=reason or f"Loaded from the folder {path.resolve().name}",
            default_owner=owner,
            folder=path.resolve().name or "documents",
        )
        for notice in report.notices if verbosity else []:
            self.stdout.write(notice)
        failed = unread + report.failed
        for failure in failed:
            self.stderr.write(failure)
        if verbosity:
            self.stdout.write(
                f"{len(report.created)} loaded, {len(report.kept)} there already, {len(failed)} not loaded"
            )
        if failed:
            raise CommandError("some files were not loaded; put right what is named above and run it again")

    def _texts(self, folder: Path, unread: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for file in sorted(folder.glob("*.md")):
            try:
                if file.stat().st_size > MAX_FILE:
                    raise ValueError(f"it is larger than {MAX_FILE:,} bytes")
                found[file.stem] = file.read_bytes().decode("utf-8")
            except (OSError, ValueError) as error:
                unread.append(f"{folder.name}/{file.name}: {error}")
        return found
