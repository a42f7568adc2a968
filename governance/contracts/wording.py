"""The words and the texts of differences: places as people name them, values in a sentence, and what a fingerprint is taken over.

Owns no judgement of a difference: differences.py says what it does.
"""

from __future__ import annotations

import hashlib
from typing import Any

from governance.contracts.nodes import Node
from governance.contracts.values import canonical, shown, unescaped

#: Parts that are looked through for the references of all texts together; then the whole schema stands for each.
WORK = 40_000


def place_of(node: Node) -> str:
    """A place as people name it: `lines[].sku`, or `the document`."""
    parts, words = node.pointer.split("/")[1:], []
    for at, part in enumerate(parts):
        before = parts[at - 1] if at else ""
        if before in ("properties", "$defs", "definitions"):
            words.append(unescaped(part))
        elif part in ("items", "additionalItems") and words:
            words[-1] += "[]"
    return ".".join(words) or "the document"


def breadth_of(node: Node) -> str:
    """How much a schema accepts."""
    return "nothing" if node.never else "anything" if not node.says and not node.opaque else "less than anything"


def said(keyword: str, value: Any) -> str:
    """A keyword's value in a sentence."""
    if isinstance(value, frozenset):
        return " or ".join(sorted(value))
    if keyword == "const":
        return shown(value[0])
    return shown({name: sorted(one) for name, one in value.items()} if keyword == "dependentRequired" else value)


class Texts:
    """What a fingerprint is taken over: equal only for values that say the same, references included."""

    def __init__(self) -> None:
        self._work = WORK
        self._whole: dict[str, str] = {}
        self._parts: dict[int, str] = {}

    def of(self, value: Any) -> str:
        """Of a keyword's value, a schema, or nothing."""
        if isinstance(value, Node):
            return self._of_node(value)
        if isinstance(value, frozenset):
            value = sorted(value)
        if isinstance(value, dict) and any(isinstance(one, Node) for one in value.values()):
            value = [part for name in sorted(value) for part in (name, value[name])]
        if isinstance(value, list) and any(isinstance(one, (Node, list, dict)) for one in value):
            return repr([self.of(one) for one in value])
        if isinstance(value, dict):
            value = {name: sorted(one) if isinstance(one, frozenset) else one for name, one in value.items()}
        return "" if value is None else canonical(value)

    def _of_node(self, node: Node) -> str:
        """Its own text, and that of each schema that it leads to elsewhere."""
        targets: dict[str, Node] = {}
        look, seen = [node], {id(node)}
        while look:
            here = look.pop()
            self._work -= 1
            if self._work < 0 or here.opaque:
                return f"{node.pointer} {self.whole(node)}"
            for keyword, part in here.children():
                if keyword in ("$ref", "$dynamicRef"):
                    targets[part.pointer] = part
                if id(part) not in seen:
                    seen.add(id(part))
                    look.append(part)
        return "\n".join([self._part(node), *(f"{at} {self._part(targets[at])}" for at in sorted(targets))])

    def _part(self, node: Node) -> str:
        """The text of a part by itself, made once: many differences lead to the same ones."""
        if id(node) not in self._parts:
            self._parts[id(node)] = canonical(node.raw)
        return self._parts[id(node)]

    def whole(self, node: Node) -> str:
        """Stands for the whole schema that the node is part of."""
        document = node.document
        if document.name not in self._whole:
            self._whole[document.name] = hashlib.sha256(canonical(document.schema).encode()).hexdigest()
        return self._whole[document.name]
