"""Arrays that meet a clause: how long, and what stands at each place.

Beyond the last place that some schema names all places are alike; so what must stand somewhere need only be tried at the
named places and at one beyond. Never looks into a value: the search finds those.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from governance.contracts.clause import Clause, Literal
from governance.contracts.evaluation import Untold, holds
from governance.contracts.nodes import Node
from governance.contracts.values import JSON, key_of

if TYPE_CHECKING:
    from governance.contracts.inhabitants import Search

#: Ways to place all obligations that are tried, and the longest array that is made.
WAYS, LONGEST = 48, 2_000
#: Things that must be somewhere: more are not placed.
MANY = 24


def rows(search: Search, clause: Clause) -> Generator[JSON, None, bool]:
    """Arrays, short ones first. Returns True at the end when there are surely no others."""
    return (yield from _Arrays(search, clause).all())


class _Arrays:
    def __init__(self, search: Search, clause: Clause) -> None:
        self.search, self.clause = search, clause
        self.certain = True
        places = [place + 1 for place, _ in clause.prefix] + [start for start, _ in (*clause.rest, *clause.some)]
        #: From here on all places are alike.
        self.alike = max(places, default=0)
        self.refused = {key_of(one) for one in clause.excluded if isinstance(one, list)}
        #: What must be there so often at least, and at most; by what it says.
        self.counts: dict[int, tuple[Node, int, int | None]] = {}
        for node, least, most in clause.contains:
            _, low, high = self.counts.get(node.kind, (node, 0, None))
            both = [one for one in (most, high) if one is not None]
            self.counts[node.kind] = (node, max(low, least), min(both, default=None))
        self.most_of = [(node, most) for node, _, most in self.counts.values() if most is not None]

    def all(self) -> Generator[JSON, None, bool]:
        found = False
        if self.clause.min_items > LONGEST or sum(least for _, least, _ in self.counts.values()) > MANY:
            return False
        if self.clause.twice and self.clause.unique:
            return True
        wanted: list[tuple[int, Literal, int]] = [(start, literal, 0) for start, literal in self.clause.some]
        for node, least, most in self.counts.values():
            if most is not None and least > most:
                return True
            wanted += [(0, (node, True), node.kind)] * least
        where = [self._places(start, literal, len(wanted)) for start, literal, _ in wanted]
        if not all(where):
            return True
        for pair, chosen in self._ways(where, len(wanted)):
            more: dict[int, list[Literal]] = {}
            counted = [(place, kind) for place, (_, _, kind) in zip(chosen, wanted, strict=True) if kind]
            if len(set(counted)) < len(counted):
                continue  # what must be there several times is at several places
            for place, (_, literal, _) in zip(chosen, wanted, strict=True):
                more.setdefault(place, []).append(literal)
            for made in self._made(more, pair):
                found = True
                yield made
        return self.certain and not found

    def _ways(self, where: list[list[int]], needed: int) -> Iterator[tuple[tuple[int, int] | None, tuple[int, ...]]]:
        """Where two equal values stand, if there must be any, and where each thing stands that must be there."""
        pairs = self._pairs(needed)
        ways = ((pair, chosen) for chosen in itertools.product(*where) for pair in pairs)
        yield from itertools.islice(ways, WAYS)
        if next(ways, None) is not None:
            self.certain = False

    def _places(self, start: int, literal: Literal, needed: int) -> list[int]:
        """Where a thing may stand; none: surely nowhere."""
        last = max(self.alike, start) + needed
        if self.clause.max_items is not None:
            last = min(last, self.clause.max_items)
        return [place for place in range(start, last) if self.search.find([*self._at(place), literal]).possible]

    def _pairs(self, needed: int) -> list[tuple[int, int] | None]:
        """The places that may hold equal values, where two must."""
        if not self.clause.twice:
            return [None]
        last = self.alike + needed + 2
        if self.clause.max_items is not None:
            last = min(last, self.clause.max_items)
        return [(first, second) for second in range(1, last) for first in range(second)]

    def _made(self, more: dict[int, list[Literal]], pair: tuple[int, int] | None) -> Iterator[JSON]:
        most = self.clause.max_items
        length = max(self.clause.min_items, max([*more, *(pair or ())], default=-1) + 1)
        if most is not None and length > most:
            return
        row = self._filled(length, more, pair)
        if row is None:
            return
        if self.refused:
            self.certain = False  # a few variants are tried, not all
        if key_of(row) not in self.refused:
            yield row
        if most is None or length < most:
            longer = self._filled(length + 1, more, pair, quietly=True)
            if longer is not None and key_of(longer) not in self.refused:
                yield longer
        for place in range(min(length, 3)) if not self.most_of and pair is None else ():
            for value in self.search.find([*self._at(place), *more.get(place, [])], 3).values[1:]:
                other = [*row[:place], value, *row[place + 1 :]]
                if self._distinct(other) and key_of(other) not in self.refused:
                    yield other

    def _filled(
        self, length: int, more: dict[int, list[Literal]], pair: tuple[int, int] | None, *, quietly: bool = False
    ) -> list[JSON] | None:
        """A row of that length; None where a place can't be filled, or what may be there a few times is too often."""
        row: list[JSON] = []
        taken = set()
        forced: Counter[int] = Counter()
        for place in range(length):
            if pair is not None and place == pair[1]:
                row.append(row[pair[0]])
                forced.update(self._forced(self._wanted(place, more, pair)))
                continue
            literals = self._wanted(place, more, pair)
            wanted = len(row) + 1 if self.clause.unique else 1
            must = self._forced(literals)
            forced.update(must)
            shy = [(node, False) for node, _ in self.most_of if node.kind not in must]
            found = self.search.find([*literals, *shy], wanted)
            value = next((one for one in found.values if key_of(one) not in taken), _NONE)
            if value is _NONE and shy:
                found = self.search.find(literals, wanted)
                value = next((one for one in found.values if key_of(one) not in taken), _NONE)
            if value is _NONE:
                if not quietly:
                    alike = self.alike == 0 and not more
                    self.certain = self.certain and found.certain and (not found.values or alike)
                return None
            row.append(value)
            if self.clause.unique:
                taken.add(key_of(value))
        if any(forced[node.kind] > most for node, most in self.most_of):
            return None
        if not self._few(row):
            self.certain = self.certain and quietly
            return None
        return row

    def _wanted(self, place: int, more: dict[int, list[Literal]], pair: tuple[int, int] | None) -> list[Literal]:
        """What must hold at a place; of two that hold one value, both."""
        places = pair if pair is not None and place in pair else (place,)
        return [literal for one in places for literal in (*self._at(one), *more.get(one, []))]

    def _forced(self, literals: list[Literal]) -> set[int]:
        """Of what may be there a few times: what every value here surely is."""
        found = set()
        for node, _ in self.most_of:
            other = self.search.find([*literals, (node, False)])
            if not other.values:
                if other.certain:
                    found.add(node.kind)
                else:
                    self.certain = False
        return found

    def _few(self, row: list[JSON]) -> bool:
        """Whether nothing is there too often."""
        try:
            return all(sum(holds(node, one) for one in row) <= most for node, most in self.most_of)
        except Untold:
            return False

    def _at(self, place: int) -> list[Literal]:
        """What must hold of the value at that place."""
        found = [literal for own, literal in self.clause.prefix if own == place]
        return found + [literal for start, literal in self.clause.rest if place >= start]

    def _distinct(self, row: list[JSON]) -> bool:
        return not self.clause.unique or len({key_of(one) for one in row}) == len(row)


class _Nothing:
    pass


_NONE = _Nothing()
