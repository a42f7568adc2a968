"""The tree of one YAML document: plain JSON values that still know their line and column.

Owns building plain JSON from it and finding the place of a path. Never parses.
"""

from dataclasses import dataclass, field
from typing import Literal

from .problems import Path
from .values import JSON


@dataclass(slots=True)
class Node:
    """A value in the text. An alias is the very node it names, so weight, size and height count what it stands for."""

    kind: Literal["scalar", "list", "map"]
    line: int
    column: int
    value: JSON = None
    items: list["Node"] = field(default_factory=list)
    entries: dict[str, tuple["Node", "Node"]] = field(default_factory=dict)
    """Key → (the key's own node, the value's)."""
    weight: int = 1
    size: int = 0
    height: int = 1


def plain(node: Node) -> JSON:
    """The JSON value, in fresh lists and mappings wherever an alias stood."""
    if node.kind == "map":
        return {key: plain(member) for key, (_, member) in node.entries.items()}
    if node.kind == "list":
        return [plain(item) for item in node.items]
    return node.value


def locate(root: Node, path: Path, at_key: bool = False) -> tuple[int, int]:
    """Line and column of a path, or of its nearest ancestor that is there; `at_key` asks for the key, not its value."""
    node, place = root, root
    for part in path:
        if isinstance(part, str) and node.kind == "map" and part in node.entries:
            key, node = node.entries[part]
            place = key if at_key else node
        elif isinstance(part, int) and node.kind == "list" and 0 <= part < len(node.items):
            node = place = node.items[part]
        else:
            place = node
            break
    return place.line, place.column
