"""Which parts of schemas say the same: that is what lets a comparison pass over everything that did not change.

Owns `kind`: equal for two nodes exactly when they say the same, in whatever document they stand.
"""

from __future__ import annotations

from typing import Any

from governance.contracts.documents import Document, Node
from governance.contracts.values import canonical

#: Nodes looked at, in all rounds together.
WORK = 400_000
#: Of these the order of the parts says nothing.
_SETS = ("allOf", "anyOf")


def equate(*documents: Document) -> None:
    """Give the same `kind` to nodes that say the same, and only to those: partition refinement over all references."""
    nodes = [node for document in documents for node in document.nodes.values()]
    own = [_own(node) for node in nodes]
    parts = [_parts(node) for node in nodes]
    for node in nodes:
        node.kind = 1
    count = 1
    for _ in range(max(8, WORK // (len(nodes) + 1))):
        names: dict[Any, int] = {}
        found = [
            names.setdefault((node.kind, plain, tuple(map(_kinds, below))), len(names) + 1)
            for node, plain, below in zip(nodes, own, parts, strict=True)
        ]
        for node, kind in zip(nodes, found, strict=True):
            node.kind = kind
        if len(names) == count:
            return
        count = len(names)
    for number, node in enumerate(nodes):  # too long a way of references: then nothing is known to be the same
        node.kind = number + 1


def _own(node: Node) -> str:
    """What a node says by itself, whatever its parts say."""
    said = [node.opaque, str(node.never)]
    for keyword in sorted(node.says):
        value = node.says[keyword]
        said.append(keyword)
        if isinstance(value, Node) or (isinstance(value, tuple) and value and isinstance(value[0], Node)):
            continue
        if isinstance(value, dict):
            for name, part in sorted(value.items()):
                said.append(repr((name, sorted(part) if isinstance(part, frozenset) else "")))
        elif keyword in ("enum", "const"):
            said += sorted(map(canonical, value))
        else:
            said.append(str(sorted(value)) if isinstance(value, frozenset) else canonical(value))
    return "\n".join(said)


def _parts(node: Node) -> list[tuple[bool, list[Node]]]:
    """The parts of a node, keyword by keyword, in an order of their own; True where that says nothing."""
    found: list[tuple[bool, list[Node]]] = []
    for keyword in sorted(node.says):
        value = node.says[keyword]
        if isinstance(value, Node):
            found.append((False, [value]))
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            found.append((keyword in _SETS, list(value)))
        elif isinstance(value, dict):
            found.append((False, [part for _, part in sorted(value.items()) if isinstance(part, Node)]))
    return found


def _kinds(part: tuple[bool, list[Node]]) -> tuple[int, ...]:
    unordered, nodes = part
    kinds = [node.kind for node in nodes]
    return tuple(sorted(set(kinds)) if unordered else kinds)
