"""Builds document trees out of YAML events and counts as it goes, so that a bomb ends at its first excess.

Owns depth, node and size limits (aliases counted for what they stand for), duplicate and non-text keys. Never
builds JSON: that happens only after the counts held.
"""

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from .core_schema import NotJson, resolve
from .nodes import Node
from .problems import Path
from .values import JSON

MAX_DEPTH = 64
MAX_NODES = 50_000
MAX_SIZE = 1024 * 1024
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNWANTED = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


class Fault(NamedTuple):
    line: int
    column: int
    path: Path
    message: str


class TooMuch(Exception):
    """A limit was passed; nothing more is read."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


@dataclass(slots=True)
class _Open:
    """A list or mapping that isn't closed yet."""

    node: Node
    anchor: str | None
    key: tuple[str, Node] | None = None


@dataclass
class Builder:
    """Takes events in order; `documents` are the finished roots, `faults` what is wrong with them."""

    documents: list[Node] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)
    _anchors: dict[str, Node] = field(default_factory=dict)
    _nodes: int = 0
    _size: int = 0

    def fault(self, line: int, column: int, message: str) -> None:
        self.faults.append(Fault(line, column, self._path(), message))

    def scalar(self, text: str, plain: bool, anchor: str | None, line: int, column: int) -> None:
        text = self._clean(text, line, column)
        value: JSON = text
        if plain:
            try:
                value = resolve(text)
            except NotJson as error:
                self.fault(line, column, str(error))
            if text == "<<" and self._wants_key():
                self.fault(line, column, "merge keys ('<<') are no part of YAML 1.2; write the fields out")
        node = Node("scalar", line, column, value, size=len(text))
        self._name(anchor, node)
        self._place(node)

    def _clean(self, text: str, line: int, column: int) -> str:
        """The text with the surrogate pairs of JSON's escapes joined, and without what no database or writer takes."""
        if _SURROGATE.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        bad = _UNWANTED.search(text)
        if bad is None:
            return text
        self.fault(line, column, f"the character U+{ord(bad[0]):04X} isn't allowed; remove it")
        return _UNWANTED.sub("\ufffd", text)

    def begin(self, kind: Literal["map", "list"], anchor: str | None, line: int, column: int) -> None:
        if self._wants_key():
            self.fault(line, column, "a key is plain text, not a list or a mapping")
        if len(self._open) >= MAX_DEPTH:
            raise TooMuch(line, column, f"nested more than {MAX_DEPTH} deep; flatten the manifest")
        if anchor is not None:
            self._anchors.pop(anchor, None)
        self._open.append(_Open(Node(kind, line, column), anchor))

    def end(self) -> None:
        closed = self._open.pop()
        self._name(closed.anchor, closed.node)
        # Its members are counted already; as a whole it counts again only where an alias repeats it.
        self._place(closed.node, counted=closed.node.weight - 1)

    def alias(self, anchor: str, line: int, column: int) -> None:
        node = self._anchors.get(anchor)
        if node is None:
            self.fault(line, column, f"the alias '*{anchor}' names nothing that ends before it")
            node = Node("scalar", line, column)
        elif self._wants_key():
            self.fault(line, column, "an alias can't be a key; write the key out")
        if len(self._open) + node.height > MAX_DEPTH:
            raise TooMuch(line, column, f"nested more than {MAX_DEPTH} deep once its aliases are written out")
        self._size += node.size if node.kind != "scalar" else 0
        self._place(node)

    def end_document(self) -> None:
        self._anchors.clear()

    def _name(self, anchor: str | None, node: Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _wants_key(self) -> bool:
        return bool(self._open) and self._open[-1].node.kind == "map" and self._open[-1].key is None

    def _place(self, node: Node, counted: int = 0) -> None:
        """Put a finished node where it belongs, after counting it."""
        self._nodes += node.weight - counted
        self._size += node.size if node.kind == "scalar" else 0
        if self._nodes > MAX_NODES:
            raise TooMuch(node.line, node.column, f"more than {MAX_NODES} values once its aliases are written out")
        if self._size > MAX_SIZE:
            raise TooMuch(node.line, node.column, "larger than 1 MiB once its aliases are written out")
        if not self._open:
            self.documents.append(node)
            return
        parent = self._open[-1]
        parent.node.weight += node.weight
        parent.node.size += node.size
        parent.node.height = max(parent.node.height, node.height + 1)
        if parent.node.kind == "list":
            parent.node.items.append(node)
        elif parent.key is None:
            parent.key = (self._key(node, parent.node), node)
        else:
            name, key = parent.key
            parent.key = None
            parent.node.entries.setdefault(name, (key, node))

    def _key(self, node: Node, parent: Node) -> str:
        if node.kind != "scalar":
            return ""
        if not isinstance(node.value, str):
            name = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
            remedy = "a key is missing here" if node.value is None else f"the key {name} isn't text; write '{name}'"
            self.fault(node.line, node.column, remedy)
            return name
        if node.value in parent.entries:
            first = parent.entries[node.value][0].line
            self.fault(node.line, node.column, f"the key '{node.value}' is already in line {first}; keep one of them")
        return node.value

    def _path(self) -> Path:
        parts: list[str | int] = []
        for level in self._open:
            if level.node.kind == "list":
                parts.append(len(level.node.items))
            elif level.key is not None:
                parts.append(level.key[0])
        return tuple(parts)
