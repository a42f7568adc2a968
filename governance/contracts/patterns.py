"""Regular expressions as automata: is there a text that matches these, none of those, and is so long? An exact answer.

The dialect is that of ECMA-262 as far as JSON Schema recommends it: a pattern is searched for, `\\d` and `\\w` are ASCII, `$` is
the very end. What needs more than an automaton (look-around, back references, word boundaries) is refused as Unreadable,
and whoever asked has no answer. Deterministic, and bounded by its fuel, never by time.
"""

from __future__ import annotations

import functools
import itertools
import re
import re._constants as code
import re._parser as parser
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_STATES, MAX_STEPS = 3_000, 8_000
TOP = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]
#: Where each of several automata is.
States = tuple[frozenset[int], ...]

_DIGIT: Ranges = ((0x30, 0x39),)
_WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE: Ranges = ((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
                  (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF))  # fmt: skip
#: What `.` leaves out: for ECMA-262 three more, for the validators that judge payloads, and do so at run time, this one.
_LINE_ENDS: Ranges = ((0x0A, 0x0A),)
_SURROGATES = (0xD800, 0xDFFF)
ANY: Ranges = ((0, TOP),)
#: What a text is made of where it may be anything: letters that a reader can read first.
_READABLE = [*b"abxyzABXYZ0159", *b"-_. @/", *range(0x21, 0x7F)]


class Unreadable(ValueError):
    """No automaton says what this pattern says."""


class OutOfFuel(Exception):
    """The answer would take more steps than are allowed."""


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


def texts(
    wanted: Sequence[str], refused: Sequence[str], least: int = 0, most: int | None = None, but: Iterable[str] = ()
) -> Iterator[str]:
    """Texts that match all of the wanted and none of the refused, and are none of `but`; when it ends, there are no others.

    Lengths in characters. Raises Unreadable, and OutOfFuel where it can't say whether there is another.
    """
    given = set(but)
    for text in _some_texts(wanted, refused, least, most):
        if text not in given:
            given.add(text)
            yield text
    found = bool(given)
    while found:  # one text of each sort is not all of them: what was given is now refused
        found = False
        for text in _some_texts(wanted, [*refused, _exactly(given)], least, most):
            given.add(text)
            found = True
            yield text


def _exactly(names: Iterable[str]) -> str:
    """A pattern that matches these texts and no others."""
    return f"^(?:{'|'.join(map(re.escape, sorted(names)))})$"


def _some_texts(wanted: Sequence[str], refused: Sequence[str], least: int, most: int | None) -> Iterator[str]:
    """The same, shortest first, but of texts that no automaton tells apart only a few: none at all means that there are none."""
    made = [automaton(one) for one in (*wanted, *refused)]
    alphabet = _alphabet(made)
    steps: dict[tuple[int, frozenset[int], int], frozenset[int]] = {}

    def move(states: States, letter: int) -> States | None:
        """Where a letter leads; nowhere where one of the wanted goes no further."""
        moved = tuple(_step(made, steps, number, one, letter) for number, one in enumerate(states))
        return moved if all(moved[: len(wanted)]) else None

    moves: dict[States, list[tuple[int, States]]] = {}
    begin = tuple(one.closure([one.start], begins=True, ends=False) for one in made)
    seen: dict[tuple[States, int], int] = {(begin, 0): 1}
    row: list[tuple[States, str]] = [(begin, "")]
    fuel = MAX_STEPS
    while row:
        following: list[tuple[States, str]] = []
        for states, text in row:
            if len(text) >= least and _accepted(made, states, len(wanted), at_start=not text):
                yield text
            if most is not None and len(text) >= most:
                continue
            fuel -= len(alphabet)
            if fuel < 0:
                raise OutOfFuel
            if states not in moves:
                reached = ((letter, move(states, letter)) for letter in alphabet)
                moves[states] = [(letter, moved) for letter, moved in reached if moved is not None]
            for letter, moved in moves[states]:
                mark = (moved, min(len(text) + 1, least))
                times = seen.get(mark, 0)
                if times < 3:  # a few ways to the same place: whoever asks for several texts gets them
                    seen[mark] = times + 1
                    following.append((moved, text + chr(letter)))
        row = following


def _accepted(made: list[Automaton], states: States, wanted: int, *, at_start: bool) -> bool:
    for number, (one, found) in enumerate(zip(made, states, strict=True)):
        ended = one.closure(found, begins=at_start, ends=True)
        if (one.accepts in ended) != (number < wanted):
            return False
    return True


def _step(
    made: list[Automaton], steps: dict[tuple[int, frozenset[int], int], frozenset[int]], number: int,
    states: frozenset[int], letter: int,
) -> frozenset[int]:  # fmt: skip
    key = (number, states, letter)
    if key not in steps:
        one = made[number]
        moved = {to for state in states for ranges, to in one.edges[state] if any(a <= letter <= b for a, b in ranges)}
        steps[key] = one.closure(moved, begins=False, ends=False)
    return steps[key]


def _alphabet(made: list[Automaton]) -> list[int]:
    """A character for each class that some automaton tells from the others, readable where there is one."""
    cuts = {0, _SURROGATES[0], _SURROGATES[1] + 1, TOP + 1}
    for one in made:
        for edges in one.edges:
            for ranges, _ in edges:
                for begin, end in ranges:
                    cuts |= {begin, end + 1}
    places = sorted(cuts)
    found = []
    for begin, end in itertools.pairwise(places):
        if _SURROGATES[0] <= begin <= _SURROGATES[1]:
            continue
        readable = next((point for point in _READABLE if begin <= point < end), None)
        found.append(readable if readable is not None else begin + (begin == 0 and end > 1))
    return sorted(
        found, key=lambda point: (point not in _READABLE, _READABLE.index(point) if point in _READABLE else point)
    )
