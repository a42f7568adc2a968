"""A payload as numbered lines, with the place that is refused marked. Owns the layout of the lines; judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: A longer payload is cut: what a reader needs is near the mark.
MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `why` is said beside the line that is marked."""

    text: str
    hit: bool = False
    why: str = ""


def lines(value: Any, pointer: str, why: str) -> list[Line]:
    """The value as indented JSON; the line where the value at the JSON pointer begins is the hit."""
    found, marked = [], False
    for text, place in _lines(value, "", "", ""):
        hit = place == pointer and not marked
        marked = marked or hit
        found.append(Line(text, hit, why if hit else ""))
    if len(found) <= MOST:
        return found
    return [*found[:MOST], Line(f"… {len(found) - MOST:,} more lines")]


def _lines(value: Any, place: str, indent: str, lead: str, tail: str = "") -> Iterator[tuple[str, str]]:
    """Pairs of a line and the pointer of the value that begins on it."""
    if isinstance(value, dict) and value:
        yield f"{indent}{lead}{{", place
        for number, (name, part) in enumerate(value.items()):
            comma = "," if number < len(value) - 1 else ""
            yield from _lines(
                part, f"{place}/{name}", indent + "  ", f"{json.dumps(name, ensure_ascii=False)}: ", comma
            )
        yield f"{indent}}}{tail}", "-"
    elif isinstance(value, list) and value:
        yield f"{indent}{lead}[", place
        for number, part in enumerate(value):
            comma = "," if number < len(value) - 1 else ""
            yield from _lines(part, f"{place}/{number}", indent + "  ", "", comma)
        yield f"{indent}]{tail}", "-"
    else:
        yield f"{indent}{lead}{json.dumps(value, ensure_ascii=False)}{tail}", place
