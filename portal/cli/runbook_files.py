"""`plumbline import runbooks PATH` and `plumbline export runbooks DIR`: a folder of Markdown, in and out.

Owns reading and writing the folder, and the words of the report. What fits and what does not is the portal's to say.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import click

from .exits import ExitCode, Failure
from .giving_out import write_out
from .plain import clean, count
from .session import Session, reason_option, shared_options

_SIGNS = {
    "create": ("+", "green"), "change": ("~", "green"), "unchanged": ("=", ""), "skipped": ("·", "dim"),
    "conflict": ("!", "bold yellow"), "refused": ("✗", "bold red"),
}  # fmt: skip
#: Of one request: below what the portal takes.
MOST_FILES, MOST_BYTES = 100, 2 * 1024 * 1024
#: All that the portal hears of in each request, so that what comes in another is not taken for moved.
MOST_PATHS = 10_000
MAX_FILE = 1024 * 1024


@click.command(name="runbooks")
@click.argument("path", type=click.Path(exists=True, path_type=Path), metavar="PATH")
@click.option("--owner", default="", metavar="TEAM", help="The team of files that name none.")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
@reason_option
@shared_options
@click.pass_obj
def import_runbooks(session: Session, path: Path, owner: str, dry_run: bool, reason: str) -> None:
    """Make and change runbooks from a Markdown file, or every one below a folder.

    \b
    Each file by itself; by its path it is known again, and where both it and the runbook changed nothing is written.
    Exit codes: 0 all taken · 1 some refused or in conflict · 2 usage · 3 not permitted
    """
    lines: list[Mapping[str, Any]] = []
    paths = [name for name, _ in _files(path)][:MOST_PATHS]
    for batch in _batches(path, lines):
        body = {"files": batch, "paths": paths, "owner": owner, "reason": reason, "dry_run": dry_run}
        answer = session.portal.post("/runbooks/import", body, repeatable=True).value
        if not isinstance(answer.get("lines"), list):
            raise Failure(f"{session.portal.url} sent no report", ExitCode.UNREACHABLE)
        lines += answer["lines"]
    if not lines:
        raise Failure(f"{clean(path)}: has no *.md file", ExitCode.USAGE)
    refused = sum(line.get("action") in {"refused", "conflict"} for line in lines)
    if session.as_json:
        session.printer.data({"lines": lines, "refused": refused})
    else:
        _tell(session, lines, dry_run=dry_run)
    if refused:
        raise click.exceptions.Exit(int(ExitCode.NO))


@click.command(name="runbooks")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--force", is_flag=True, help="Write over files that differ.")
@shared_options
@click.pass_obj
def export_runbooks(session: Session, folder: Path, force: bool) -> None:
    """Write all runbooks as Markdown files, for when the portal is down.

    A file that nobody edited in the portal is, byte for byte, the one that was imported.
    """
    found: dict[Path, bytes] = {}
    cursor = ""
    while True:
        answer = session.portal.get("/runbooks/export", {"limit": "100", **({"cursor": cursor} if cursor else {})})
        if not isinstance(answer.get("files"), list):
            raise Failure(f"{session.portal.url} sent no files", ExitCode.UNREACHABLE)
        for file in answer["files"]:
            found[_place(folder, str(file["path"]))] = str(file["text"]).encode()
        cursor = str(answer.get("next") or "")
        if not cursor:
            break
    write_out(found, _present, force=force)
    written = len(found)
    if session.as_json:
        session.printer.data({"written": written, "folder": str(folder)})
    else:
        session.printer.remark(f"{count(written, 'runbook')} in {clean(folder)}")


def _batches(path: Path, lines: list[Mapping[str, Any]]) -> Iterator[list[dict[str, str]]]:
    """What one request takes at a time. Files that can't be read become lines of the report."""
    batch: list[dict[str, str]] = []
    size = 0
    for name, file in _files(path):
        try:
            if not stat.S_ISREG(file.lstat().st_mode):
                raise ValueError("is no plain file; links are not followed, since they could lead anywhere")
            with file.open("rb") as stream:
                data = stream.read(MAX_FILE + 1)
            if len(data) > MAX_FILE:
                raise ValueError("is larger than 1 MiB")
            text = data.decode("utf-8")
        except (OSError, ValueError) as error:
            why = "is not UTF-8; save it as UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            lines.append({"path": clean(name), "action": "refused", "slug": "", "problem": why, "notes": []})
            continue
        if batch and (len(batch) >= MOST_FILES or size + len(data) > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append({"path": name, "text": text})
        size += len(data)
    if batch:
        yield batch


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if not path.is_dir():
        yield path.name, path
        return
    found = []
    for place, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if name.lower().endswith(".md") and not name.startswith(".")]
    for file in sorted(found):
        yield file.relative_to(path).as_posix(), file


def _place(folder: Path, path: str) -> Path:
    """Within the folder, whatever the portal says."""
    parts = PurePosixPath(path).parts
    if not parts or any(part in {"..", "/"} or "\\" in part or ":" in part for part in parts):
        raise Failure(f"the portal sent the path {clean(path)[:80]!r}, which leaves the folder", ExitCode.UNREACHABLE)
    return folder.joinpath(*parts)


def _present(target: Path) -> bytes | None:
    """What is there; None where nothing is."""
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(f"{clean(target)}: {error.strerror or error}", ExitCode.USAGE) from error


def _tell(session: Session, lines: Sequence[Mapping[str, Any]], *, dry_run: bool) -> None:
    say = session.printer.say
    for line in lines:
        action = str(line.get("action"))
        sign, style = _SIGNS.get(action, ("?", ""))
        say(f"{sign} {action} {line.get('slug') or ''} ({line.get('path')})", style=style)
        if line.get("problem"):
            say(f"    {line['problem']}", style=style)
        for note in line.get("notes", ()):
            say(f"    · {note}")
    if dry_run:
        session.printer.remark("Nothing was changed: --dry-run.")
