"""Whether a value fits a node: for the few values that a comparison meets on its way, such as those of an enum.

Owns no verdict: what a report says was decided by two independent validators (judges.py). Raises Untold where the meaning
of a node can't be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from governance.contracts.nodes import Node
from governance.contracts.patterns import Unreadable, matches
from governance.contracts.values import exact, key_of, type_of

#: What a schema has looked at: names of properties, and how many items from the first on.
Looked = tuple[set[str], set[int]]


class Untold(Exception):
    """Nobody can say here."""


def holds(node: Node, value: Any) -> bool:
    """Whether the value fits. Raises Untold."""
    return _look(node, value) is not None


def fits(literals: Iterable[tuple[Node, bool]], value: Any) -> bool:
    """Whether it fits all that are wanted and none that are refused. Raises Untold."""
    return all(holds(node, value) == wanted for node, wanted in literals)


def _look(node: Node, value: Any) -> Looked | None:
    """What was looked at; None: it does not fit."""
    node = node.meant
    if node.never:
        return None
    if node.opaque:
        raise Untold(node.opaque)
    says, kind = node.says, type_of(value)
    allowed = node.allowed()
    if allowed is not None and key_of(value) not in allowed:
        return None
    if not _plain(says, kind, value):
        return None
    looked: Looked = (set(), set())
    if not _in_place(says, value, looked):
        return None
    if kind == "array" and not _array(says, value, looked):
        return None
    if kind == "object" and not _object(says, value, looked):
        return None
    return looked


def _plain(says: dict[str, Any], kind: str, value: Any) -> bool:
    if "type" in says and kind not in says["type"]:
        whole = kind == "number" and "integer" in says["type"] and exact(value).denominator == 1
        if not whole:
            return False
    if kind == "number":
        number = exact(value)
        return all(
            _BOUNDS[keyword](number, exact(says[keyword])) for keyword in _BOUNDS if keyword in says
        )  # fmt: skip
    if kind == "string":
        if not says.get("minLength", 0) <= len(value) <= says.get("maxLength", len(value)):
            return False
        return "pattern" not in says or _matches(says["pattern"], value)
    return True


_BOUNDS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "minimum": lambda number, bound: number >= bound,
    "maximum": lambda number, bound: number <= bound,
    "exclusiveMinimum": lambda number, bound: number > bound,
    "exclusiveMaximum": lambda number, bound: number < bound,
    "multipleOf": lambda number, step: (number / step).denominator == 1,
}


def _matches(pattern: str, text: str) -> bool:
    try:
        return matches(pattern, text)
    except Unreadable as error:
        raise Untold(str(error)) from None


def _in_place(says: dict[str, Any], value: Any, looked: Looked) -> bool:
    def ask(node: Node) -> bool:
        found = _look(node, value)
        if found is not None:
            looked[0].update(found[0])
            looked[1].update(found[1])
        return found is not None

    for keyword in ("$ref", "$dynamicRef"):
        if keyword in says and not ask(says[keyword]):
            return False
    if not all([ask(one) for one in says.get("allOf", ())]):
        return False
    if "anyOf" in says and not any([ask(one) for one in says["anyOf"]]):
        return False
    if "oneOf" in says and sum([ask(one) for one in says["oneOf"]]) != 1:
        return False
    if "not" in says and holds(says["not"], value):
        return False
    if "if" in says:
        branch = says.get("then" if ask(says["if"]) else "else")
        if branch is not None and not ask(branch):
            return False
    if isinstance(value, dict):
        return all(ask(one) for name, one in says.get("dependentSchemas", {}).items() if name in value)
    return True


def _array(says: dict[str, Any], value: list[Any], looked: Looked) -> bool:
    if not says.get("minItems", 0) <= len(value) <= says.get("maxItems", len(value)):
        return False
    if says.get("uniqueItems") and len({key_of(one) for one in value}) < len(value):
        return False
    prefix = says.get("prefixItems", ())
    if not all(holds(node, one) for node, one in zip(prefix, value, strict=False)):
        return False
    looked[1].update(range(min(len(prefix), len(value))))
    if "items" in says:
        if not all(holds(says["items"], one) for one in value[len(prefix) :]):
            return False
        looked[1].update(range(len(value)))
    if "contains" in says:
        found = {place for place, one in enumerate(value) if holds(says["contains"], one)}
        if not says.get("minContains", 1) <= len(found) <= says.get("maxContains", len(found)):
            return False
        looked[1].update(found)
    if "unevaluatedItems" in says:
        rest = [one for place, one in enumerate(value) if place not in looked[1]]
        looked[1].update(range(len(value)))
        return all(holds(says["unevaluatedItems"], one) for one in rest)
    return True


def _object(says: dict[str, Any], value: dict[str, Any], looked: Looked) -> bool:
    if not says.get("minProperties", 0) <= len(value) <= says.get("maxProperties", len(value)):
        return False
    if not says.get("required", frozenset()) <= value.keys():
        return False
    if not all(needs <= value.keys() for name, needs in says.get("dependentRequired", {}).items() if name in value):
        return False
    if "propertyNames" in says and not all(holds(says["propertyNames"], name) for name in value):
        return False
    own = set()
    for name, member in value.items():
        asked = [says["properties"][name]] if name in says.get("properties", {}) else []
        asked += [node for pattern, node in says.get("patternProperties", {}).items() if _matches(pattern, name)]
        if not asked and "additionalProperties" in says:
            asked = [says["additionalProperties"]]
        if not all(holds(node, member) for node in asked):
            return False
        if asked:
            own.add(name)
    looked[0].update(own)
    if "unevaluatedProperties" in says:
        rest = [name for name in value if name not in looked[0]]
        looked[0].update(value)
        return all(holds(says["unevaluatedProperties"], value[name]) for name in rest)
    return True
