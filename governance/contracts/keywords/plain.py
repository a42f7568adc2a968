"""Types, listed values, numbers and texts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from governance.contracts.clause import Alternatives, Atom
from governance.contracts.keywords.meaning import Meaning, Said, counted, only
from governance.contracts.nodes import Node
from governance.contracts.values import TYPES, exact


def _types(names: frozenset[str]) -> frozenset[str]:
    return frozenset("number" if name == "integer" else name for name in names)


def _is_whole(names: frozenset[str]) -> bool:
    return "integer" in names and "number" not in names


def _type_said(node: Node, value: frozenset[str]) -> Said:
    must: list[Atom] = [("types", _types(value))]
    return must + ([("multiples", Fraction(1))] if _is_whole(value) else []), []


def _type_denied(node: Node, value: frozenset[str]) -> Alternatives:
    others = TYPES - _types(value)
    ways: Alternatives = [[("types", others)]] if others else []
    return ways + ([[only("number"), ("not_multiples", Fraction(1))]] if _is_whole(value) else [])


def _bound(word: str, opposite: str, *, strict: bool) -> Meaning:
    return Meaning(
        lambda node, value: ([(word, value, strict)], []),
        lambda node, value: [[only("number"), (opposite, value, not strict)]],
    )


def _listed(node: Node, value: tuple[Any, ...]) -> Said:
    return [("among", value)], []


_VALUES = Meaning(_listed, lambda node, value: [[("excluded", one) for one in value]])

PLAIN = {
    "type": Meaning(_type_said, _type_denied),
    "enum": _VALUES,
    "const": _VALUES,
    "minimum": _bound("low", "high", strict=False),
    "exclusiveMinimum": _bound("low", "high", strict=True),
    "maximum": _bound("high", "low", strict=False),
    "exclusiveMaximum": _bound("high", "low", strict=True),
    "multipleOf": Meaning(
        lambda node, value: ([("multiples", exact(value))], []),
        lambda node, value: [[only("number"), ("not_multiples", exact(value))]],
    ),
    "pattern": Meaning(
        lambda node, value: ([("patterns", value)], []),
        lambda node, value: [[only("string"), ("not_patterns", value)]],
    ),
    "minLength": counted("string", "min_length", "max_length", low=True),
    "maxLength": counted("string", "min_length", "max_length", low=False),
}
