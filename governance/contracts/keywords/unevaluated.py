"""`unevaluatedProperties` and `unevaluatedItems`: what was looked at depends on which of the schemas beside it the value fits.

So each way in which it may fit them is a case of its own, with what is looked at then. Where there are too many cases, or
`contains` has a say, it can't be told here, and nothing is proved with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from governance.contracts.clause import Alternatives, Atom
from governance.contracts.keywords.meaning import Meaning, Said, but, only
from governance.contracts.nodes import Node

#: More cases than these take a search too far.
CASES = 64


class _TooMany(Exception):
    """It can't be told."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What holds in this case, and what is looked at then: names, patterns, so many items, or everything."""

    atoms: tuple[Atom, ...] = ()
    names: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    start: int = 0
    everything: bool = False

    def with_(self, other: _Case) -> _Case:
        """Both at once."""
        return _Case(
            (*self.atoms, *other.atoms), self.names | other.names, (*self.patterns, *other.patterns),
            max(self.start, other.start), self.everything or other.everything,
        )  # fmt: skip


def unevaluated(keyword: str) -> Meaning:
    """Of one of the two."""
    kind = "object" if keyword == "unevaluatedProperties" else "array"

    def cases(node: Node) -> list[_Case] | None:
        try:
            return _cases(node, keyword, own=True)
        except _TooMany:
            return None

    def rest(case: _Case, value: Node, *, wanted: bool) -> Atom:
        part = (value, wanted)
        if kind == "object":
            return ("others" if wanted else "some_other", case.names, case.patterns, part)
        return ("rest" if wanted else "some", case.start, part)

    def opaque(node: Node, *, wanted: bool) -> Atom:
        return ("opaque", f"{keyword} {node.document.name}{node.pointer}", wanted)

    def said(node: Node, value: Node) -> Said:
        found = cases(node)
        if found is None:
            return [opaque(node, wanted=True)], []
        ways = [[*one.atoms, *([] if one.everything else [rest(one, value, wanted=True)])] for one in found]
        return (ways[0], []) if len(ways) == 1 else ([], [[*ways, [but(kind)]]])

    def denied(node: Node, value: Node) -> Alternatives:
        found = cases(node)
        if found is None:
            return [[only(kind), opaque(node, wanted=False)]]
        return [[only(kind), *one.atoms, rest(one, value, wanted=False)] for one in found if not one.everything]

    return Meaning(said, denied)


def _cases(node: Node, keyword: str, *, own: bool) -> list[_Case]:
    """All cases of a node that the value fits; of the one that asks (`own`), without the question itself."""
    objects, says = keyword == "unevaluatedProperties", node.says
    if node.opaque or (not objects and "contains" in says):
        raise _TooMany
    everything = ("additionalProperties" if objects else "items") in says or (keyword in says and not own)
    names = frozenset(says.get("properties", ())) if objects else frozenset[str]()
    patterns = tuple(says.get("patternProperties", ())) if objects else ()
    found = [_Case((), names, patterns, 0 if objects else len(says.get("prefixItems", ())), everything)]
    for choice in _choices(node, keyword):
        found = [one.with_(other) for one in found for other in choice]
        if len(found) > CASES:
            raise _TooMany
    return found


def _choices(node: Node, keyword: str) -> Iterator[list[_Case]]:
    """For each keyword that asks other schemas about the same value, the cases that it makes."""
    says = node.says
    for part in (*(says[word] for word in ("$ref", "$dynamicRef") if word in says), *says.get("allOf", ())):
        yield _fitting(part, keyword)
    if "anyOf" in says:
        yield _some(says["anyOf"], keyword)
    if "oneOf" in says:
        yield [
            one.with_(_Case(tuple(("is", other, False) for other in says["oneOf"] if other is not part)))
            for part in says["oneOf"]
            for one in _fitting(part, keyword)
        ]
    if "if" in says:
        yes, no = (
            [_Case()] if part is None else _fitting(part, keyword) for part in (says.get("then"), says.get("else"))
        )
        yield [
            *(one.with_(two) for one in _fitting(says["if"], keyword) for two in yes),
            *(_Case((("is", says["if"], False),)).with_(two) for two in no),
        ]
    for name, part in says.get("dependentSchemas", {}).items():
        yield [
            _Case((("absent", name),)),
            *(one.with_(_Case((("required", name),))) for one in _fitting(part, keyword)),
        ]


def _fitting(part: Node, keyword: str) -> list[_Case]:
    return [_Case((("is", part, True),)).with_(one) for one in _cases(part, keyword, own=False)]


def _some(parts: tuple[Node, ...], keyword: str) -> list[_Case]:
    """One or more of them fit, in every combination."""
    found = list[_Case]()
    for fits in itertools.product((True, False), repeat=len(parts)):
        if len(found) > CASES or len(parts) > 6:
            raise _TooMany
        if not any(fits):
            continue
        cases = [_Case()]
        for part, does in zip(parts, fits, strict=True):
            more = _fitting(part, keyword) if does else [_Case((("is", part, False),))]
            cases = [one.with_(other) for one in cases for other in more]
        found += cases
    return found
