"""A record's front matter, read as far as it goes: YAML, or line by line where it is none.

Owns that. Never refuses a file: what can't be read is text, and a warning says where. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from governance.front_matter import MAX_FRONT_MATTER
from orchestration.manifest.nodes import plain
from orchestration.manifest.reading import read
from orchestration.manifest.values import JSON

_OPENING = re.compile(r"(-{3}|\+{3})[ \t]*")
_ENTRY = re.compile(r"""["']?([\w][\w .-]{0,60}?)["']?[ \t]*[:=][ \t]*(.*)""")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.+)")
_MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Front:
    """What stands between the fences: values, and the line at which the document begins."""

    values: dict[str, JSON] = field(default_factory=dict)
    below: int = 0
    warning: str = ""


def take_front(lines: Sequence[str], path: str) -> Front:
    """The front matter of a document; none, where it begins otherwise."""
    start, end, fence = _fenced(lines)
    if not fence:
        return Front()
    head = list(lines[start + 1 : end])
    if fence == "+++":
        return Front(_salvaged(head), end + 1)
    text = "\n".join(head)
    if len(text) > MAX_FRONT_MATTER:
        warning = (
            f"{path}: the front matter is longer than {MAX_FRONT_MATTER:,} characters; read line by line, shorten it"
        )
        return Front(_salvaged(head), end + 1, warning)
    documents, problems = read(text, path)
    if problems:
        place = f"{path}:{problems[0].line + start + 1}"
        warning = f"{place}: the front matter is no valid YAML ({problems[0].message}); read line by line, kept as text"
        return Front(_salvaged(head), end + 1, warning)
    values = plain(documents[0]) if documents else {}
    if values is not None and not isinstance(values, dict):
        warning = f"{path}:{start + 2}: the front matter is no list of `key: value` lines; kept as text"
        return Front({}, end + 1, warning)
    return Front({str(key): value for key, value in (values or {}).items()}, end + 1)


def _fenced(lines: Sequence[str]) -> tuple[int, int, str]:
    """Where it begins and ends, and by which fence; an empty fence where there is none."""
    start = next((n for n, line in enumerate(lines[:20]) if line.strip()), 0)
    opening = _OPENING.fullmatch(lines[start]) if lines else None
    if opening is None:
        return 0, 0, ""
    ends = {opening[1], "..."} if opening[1] == "---" else {opening[1]}
    inner = range(start + 1, min(start + _MOST_LINES, len(lines)))
    end = next((n for n in inner if lines[n].rstrip() in ends), None)
    return (start, end, opening[1]) if end is not None and _is_front(lines[start + 1 : end]) else (0, 0, "")


def _is_front(head: Sequence[str]) -> bool:
    """Two rules with prose between them are no front matter."""
    told = [line for line in head if line.strip() and not line.lstrip().startswith("#")]
    return not told or any(_ENTRY.match(line.lstrip()) for line in told[:3])


def _salvaged(head: Sequence[str]) -> dict[str, JSON]:
    """The lines that are `key: value`, and lists below a key."""
    found: dict[str, JSON] = {}
    key = ""
    for line in head:
        entry, item = _ENTRY.match(line), _ITEM.match(line)
        if item and key and not found.get(key):
            found[key] = [_bare(item[1])]
        elif item and key and isinstance(held := found.get(key), list):
            held.append(_bare(item[1]))
        elif entry:
            key = entry[1].strip()
            if key not in found:
                found[key] = _bare(entry[2])
    return found


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
