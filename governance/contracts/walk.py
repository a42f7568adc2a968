"""A walk through two schemas side by side: each difference, and whether it narrows or widens what is accepted.

Owns the rule ids, the sentences, and what a difference does where it stands. An effect is told with care: what may do
either says so. Never says whether a document is lost: that is the search's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from governance.contracts.documents import Node
from governance.contracts.values import exact, key_of
from governance.contracts.wording import Texts, breadth_of, place_of, said

#: What a difference does to the set of documents that are accepted.
NARROWER, WIDER, OTHER = "narrower", "wider", "other"
_TURNED = {NARROWER: WIDER, WIDER: NARROWER, OTHER: OTHER}
#: Pairs of parts that are looked into, which bounds how far references are followed.
DEEPEST = 2_000

_LEAST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
_MOST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})
#: What speaks of the rest, by what it is the rest of.
_REST = {"properties": "additionalProperties", "patternProperties": "additionalProperties", "prefixItems": "items"}
_LOOK = frozenset({"unevaluatedProperties", "unevaluatedItems"})
#: Keywords that look at a member or an item: what is looked at below them is nothing to the keyword above.
_BELOW = frozenset({"properties", "patternProperties", "additionalProperties", "prefixItems", "items", "propertyNames"})


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


class Difference(NamedTuple):
    rule: str
    pointer: str
    effect: str
    text: str
    values: tuple[str, str]
    mixed: bool = False


class _Pair(NamedTuple):
    """A keyword's two values, the nodes that they stand in, and from where they are seen."""

    keyword: str
    before: Any
    after: Any
    old: Node
    new: Node
    view: View


