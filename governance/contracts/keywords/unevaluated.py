"""`unevaluatedProperties` and `unevaluatedItems`, where the schema alone tells what was looked at; else they can't be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from governance.contracts.clause import Atom
from governance.contracts.documents import Node, in_place
from governance.contracts.keywords.meaning import Meaning, only
from governance.contracts.values import TYPES


@dataclass(slots=True)
class _Looked:
    """At what the schemas beside it look, whatever the value is."""

    names: set[str] = field(default_factory=set)
    patterns: list[str] = field(default_factory=list)
    start: int = 0
    everything: bool = False
    #: It depends on the value.
    depends: bool = False


def unevaluated(keyword: str) -> Meaning:
    """Of one of the two."""
    kind = "object" if keyword == "unevaluatedProperties" else "array"

    def atom(node: Node, value: Node, wanted: bool) -> Atom:
        looked = _looked(node, keyword)
        if looked.depends:
            return ("opaque", f"{keyword} {node.document.name}{node.pointer}", wanted)
        if looked.everything:
            return ("types", TYPES if wanted else frozenset())
        part = (value, wanted)
        if kind == "object":
            return ("others" if wanted else "some_other", frozenset(looked.names), tuple(looked.patterns), part)
        return ("rest" if wanted else "some", looked.start, part)

    return Meaning(
        lambda node, value: ([atom(node, value, True)], []),
        lambda node, value: [[only(kind), atom(node, value, False)]],
    )


def _looked(node: Node, keyword: str) -> _Looked:
    found, look = _Looked(), [node]
    objects = keyword == "unevaluatedProperties"
    while look:
        one = look.pop()
        says = one.says
        conditional = bool(one.opaque) or any(word in says for word in ("anyOf", "oneOf", "if", "dependentSchemas"))
        inner = one is not node and keyword in says
        found.depends = found.depends or conditional or inner or (not objects and "contains" in says)
        found.names |= set(says.get("properties", ()))
        found.patterns += says.get("patternProperties", ())
        found.start = max(found.start, len(says.get("prefixItems", ())))
        found.everything = found.everything or ("additionalProperties" if objects else "items") in says
        look += [part for part in in_place(one) if part is not says.get("not")]
    return found
