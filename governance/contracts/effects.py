"""What a difference does to the set of documents that are accepted, where it stands.

Owns that judgement, and takes care: what may do either says so. Never words a difference: walk.py does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from governance.contracts.nodes import Node
from governance.contracts.values import exact, key_of

NARROWER, WIDER, OTHER = "narrower", "wider", "other"
_TURNED = {NARROWER: WIDER, WIDER: NARROWER, OTHER: OTHER}

_LEAST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
_MOST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})
#: What speaks of the rest, by what it is the rest of.
_REST = {"properties": "additionalProperties", "patternProperties": "additionalProperties", "prefixItems": "items"}
_LOOK = frozenset({"unevaluatedProperties", "unevaluatedItems"})
#: Keywords that look at a member or an item: what is looked at below them is nothing to the keyword above.
BELOW = frozenset({"properties", "patternProperties", "additionalProperties", "prefixItems", "items", "propertyNames"})


class View(NamedTuple):
    """From where a part is seen: what becomes of an effect there, and whether other parts may make up for it."""

    #: 1: as it is; -1: turned round, within `not`; 0: it may do either.
    sense: int = 1
    #: Among alternatives, where one difference may undo another.
    mixed: bool = False
    #: Beside an `unevaluated…`, where it also matters what is looked at.
    counted: bool = False

    def either(self) -> View:
        return self._replace(sense=0, mixed=True)

    def effect(self, effect: str) -> str:
        return OTHER if not self.sense else effect if self.sense == 1 else _TURNED[effect]


class Pair(NamedTuple):
    """A keyword's two values, the nodes that they stand in, and from where they are seen."""

    keyword: str
    before: Any
    after: Any
    old: Node
    new: Node
    view: View


def seen_through(keyword: str, old: Node, new: Node, view: View) -> View:
    """The view of what stands under a keyword."""
    says = {*old.says, *new.says}
    if keyword in _LOOK:
        return view._replace(mixed=True)
    counted = view.counted or not says.isdisjoint(_LOOK)
    view = view._replace(counted=counted, mixed=view.mixed or counted)
    if keyword in ("then", "else"):
        conditions = [one.says["if"].kind for one in (old, new) if "if" in one.says]
        return view if len({*conditions}) == 1 and not counted else view.either()
    if keyword in ("if", "oneOf") or (keyword == "contains" and ("maxContains" in says or counted)):
        return view.either()
    if keyword in ("anyOf", "contains", "minContains", "maxContains"):
        return view.either() if counted and keyword == "anyOf" else view._replace(mixed=True)
    return view._replace(sense=-view.sense, mixed=True) if keyword == "not" else view


def added(pair: Pair) -> tuple[str, str]:
    """What a name, a pattern or a place more does, and what was said of the rest before."""
    if pair.keyword == "dependentSchemas":
        return (OTHER if pair.view.counted else NARROWER), ""
    into = _openness(pair.old, _REST[pair.keyword], counted=pair.view.counted)
    return {"open": NARROWER, "closed": WIDER}.get(into, OTHER), into


def removed(pair: Pair) -> tuple[str, str, list[Any] | None]:
    """The same of one less; what is said of the rest now; and what that is, where it takes the place."""
    if pair.keyword == "dependentSchemas":
        return (OTHER if pair.view.counted else WIDER), "", None
    rest = _REST[pair.keyword]
    into = _openness(pair.new, rest, counted=pair.view.counted)
    effect = {"open": WIDER, "closed": NARROWER}.get(into, OTHER)
    instead = [pair.new.says.get(word) for word in (rest, "patternProperties")]
    return effect, into, None if into in ("open", "closed") else instead


def _openness(node: Node, keyword: str, *, counted: bool) -> str:
    rest = node.says.get(keyword)
    if counted:
        return "partly open"
    if rest is None or is_open(rest):
        return "open"
    alone = keyword == "items" or "patternProperties" not in node.says
    return "closed" if rest.never and alone else "partly open"


def is_open(node: Node) -> bool:
    return not (node.says or node.never or node.opaque)


def changed(keyword: str, before: Any, after: Any) -> str:
    """What another value does."""
    if keyword in _LEAST | _MOST:
        return NARROWER if (after > before) == (keyword in _LEAST) else WIDER
    if keyword == "multipleOf":
        steps = exact(before) / exact(after), exact(after) / exact(before)
        return WIDER if steps[0].denominator == 1 else NARROWER if steps[1].denominator == 1 else OTHER
    if keyword == "type":
        first, second = ({*one, "integer"} if "number" in one else set(one) for one in (before, after))
        return NARROWER if second < first else WIDER if first < second else OTHER
    if keyword in ("enum", "const"):
        values, others = ({key_of(value) for value in one} for one in (before, after))
        return NARROWER if others < values else WIDER if values < others else OTHER
    return OTHER
