"""A file taken apart: its lines, as written and as seen, its headings, its facts, its links' definitions.

Owns that first pass, which judges nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from governance.decisions import labels
from governance.decisions.fields import FRONT, Fact, facts
from governance.decisions.heading import find_title
from governance.decisions.references import definitions
from governance.decisions.visible import Heading, headings, visible
from orchestration.manifest.values import JSON


@dataclass(frozen=True, slots=True)
class Text:
    """A file taken apart."""

    path: str
    lines: Sequence[str]
    shown: Sequence[str]
    found: Sequence[Heading]
    title: Heading | None
    told: Sequence[Fact]
    defined: Mapping[str, str]
    below: int


def taken_apart(lines: Sequence[str], below: int, front: Mapping[str, JSON], path: str) -> Text:
    suffix = PurePosixPath(path).suffix.lower()
    shown = [""] * below + visible(lines[below:])
    found = headings(shown, suffix)
    title = find_title(found)
    _open_block(lines, shown, title.below if title else below)
    told = [*_of_front(front), *facts(shown, below, found, title)]
    return Text(path, lines, shown, found, title, told, definitions(shown), below)


def _open_block(lines: Sequence[str], shown: list[str], begin: int) -> None:
    """Some put their facts into a code block right below the title: that one is read."""
    start = next((n for n in range(begin, min(begin + 5, len(lines))) if lines[n].strip()), None)
    if start is None or not lines[start].startswith("```"):
        return
    end = next((n for n in range(start + 1, min(start + 20, len(lines))) if lines[n].startswith("```")), None)
    inner = range(start + 1, end or start)
    if inner and all(not lines[n].strip() or labels.meaning(lines[n].partition(":")[0]) for n in inner):
        for n in inner:
            shown[n] = lines[n].rstrip()


def _of_front(front: Mapping[str, JSON]) -> Iterator[Fact]:
    for key, value in front.items():
        meaning = labels.meaning(key)
        if meaning is not None:
            yield Fact(meaning, key, _flat(value), 0, 0, FRONT)


def _flat(value: JSON) -> str:
    """A value of front matter as lines; a mapping is a hint such as `{proposed | accepted}`."""
    if isinstance(value, list):
        return "\n".join(_flat(item) for item in value)
    if isinstance(value, dict):
        named = [value[key] for key in ("name", "id", "value", "number") if isinstance(value.get(key), str | int)]
        return str(named[0]) if named else ""
    return "" if value is None else str(value)
