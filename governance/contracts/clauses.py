"""From schemas to clauses: what a value must be, as plain constraints for each type. Negation included.

A literal is a node that a value must fit, or must not. A set of literals, all of which hold, is a term; `clauses` takes it
apart into alternatives without any `anyOf`, `not` or reference left. Owns the meaning of every keyword in both
directions. Never decides whether a clause can be met: inhabitants.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any

from governance.contracts.documents import Node, in_place
from governance.contracts.overlap import apart
from governance.contracts.values import JSON, TYPES, exact

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


def clauses(term: Iterable[Literal], spend: Callable[[], None]) -> Iterator[Clause]:
    """All alternatives of the term; `spend` is called for each step and may end it by raising."""
    stack: list[tuple[Clause, list[Atom], list[Choice]]] = [
        (Clause(), [("is", node, wanted) for node, wanted in ordered(term)], [])
    ]
    while stack:
        clause, todo, choices = stack.pop()
        spend()
        if not _settle(clause, todo, choices):
            continue
        choice = _narrowest(clause, choices)
        if choice is None:
            yield clause
        else:
            rest = [one for one in choices if one is not choice]
            for alternative in reversed([one for one in choice[1] if _open(clause, one)]):
                stack.append((clause.copy(), list(alternative), list(rest)))


def ordered(term: Iterable[Literal]) -> list[Literal]:
    """The same order in every process."""
    return sorted(term, key=lambda one: (one[0].document.name, one[0].pointer, one[1]))


def _settle(clause: Clause, todo: list[Atom], choices: list[Choice]) -> bool:
    """Add all atoms, and what they lead to; choices that must be made are put on the list. False: impossible."""
    while todo:
        atom = todo.pop()
        if atom[0] != "is":
            if not clause.add(atom):
                return False
            continue
        node, wanted = atom[1], atom[2]
        if node.kind in clause.told:
            if clause.told[node.kind] != wanted:
                return False
            continue
        clause.told[node.kind] = wanted
        if node.never and wanted:
            return False
        if wanted:
            if any(apart(node, one) for one in clause.positive):
                return False
            clause.positive.append(node)
            must, may = _said(node)
            todo.extend(must)
            choices.extend((None, one) for one in may)
        elif not node.never:
            choices.append((node, _denied(node)))
    return True


def _open(clause: Clause, alternative: list[Atom]) -> bool:
    """Whether it may still be taken, as far as can be seen at once."""
    for word, *rest in alternative:
        if word == "types" and not clause.types & rest[0]:
            return False
        if word == "members" and any(
            node.kind == rest[1][0].kind and wanted != rest[1][1] for node, wanted in clause.members.get(rest[0], ())
        ):
            return False
        if word == "absent" and rest[0] in clause.required and clause.types <= {"object"}:
            return False
        if word == "is" and rest[1] and any(apart(rest[0], one) for one in clause.positive):
            return False
        if word == "is" and (clause.told.get(rest[0].kind, rest[1]) != rest[1] or (rest[0].never and rest[1])):
            return False
    return True


def _narrowest(clause: Clause, choices: list[Choice]) -> Choice | None:
    """The choice with the fewest ways that are still open; those that are made already are left out.

    What a value must be comes before what it must not be: it tells which denials are met already.
    """
    best: tuple[tuple[bool, int], Choice] | None = None
    for choice in list(choices):
        node, ways = choice
        denied = node is not None and any(apart(node, one) for one in clause.positive)
        if denied or any(_met(clause, one) for one in ways):
            choices.remove(choice)
            continue
        count = sum(_open(clause, one) for one in ways)
        rank = (count > 1 and node is not None, count)
        if best is None or rank < best[0]:
            best = (rank, choice)
        if count == 0:
            break
    return best[1] if best else None


def _met(clause: Clause, alternative: list[Atom]) -> bool:
    """Whether the clause says it already."""
    return all(
        (word == "is" and (clause.told.get(rest[0].kind) == rest[1] or (rest[1] and not rest[0].says and not rest[0].never and not rest[0].opaque)))
        or (word == "types" and clause.types <= rest[0])
        or (word == "absent" and rest[0] in clause.absent)
        or (word == "required" and rest[0] in clause.required and clause.types <= {"object"})
        for word, *rest in alternative
    )  # fmt: skip


def _only(kind: str) -> Atom:
    return ("types", frozenset({kind}))


def _but(kind: str) -> Atom:
    return ("types", TYPES - {kind})


def _said(node: Node) -> tuple[list[Atom], list[Alternatives]]:
    """What a value that fits must be: constraints, and choices of which one must hold."""
    must: list[Atom] = [("opaque", node.opaque, True)] if node.opaque else []
    may: list[Alternatives] = []
    says = node.says
    for keyword, value in says.items():
        match keyword:
            case "type":
                must.append(("types", _types(value)))
                if "integer" in value and "number" not in value:
                    must.append(("multiples", Fraction(1)))
            case "enum" | "const":
                must.append(("among", value))
            case "minimum" | "exclusiveMinimum":
                must.append(("low", value, keyword != "minimum"))
            case "maximum" | "exclusiveMaximum":
                must.append(("high", value, keyword != "maximum"))
            case "multipleOf":
                must.append(("multiples", exact(value)))
            case "pattern":
                must.append(("patterns", value))
            case "uniqueItems":
                must.append(("unique",))
            case "prefixItems":
                must += [("prefix", place, (one, True)) for place, one in enumerate(value)]
            case "items":
                start = len(says.get("prefixItems", ()))
                must.append(("max_items", start) if value.never else ("rest", start, (value, True)))
            case "contains":
                must += _containing(value, says.get("minContains", 1), says.get("maxContains"))
            case "properties":
                must += [("absent", name) if one.never else ("members", name, (one, True)) for name, one in value.items()]
            case "patternProperties":
                must += [("by_pattern", pattern, (one, True)) for pattern, one in value.items()]
            case "additionalProperties":
                must.append(("others", *_beside(says), (value, True)))
            case "propertyNames":
                must.append(("names", (value, True)))
            case "required":
                must += [("required", name) for name in sorted(value)]
            case "dependentRequired":
                for name, needs in value.items():
                    may.append([[_but("object")], [("absent", name)], [("required", need) for need in sorted(needs)]])
            case "dependentSchemas":
                for name, one in value.items():
                    may.append([[_but("object")], [("absent", name)], [("is", one, True)]])
            case "$ref" | "$dynamicRef":
                must.append(("is", value, True))
            case "allOf":
                must += [("is", one, True) for one in value]
            case "anyOf":
                may.append([[("is", one, True)] for one in value])
            case "oneOf":
                may.append([
                    [("is", one, True), *(("is", other, False) for other in value if other is not one and not apart(one, other))]
                    for one in value
                ])  # fmt: skip
            case "not":
                must.append(("is", value, False))
            case "if":
                may.append(_branches(says, True))
            case "unevaluatedProperties" | "unevaluatedItems":
                must.append(_unlooked(node, keyword, True)[-1])
            case "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties":
                must.append((_COUNTS[keyword][1], value))
    return must, may


def _denied(node: Node) -> Alternatives:
    """The ways in which a value may fail to fit."""
    ways: Alternatives = [[("opaque", node.opaque, False)]] if node.opaque else []
    says = node.says
    for keyword, value in says.items():
        match keyword:
            case "type":
                types = _types(value)
                if TYPES - types:
                    ways.append([("types", TYPES - types)])
                if "integer" in value and "number" not in value:
                    ways.append([_only("number"), ("not_multiples", Fraction(1))])
            case "enum" | "const":
                ways.append([("excluded", one) for one in value])
            case "minimum" | "exclusiveMinimum":
                ways.append([_only("number"), ("high", value, keyword == "minimum")])
            case "maximum" | "exclusiveMaximum":
                ways.append([_only("number"), ("low", value, keyword == "maximum")])
            case "multipleOf":
                ways.append([_only("number"), ("not_multiples", exact(value))])
            case "pattern":
                ways.append([_only("string"), ("not_patterns", value)])
            case "uniqueItems":
                ways.append([_only("array"), ("twice",)])
            case "prefixItems":
                for place, one in enumerate(value):
                    ways.append([_only("array"), ("min_items", place + 1), ("prefix", place, (one, False))])
            case "items":
                start = len(says.get("prefixItems", ()))
                fewer: Atom = ("min_items", start + 1) if value.never else ("some", start, (value, False))
                ways.append([_only("array"), fewer])
            case "contains":
                least, most = says.get("minContains", 1), says.get("maxContains")
                if least:
                    ways.append([_only("array"), *_containing(value, 0, least - 1)])
                if most is not None:
                    ways.append([_only("array"), ("contains", value, most + 1, None)])
            case "properties":
                for name, one in value.items():
                    ways.append([_only("object"), ("required", name), ("members", name, (one, False))])
            case "patternProperties":
                ways += [[_only("object"), ("some_pattern", pattern, (one, False))] for pattern, one in value.items()]
            case "additionalProperties":
                ways.append([_only("object"), ("some_other", *_beside(says), (value, False))])
            case "propertyNames":
                ways.append([_only("object"), ("some_name", (value, False))])
            case "required":
                ways += [[_only("object"), ("absent", name)] for name in sorted(value)]
            case "dependentRequired":
                for name, needs in value.items():
                    ways += [[_only("object"), ("required", name), ("absent", need)] for need in sorted(needs)]
            case "dependentSchemas":
                ways += [[_only("object"), ("required", name), ("is", one, False)] for name, one in value.items()]
            case "$ref" | "$dynamicRef":
                ways.append([("is", value, False)])
            case "allOf":
                ways += [[("is", one, False)] for one in value]
            case "anyOf":
                ways.append([("is", one, False) for one in value])
            case "oneOf":
                ways.append([("is", one, False) for one in value])
                for place, one in enumerate(value):
                    after = (other for other in value[place + 1 :] if not apart(one, other))
                    ways += [[("is", one, True), ("is", other, True)] for other in after]
            case "not":
                ways.append([("is", value, True)])
            case "if":
                ways += _branches(says, False)
            case "unevaluatedProperties" | "unevaluatedItems":
                ways.append(_unlooked(node, keyword, False))
            case "minLength" | "minItems" | "minProperties":
                kind, least_word, most_word = _COUNTS[keyword][0], _COUNTS[keyword][1], _COUNTS[keyword][2]
                ways.append([_only(kind), (most_word, value - 1)])
            case "maxLength" | "maxItems" | "maxProperties":
                ways.append([_only(_COUNTS[keyword][0]), (_COUNTS[keyword][2], value + 1)])
    return ways


#: Of a keyword that counts: the type, its own constraint, and that of its denial.
_COUNTS = {
    "minLength": ("string", "min_length", "max_length"), "maxLength": ("string", "max_length", "min_length"),
    "minItems": ("array", "min_items", "max_items"), "maxItems": ("array", "max_items", "min_items"),
    "minProperties": ("object", "min_members", "max_members"),
    "maxProperties": ("object", "max_members", "min_members"),
}  # fmt: skip


def _types(names: frozenset[str]) -> frozenset[str]:
    return frozenset("number" if name == "integer" else name for name in names)


def _containing(node: Node, least: int, most: int | None) -> list[Atom]:
    if most == 0:
        return [("rest", 0, (node, False))] + ([("min_items", 1), ("max_items", 0)] if least else [])
    return [("contains", node, least, most)]


def _beside(says: dict[str, Any]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names and patterns that `additionalProperties` stands beside."""
    return frozenset(says.get("properties", ())), tuple(says.get("patternProperties", ()))


