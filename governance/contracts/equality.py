"""Which parts of schemas say the same: that is what lets a comparison pass over everything that did not change.

Owns `kind`: equal for two nodes exactly when they say the same, in whatever document they stand.
"""

from __future__ import annotations

from collections.abc import Hashable

from governance.contracts.documents import Document
from governance.contracts.nodes import Node
from governance.contracts.values import exact, key_of

#: Nodes looked at, in all rounds together.
WORK = 200_000
#: Of these the order of the parts says nothing.
_SETS = ("allOf", "anyOf")


def equate(*documents: Document) -> None:
    """Give the same `kind` to nodes that say the same, and only to those.

    From the bottom up as far as that goes; what is left is in a circle of references, or above one: there partition
    refinement tells apart what is not the same.
    """
    names: dict[Hashable, int] = {}
    nodes = [node for document in documents for node in document.nodes.values()]
    own = {id(node): _own(node) for node in nodes if node.meant is node}
    left = _from_the_bottom([node for node in nodes if node.meant is node], own, names)
    _refine(left, own, len(names))
    for node in nodes:
        node.kind = node.meant.kind


_Own = dict[int, tuple[Hashable, list[tuple[bool, list[Node]]]]]


def _from_the_bottom(nodes: list[Node], own: _Own, names: dict[Hashable, int]) -> list[Node]:
    """Name what has no parts, then what has only named parts; the rest is returned."""
    users: dict[int, list[Node]] = {}
    waits: dict[int, int] = {}
    for node in nodes:
        below = [part for _, parts in own[id(node)][1] for part in parts]
        waits[id(node)] = len(below)
        for part in below:
            users.setdefault(id(part), []).append(node)
    ready = [node for node in nodes if not waits[id(node)]]
    while ready:
        node = ready.pop()
        plain, parts = own[id(node)]
        node.kind = names.setdefault((plain, *map(_kinds, parts)), len(names) + 1)
        for user in users.get(id(node), ()):
            waits[id(user)] -= 1
            if not waits[id(user)]:
                ready.append(user)
    return [node for node in nodes if waits[id(node)]]


def _refine(nodes: list[Node], own: _Own, count: int) -> None:
    """Take all of these for the same, and tell apart those whose parts are not, until nothing changes."""
    for node in nodes:
        node.kind = count + 1
    known = 1
    for _ in range(max(8, WORK // (len(nodes) + 1))):
        names: dict[Hashable, int] = {}
        found = []
        for node in nodes:
            plain, parts = own[id(node)]
            key = (node.kind, plain, *map(_kinds, parts))
            found.append(names.setdefault(key, count + len(names) + 1))
        for node, kind in zip(nodes, found, strict=True):
            node.kind = kind
        if len(names) == known:
            return
        known = len(names)
    for number, node in enumerate(nodes):  # too long a way of references: then nothing of it is known to be the same
        node.kind = count + number + 1


def _own(node: Node) -> tuple[Hashable, list[tuple[bool, list[Node]]]]:
    """What a node says by itself, whatever its parts say; and its parts, keyword by keyword, in an order of their own:
    True where that says nothing."""
    said: list[Hashable] = [node.opaque, node.never]
    parts: list[tuple[bool, list[Node]]] = []
    for keyword in sorted(node.says):
        value = node.says[keyword]
        said.append(keyword)
        if isinstance(value, Node):
            parts.append((False, [value.meant]))
        elif isinstance(value, tuple) and value and isinstance(value[0], Node):
            parts.append((keyword in _SETS, [one.meant for one in value]))
        elif isinstance(value, dict):
            below = sorted(value.items())
            said.append(tuple((name, None if isinstance(part, Node) else part) for name, part in below))
            parts.append((False, [part.meant for _, part in below if isinstance(part, Node)]))
        elif keyword in ("enum", "const"):
            said.append(frozenset(map(key_of, value)))
        else:
            said.append(exact(value) if isinstance(value, float) else value)
    return tuple(said), parts


def _kinds(part: tuple[bool, list[Node]]) -> tuple[int, ...]:
    unordered, nodes = part
    kinds = [node.kind for node in nodes]
    return tuple(sorted(set(kinds)) if unordered else kinds)
