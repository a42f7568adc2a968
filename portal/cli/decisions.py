"""`plumbline import decisions` and `plumbline export decisions`: folders of decision records in and out.

Owns reading a folder, writing one, and the words of the report. The portal judges every file, so nothing is parsed here.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import click

from .exits import ExitCode, Failure
from .giving_out import write_out
from .plain import clean, count
from .session import Session, shared_options

#: A text without a suffix is a record if its name begins as a record's does: `0012-use-a-bus`, `ADR-12`.
_NUMBERED = re.compile(r"(?:[A-Za-z]{1,8}[-_ ]?)?\d")
SUFFIXES = (".md", ".markdown", ".mdx", ".rst", ".adoc", ".asciidoc", ".txt")
#: The portal's own limits, known here so that too much is refused before it is sent.
MAX_ZIP = 20 * 1024 * 1024
MAX_FILES = 3_000
MAX_FILE = 4 * 1024 * 1024
_SUFFIX = re.compile(r"\.(?=\d*[A-Za-z])[A-Za-z0-9]{1,10}")
#: A copy that an editor or a hand put aside: `0001-a.md~`, `0001-a.md_old`.
_ASIDE = re.compile(r"\.(?:md|markdown|mdx|rst|adoc|asciidoc|txt)(?![A-Za-z0-9]).+|[~#]$", re.IGNORECASE)
_MOST_OTHERS = 500
_SIGNS = {
    "created": ("+", "green"),
    "updated": ("~", "green"),
    "kept": ("=", "dim"),
    "conflict": ("!", "bold yellow"),
    "not_a_record": ("·", "dim"),
    "failed": ("✗", "bold red"),
}
_BAD = ("conflict", "failed")


@click.command(name="decisions")
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="PATH")
@click.option("--owner", metavar="TEAM", required=True, help="The team that is to own what is new.")
@click.option(
    "--folder", metavar="NAME", help="What the portal calls the folder; the same name again updates. [default: PATH's]"
)
@click.option("--reason", metavar="TEXT", help="Why; kept in the history. [default: import of NAME]")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
@shared_options
@click.pass_obj
def import_decisions(  # noqa: PLR0917 - an option each
    session: Session, path: Path, owner: str, folder: str | None, reason: str | None, dry_run: bool
) -> None:
    """Import a folder of decision records, in whatever style they are written.

    \b
    A file never stops the others. What was edited in the portal is never overwritten.
    Exit codes: 0 all taken · 1 some failed or conflict · 2 usage · 3 not permitted
    """
    name = folder or path.resolve().name or "decisions"
    query = {
        "owner": owner, "folder": name, "reason": reason or f"import of {name}", "dry_run": "true" if dry_run else "false",
    }  # fmt: skip
    others: list[Path] = []
    packed = _zipped(path, others)
    answer = session.portal.send("/decisions/import", packed, "application/zip", query, repeatable=dry_run).value
    lines = answer.get("lines")
    if not isinstance(lines, list):
        raise Failure(f"{session.portal.url} sent no report", ExitCode.UNREACHABLE)
    left = [_not_sent(other.relative_to(path)) for other in sorted(others)[:_MOST_OTHERS]]
    lines += left
    if isinstance(counts := answer.get("counts"), dict):
        counts["not_a_record"] = counts.get("not_a_record", 0) + len(left)
    if session.as_json:
        session.printer.data(answer)
    else:
        _tell(session, lines, dry_run=dry_run)
    if any(line.get("outcome") in _BAD for line in lines):
        raise click.exceptions.Exit(int(ExitCode.NO))


@click.command(name="decisions")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.option("--folder", metavar="NAME", help="Only what was imported from this folder.")
@click.option("--owner", metavar="TEAM", help="Only what this team owns.")
@click.option("--force", is_flag=True, help="Write over files that differ.")
@shared_options
@click.pass_obj
def export_decisions(session: Session, directory: Path, folder: str | None, owner: str | None, force: bool) -> None:
    """Write the decisions as files into a folder.

    What was imported and not edited since is written byte for byte as it was; the rest as MADR 4.
    """
    data = session.portal.download("/decisions/export", {"folder": folder, "owner": owner})
    files = dict(_unzipped(session, data))
    written = write_out({directory / place: content for place, content in files.items()}, _bytes, force=force)
    if session.as_json:
        session.printer.data({"files": len(files), "written": written, "directory": str(directory)})
    else:
        session.printer.say(f"{count(len(files), 'decision')} in {directory}, {written} written")


def _not_sent(place: PurePath) -> dict[str, Any]:
    """A line of the report for a picture or a listing, which stays where it is."""
    return {
        "path": place.as_posix(),
        "outcome": "not_a_record",
        "detail": "its name is not that of a text",
        "notices": [],
    }


def _zipped(folder: Path, others: list[Path]) -> bytes:
    """The folder's texts; `others` gets what is none. Links are not followed: they could lead anywhere."""
    held = io.BytesIO()
    faults: list[str] = []
    found = sorted(_texts(folder, faults, others))
    if not found and not faults:
        faults.append(f"{folder}: has no file that ends in {', '.join(SUFFIXES)}")
    if len(found) > MAX_FILES:
        faults.append(f"{folder}: has {len(found):,} texts; the portal takes {MAX_FILES:,} at once")
    if not faults:
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in found:
                content = _bytes(file, faults)
                if content is not None:
                    # The root's own name is cut off by the portal: all paths are below it.
                    archive.writestr(str(PurePosixPath("files", *file.relative_to(folder).parts)), content)
    if len(held.getbuffer()) > MAX_ZIP:
        faults.append(f"{folder}: is larger than {MAX_ZIP:,} bytes, packed; import its folders one by one")
    if faults:
        raise Failure("\n".join(faults), ExitCode.USAGE, remedy="nothing was sent", code="unreadable")
    return held.getvalue()


