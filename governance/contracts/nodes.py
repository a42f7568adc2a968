"""One schema of a document: what it says, what is below it, and what it asks about the very same value.

Owns no reading: documents.py makes them. Never compares.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from governance.contracts.values import key_of
from governance.contracts.vocabulary import LIST, MAP, ONE

if TYPE_CHECKING:
    from governance.contracts.documents import Document

PARTS = frozenset({*ONE, *LIST, *MAP, "$ref", "$dynamicRef"})
#: What decides for the same value as the schema that holds it.
IN_PLACE = dict.fromkeys(
    ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
).keys()
#: Of these a value that is 0, false or empty says nothing.
_NOTHING = frozenset({
    "minLength", "minItems", "minProperties", "uniqueItems", "required", "properties", "patternProperties",
    "dependentRequired", "dependentSchemas", "prefixItems",
})  # fmt: skip


@dataclass(eq=False, slots=True)
class Node:
    """One schema of a document. `says` maps each asserting keyword to its value, with nodes for schemas.

    Empty says: everything fits; `never`: nothing does. `kind` is equal for nodes that say the same, once equated.
    """

    document: Document
    pointer: str
    base: str
    raw: Any
    says: dict[str, Any] = field(default_factory=dict)
    never: bool = False
    #: A reference that leads nowhere here, or a keyword whose meaning can't be told: what stands for it.
    opaque: str = ""
    kind: int = 0
    #: The schema at the end of references that say nothing else, or this one: the two say the same.
    meant: Node = field(init=False)
    _allowed: frozenset[Hashable] | None = None
    #: What overlap.py has seen of it, by how deep it looked.
    facts: dict[int, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.meant = self

    def __repr__(self) -> str:
        return f"<{self.document.name}#{self.pointer}>"

    def allowed(self) -> frozenset[Hashable] | None:
        """The values that `enum` and `const` leave, if there is any."""
        listed = [self.says[keyword] for keyword in ("enum", "const") if keyword in self.says]
        if listed and self._allowed is None:
            self._allowed = frozenset.intersection(*(frozenset(map(key_of, values)) for values in listed))
        return self._allowed

    def has_parts(self) -> bool:
        """Whether there is any schema below, or referred to."""
        return not PARTS.isdisjoint(self.says)

    def children(self) -> Iterator[tuple[str, Node]]:
        """Every schema directly below, with its keyword."""
        for keyword, value in self.says.items():
            if isinstance(value, Node):
                yield keyword, value
            elif isinstance(value, tuple) and value and isinstance(value[0], Node):
                yield from ((keyword, one) for one in value)
            elif isinstance(value, dict):
                yield from ((keyword, one) for one in value.values() if isinstance(one, Node))


def in_place(node: Node, but: str = "") -> Iterator[Node]:
    """The schemas that this one asks about the very same value, but for one keyword's."""
    if IN_PLACE.isdisjoint(node.says):
        return
    for keyword in IN_PLACE:
        value = node.says.get(keyword) if keyword != but else None
        if isinstance(value, Node):
            yield value.meant
        elif value:
            yield from (one.meant for one in (value.values() if isinstance(value, dict) else value))


def simplify(node: Node) -> None:
    """Leave out what says nothing, so that it is no difference either."""
    says = node.says
    for keyword in [one for one, value in says.items() if not value and one in _NOTHING]:
        del says[keyword]
    if "contains" not in says:
        says.pop("minContains", None)
        says.pop("maxContains", None)
    if "if" not in says:
        says.pop("then", None)
        says.pop("else", None)
