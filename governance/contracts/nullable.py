"""Something, or null: schemas that say of a value no more than that it is null or meets another schema.

Owns how such a choice is recognised, however it is spelt. Never compares.
"""

from __future__ import annotations

from governance.contracts.nodes import Node

_NULL = {"type": frozenset({"null"})}


def with_null(old: Node, new: Node) -> tuple[Node, Node] | None:
    """What is left to compare where one of the two is the other, changed or not, or null. None where neither is or both are, and
    where the other takes null as well.
    """
    before, after = _beside_null(old), _beside_null(new)
    if (before is None) == (after is None) or not _refuses_null(new if after is None else old):
        return None
    return before or old, after or new


def _beside_null(node: Node) -> Node | None:
    """What a schema asks of values but null; None where it says anything but that they are null or that."""
    if len(node.says) != 1 or node.opaque:
        return None
    branches: tuple[Node, ...] = node.says.get("anyOf") or node.says.get("oneOf") or ()
    if len(branches) != 2:
        return None
    first, second = branches
    if first.meant.says != _NULL:
        first, second = second, first
    return second if first.meant.says == _NULL and _refuses_null(second.meant) else None


def _refuses_null(node: Node) -> bool:
    """Whether its type says so."""
    return "null" not in node.says.get("type", ("null",))
