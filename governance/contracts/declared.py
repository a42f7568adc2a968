"""The tolerant policy: what a sender sends is what its own schema declares. Owns what that is, for a schema and for a document.

A schema declares the properties that it, or any schema that it asks about the same value, names: by name (what it requires it
names too), by pattern, or by a schema of its own for all others (`additionalProperties: true` is none). In a document that frees
its objects, as those of OpenAPI do, a place of which nothing at all is declared may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from governance.contracts.clause import Literal
from governance.contracts.documents import Document
from governance.contracts.nodes import Node, in_place
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


class Sender:
    """The document whose declared properties alone are sent, and what it declares at each of its places.

    A place is all schemas that are asked about the same value, whichever of them it fits: `anyOf` branches that name the
    same property share the place below it.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._beside: dict[int, list[dict[int, Node]]] = {}
        look, seen = [[root] for root in document.roots], set[frozenset[int]]()
        while look and len(seen) < document.most // 2:
            here = all_in_place(look.pop())
            ids = frozenset(map(id, here))
            if ids in seen:
                continue
            seen.add(ids)
            together = {id(node): node for node in here}
            for node in here:
                self._beside.setdefault(id(node), []).append(together)
            look += _below(here)
        #: More places than half of the parts that there may be, too many to tell: then nothing limits the names.
        self.is_open = bool(look)

    def knows(self, node: Node) -> bool:
        """Whether the node is at a place of a document, and so what else is asked there is known; within `not` it may not be."""
        return id(node) in self._beside

    def declared_by(self, literals: Iterable[Literal]) -> Declared | None:
        """What these schemas' places declare; None: nothing limits the names here."""
        own = [node for node, wanted in literals if wanted and node.document is self.document]
        if self.is_open or not own:
            return None
        beside: dict[int, Node] = {}
        for node in own:
            for together in self._beside.get(id(node), [{id(node): node}]):
                beside |= together
        return declared_at(beside.values())


def _below(here: list[Node]) -> list[list[Node]]:
    """The places of members and items: by name, all other names together, by position, and all other positions."""
    says = [node.says for node in here]
    others = [part for one in says for part in one.get("patternProperties", {}).values()]
    others += [one[word] for one in says for word in ("additionalProperties", "unevaluatedProperties") if word in one]
    named: dict[str, list[Node]] = {}
    for one in says:
        for name, part in one.get("properties", {}).items():
            named.setdefault(name, []).append(part)
    found = [others, *(nodes + others for nodes in named.values())]
    rest = [one[word] for one in says for word in ("items", "unevaluatedItems", "contains") if word in one]
    most = max((len(one.get("prefixItems", ())) for one in says), default=0)
    for place in range(most):
        found.append([one["prefixItems"][place] for one in says if place < len(one.get("prefixItems", ()))] + rest)
    # A place with one schema and none below it declares nothing that its own node does not tell.
    places = ([one for one in nodes if not one.never] for nodes in [*found, rest])
    return [nodes for nodes in places if len(nodes) > 1 or (nodes and nodes[0].has_parts())]


def sends_only_declared(root: Node, document: Any) -> bool:
    """Whether each object in the document has only properties that the schema declares at its place."""
    look: list[tuple[list[Node], Any]] = [([root], document)]
    while look:
        nodes, value = look.pop()
        here = all_in_place(nodes)
        if isinstance(value, dict):
            known = declared_at(nodes)
            for name, member in value.items():
                try:
                    if not known.allows(name):
                        return False
                    look.append((of_member(here, name), member))
                except Unreadable:
                    return False
        elif isinstance(value, list):
            look.extend((of_item(here, place), item) for place, item in enumerate(value))
    return True


def declared_at(nodes: Iterable[Node]) -> Declared:
    """What these nodes, asked about the same object, declare together."""
    found = Declared()
    here = all_in_place(nodes)
    for node in here:
        found.names |= node.says.get("properties", {}).keys() | node.says.get("required", frozenset())
        found.patterns += node.says.get("patternProperties", ())
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            other = node.says.get(keyword)
            found.open = found.open or (other is not None and not other.never and bool(other.says or other.opaque))
    if not (found.names or found.patterns) and any(node.document.frees for node in here):
        found.open = True
    return found


def all_in_place(nodes: Iterable[Node]) -> list[Node]:
    """These and every schema that they ask about the same value; what is denied declares nothing."""
    found: dict[int, Node] = {}
    look = list(nodes)
    while look:
        node = look.pop()
        if id(node) not in found:
            found[id(node)] = node
            look += in_place(node, but="not")
    return list(found.values())


def of_member(here: list[Node], name: str) -> list[Node]:
    """What they ask about the member of this name. Raises Unreadable."""
    found = []
    for node in here:
        says = node.says
        own = [says["properties"][name]] if name in says.get("properties", {}) else []
        own += [one for pattern, one in says.get("patternProperties", {}).items() if matches(pattern, name)]
        if not own:
            own = [says[word] for word in ("additionalProperties", "unevaluatedProperties") if word in says]
        found += own
    return found


def of_item(here: list[Node], place: int) -> list[Node]:
    """What they ask about the item at this position."""
    found = []
    for node in here:
        prefix = node.says.get("prefixItems", ())
        if place < len(prefix):
            found.append(prefix[place])
        else:
            found += [node.says[word] for word in ("items", "unevaluatedItems", "contains") if word in node.says]
    return found
