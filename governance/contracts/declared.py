"""The tolerant policy: what a sender sends is what its own schema declares. Owns what that is, for a schema and for a document.

A schema declares the properties that it, or any schema that it asks about the same value, names: by name (what it requires it
names too), by pattern, or by a schema of its own for all others (`additionalProperties: true` is none).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from governance.contracts.clause import Literal
from governance.contracts.documents import Document, Node, in_place
from governance.contracts.patterns import Unreadable, matches


@dataclass(slots=True)
class Declared:
    """Names that may be sent. `open`: any."""

    names: set[str] = field(default_factory=set)
    patterns: list[str] = field(default_factory=list)
    open: bool = False

    def allows(self, name: str) -> bool:
        """Whether this property may be sent. Raises Unreadable."""
        return self.open or name in self.names or any(matches(pattern, name) for pattern in self.patterns)


def declared_by(literals: Iterable[Literal], sender: Document | None) -> Declared | None:
    """What the sender's schemas among these declare; None: nothing limits the names here."""
    if sender is None:
        return None
    own = [node for node, wanted in literals if wanted and node.document is sender]
    return _declared(own) if own else None


def sends_only_declared(root: Node, document: Any) -> bool:
    """Whether each object in the document has only properties that the schema declares at its place."""
    look: list[tuple[list[Node], Any]] = [([root], document)]
    while look:
        nodes, value = look.pop()
        here = _all_in_place(nodes)
        if isinstance(value, dict):
            known = _declared(nodes)
            for name, member in value.items():
                try:
                    if not known.allows(name):
                        return False
                    look.append((_of_member(here, name), member))
                except Unreadable:
                    return False
        elif isinstance(value, list):
            look.extend((_of_item(here, place), item) for place, item in enumerate(value))
    return True


def _declared(nodes: Iterable[Node]) -> Declared:
    found = Declared()
    for node in _all_in_place(nodes):
        found.names |= node.says.get("properties", {}).keys() | node.says.get("required", frozenset())
        found.patterns += node.says.get("patternProperties", ())
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            other = node.says.get(keyword)
            found.open = found.open or (other is not None and not other.never and bool(other.says or other.opaque))
    return found


def _all_in_place(nodes: Iterable[Node]) -> list[Node]:
    found: dict[int, Node] = {}
    look = list(nodes)
    while look:
        node = look.pop()
        if id(node) not in found:
            found[id(node)] = node
            look += [one for one in in_place(node) if one is not node.says.get("not")]
    return list(found.values())


def _of_member(here: list[Node], name: str) -> list[Node]:
    found = []
    for node in here:
        says = node.says
        own = [says["properties"][name]] if name in says.get("properties", {}) else []
        own += [one for pattern, one in says.get("patternProperties", {}).items() if matches(pattern, name)]
        if not own:
            own = [says[word] for word in ("additionalProperties", "unevaluatedProperties") if word in says]
        found += own
    return found


def _of_item(here: list[Node], place: int) -> list[Node]:
    found = []
    for node in here:
        prefix = node.says.get("prefixItems", ())
        if place < len(prefix):
            found.append(prefix[place])
        else:
            found += [node.says[word] for word in ("items", "unevaluatedItems", "contains") if word in node.says]
    return found
