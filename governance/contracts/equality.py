"""Which parts of schemas say the same: that is what lets a comparison pass over everything that did not change.

Owns `kind`: equal for two nodes exactly when they say the same, in whatever document they stand.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from governance.contracts.documents import Document, Node
from governance.contracts.values import exact, key_of

#: Nodes looked at, in all rounds together.
WORK = 400_000
#: Of these the order of the parts says nothing.
_SETS = ("allOf", "anyOf")


def equate(*documents: Document) -> None:
    """Give the same `kind` to nodes that say the same, and only to those: partition refinement over all references.

    What has no parts is told apart by what it says alone; only the others need rounds.
    """
    nodes = [node for document in documents for node in document.nodes.values()]
    own: dict[Any, int] = {}
    whole = []
    for node in nodes:
        plain, parts = _own(node)
        node.kind = own.setdefault(plain, len(own) + 1)
        if parts:
            whole.append((node, node.kind, parts))
    count = len({kind for _, kind, _ in whole})
    for _ in range(max(8, WORK // (len(whole) + 1))):
        names: dict[Any, int] = {}
        found = [
            names.setdefault((node.kind, plain, tuple(map(_kinds, parts))), len(own) + len(names) + 1)
            for node, plain, parts in whole
        ]
        for (node, _, _), kind in zip(whole, found, strict=True):
            node.kind = kind
        if len(names) == count:
            return
        count = len(names)
    for number, node in enumerate(nodes):  # too long a way of references: then nothing is known to be the same
        node.kind = number + 1


def _own(node: Node) -> tuple[Hashable, list[tuple[bool, list[Node]]]]:
    """What a node says by itself, whatever its parts say; and its parts, keyword by keyword, in an order of their own:
    True where that says nothing."""
    said: list[Hashable] = [node.opaque, node.never]
    parts: list[tuple[bool, list[Node]]] = []
    for keyword in sorted(node.says):
        value = node.says[keyword]
        said.append(keyword)
        if isinstance(value, Node):
            parts.append((False, [value]))
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            parts.append((keyword in _SETS, list(value)))
        elif isinstance(value, dict):
            below = sorted(value.items())
            said.append(tuple((name, None if isinstance(part, Node) else part) for name, part in below))
            parts.append((False, [part for _, part in below if isinstance(part, Node)]))
        elif keyword in ("enum", "const"):
            said.append(frozenset(map(key_of, value)))
        else:
            said.append(exact(value) if isinstance(value, float) else value)
    return tuple(said), parts


def _kinds(part: tuple[bool, list[Node]]) -> tuple[int, ...]:
    unordered, nodes = part
    kinds = [node.kind for node in nodes]
    return tuple(sorted(set(kinds)) if unordered else kinds)
