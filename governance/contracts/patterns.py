"""Regular expressions as automata. Owns the reading of a pattern, and whether it is found in a text.

The dialect is that of ECMA-262 as far as JSON Schema recommends it: a pattern is searched for, `\\d` and `\\w` are ASCII, `$` is
the very end. What needs more than an automaton (look-around, back references, word boundaries) is refused as Unreadable,
and whoever asked has no answer.
"""

from __future__ import annotations

import functools
import re
import re._constants as code
import re._parser as parser
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MAX_STATES = 3_000
TOP = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]

_DIGIT: Ranges = ((0x30, 0x39),)
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE: Ranges = ((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
                  (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF))  # fmt: skip
#: What `.` leaves out: for ECMA-262 three more, for the validators that judge payloads, and do so at run time, this one.
_LINE_ENDS: Ranges = ((0x0A, 0x0A),)
ANY: Ranges = ((0, TOP),)


class Unreadable(ValueError):
    """No automaton says what this pattern says."""


@dataclass(slots=True)
class Automaton:
    """States with edges on ranges of characters, and free edges: always, at the beginning only, or at the end only."""

    edges: list[list[tuple[Ranges, int]]] = field(default_factory=list)
    free: list[list[tuple[str, int]]] = field(default_factory=list)
    start: int = 0
    accepts: int = 0

    def state(self) -> int:
        if len(self.edges) >= MAX_STATES:
            raise Unreadable("the pattern repeats too much")
        self.edges.append([])
        self.free.append([])
        return len(self.edges) - 1

    def closure(self, states: Iterable[int], *, begins: bool, ends: bool) -> frozenset[int]:
        found, look = set(states), list(states)
        while look:
            for when, target in self.free[look.pop()]:
                if target not in found and (not when or (when == "^" and begins) or (when == "$" and ends)):
                    found.add(target)
                    look.append(target)
        return frozenset(found)


@functools.lru_cache(maxsize=2048)
def automaton(pattern: str) -> Automaton:
    """Of a search for the pattern. Raises Unreadable."""
    try:
        tree = parser.parse(pattern)
    except (re_error, RecursionError, OverflowError) as error:
        raise Unreadable(f"{pattern[:60]!r} can't be read: {error}") from None
    if tree.state.flags & ~re.UNICODE:
        raise Unreadable("flags inside a pattern")
    made = Automaton()
    before, after = made.state(), made.state()
    made.edges[before].append((ANY, before))
    made.edges[after].append((ANY, after))
    made.start, made.accepts = before, after
    first, last = made.state(), made.state()
    made.free[before].append(("", first))
    made.free[last].append(("", after))
    _build(made, tree, first, last)
    return made


re_error = parser.error if hasattr(parser, "error") else ValueError


def _build(made: Automaton, tree: Any, begin: int, end: int) -> None:
    at = begin
    for operation, argument in tree:
        following = made.state()
        _piece(made, operation, argument, at, following)
        at = following
    made.free[at].append(("", end))


def _piece(made: Automaton, operation: Any, argument: Any, at: int, to: int) -> None:
    if operation in (code.LITERAL, code.NOT_LITERAL, code.ANY, code.IN):
        made.edges[at].append((_ranges(operation, argument), to))
    elif operation is code.SUBPATTERN:
        _group, flags, removed, inner = argument
        if flags or removed:
            raise Unreadable("flags inside a pattern")
        _build(made, inner, at, to)
    elif operation is code.BRANCH:
        for branch in argument[1]:
            _build(made, branch, at, to)
    elif operation in (code.MAX_REPEAT, code.MIN_REPEAT):
        _repeat(made, argument, at, to)
    elif operation is code.AT and argument in (code.AT_BEGINNING, code.AT_END):
        made.free[at].append(("^" if argument is code.AT_BEGINNING else "$", to))
    else:
        raise Unreadable(f"{str(operation).lower()} is more than an automaton can say")


def _repeat(made: Automaton, argument: Any, at: int, to: int) -> None:
    least, most, inner = argument
    for _ in range(least):
        following = made.state()
        _build(made, inner, at, following)
        at = following
    if most is code.MAXREPEAT:
        loop = made.state()
        made.free[at].append(("", loop))
        _build(made, inner, loop, loop)
        made.free[loop].append(("", to))
        return
    for _ in range(most - least):
        made.free[at].append(("", to))
        following = made.state()
        _build(made, inner, at, following)
        at = following
    made.free[at].append(("", to))


def _ranges(operation: Any, argument: Any) -> Ranges:
    if operation is code.LITERAL:
        return ((argument, argument),)
    if operation is code.NOT_LITERAL:
        return _without(((argument, argument),))
    if operation is code.ANY:
        return _without(_LINE_ENDS)
    found: list[tuple[int, int]] = []
    negated = False
    for kind, value in argument:
        if kind is code.NEGATE:
            negated = True
        elif kind is code.LITERAL:
            found.append((value, value))
        elif kind is code.RANGE:
            found.append(value)
        elif kind is code.CATEGORY and value in _CATEGORIES:
            found.extend(_CATEGORIES[value])
        else:
            raise Unreadable(f"{value} in a class of characters")
    return _without(tuple(found)) if negated else tuple(found)


def _without(ranges: Ranges) -> Ranges:
    found, low = [], 0
    for begin, end in sorted(ranges):
        if begin > low:
            found.append((low, begin - 1))
        low = max(low, end + 1)
    if low <= TOP:
        found.append((low, TOP))
    return tuple(found)


_CATEGORIES = {
    code.CATEGORY_DIGIT: _DIGIT, code.CATEGORY_NOT_DIGIT: _without(_DIGIT), code.CATEGORY_WORD: _WORD,
    code.CATEGORY_NOT_WORD: _without(_WORD), code.CATEGORY_SPACE: _SPACE, code.CATEGORY_NOT_SPACE: _without(_SPACE),
}  # fmt: skip


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the text. Raises Unreadable."""
    made = automaton(pattern)
    states = made.closure([made.start], begins=True, ends=not text)
    for place, character in enumerate(text):
        point = ord(character)
        moved = {to for one in states for ranges, to in made.edges[one] if any(a <= point <= b for a, b in ranges)}
        states = made.closure(moved, begins=False, ends=place == len(text) - 1)
    return made.accepts in states
