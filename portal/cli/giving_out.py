"""Writes what the portal gave out as files. Owns the question before a file that differs is written over, and the write.

Never decides which files there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from .exits import ExitCode, Failure
from .plain import clean, count


def write_out(files: Mapping[Path, bytes], present: Callable[[Path], bytes | None], *, force: bool) -> int:
    """All of them, or none where some are there and different and nobody said force; how many were not there as they are."""
    there = {place: present(place) for place in files}
    differing = [place for place, content in files.items() if there[place] not in (None, content)]
    if differing and not force:
        named = "\n".join(clean(place) for place in differing[:20])
        raise Failure(
            f"{count(len(differing), 'file')} there already and different:\n{named}", ExitCode.NO,
            remedy="nothing was written; commit or move them, or use --force",
        )  # fmt: skip
    for place, content in files.items():
        _write(place, content)
    return sum(there[place] != content for place, content in files.items())


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise Failure(f"{clean(file)}: {error.strerror or error}", ExitCode.USAGE) from error
