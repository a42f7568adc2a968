"""Two texts as the rows of a diff table, changed words marked, unchanged stretches folded.

Owns how a difference is shown. Never judges one: semantic findings are governance's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from typing import Literal

from portal.presentation.hidden import visible

#: Two lines less alike than this share no thought: marking the words they happen to share would mislead.
ALIKE = 0.4
#: Above this many characters words are not compared: the matcher is quadratic.
MAX_LINE = 2000
#: Above this many lines difflib may treat frequent lines as noise, or the page would take seconds.
MAX_EXACT = 2000
#: Characters of the longer text above which nothing is compared: of a million the page would take seconds.
MAX_TEXT = 500_000
#: Comparisons of one diff, of its lines and again of their words: about half a second. Repetitive texts need billions.
MAX_WORK = 5_000_000
#: More rows are counted and not drawn.
MAX_ROWS = 4000
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


class _TooMuch(Exception):
    """The work that one diff may cost is spent."""


class _Budget:
    """Comparisons that are left."""

    def __init__(self) -> None:
        self.left = MAX_WORK

    def spend(self, comparisons: int) -> None:
        self.left -= comparisons
        if self.left < 0:
            raise _TooMuch


class _Matcher(SequenceMatcher[str]):
    """difflib's, paying for each pair of equal items that it is about to look at."""

    def __init__(self, old: list[str], new: list[str], budget: _Budget, *, autojunk: bool) -> None:
        super().__init__(None, old, new, autojunk)
        self._old, self._budget = old, budget
        # difflib's own index, without what it treats as noise; typeshed leaves it out.
        self._places: dict[str, list[int]] = self.b2j  # type: ignore[attr-defined]

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        self._budget.spend(sum(len(self._places.get(item, ())) for item in self._old[alo:ahi]))
        return super().find_longest_match(alo, ahi, blo, bhi)


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
    if (longest := max(len(old), len(new))) > MAX_TEXT:
        return Diff([Row("gap", note=f"{longest:,} characters are too many to be compared line by line")], 0, 0)
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return Diff([Row("gap", note="Only the ends of lines differ, or the last one: no word changed")], 0, 0)
    rows: list[Row] = []
    blocks, words = _blocks(before, after), _Budget()
    for index, (tag, i1, i2, j1, j2) in enumerate(blocks):
        if tag == "equal":
            lead = 0 if index == 0 else context
            tail = 0 if index == len(blocks) - 1 else context
            rows.extend(_unchanged(before[i1:i2], i1, j1, lead=lead, tail=tail))
        else:
            rows.extend(_changed(before[i1:i2], after[j1:j2], i1, j1, words))
    kinds = [row.kind for row in rows]
    if len(rows) > MAX_ROWS:
        rows[MAX_ROWS:] = [Row("gap", note=f"{len(rows) - MAX_ROWS:,} more rows, not shown")]
    return Diff(rows, kinds.count("add"), kinds.count("del"))


def _blocks(before: list[str], after: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """difflib's opcodes; for texts too repetitive to compare, all between what they begin and end with alike."""
    shorter, longer = min(len(before), len(after)), max(len(before), len(after))
    try:
        return _Matcher(before, after, _Budget(), autojunk=longer > MAX_EXACT).get_opcodes()
    except _TooMuch:
        head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
        tail = next((at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]), shorter - head)
    i2, j2 = len(before) - tail, len(after) - tail
    found = [
        ("equal", 0, head, 0, head),
        ("replace", head, i2, head, j2),
        ("equal", i2, len(before), j2, len(after)),
    ]
    return [block for block in found if block[1] < block[2] or block[3] < block[4]]


def _unchanged(lines: list[str], i1: int, j1: int, *, lead: int, tail: int) -> Iterator[Row]:
    """The first `lead` and the last `tail` lines; what is between them becomes one gap."""
    hidden = len(lines) - lead - tail
    for offset, line in enumerate(lines):
        if hidden > 1 and lead <= offset < lead + hidden:
            if offset == lead:
                yield Row("gap", note=f"{hidden:,} unchanged lines")
            continue
        yield Row("same", i1 + offset + 1, j1 + offset + 1, (Part(visible(line)),))


def _changed(removed: list[str], added: list[str], i1: int, j1: int, budget: _Budget) -> Iterator[Row]:
    pairs = [_words(old, new, budget) for old, new in zip(removed, added, strict=False)]
    for index, line in enumerate(removed):
        yield Row("del", i1 + index + 1, None, pairs[index][0] if index < len(pairs) else (Part(visible(line)),))
    for index, line in enumerate(added):
        yield Row("add", None, j1 + index + 1, pairs[index][1] if index < len(pairs) else (Part(visible(line)),))


def _words(old: str, new: str, budget: _Budget) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Both lines in parts, what only one of them has marked."""
    plain = (Part(visible(old)),), (Part(visible(new)),)
    if len(old) > MAX_LINE or len(new) > MAX_LINE or budget.left < 0:
        return plain
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = _Matcher(left, right, budget, autojunk=False)
    try:
        if matcher.ratio() < ALIKE:
            return plain
    except _TooMuch:
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
