"""Two texts as the rows of a diff table, changed words marked, unchanged stretches folded.

Owns how a difference is shown. Never judges one: semantic findings are governance's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from portal.presentation.hidden import visible

#: Two lines less alike than this share no thought: marking the words they happen to share would mislead.
ALIKE = 0.4
#: Above this many characters words are not compared: the matcher is quadratic.
MAX_LINE = 2000
#: Above this many lines difflib may treat frequent lines as noise, or the page would take seconds.
MAX_EXACT = 2000
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Part:
    text: str
    marked: bool = False


@dataclass(frozen=True)
class Row:
    kind: Literal["same", "add", "del", "gap"]
    old: int | None = None
    new: int | None = None
    parts: tuple[Part, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Diff:
    rows: list[Row]
    added: int
    removed: int

    @property
    def changed(self) -> bool:
        return bool(self.rows)

    @property
    def summary(self) -> str:
        return f"{self.added:,} added, {self.removed:,} removed"


def diff(old: str, new: str, *, context: int = 3) -> Diff:
    """The rows of a unified diff. No rows mean that the texts are equal, character by character."""
    if old == new:
        return Diff([], 0, 0)
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return Diff([Row("gap", note="Only the ends of lines differ, or the last one: no word changed")], 0, 0)
    matcher = SequenceMatcher(None, before, after, autojunk=max(len(before), len(after)) > MAX_EXACT)
    rows: list[Row] = []
    blocks = matcher.get_opcodes()
    for index, (tag, i1, i2, j1, j2) in enumerate(blocks):
        if tag == "equal":
            lead = 0 if index == 0 else context
            tail = 0 if index == len(blocks) - 1 else context
            rows.extend(_unchanged(before[i1:i2], i1, j1, lead=lead, tail=tail))
        else:
            rows.extend(_changed(before[i1:i2], after[j1:j2], i1, j1))
    kinds = [row.kind for row in rows]
    return Diff(rows, kinds.count("add"), kinds.count("del"))


def _unchanged(lines: list[str], i1: int, j1: int, *, lead: int, tail: int) -> Iterator[Row]:
    """The first `lead` and the last `tail` lines; what is between them becomes one gap."""
    hidden = len(lines) - lead - tail
    for offset, line in enumerate(lines):
        if hidden > 1 and lead <= offset < lead + hidden:
            if offset == lead:
                yield Row("gap", note=f"{hidden:,} unchanged lines")
            continue
        yield Row("same", i1 + offset + 1, j1 + offset + 1, (Part(visible(line)),))


def _changed(removed: list[str], added: list[str], i1: int, j1: int) -> Iterator[Row]:
    pairs = [_words(old, new) for old, new in zip(removed, added, strict=False)]
    for index, line in enumerate(removed):
        yield Row("del", i1 + index + 1, None, pairs[index][0] if index < len(pairs) else (Part(visible(line)),))
    for index, line in enumerate(added):
        yield Row("add", None, j1 + index + 1, pairs[index][1] if index < len(pairs) else (Part(visible(line)),))


def _words(old: str, new: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Both lines in parts, what only one of them has marked."""
    plain = (Part(visible(old)),), (Part(visible(new)),)
    if len(old) > MAX_LINE or len(new) > MAX_LINE:
        return plain
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.ratio() < ALIKE:
        return plain
    olds: list[Part] = []
    news: list[Part] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        _append(olds, "".join(left[i1:i2]), tag != "equal")
        _append(news, "".join(right[j1:j2]), tag != "equal")
    return tuple(olds), tuple(news)


def _append(parts: list[Part], text: str, marked: bool) -> None:
    if text:
        parts.append(Part(visible(text), marked))
