"""A JSON Schema node as a form sees it: which kind of field shows it, and what it begins with.

Owns that choice and the following of references within one document. Never validates: the contract does.
"""

from __future__ import annotations

import json
from typing import Any

MAX_DEPTH = 8
#: A group that would grow to more fields is a field of JSON text: a schema that refers to itself has billions.
MOST_FIELDS = 500
ABSENT = object()
#: A text that may be longer gets several lines.
LONG_TEXT = 500
_LEAVES = {"boolean": "check", "integer": "number", "number": "number", "string": "text"}
#: A list by the field of its items: groups as rows, plain values one a line.
_LISTS = {"group": "rows", "text": "lines", "number": "lines", "select": "lines"}
_NO_FIELD = ("oneOf", "anyOf", "allOf", "not", "if")


class Schema:
    """A schema node, references within the document followed."""

    def __init__(self, node: Any, root: Any = None, sizes: dict[tuple[int, int], int] | None = None) -> None:
        self.root = node if root is None else root
        self._written = node
        self._sizes = {} if sizes is None else sizes
        for _ in range(MAX_DEPTH):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                break
            node = _resolve(self.root, node["$ref"]) | {key: kept for key, kept in node.items() if key != "$ref"}
        self.node: dict[str, Any] = node if isinstance(node, dict) else {}

    def get(self, name: str, default: Any = None) -> Any:
        return self.node.get(name, default)

    def child(self, node: Any) -> Schema:
        return Schema(node, self.root, self._sizes)

    @property
    def properties(self) -> dict[str, Schema]:
        declared = self.get("properties")
        if not isinstance(declared, dict):
            return {}
        # A stored schema keeps no order of keys; the list of what is required keeps its author's.
        first = [name for name in self.required if name in declared]
        return {name: self.child(declared[name]) for name in dict.fromkeys([*first, *declared])}

    @property
    def required(self) -> list[str]:
        names = self.get("required")
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

    @property
    def type(self) -> str:
        """The one type of the field: of several the first that is not null."""
        kind = self.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), None)
        if kind is None:
            kind = "object" if self.properties else ""
        return str(kind)

    def form_kind(self, depth: int) -> str:
        """Which field shows it."""
        if isinstance(self.get("enum"), list) or "const" in self.node:
            return "select"
        if any(key in self.node for key in _NO_FIELD) or depth > MAX_DEPTH:
            return "json"
        if self.type == "object":
            return "group" if self.properties and self.size() <= MOST_FIELDS else "json"
        if self.type == "array":
            return _LISTS.get(self.child(self.get("items")).form_kind(depth + 1), "json")
        if self.type == "string" and (self.get("maxLength") or 0) > LONG_TEXT:
            return "long"
        return _LEAVES.get(self.type, "json")

    def size(self, levels: int = MAX_DEPTH) -> int:
        """How many fields the node and so many levels below it come to. Each node is counted once a level, then known."""
        key = (id(self._written), levels)
        if key not in self._sizes:
            inner = [*self.properties.values(), *([self.child(self.get("items"))] if "items" in self.node else [])]
            self._sizes[key] = 1 + (sum(child.size(levels - 1) for child in inner) if levels else 0)
        return self._sizes[key]


def _resolve(root: Any, reference: str) -> dict[str, Any]:
    if not reference.startswith("#"):
        return {}
    node = root
    for part in reference[1:].split("/")[1:]:
        node = node.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else {}


def example_of(schema: Schema, depth: int) -> Any:
    """What a form begins with: the default, else the first example; of an object those of its parts."""
    if "default" in schema.node:
        return schema.get("default")
    if isinstance(schema.get("examples"), list) and schema.get("examples"):
        return schema.get("examples")[0]
    if "const" in schema.node:
        return schema.get("const")
    if depth > MAX_DEPTH or schema.form_kind(depth) != "group":
        return ABSENT
    found = {key: example_of(child, depth + 1) for key, child in schema.properties.items()}
    found = {key: value for key, value in found.items() if value is not ABSENT}
    return found or ABSENT


def plain(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def escape(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def indices(pointer: str, raw: dict[str, str]) -> list[int]:
    """The rows of a list that a submitted form has, in order."""
    start = f"{pointer}/"
    found = {name[len(start) :].partition("/")[0] for name in raw if name.startswith(start)}
    return sorted(int(part) for part in found if part.isascii() and part.isdigit() and len(part) < 6)
