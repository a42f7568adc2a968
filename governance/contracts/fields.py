"""Fields: what a schema says of the value at a path: can there be one, of which types, and what must stand beside it.

An answer is sure or it is none: what can't be told is None. Owns the walk along a path. Never looks at a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from governance.contracts.declared import all_in_place, declared_at, of_item, of_member
from governance.contracts.documents import Document
from governance.contracts.nodes import Node
from governance.contracts.patterns import Unreadable, matches
from governance.contracts.values import exact

#: A name, or a position in a list; a negative position is any.
Path = tuple[str | int, ...]
ANY_POSITION = -1
#: `integer`: numbers without a fraction; `number`: those with one. So a schema's `number` is both.
ALL = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_NOTHING: frozenset[str] = frozenset()


class Fields:
    """The fields of one schema. Under `tolerant` a document has only the properties that its schema declares.

    Raises InvalidSchema for a schema that can't be read.
    """

    def __init__(self, schema: Any, policy: str = "tolerant") -> None:
        self._root = Document(schema, "contract").root
        self._is_tolerant = policy == "tolerant"
        self._types: dict[tuple[int, Path], frozenset[str]] = {}
        self._sure: dict[tuple[str, int, Path], frozenset[str]] = {}

    def has(self, path: Path) -> bool | None:
        """Whether a document may have a value there: False is sure, None can't tell."""
        try:
            if not self._allowed(self._root, path) or (self._is_tolerant and self._is_undeclared(path)):
                return False
            return self._is_known(path) or None
        except Unreadable:
            return None

    def types(self, path: Path) -> frozenset[str] | None:
        """The types that a value there may have, none where there can't be one; None can't tell."""
        found = self._allowed(self._root, path)
        return None if found == ALL else found

    def names(self, path: Path) -> list[str]:
        """The names that are declared of the object there."""
        try:
            return sorted(declared_at(self._place(path)).names)
        except Unreadable:
            return []

    def required(self, path: Path) -> frozenset[str]:
        """The names that every object there has."""
        return self._surely("required", self._root, path)

    def _place(self, path: Path) -> list[Node]:
        """Every schema, of whichever branch, that is asked about the value there."""
        nodes = [self._root]
        for part in path:
            here = all_in_place(nodes)
            if isinstance(part, str):
                nodes = of_member(here, part)
            else:
                most = max((len(one.says.get("prefixItems", ())) for one in here), default=0)
                positions = range(most + 1) if part < 0 else [part]
                nodes = [node for position in positions for node in of_item(here, position)]
        return all_in_place(nodes)

    def _is_known(self, path: Path) -> bool:
        for length, part in enumerate(path):
            if isinstance(part, str) and not declared_at(self._place(path[:length])).allows(part):
                return False
        return True

    def _is_undeclared(self, path: Path) -> bool:
        """Whether some name in it is none that the object there declares; one without properties may have any."""
        for length, part in enumerate(path):
            here = self._place(path[:length])
            if any(node.opaque for node in here):
                return False
            lists = isinstance(part, str) and self._surely("properties", self._root, path[:length])
            if lists and not declared_at(here).allows(str(part)):
                return True
        return False

    def _allowed(self, node: Node, path: Path) -> frozenset[str]:
        """No fewer types than there are: what a keyword adds that isn't looked at only narrows them."""
        key = (id(node), path)
        if key not in self._types:
            self._types[key] = self._narrowed(node, path)
        return self._types[key]

    def _narrowed(self, node: Node, path: Path) -> frozenset[str]:
        if node.never:
            return _NOTHING
        says = node.says
        found = _own_types(node)
        if path:
            wanted = "object" if isinstance(path[0], str) else "array"
            parts = _below(node, path[0]) if wanted in found else None
            found = ALL if parts is not None else _NOTHING
            if parts:
                # Properties all hold for a name; of the schemas of a list's positions any may.
                found = _joined(parts, lambda one: self._allowed(one, path[1:]), every=wanted == "object")
        for word in ("$ref", "$dynamicRef"):
            if word in says:
                found &= self._allowed(says[word], path)
        for part in says.get("allOf", ()):
            found &= self._allowed(part, path)
        for branches in _choices(node):
            found &= _joined(branches, lambda one: self._allowed(one, path), every=False)
        return found

    def _surely(self, word: str, node: Node, path: Path) -> frozenset[str]:
        """What this keyword says of the object there in every way that the schema leaves open."""
        key = (word, id(node), path)
        if key not in self._sure:
            self._sure[key] = self._said(word, node, path)
        return self._sure[key]

    def _said(self, word: str, node: Node, path: Path) -> frozenset[str]:
        says, found = node.says, _NOTHING
        if not path and word in says:
            found = says["required"] if word == "required" else frozenset({word})
        parts = _below(node, path[0]) if path else None
        if parts:
            found = _joined(parts, lambda one: self._surely(word, one, path[1:]), every=not isinstance(path[0], str))
        for part in (*(says[name] for name in ("$ref", "$dynamicRef") if name in says), *says.get("allOf", ())):
            found |= self._surely(word, part, path)
        for branches in _choices(node):
            able = [one for one in branches if "object" in self._allowed(one, path)]
            if able:
                found |= _joined(able, lambda one: self._surely(word, one, path), every=True)
        return found


def _choices(node: Node) -> list[Sequence[Node]]:
    """Schemas of which one holds, in each set."""
    says = node.says
    found: list[Sequence[Node]] = [says[word] for word in ("anyOf", "oneOf") if word in says]
    return [*found, (says["then"], says["else"])] if "then" in says and "else" in says else found


def _joined(nodes: Iterable[Node], said: Callable[[Node], frozenset[str]], *, every: bool) -> frozenset[str]:
    """What all of them say, or what any does."""
    sets = [said(node) for node in nodes]
    return sets[0].intersection(*sets) if every else sets[0].union(*sets)


def _own_types(node: Node) -> frozenset[str]:
    says, found = node.says, ALL
    if "type" in says:
        named: frozenset[str] = says["type"]
        found = named | {"integer"} if "number" in named else named
    for word in ("enum", "const"):
        if word in says:
            found &= {type_of(value) for value in says[word]}
    return found


def _below(node: Node, part: str | int) -> list[Node] | None:
    """The schemas of the value one step down: for a name all hold, for any position one does. None: there is no value."""
    says = node.says
    if isinstance(part, int):
        prefix = list(says.get("prefixItems", ()))
        rest = [says["items"]] if "items" in says else []
        if part < 0:
            return [*prefix, *rest] if rest or not prefix else []
        return [prefix[part]] if part < len(prefix) else rest
    found = [says["properties"][part]] if part in says.get("properties", {}) else []
    try:
        found += [one for pattern, one in says.get("patternProperties", {}).items() if matches(pattern, part)]
    except Unreadable:
        return found  # it may be one of the pattern's, and then it is none of the others
    if not found and "additionalProperties" in says:
        return [says["additionalProperties"]]
    closed = says.get("unevaluatedProperties")
    if not found and closed is not None and closed.never and not _is_evaluated(node, part):
        return None
    return found


def _is_evaluated(node: Node, name: str) -> bool:
    """Whether some schema beside or within may look at it, which `unevaluatedProperties` then does not."""
    for one in all_in_place([node]):
        says = one.says
        if name in says.get("properties", {}) or "additionalProperties" in says or "patternProperties" in says:
            return True
        if one.opaque or (one is not node and "unevaluatedProperties" in says):
            return True
    return False


def type_of(value: Any) -> str:
    """The type of a value, `integer` for a number without a fraction."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "integer" if exact(value).denominator == 1 else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, (list, tuple)) else "object"
