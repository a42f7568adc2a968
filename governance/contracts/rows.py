"""Arrays that meet a clause: how long, and what stands at each place.

Beyond the last place that some schema names all places are alike; so what must stand somewhere need only be tried at the
named places and at one beyond. Never looks into a value: the search finds those.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from governance.contracts.clause import Clause, Literal
from governance.contracts.documents import Node
from governance.contracts.values import JSON, key_of

if TYPE_CHECKING:
    from governance.contracts.inhabitants import Found, Search

#: Ways to place all obligations that are tried, and the longest array that is made.
WAYS, LONGEST = 64, 2_000


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
        if self.clause.min_items > LONGEST:
            return False
        wanted = [(start, literal) for start, literal in self.clause.some]
        for node, least, most in self.counts.values():
            if most is not None and least > most:
                return True
            wanted += [(0, (node, True))] * least
        if self.clause.twice:
            return (yield from self._twice(wanted))
        ways = itertools.product(*(self._places(start, len(wanted)) for start, _ in wanted))
        for chosen in itertools.islice(ways, WAYS):
            more: dict[int, list[Literal]] = {}
            for place, (_, literal) in zip(chosen, wanted, strict=True):
                more.setdefault(place, []).append(literal)
            if len(more) < len(wanted) and self.clause.contains:
                continue  # what must be there several times is at several places
            for made in self._made(more):
                found = True
                yield made
        if next(ways, None) is not None:
            self.certain = False
        return self.certain and not found

    def _places(self, start: int, needed: int) -> range:
        last = max(self.alike, start) + needed
        if self.clause.max_items is not None:
            last = min(last, self.clause.max_items)
        return range(start, last)

    def _made(self, more: dict[int, list[Literal]]) -> Iterator[JSON]:
        most = self.clause.max_items
        length = max(self.clause.min_items, max(more, default=-1) + 1)
        if most is not None and length > most:
            return
        row = self._filled(length, more)
        if row is None:
            return
        if key_of(row) not in self.refused:
            yield row
        if most is None or length < most:
            longer = self._filled(length + 1, more, quietly=True)
            if longer is not None and key_of(longer) not in self.refused:
                yield longer
        for place in range(min(length, 3)):
            for value in self.search.find([*self._at(place), *more.get(place, [])], 3).values[1:]:
                other = [*row[:place], value, *row[place + 1 :]]
                if self._distinct(other) and key_of(other) not in self.refused and not self.most_of:
                    yield other

    def _filled(self, length: int, more: dict[int, list[Literal]], *, quietly: bool = False) -> list[JSON] | None:
        """A row of that length; None where a place can't be filled, or what may be there a few times is too often."""
        row: list[JSON] = []
        taken = set()
        forced = 0
        for place in range(length):
            literals = [*self._at(place), *more.get(place, [])]
            wanted = len(row) + 1 if self.clause.unique else 1
            found = self._shy(literals, wanted)
            if found is None:
                found = self.search.find(literals, wanted)
                forced += bool(self.most_of)
            value = next((one for one in found.values if not self.clause.unique or key_of(one) not in taken), _NONE)
            if value is _NONE:
                if not quietly:
                    alike = self.alike == 0 and not more
                    self.certain = self.certain and found.certain and (not found.values or alike)
                return None
            row.append(value)
            taken.add(key_of(value))
        if forced and any(forced > most for _, most in self.most_of):
            if not quietly and (len(self.most_of) > 1 or self.clause.unique):
                self.certain = False
            return None
        return row

    def _shy(self, literals: list[Literal], wanted: int) -> Found | None:
        """Values that count for nothing of which there may be a few; None: there are surely none, or it takes a guess."""
        if not self.most_of:
            return None
        found = self.search.find([*literals, *((node, False) for node, _ in self.most_of)], wanted)
        if not found.values and not found.certain:
            self.certain = False
        return found if len(found.values) >= wanted else None

    def _twice(self, wanted: list[tuple[int, Literal]]) -> Generator[JSON, None, bool]:
        """Arrays in which two places hold equal values."""
        if self.clause.unique:
            return True
        found = False
        last = self.alike + 2 if self.clause.max_items is None else min(self.alike + 2, self.clause.max_items)
        for second in range(1, last):
            for first in range(second):
                literals = [*self._at(first), *self._at(second), *(one for _, one in wanted)]
                both = self.search.find(literals)
                if not both.values:
                    self.certain = self.certain and both.certain and not wanted
                    continue
                row = self._filled(max(self.clause.min_items, second + 1), {})
                if row is not None:
                    row[first] = row[second] = both.values[0]
                    found = True
                    yield row
        return self.certain and not found

    def _at(self, place: int) -> list[Literal]:
        """What must hold of the value at that place."""
        found = [literal for own, literal in self.clause.prefix if own == place]
        return found + [literal for start, literal in self.clause.rest if place >= start]

    def _distinct(self, row: list[JSON]) -> bool:
        return not self.clause.unique or len({key_of(one) for one in row}) == len(row)


class _Nothing:
    pass


_NONE = _Nothing()