def _branches(says: dict[str, Any], wanted: bool) -> Alternatives:
    ways: Alternatives = []
    for keyword, condition in (("then", True), ("else", False)):
        part = says.get(keyword)
        if part is not None:
            ways.append([("is", says["if"], condition), ("is", part, wanted)])
        elif wanted:
            ways.append([("is", says["if"], condition)])
    return ways


def _unlooked(node: Node, keyword: str, wanted: bool) -> list[Atom]:
    """What `unevaluated…` says where the schema alone tells what was looked at; else it can't be told here."""
    kind = "object" if keyword == "unevaluatedProperties" else "array"
    names: set[str] = set()
    patterns: list[str] = []
    start, look = 0, [node]
    while look:
        one = look.pop()
        says = one.says
        conditional = any(word in says for word in ("anyOf", "oneOf", "if", "dependentSchemas")) or one.opaque
        inner = one is not node and keyword in says
        if conditional or inner or (kind == "array" and "contains" in says):
            return [_only(kind), ("opaque", f"{keyword} {node.document.name}{node.pointer}", wanted)][int(wanted):]
        names |= set(says.get("properties", ()))
        patterns += says.get("patternProperties", ())
        start = max(start, len(says.get("prefixItems", ())))
        if ("additionalProperties" if kind == "object" else "items") in says:
            return [("types", frozenset() if not wanted else TYPES)]  # everything was looked at
        look += [part for part in in_place(one) if part is not says.get("not")]
    part: Literal = (node.says[keyword], wanted)
    if kind == "object":
        word: Atom = ("others" if wanted else "some_other", frozenset(names), tuple(patterns), part)
    else:
        word = ("rest" if wanted else "some", start, part)
    return [_only(kind), word][int(wanted):]
