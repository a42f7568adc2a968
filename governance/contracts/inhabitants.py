"""Is there a value that meets a term? Finds one, or proves that there is none, or says that it can't tell.

The proof of a safe change is that no value fits the old schema and not the new one; the proof of a breaking one is such a
value. Both are looked for here, by one search: clause by clause, type by type. Its fuel is a number of steps, so that an answer
never depends on how busy a machine is. A value is only ever a candidate: judges.py has the last word. That there is
none is final; every `certain` here must be right.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

from governance.contracts.clause import Clause, Literal, Term
from governance.contracts.clauses import clauses
from governance.contracts.declared import Declared, Sender
from governance.contracts.evaluation import Untold, fits
from governance.contracts.matching import OutOfFuel, texts
from governance.contracts.members import members
from governance.contracts.numbers import numbers
from governance.contracts.patterns import Unreadable
from governance.contracts.rows import rows
from governance.contracts.values import JSON, key_of, type_of

FUEL = 20_000
_NEVER = 10**9
#: Values of a clause, and at the end whether there are no others.
Values = Generator[JSON, None, bool]
_ORDER = ("object", "array", "string", "number", "boolean", "null")


@dataclass(frozen=True, slots=True)
class Found:
    """Some values of a term; `certain`: there are no others than these."""

    values: list[JSON]
    certain: bool

    @property
    def possible(self) -> bool:
        """A value was found, or one is not ruled out."""
        return bool(self.values) or not self.certain


class Search:
    """The search of comparisons in one direction.

    `places`: under the tolerant policy, those of the document whose declared properties alone are sent.
    """

    def __init__(self, places: Sender | None = None, fuel: int = FUEL) -> None:
        self.sender = places.document if places is not None else None
        self._places = places
        self._fuel = fuel
        #: Steps of the comparison that goes on.
        self.spent = 0
        self._known: dict[Any, tuple[int, Found]] = {}
        self._active: dict[Any, int] = {}
        #: The outermost term on the way down that an answer leaned on, as one that has no values itself.
        self._leaned = _NEVER

    def fuelled(self, fuel: int) -> Search:
        """With so much fuel for one more comparison, and all that it knows already."""
        self._fuel, self.spent, self._active, self._leaned = fuel, 0, {}, _NEVER
        return self

    def spend(self, steps: int = 1) -> None:
        """So many steps. Raises OutOfFuel."""
        self.spent += steps
        if self.spent > self._fuel:
            raise OutOfFuel

    def find(self, literals: Iterable[Literal], count: int = 1) -> Found:
        """Up to so many different values. Raises OutOfFuel.

        A term that needs itself adds nothing: the smallest value of a term does not hold another value of the same term
        where it must hold one.
        """
        self.spend()
        term = frozenset(literals)
        key = frozenset((node.kind, wanted, node.document is self.sender) for node, wanted in term)
        known = self._known.get(key)
        if known is not None and (known[0] >= count or known[1].certain):
            return known[1]
        if key in self._active:
            self._leaned = min(self._leaned, self._active[key])
            return Found([], True)
        depth = self._active[key] = len(self._active)
        outer, self._leaned = self._leaned, _NEVER
        try:
            found = self._gathered(term, count)
        finally:
            del self._active[key]
            leaned, self._leaned = self._leaned, outer
        if leaned < _NEVER and found.values:
            found = Found(found.values, False)  # there may be larger ones, which hold some of these
        if leaned >= depth:
            self._known[key] = (count, found)
        else:
            self._leaned = min(self._leaned, leaned)
        return found

    def values(self, term: Term) -> Values:
        """All values that can be found, of each alternative the likeliest first."""
        limit = self._places.declared_by(term) if self._places is not None else None
        sources: list[_Kept] = []
        later: list[_Kept] = []
        for clause in clauses(term, self.spend):
            for kind in _ORDER:
                if kind not in clause.types:
                    continue
                source = _Kept(self._of_type(clause, kind, term, limit))
                sources.append(source)
                first = list(itertools.islice(source, 1))
                yield from first
                if first:
                    later.append(source)
        while later:  # in turn, so that no alternative waits for an endless one
            for source in list(later):
                more = list(itertools.islice(source, 1))
                yield from more
                if not more:
                    later.remove(source)
        return all(source.certain for source in sources)

    def _gathered(self, term: Term, count: int) -> Found:
        source = _Kept(self.values(term))
        seen: dict[Any, JSON] = {}
        for value in itertools.islice(source, 40 * count):
            seen.setdefault(key_of(value), value)
            if len(seen) >= count:
                break
        return Found(list(seen.values()), source.certain)

    def _of_type(self, clause: Clause, kind: str, term: Term, limit: Declared | None) -> Values:
        if clause.among:
            return (yield from _listed(clause, kind, term))
        if kind == "object":
            return (yield from members(self, clause, limit))
        if kind == "array":
            return (yield from rows(self, clause))
        if kind == "string":
            return (yield from _texts(clause))
        if kind == "number":
            return (yield from numbers(clause))
        plain = [None] if kind == "null" else [True, False]
        refused = {key_of(one) for one in clause.excluded}
        yield from (one for one in plain if key_of(one) not in refused)
        return True


class _Kept:
    """An iterator that remembers what its generator returned."""

    def __init__(self, source: Values) -> None:
        self._source = source
        #: Whether it has ended, and there are surely no others.
        self.certain = False

    def __iter__(self) -> _Kept:
        return self

    def __next__(self) -> JSON:
        try:
            return next(self._source)
        except StopIteration as end:
            self.certain = bool(end.value)
            raise StopIteration from None


def _listed(clause: Clause, kind: str, term: Term) -> Values:
    """Of an enum: the members that fit everything."""
    certain = True
    for value in min(clause.among, key=len):
        if type_of(value) != kind:
            continue
        try:
            if fits(term, value):
                yield value
        except Untold:
            certain = False
            yield value
    return certain


def _texts(clause: Clause) -> Values:
    refused = {one for one in clause.excluded if isinstance(one, str)}
    wanted: list[str] = []
    unwanted: list[str] = []
    certain = True
    if set(clause.patterns) & set(clause.not_patterns):
        return True
    for patterns, readable in ((clause.patterns, wanted), (clause.not_patterns, unwanted)):
        for pattern in dict.fromkeys(patterns):
            try:
                next(texts([pattern], []), None)
                readable.append(pattern)
            except (Unreadable, OutOfFuel):
                certain = False
    try:
        for number, text in enumerate(texts(wanted, unwanted, clause.min_length, clause.max_length, refused)):
            if number > 60:
                return False
            yield text
    except (OutOfFuel, Unreadable):
        return False
    return certain
