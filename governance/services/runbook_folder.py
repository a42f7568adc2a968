"""All runbooks as a folder of Markdown with an index, so that they can be read when the portal is down.

Owns the index and how a file is replaced: whole or not at all. Never deletes anything in the folder, and never leaves it.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path, PurePosixPath

from governance.models import Runbook
from governance.selectors.exercises import last_completed
from governance.selectors.runbook_files import export_runbooks

INDEX = "INDEX.md"
BATCH = 100


def write_folder(folder: Path, now: datetime) -> int:
    """Write every runbook and the index; how many. Raises OSError where the folder can't be written."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = (
        Runbook.objects.select_related("owner").prefetch_related("links__workflow", "links__dependency").order_by("pk")
    )
    last, lines = 0, []
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        exercised = last_completed([row.pk for row in batch])
        for runbook, (path, text) in zip(batch, export_runbooks(batch), strict=True):
            replace_file(folder, path, text)
            lines.append(index_line(runbook, path, exercised.get(runbook.pk)))
        last = batch[-1].pk
    replace_file(folder, INDEX, index(lines, now))
    return len(lines)


def replace_file(folder: Path, path: str, text: str) -> None:
    """Bytes as they are, line ends included. A path that would leave the folder is flattened."""
    parts = PurePosixPath(path).parts
    safe = [part for part in parts if part not in {"..", "/", "."}]
    target = folder.joinpath(*safe)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.write_bytes(text.encode())
    partial.replace(target)


def index(lines: list[str], now: datetime) -> str:
    """The table of contents, with the moment that it was written."""
    head = "| Runbook | Status | Owner | About | Review by | Last exercised |\n|---|---|---|---|---|---|\n"
    return f"# Runbooks\n\nAs of {now:%Y-%m-%d %H:%M} UTC.\n\n{head}{''.join(sorted(lines))}"


def index_line(runbook: Runbook, path: str, exercised: datetime | None) -> str:
    """One row of it."""
    names = [link.workflow.name for link in runbook.links.all() if link.workflow]
    names += [link.dependency.name for link in runbook.links.all() if link.dependency]
    title = runbook.title.replace("|", "\\|").replace("[", "\\[").replace("]", "\\]")
    cells = [
        f"[{title}](<{path}>)", runbook.status, runbook.owner.name, ", ".join(sorted(names)), str(runbook.review_by or ""),
        f"{exercised:%Y-%m-%d}" if exercised else "never",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |\n"
