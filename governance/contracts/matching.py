"""Is there a text that matches these patterns, none of those, and is so long? An exact answer, shortest texts first.

Deterministic, and bounded by its fuel, never by time. Owns the walk over several automata at once; patterns.py makes them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from governance.contracts.patterns import TOP, Automaton, automaton

MAX_STEPS = 8_000
#: Where each of several automata is.
States = tuple[frozenset[int], ...]
_SURROGATES = (0xD800, 0xDFFF)
#: What a text is made of where it may be anything: letters that a reader can read first.
_READABLE = [*b"abxyzABXYZ0159", *b"-_. @/", *range(0x21, 0x7F)]


class OutOfFuel(Exception):
    """The answer would take more steps than are allowed."""


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
