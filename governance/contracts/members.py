"""Objects that meet a clause: which names must be there, which may, and a value for each.

Owns the reasoning about names: those that some schema mentions, and for the rest one for each set of patterns that it may
match. Never looks into a value: the search finds those.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from governance.contracts.clause import Clause, Literal
from governance.contracts.clauses import clauses
from governance.contracts.declared import Declared
from governance.contracts.documents import Document
from governance.contracts.evaluation import Untold, fits
from governance.contracts.matching import OutOfFuel, texts
from governance.contracts.patterns import Unreadable, matches
from governance.contracts.values import JSON, key_of

if TYPE_CHECKING:
    from governance.contracts.inhabitants import Search

#: Patterns of which every combination is looked at; names that are tried for each; ways to meet all obligations at once.
PATTERNS, TRIED, WAYS = 4, 30, 64
#: What every name is.
TEXT = Document({"type": "string"}, "a name").root
TEXT.kind = 0


def members(search: Search, clause: Clause, limit: Declared | None) -> Generator[JSON, None, bool]:
    """Objects, the smallest first. Returns True at the end when there are surely no others."""
    return (yield from _Objects(search, clause, limit).all())


class _Objects:
    def __init__(self, search: Search, clause: Clause, limit: Declared | None) -> None:
        self.search, self.clause, self.limit = search, clause, limit
        #: Whether nothing had to be left open so far.
        self.certain = True
        self.refused = {key_of(one) for one in clause.excluded if isinstance(one, dict)}
        self.obligations = len(clause.some_pattern) + len(clause.some_other) + len(clause.some_name)

    @functools.cached_property
    def known(self) -> list[str]:
        """Names that some schema mentions."""
        found = self.clause.members.keys() | self.clause.required | self.clause.absent
        for names, _, _ in (*self.clause.others, *self.clause.some_other):
            found |= names
        return sorted(found | (self.limit.names if self.limit is not None else set()))

    def all(self) -> Generator[JSON, None, bool]:
        found = False
        if not all(self._may(name) for name in self.clause.required):
            return self.certain
        wanted = self._wanted()
        if any(not names for names, _ in wanted):
            return self.certain
        ways = itertools.product(*(names for names, _ in wanted))
        for chosen in itertools.islice(ways, WAYS):
            more: dict[str, list[Literal]] = {name: [] for name in sorted(self.clause.required)}
            for name, (_, literal) in zip(chosen, wanted, strict=True):
                more.setdefault(name, []).extend(literal)
            for made in self._made(more):
                found = True
                yield made
        if next(ways, None) is not None:
            self.certain = False
        return self.certain and not found

    def _wanted(self) -> list[tuple[list[str], list[Literal]]]:
        """Of each thing that must be there the names under which it may be."""
        if self.obligations > 1 and self.clause.some_name and self.clause.max_members is not None:
            self.certain = False  # one name may have to meet several, which is not looked for
        return [
            ([name for name in names if self.search.find([*self._of(name), *literals]).possible], literals)
            for names, literals in self._obligations()
        ]

    def _made(self, more: dict[str, list[Literal]]) -> Iterator[JSON]:
        """Objects with these names, whose values meet these literals as well."""
        most = self.clause.max_members
        if most is not None and len(more) > most:
            return
        made: dict[str, JSON] = {}
        for name, literals in more.items():
            found = self.search.find([*self._of(name), *literals])
            if not found.values:
                self.certain = self.certain and found.certain
                return
            made[name] = found.values[0]
        others = self._optional(made)
        while len(made) < self.clause.min_members:
            another = next(others, None)
            if another is None:
                return
            made[another[0]] = another[1]
        if self.refused:
            self.certain = False  # a few variants are tried, not all
        for variant in itertools.chain([made], self._variants(made, more, others)):
            if key_of(variant) not in self.refused:
                yield variant

    def _variants(
        self, made: dict[str, JSON], more: dict[str, list[Literal]], others: Iterator[tuple[str, JSON]]
    ) -> Iterator[dict[str, JSON]]:
        """Others like it: one value changed, or one name more."""
        for name, literals in more.items():
            for value in self.search.find([*self._of(name), *literals], 3 + len(self.refused)).values[1:]:
                yield made | {name: value}
        most = self.clause.max_members
        if most is None or len(made) < most:
            for name, value in itertools.islice(others, 8):
                yield made | {name: value}

    def _optional(self, made: dict[str, JSON]) -> Iterator[tuple[str, JSON]]:
        """Names that may be there too, with a value: known ones, then others."""
        for name in self.known:
            if name not in made and self._may(name):
                found = self.search.find(self._of(name))
                if found.values:
                    yield name, found.values[0]
                else:
                    self.certain = self.certain and found.certain
        for name in self._others([], [], count=max(3, self.clause.min_members)):
            if name not in made:
                found = self.search.find(self._of(name))
                if found.values:
                    yield name, found.values[0]
                else:
                    self.certain = self.certain and found.certain

    def _obligations(self) -> Iterator[tuple[list[str], list[Literal]]]:
        """For each thing that must be there: the names that may carry it, and what its value must meet.

        Two things may need two names of one sort, so there are as many of each sort as there are things.
        """
        for pattern, literal in self.clause.some_pattern:
            yield self._candidates([pattern], [], frozenset()), [literal]
        for names, patterns, literal in self.clause.some_other:
            yield self._candidates([], list(patterns), names), [literal]
        for literal in self.clause.some_name:
            own = [name for name in self.known if self._may(name) and self._fits([literal], name)]
            yield [*own, *self._others([], [], self.obligations, also=[literal])], []

    def _candidates(self, wanted: list[str], avoided: list[str], but: frozenset[str]) -> list[str]:
        """Names that match these patterns and not those, one of each sort that makes a difference."""
        own = [
            name for name in self.known
            if name not in but and self._may(name) and self._matches(name, wanted, avoided)
        ]  # fmt: skip
        return [*own, *self._others(wanted, avoided, self.obligations)]

    def _others(
        self, wanted: Sequence[str], avoided: Sequence[str], count: int = 1, also: Sequence[Literal] = ()
    ) -> Iterator[str]:
        """Names that nobody mentions, for each set of patterns that they may match; `also`: what they must meet."""
        told = [pattern for pattern, _ in self.clause.by_pattern]
        told += [pattern for _, patterns, _ in self.clause.others for pattern in patterns]
        if self.obligations > 1:  # one name may have to serve several
            told += [pattern for pattern, _ in self.clause.some_pattern]
            told += [pattern for _, patterns, _ in self.clause.some_other for pattern in patterns]
        limits = self.limit.patterns if self.limit is not None and not self.limit.open else []
        free = [one for one in dict.fromkeys([*told, *limits]) if one not in wanted and one not in avoided]
        if len(free) > PATTERNS:
            self.certain, free = False, free[:PATTERNS]
        for size in range(len(free) + 1):
            for matched in itertools.combinations(free, size):
                match = [*wanted, *matched]
                if self.limit is not None and not self.limit.open and not set(limits) & set(match):
                    continue  # a sender would have to declare it
                avoid = [*avoided, *(one for one in free if one not in matched)]
                yield from self._unmentioned(match, avoid, count, [*self.clause.names, *also])

    def _unmentioned(self, match: list[str], avoid: list[str], count: int, literals: list[Literal]) -> Iterator[str]:
        """So many of them, of one sort: their values are all to meet the same."""
        given, seen = set[str](), 0
        try:
            for name in itertools.chain(self._plain(match, avoid, literals), self._spelled(match, avoid, literals)):
                seen += 1
                if name not in self.known and name not in given and self._may(name):
                    given.add(name)
                    yield name
                if len(given) >= count:
                    return
                if seen > TRIED + len(self.known) + count:
                    self.certain = False
                    return
        except (Unreadable, OutOfFuel):
            self.certain = False

    def _plain(self, match: list[str], avoid: list[str], literals: list[Literal]) -> Iterator[str]:
        """Names that read well, where they will do."""
        if not match:
            for name in ("extra", "extra2", "extra3", "extra4"):
                if self._matches(name, match, avoid) and self._fits(literals, name):
                    yield name

    def _spelled(self, match: list[str], avoid: list[str], literals: list[Literal]) -> Iterator[str]:
        """All names, the shortest first. Raises Unreadable and OutOfFuel."""
        if not literals:
            yield from texts(match, avoid, but=self.known)
            return
        for clause in clauses([*literals, (TEXT, True)], self.search.spend):
            if clause.opaque:
                self.certain = False
            if clause.among:
                named = [one for one in min(clause.among, key=len) if isinstance(one, str)]
                yield from (one for one in named if self._fits(literals, one) and self._matches(one, match, avoid))
                continue
            refused = {one for one in clause.excluded if isinstance(one, str)}
            patterns, unwanted = [*clause.patterns, *match], [*clause.not_patterns, *avoid]
            yield from texts(patterns, unwanted, clause.min_length, clause.max_length, {*refused, *self.known})

    def _of(self, name: str) -> list[Literal]:
        """What a value under this name must meet."""
        clause = self.clause
        found = list(clause.members.get(name, ()))
        found += [literal for pattern, literal in clause.by_pattern if self._matches(name, [pattern], [])]
        for names, patterns, literal in clause.others:
            if name not in names and self._matches(name, [], patterns):
                found.append(literal)
        return found

    def _may(self, name: str) -> bool:
        """Whether this name may be there."""
        if name in self.clause.absent or not self._fits(self.clause.names, name):
            return False
        try:
            return self.limit is None or self.limit.allows(name)
        except Unreadable:
            self.certain = False
            return False

    def _fits(self, literals: Iterable[Literal], value: Any) -> bool:
        try:
            return fits(literals, value)
        except Untold:
            self.certain = False
            return False

    def _matches(self, name: str, wanted: Iterable[str], avoided: Iterable[str]) -> bool:
        try:
            return all(matches(one, name) for one in wanted) and not any(matches(one, name) for one in avoided)
        except Unreadable:
            self.certain = False
            return False
