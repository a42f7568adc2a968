"""What can be seen at once: two schemas that no value fits both, because of a type, a constant, or a property that tells.

That is how alternatives are told apart in practice (a `kind`, a `version`), and seeing it saves a comparison from trying
every combination. Only ever says that two are apart when they are; what it can't see it leaves to the search.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from governance.contracts.nodes import Node
from governance.contracts.values import TYPES, type_of

#: Schemas that a schema refers to are followed so deep.
DEPTH = 4


@dataclass(slots=True)
class Facts:
    """What every value that fits surely is."""

    types: frozenset[str] = TYPES
    values: frozenset[Hashable] | None = None
    required: frozenset[str] = frozenset()
    #: `properties`, looked into only where both sides speak of a member, and one of them requires it.
    members: list[dict[str, Node]] = field(default_factory=list)
    depth: int = 0


def apart(one: Node, other: Node) -> bool:
    """Whether surely no value fits both."""
    return _apart(facts(one, DEPTH), facts(other, DEPTH))


def facts(node: Node, depth: int) -> Facts:
    """Of a node, looked at so deep; kept with it."""
    found = node.facts.get(depth)
    if not isinstance(found, Facts):
        found = node.facts[depth] = Facts(depth=depth)
        _gather(node, found, depth)
    return found


def _gather(node: Node, found: Facts, depth: int) -> None:
    says = node.says
    if node.never:
        found.types = frozenset()
    if "type" in says:
        found.types &= frozenset("number" if name == "integer" else name for name in says["type"])
    values = node.allowed()
    if values is not None:
        found.values = values if found.values is None else found.values & values
    for keyword in ("enum", "const"):
        found.types &= frozenset(map(type_of, says.get(keyword, ()))) if keyword in says else TYPES
    found.required |= says.get("required", frozenset())
    if depth <= 0:
        return
    if "properties" in says:
        found.members.append(says["properties"])
    for part in (*(says[word] for word in ("$ref", "$dynamicRef") if word in says), *says.get("allOf", ())):
        _gather(part.meant, found, depth - 1)


def _apart(one: Facts, other: Facts) -> bool:
    types = one.types & other.types
    if not types or (one.values is not None and other.values is not None and not one.values & other.values):
        return True
    if types != {"object"}:
        return False
    depth = min(one.depth, other.depth) - 2
    return any(
        _apart(facts(first[name], depth), facts(second[name], depth))
        for name in one.required | other.required
        for first in one.members
        for second in other.members
        if name in first and name in second
    )
