"""What is wrong with a manifest, and where: one sentence with file, line, column, path and remedy.

Owns how a problem reads and how a path is written. Never decides what is wrong.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import NamedTuple

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PART = re.compile(r"\.?([^.\[\]']+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")
_ENVELOPE = ("apiVersion", "kind", "metadata", "spec")
MOST_PROBLEMS = 200
"""Problems that are told of one text. Hostile text could make tens of thousands, each with a costly suggestion."""

_MOST_CANDIDATES = 500
_LONGEST_GUESS = 64


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. Lines and columns count from 1."""

    source: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}:{self.column}"
        return f"{place} {self.path}: {self.message}" if self.path else f"{place}: {self.message}"

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


class Finding(NamedTuple):
    """A problem before its place in the text is known."""

    path: Path
    message: str
    at_key: bool = False


def write_path(path: Path) -> str:
    """Write a path as people do; what stands in `spec` is written without it: `steps.ship.needs[0]`."""
    parts = path[1:] if len(path) > 1 and path[0] == "spec" else path
    written = ""
    for part in parts:
        if isinstance(part, int):
            written += f"[{part}]"
        elif _PLAIN.fullmatch(part):
            written += f".{part}" if written else part
        else:
            escaped = part.replace("\\", "\\\\").replace("'", "\\'")
            written += f"['{escaped}']"
    return written


def read_path(written: str) -> Path:
    """Read a path written by `write_path`, or with its `spec.`."""
    parts: list[str | int] = []
    for name, index, quoted in _PART.findall(written):
        if index:
            parts.append(int(index))
        else:
            parts.append(name or re.sub(r"\\(.)", r"\1", quoted))
    if parts and parts[0] not in _ENVELOPE:
        parts.insert(0, "spec")
    return tuple(parts)


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """`; did you mean 'charge'?`, or nothing. Bounded, since comparing many long words is slow."""
    known = list(candidates)
    if len(word) > _LONGEST_GUESS or len(known) > _MOST_CANDIDATES:
        return ""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