def _texts(folder: Path, faults: list[str], others: list[Path]) -> Iterator[Path]:
    unreadable = lambda error: faults.append(f"{error.filename}: {error.strerror or error}")  # noqa: E731 - a callback
    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(place, name)
            if name.startswith(".") or file.is_symlink():
                continue
            if name.lower().endswith(SUFFIXES) or (_is_numbered(file) and _size(file) <= MAX_FILE):
                yield file
            else:
                others.append(file)


def _is_numbered(file: Path) -> bool:
    """A record whose suffix somebody forgot; no picture, and no copy of another."""
    is_else = _SUFFIX.fullmatch(file.suffix) or _ASIDE.search(file.name)
    return _NUMBERED.match(file.name) is not None and not is_else


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0  # it is gone, or can't be read: reading it says so


def _bytes(file: Path, faults: list[str] | None = None) -> bytes | None:
    """A file's content; None where there is none."""
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            raise OSError(0, "is no plain file")
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            raise OSError(0, f"is larger than {MAX_FILE:,} bytes")
        return content
    except FileNotFoundError:
        return None
    except OSError as error:
        if faults is None:
            raise Failure(f"{file}: {error.strerror or error}", ExitCode.USAGE) from error
        faults.append(f"{file}: {error.strerror or error}")
        return None


def _unzipped(session: Session, data: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    """What the portal sent; a name that leads out of the folder is never written, whoever sent it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                place = PurePosixPath(entry.filename)
                if place.is_absolute() or ".." in place.parts or "\\" in entry.filename or ":" in entry.filename:
                    raise Failure(
                        f"{session.portal.url} sent the file name {clean(entry.filename)!r}", ExitCode.UNREACHABLE
                    )
                yield place, archive.read(entry)
    except (zipfile.BadZipFile, OSError) as error:
        raise Failure(f"{session.portal.url} sent no zip: {error}", ExitCode.UNREACHABLE) from error


def _tell(session: Session, lines: Sequence[Mapping[str, Any]], *, dry_run: bool) -> None:
    say = session.printer.say
    for line in lines:
        outcome = str(line.get("outcome"))
        sign, style = _SIGNS.get(outcome, ("?", ""))
        named = f"  {line['number']}. {line.get('title')}" if line.get("number") else ""
        say(f"{sign} {outcome.replace('_', ' ')} {line.get('path')}{named}", style=style)
        for note in filter(None, (line.get("detail"), *line.get("notices", ()))):
            say(f"    {note}")
    tally = {outcome: sum(line.get("outcome") == outcome for line in lines) for outcome in _SIGNS}
    say(", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in tally.items() if number) or "no file")
    if dry_run:
        session.printer.remark("Nothing was changed: --dry-run.")
