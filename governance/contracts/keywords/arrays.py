"""Arrays: places, items, what is contained, and counts."""

from __future__ import annotations

from governance.contracts.clause import Alternatives, Atom
from governance.contracts.keywords.meaning import Meaning, Said, counted, only
from governance.contracts.keywords.unevaluated import unevaluated
from governance.contracts.nodes import Node


def _prefix_said(node: Node, value: tuple[Node, ...]) -> Said:
    return [("prefix", place, (one, True)) for place, one in enumerate(value)], []


def _prefix_denied(node: Node, value: tuple[Node, ...]) -> Alternatives:
    return [
        [only("array"), ("min_items", place + 1), ("prefix", place, (one, False))] for place, one in enumerate(value)
    ]


def _start(node: Node) -> int:
    return len(node.says.get("prefixItems", ()))


def _items_said(node: Node, value: Node) -> Said:
    return [("max_items", _start(node)) if value.never else ("rest", _start(node), (value, True))], []


def _items_denied(node: Node, value: Node) -> Alternatives:
    some: Atom = ("min_items", _start(node) + 1) if value.never else ("some", _start(node), (value, False))
    return [[only("array"), some]]


def _contains_said(node: Node, value: Node) -> Said:
    return _containing(value, node.says.get("minContains", 1), node.says.get("maxContains")), []


def _contains_denied(node: Node, value: Node) -> Alternatives:
    least, most = node.says.get("minContains", 1), node.says.get("maxContains")
    ways: Alternatives = [[only("array"), *_containing(value, 0, least - 1)]] if least else []
    return ways + ([[only("array"), ("contains", value, most + 1, None)]] if most is not None else [])


def _containing(node: Node, least: int, most: int | None) -> list[Atom]:
    if most != 0:
        return [("contains", node, least, most)]
    return [("rest", 0, (node, False)), *([("min_items", 1), ("max_items", 0)] if least else [])]


ARRAYS = {
    "prefixItems": Meaning(_prefix_said, _prefix_denied),
    "items": Meaning(_items_said, _items_denied),
    "contains": Meaning(_contains_said, _contains_denied),
    "uniqueItems": Meaning(lambda node, value: ([("unique",)], []), lambda node, value: [[only("array"), ("twice",)]]),
    "minItems": counted("array", "min_items", "max_items", low=True),
    "maxItems": counted("array", "min_items", "max_items", low=False),
    "unevaluatedItems": unevaluated("unevaluatedItems"),
}
