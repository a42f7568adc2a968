"""Where in a payload a change of its schema takes something away from those who read it.

Owns which findings do that, and the way from a schema's part to the places where it is asked, through references. A place
is a tuple of names, with `*` for any position in a list and any other name. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from governance.contracts.documents import Document
from governance.contracts.nodes import Node, in_place

Place = tuple[str, ...]
ANY = "*"
#: A schema may ask itself: places this deep, and so many, are looked at.
DEEPEST, MOST = 8, 5_000
#: Where a value may no longer be, or no longer be what it was. A property that goes is missed whether that breaks or not.
_GONE = "property-removed"
_OTHER = ("type-", "null-", "enum-", "const-", "schema-replaced")


def removed_paths(findings: Iterable[Mapping[str, Any]], old: Any, new: Any) -> set[Place]:
    """The places that a reader may miss, from a report's findings (`rule`, `pointer`, `direction`) and its two schemas."""
    before, after = Document(old, "old"), Document(new, "new")
    places = [(document, _places(document)) for document in (before, after)]
    found: set[Place] = set()
    for finding in findings:
        rule, pointer = finding["rule"], "" if finding["pointer"] == "/" else finding["pointer"]
        if rule == "required-removed" and finding["direction"]:
            found |= set(_no_longer_required(pointer, before, after, places[0][1]))
        elif rule.startswith(_GONE) or (rule.startswith(_OTHER) and finding["direction"]):
            for document, known in places:
                part = _part(pointer, document)
                found |= known.get(part.pointer, set()) if part is not None else set()
    return found


def _no_longer_required(
    pointer: str, before: Document, after: Document, places: Mapping[str, set[Place]]
) -> Iterator[Place]:
    old = _part(pointer, before)
    if old is None:
        return
    new = after.nodes.get(old.pointer)
    kept = new.says.get("required", frozenset()) if new is not None else frozenset()
    for name in old.says.get("required", frozenset()) - kept:
        yield from ((*place, name) for place in places.get(old.pointer, ()))


def _part(pointer: str, document: Document) -> Node | None:
    """The schema that a pointer names, itself or by one of its keywords; None: the other document's alone."""
    return document.nodes.get(pointer) or document.nodes.get(pointer.rpartition("/")[0])


def _places(document: Document) -> dict[str, set[Place]]:
    """Of each schema, by its pointer, the places whose values it is asked about."""
    found: dict[str, set[Place]] = {}
    seen: set[tuple[int, Place]] = set()
    look: deque[tuple[Node, Place]] = deque([(document.root, ())])
    while look and len(seen) < MOST:
        node, place = look.popleft()
        if (id(node), place) in seen or len(place) > DEEPEST:
            continue
        seen.add((id(node), place))
        found.setdefault(node.pointer, set()).add(place)
        look.extend((one, place) for one in in_place(node))
        look.extend((one, (*place, part)) for part, one in _below(node))
    return found


def _below(node: Node) -> Iterator[tuple[str, Node]]:
    for name, one in node.says.get("properties", {}).items():
        yield name, one
    for one in node.says.get("patternProperties", {}).values():
        yield ANY, one
    for one in node.says.get("prefixItems", ()):
        yield ANY, one
    for word in ("additionalProperties", "unevaluatedProperties", "items", "unevaluatedItems", "contains"):
        if word in node.says:
            yield ANY, node.says[word]
