"""A clause: what a value must be, as plain constraints for each type, all of which hold.

Owns the constraints and how they add up. Never reads a schema: the words of schemas are in keywords/.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

from governance.contracts.nodes import Node
from governance.contracts.values import JSON, TYPES, exact

#: A node that a value must fit, or must not.
Literal = tuple[Node, bool]
Term = frozenset[Literal]
Atom = tuple[Any, ...]
Alternatives = list[list[Atom]]
#: Of which one must hold; and the node whose denial it is, if it is one.
Choice = tuple[Node | None, Alternatives]


@dataclass(slots=True)
class Clause:
    """Constraints that all hold. Those of a type say nothing about values of other types."""

    types: frozenset[str] = TYPES
    among: list[tuple[JSON, ...]] = field(default_factory=list)
    excluded: list[JSON] = field(default_factory=list)
    # Numbers: bounds as (bound, open).
    low: tuple[Fraction, bool] | None = None
    high: tuple[Fraction, bool] | None = None
    multiples: list[Fraction] = field(default_factory=list)
    not_multiples: list[Fraction] = field(default_factory=list)
    # Texts.
    min_length: int = 0
    max_length: int | None = None
    patterns: list[str] = field(default_factory=list)
    not_patterns: list[str] = field(default_factory=list)
    # Arrays: `rest` from a place on; `some` at least one from a place on; `contains` with its least and most.
    prefix: list[tuple[int, Literal]] = field(default_factory=list)
    rest: list[tuple[int, Literal]] = field(default_factory=list)
    some: list[tuple[int, Literal]] = field(default_factory=list)
    contains: list[tuple[Node, int, int | None]] = field(default_factory=list)
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False
    twice: bool = False
    # Objects: `others` are names outside a set that match none of some patterns.
    members: dict[str, tuple[Literal, ...]] = field(default_factory=dict)
    by_pattern: list[tuple[str, Literal]] = field(default_factory=list)
    others: list[tuple[frozenset[str], tuple[str, ...], Literal]] = field(default_factory=list)
    names: list[Literal] = field(default_factory=list)
    some_pattern: list[tuple[str, Literal]] = field(default_factory=list)
    some_other: list[tuple[frozenset[str], tuple[str, ...], Literal]] = field(default_factory=list)
    some_name: list[Literal] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    min_members: int = 0
    max_members: int | None = None
    #: What can't be told, and whether it is said to hold.
    opaque: dict[str, bool] = field(default_factory=dict)
    #: Every literal so far, by what it says; and the nodes that are to fit.
    told: dict[int, bool] = field(default_factory=dict)
    positive: list[Node] = field(default_factory=list)

    def copy(self) -> Clause:
        """With lists of its own."""
        made = Clause()
        for name in _FIELDS:
            value = getattr(self, name)
            setattr(made, name, value.copy() if isinstance(value, (list, set, dict)) else value)
        return made

    def add(self, atom: Atom) -> bool:
        """Add a constraint. False: nothing meets them all."""
        word, *rest = atom
        if word == "types":
            self.types &= rest[0]
        elif word in ("low", "high"):
            self._bound(word, exact(rest[0]), bool(rest[1]))
        elif word in ("min_length", "min_items", "min_members"):
            setattr(self, word, max(getattr(self, word), rest[0]))
        elif word in ("max_length", "max_items", "max_members"):
            known = getattr(self, word)
            setattr(self, word, rest[0] if known is None else min(known, rest[0]))
        elif word in ("unique", "twice"):
            setattr(self, word, True)
        elif word in ("required", "absent"):
            getattr(self, word).add(rest[0])
        elif word == "members":
            self.members[rest[0]] = (*self.members.get(rest[0], ()), rest[1])
        elif word == "opaque":
            if self.opaque.setdefault(rest[0], rest[1]) != rest[1]:
                return False
        else:
            getattr(self, word).append(rest[0] if len(rest) == 1 else tuple(rest))
        return self._possible()

    def _bound(self, word: str, bound: Fraction, strict: bool) -> None:
        known = getattr(self, word)
        sign = 1 if word == "low" else -1
        if known is None or (sign * bound, strict) > (sign * known[0], known[1]):
            setattr(self, word, (bound, strict))

    def _possible(self) -> bool:
        """Drop types that can't be any more; False when none is left."""
        gone = set()
        if self.max_length is not None and self.min_length > self.max_length:
            gone.add("string")
        if self.max_items is not None and self.min_items > self.max_items:
            gone.add("array")
        most = self.max_members
        if self.required & self.absent or (most is not None and max(len(self.required), self.min_members) > most):
            gone.add("object")
        if self.low and self.high and (self.low[0], self.low[1] or self.high[1]) > (self.high[0], False):
            gone.add("number")
        self.types -= gone
        return bool(self.types)


_FIELDS = tuple(one.name for one in fields(Clause))