class Walk:
    """Each pair of parts once in each view."""

    def __init__(self) -> None:
        self.texts = Texts()
        self.is_cut = False
        #: Each way that a reference was followed: from which parts to which.
        self.ways: set[tuple[str, ...]] = set()
        self._seen: set[tuple[int, int, View]] = set()

    def through(self, old: Node, new: Node, view: View) -> Iterator[Difference]:
        """The differences of a part and all below it."""
        if old.kind == new.kind:
            return
        at = old.pointer, new.pointer
        old, new = _followed(old), _followed(new)
        if at != (old.pointer, new.pointer):
            self.ways.add((*at, old.pointer, new.pointer))
        if (id(old), id(new), view) in self._seen or self.is_cut:
            return
        self._seen.add((id(old), id(new), view))
        self.is_cut = len(self._seen) >= DEEPEST
        if old.never != new.never or bool(old.says or old.opaque) != bool(new.says or new.opaque):
            effect = NARROWER if new.never or not (old.says or old.opaque or old.never) else WIDER
            text = f"{place_of(new)} now accepts {breadth_of(new)}"
            yield self._told(_Pair("", old, new, old, new, view), "schema-replaced", new.pointer, effect, text)
            return
        if old.opaque != new.opaque:
            text = f"{place_of(new)}: a part that can't be told here is another"
            yield self._told(_Pair("", old, new, old, new, view), "untold-changed", new.pointer, OTHER, text)
        for keyword in sorted({*old.says, *new.says}):
            before, after = old.says.get(keyword), new.says.get(keyword)
            yield from self._keyword(_Pair(keyword, before, after, old, new, _seen_through(keyword, old, new, view)))

    def _told(
        self, pair: _Pair, rule: str, pointer: str, effect: str, text: str, *, about: tuple[Any, Any] | None = None
    ) -> Difference:
        before, after = about or (pair.before, pair.after)
        values = self.texts.of(before), self.texts.of(after)
        return Difference(rule, pointer, pair.view.effect(effect), text, values, pair.view.mixed)

    def _keyword(self, pair: _Pair) -> Iterator[Difference]:
        keyword, before, after, old, new, view = pair
        if keyword in ("properties", "patternProperties", "dependentSchemas"):
            yield from self._named(pair)
        elif keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
            yield from self._listed(pair)
        elif isinstance(before, Node) and isinstance(after, Node):
            if keyword in ("$ref", "$dynamicRef"):
                self.ways.add((old.pointer, new.pointer, before.pointer, after.pointer))
            yield from self.through(before, after, view._replace(counted=view.counted and keyword not in _BELOW))
        elif isinstance(before or after, Node):
            yield from self._there_or_not(pair)
        elif keyword == "required":
            yield from self._required(pair)
        elif keyword == "minContains":  # absent, it is 1
            low = [one.says.get(keyword, 1 if "contains" in one.says else None) for one in (old, new)]
            if set(low) not in ({None}, {None, 1}) and low[0] != low[1]:
                yield from self._plain(pair._replace(before=low[0], after=low[1]))
        elif before != after:
            yield from self._plain(pair)

    def _there_or_not(self, pair: _Pair) -> Iterator[Difference]:
        """A keyword with a schema, which only one side says."""
        keyword, before, after, old, new, view = pair
        part = after if before is None else before
        if keyword in ("additionalProperties", "items") and view.sense and not view.counted and _is_open(part):
            return
        verb, effect, at = ("added", NARROWER, new.pointer) if before is None else ("removed", WIDER, old.pointer)
        if keyword == "if" or (view.counted and keyword != "not"):
            effect = OTHER
        text = f"{place_of(new)}: {keyword} {verb}, which accepts {breadth_of(part)}"
        yield self._told(pair, f"{keyword}-{verb}", f"{at}/{keyword}", effect, text)

    def _named(self, pair: _Pair) -> Iterator[Difference]:
        keyword, _, _, old, new, view = pair
        before, after = pair.before or {}, pair.after or {}
        below = view._replace(counted=view.counted and keyword not in _BELOW)
        for name, part in after.items():
            if name in before:
                yield from self.through(before[name], part, below)
                continue
            effect, into = _added(pair)
            rule, text = f"{keyword}-added", f"{place_of(new)}: {keyword} for {name!r} is new"
            if keyword == "properties":
                needed = "required" if name in new.says.get("required", ()) else "optional"
                rule = f"property-added-to-{into.replace(' ', '-')}-object"
                text = f"{place_of(new)}: the {needed} property {name!r} is new; the object was {into}"
            yield self._told(pair, rule, part.pointer, effect, text, about=(None, part))
        for name, part in before.items():
            if name in after:
                continue
            effect, into, instead = _removed(pair)
            rule, text = f"{keyword}-removed", f"{place_of(old)}: {keyword} for {name!r} is gone"
            if keyword == "properties":
                rule = f"property-removed-from-{into.replace(' ', '-')}-object"
                text = f"{place_of(old)}: the property {name!r} is gone; the object is {into}"
            yield self._told(pair, rule, part.pointer, effect, text, about=(part, instead))

    def _listed(self, pair: _Pair) -> Iterator[Difference]:
        """Branches pair by what they say; only the rest by position."""
        keyword, before, after, old, new, view = pair
        before, after = before or (), after or ()
        if keyword != "prefixItems":
            before, after = _without_equals(before, after), _without_equals(after, before)
        more, less = {"anyOf": (WIDER, NARROWER), "oneOf": (OTHER, OTHER)}.get(keyword, (NARROWER, WIDER))
        instead = None
        if keyword == "prefixItems":
            more, (less, _, instead) = _added(pair)[0], _removed(pair)
        for one, other in zip(before, after, strict=False):
            yield from self.through(one, other, view._replace(counted=view.counted and keyword not in _BELOW))
        for part in after[len(before) :]:
            text = f"{place_of(new)}: {keyword} has one more schema"
            yield self._told(pair, f"{keyword}-branch-added", part.pointer, more, text, about=(None, part))
        for part in before[len(after) :]:
            text = f"{place_of(old)}: {keyword} has one schema less"
            yield self._told(pair, f"{keyword}-branch-removed", part.pointer, less, text, about=(part, instead))

    def _required(self, pair: _Pair) -> Iterator[Difference]:
        _, _, _, old, new, _ = pair
        before, after = pair.before or frozenset(), pair.after or frozenset()
        for name in sorted(after - before):
            text = f"{place_of(new)}: {name!r} is now required"
            yield self._told(pair, "required-added", f"{new.pointer}/required", NARROWER, text, about=("", name))
        for name in sorted(before - after):
            text = f"{place_of(old)}: {name!r} is no longer required"
            yield self._told(pair, "required-removed", f"{old.pointer}/required", WIDER, text, about=(name, ""))

    def _plain(self, pair: _Pair) -> Iterator[Difference]:
        keyword, before, after, old, new, _ = pair
        at = f"{(old if after is None else new).pointer}/{keyword}"
        if before is None or after is None:
            verb, effect = ("added", NARROWER) if before is None else ("removed", WIDER)
            text = f"{place_of(new)}: {keyword} {said(keyword, after if before is None else before)} {verb}"
            yield self._told(pair, f"{keyword}-{verb}", at, effect, text)
            return
        effect = _changed(keyword, before, after)
        word = {NARROWER: "narrowed", WIDER: "widened", OTHER: "changed"}[effect]
        text = f"{place_of(new)}: {keyword} was {said(keyword, before)} and is {said(keyword, after)}"
        yield self._told(pair, f"{keyword}-{word}", at, effect, text)


def _seen_through(keyword: str, old: Node, new: Node, view: View) -> View:
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


def _added(pair: _Pair) -> tuple[str, str]:
    """What a name, a pattern or a place more does, and what was said of the rest before."""
    if pair.keyword == "dependentSchemas":
        return (OTHER if pair.view.counted else NARROWER), ""
    into = _openness(pair.old, _REST[pair.keyword], counted=pair.view.counted)
    return {"open": NARROWER, "closed": WIDER}.get(into, OTHER), into


def _removed(pair: _Pair) -> tuple[str, str, list[Any] | None]:
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
    if rest is None or _is_open(rest):
        return "open"
    alone = keyword == "items" or "patternProperties" not in node.says
    return "closed" if rest.never and alone else "partly open"


def _is_open(node: Node) -> bool:
    return not (node.says or node.never or node.opaque)


def _without_equals(parts: tuple[Node, ...], others: tuple[Node, ...]) -> tuple[Node, ...]:
    """The parts that are not among the others, one for one."""
    left = Counter(one.kind for one in others)
    found = []
    for part in parts:
        if left[part.kind] > 0:
            left[part.kind] -= 1
        else:
            found.append(part)
    return tuple(found)


def _changed(keyword: str, before: Any, after: Any) -> str:
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


def _followed(node: Node) -> Node:
    """Past references that say nothing but where to look."""
    while set(node.says) == {"$ref"} and not node.opaque:
        node = node.says["$ref"]
    return node
