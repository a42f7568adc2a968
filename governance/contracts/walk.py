"""A walk through two schemas side by side: each difference, in words.

Owns the rule ids and the sentences. What a difference does is effects.py's; whether a document is lost the search's.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from governance.contracts.effects import (
    BELOW,
    NARROWER,
    OTHER,
    WIDER,
    Pair,
    View,
    added,
    changed,
    is_open,
    removed,
    seen_through,
)  # fmt: skip
from governance.contracts.nodes import Node
from governance.contracts.nullable import with_null
from governance.contracts.values import canonical
from governance.contracts.wording import Texts, breadth_of, place_of, said

#: Pairs of parts that are looked into, which bounds how far references are followed.
DEEPEST = 2_000


class Difference(NamedTuple):
    rule: str
    pointer: str
    effect: str
    text: str
    values: tuple[str, str]
    mixed: bool = False
    #: Where the schemas stand whose keyword differs, in the old and the new one.
    within: tuple[str, str] = ("", "")


class Walk:
    """Each pair of parts once in each view. `most`: pairs that are looked into; then `is_cut`."""

    def __init__(self, most: int = DEEPEST) -> None:
        self.texts = Texts()
        self._most = most
        #: Pairs at the ends of references, which are looked into when what refers to them is done.
        self._later: deque[tuple[Node, Node, View]] = deque()
        self.is_cut = False
        #: Each way that a reference was followed: from which parts to which.
        self.ways: set[tuple[str, ...]] = set()
        self._seen: set[tuple[int, int, View]] = set()

    def through(self, old: Node, new: Node, view: View) -> Iterator[Difference]:
        """The differences of a part and all below it, then those of what it refers to."""
        self._later.append((old.meant, new.meant, view))
        self._follow(old, new)
        while self._later:
            yield from self._part(*self._later.popleft())

    def _follow(self, old: Node, new: Node) -> bool:
        """Whether a reference leads away from here; the way is noted."""
        ways = old.pointer, new.pointer, old.meant.pointer, new.meant.pointer
        if ways[:2] == ways[2:]:
            return False
        if old.kind != new.kind:
            self.ways.add(ways)
        return True

    def _below(self, old: Node, new: Node, view: View) -> Iterator[Difference]:
        """A part within the one that is looked at; the end of a reference waits, so that none is nested in others without end."""
        if self._follow(old, new):
            self._later.append((old.meant, new.meant, view))
        else:
            yield from self._part(old, new, view)

    def _part(self, old: Node, new: Node, view: View) -> Iterator[Difference]:
        if old.kind == new.kind or (id(old), id(new), view) in self._seen or self.is_cut:
            return
        self._seen.add((id(old), id(new), view))
        self.is_cut = len(self._seen) >= self._most
        if old.never != new.never or bool(old.says or old.opaque) != bool(new.says or new.opaque):
            effect = NARROWER if new.never or not (old.says or old.opaque or old.never) else WIDER
            text = f"{place_of(new)} now accepts {breadth_of(new)}"
            yield self._told(Pair("", old, new, old, new, view), "schema-replaced", new.pointer, effect, text)
            return
        if not view.counted and (apart := with_null(old, new)) is not None:
            yield from self._null(old, new, apart, view)
            return
        if old.opaque != new.opaque:
            text = f"{place_of(new)}: a part that can't be told here is another"
            yield self._told(Pair("", old, new, old, new, view), "untold-changed", new.pointer, OTHER, text)
        for keyword in sorted({*old.says, *new.says}):
            before, after = old.says.get(keyword), new.says.get(keyword)
            yield from self._keyword(Pair(keyword, before, after, old, new, seen_through(keyword, old, new, view)))

    def _null(self, old: Node, new: Node, apart: tuple[Node, Node], view: View) -> Iterator[Difference]:
        """One side is the other, changed or not, or null: that is one difference, and the rest are those of the two."""
        before, after = apart
        verb, effect, at, words = (
            ("added", WIDER, new, "now") if before is old else ("removed", NARROWER, old, "no longer")
        )
        text = f"{place_of(at)} may {words} be null"
        yield self._told(Pair("", old, new, old, new, view), f"null-{verb}", at.pointer, effect, text)
        yield from self._below(before, after, view._replace(mixed=True))

    def _told(
        self, pair: Pair, rule: str, pointer: str, effect: str, text: str, *, about: tuple[Any, Any] | None = None
    ) -> Difference:
        before, after = about or (pair.before, pair.after)
        values = self.texts.of(before), self.texts.of(after)
        within = pair.old.pointer, pair.new.pointer
        return Difference(rule, pointer, pair.view.effect(effect), text, values, pair.view.mixed, within)

    def _keyword(self, pair: Pair) -> Iterator[Difference]:
        keyword, before, after, old, new, view = pair
        if keyword in ("properties", "patternProperties", "dependentSchemas"):
            yield from self._named(pair)
        elif keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
            yield from self._listed(pair)
        elif isinstance(before, Node) and isinstance(after, Node):
            if keyword in ("$ref", "$dynamicRef"):
                self.ways.add((old.pointer, new.pointer, before.pointer, after.pointer))
            yield from self._below(before, after, view._replace(counted=view.counted and keyword not in BELOW))
        elif isinstance(before or after, Node):
            yield from self._there_or_not(pair)
        elif keyword == "required":
            yield from self._required(pair)
        elif keyword == "minContains":  # absent, it is 1
            low = [one.says.get(keyword, 1 if "contains" in one.says else None) for one in (old, new)]
            if set(low) not in ({None}, {None, 1}) and low[0] != low[1]:
                yield from self._plain(pair._replace(before=low[0], after=low[1]))
        elif before != after or (keyword in ("enum", "const") and canonical([before]) != canonical([after])):
            yield from self._plain(pair)

    def _there_or_not(self, pair: Pair) -> Iterator[Difference]:
        """A keyword with a schema, which only one side says."""
        keyword, before, after, old, new, view = pair
        if keyword == "not":  # within it everything is turned round; that it is there at all is not within it
            pair = pair._replace(view=view._replace(sense=-view.sense))
        part = after if before is None else before
        if keyword in ("additionalProperties", "items") and view.sense and not view.counted and is_open(part):
            return
        verb, effect, at = ("added", NARROWER, new.pointer) if before is None else ("removed", WIDER, old.pointer)
        if keyword == "if" or (view.counted and keyword != "not"):
            effect = OTHER
        text = f"{place_of(new)}: {keyword} {verb}, which accepts {breadth_of(part)}"
        yield self._told(pair, f"{keyword}-{verb}", f"{at}/{keyword}", effect, text)

    def _named(self, pair: Pair) -> Iterator[Difference]:
        keyword, _, _, old, new, view = pair
        before, after = pair.before or {}, pair.after or {}
        below = view._replace(counted=view.counted and keyword not in BELOW)
        for name, part in after.items():
            if name in before:
                yield from self._below(before[name], part, below)
                continue
            effect, into = added(pair)
            rule, text = f"{keyword}-added", f"{place_of(new)}: {keyword} for {name!r} is new"
            if keyword == "properties":
                needed = "required" if name in new.says.get("required", ()) else "optional"
                rule = f"property-added-to-{into.replace(' ', '-')}-object"
                text = f"{place_of(new)}: the {needed} property {name!r} is new; the object was {into}"
            yield self._told(pair, rule, part.pointer, effect, text, about=(None, part))
        for name, part in before.items():
            if name in after:
                continue
            effect, into, instead = removed(pair)
            rule, text = f"{keyword}-removed", f"{place_of(old)}: {keyword} for {name!r} is gone"
            if keyword == "properties":
                rule = f"property-removed-from-{into.replace(' ', '-')}-object"
                text = f"{place_of(old)}: the property {name!r} is gone; the object is {into}"
            yield self._told(pair, rule, part.pointer, effect, text, about=(part, instead))

    def _listed(self, pair: Pair) -> Iterator[Difference]:
        """Branches pair by what they say; only the rest by position."""
        keyword, before, after, old, new, view = pair
        before, after = before or (), after or ()
        if keyword != "prefixItems":
            before, after = _without_equals(before, after), _without_equals(after, before)
        more, less = {"anyOf": (WIDER, NARROWER), "oneOf": (OTHER, OTHER)}.get(keyword, (NARROWER, WIDER))
        if keyword == "anyOf" and not (pair.before and pair.after):  # none at all is no choice of nothing
            more, less = NARROWER, WIDER
        instead = None
        if keyword == "prefixItems":
            more, (less, _, instead) = added(pair)[0], removed(pair)
        for one, other in zip(before, after, strict=False):
            yield from self._below(one, other, view._replace(counted=view.counted and keyword not in BELOW))
        for part in after[len(before) :]:
            text = f"{place_of(new)}: {keyword} has one more schema"
            yield self._told(pair, f"{keyword}-branch-added", part.pointer, more, text, about=(None, part))
        for part in before[len(after) :]:
            text = f"{place_of(old)}: {keyword} has one schema less"
            yield self._told(pair, f"{keyword}-branch-removed", part.pointer, less, text, about=(part, instead))

    def _required(self, pair: Pair) -> Iterator[Difference]:
        _, _, _, old, new, _ = pair
        before, after = pair.before or frozenset(), pair.after or frozenset()
        for name in sorted(after - before):
            text = f"{place_of(new)}: {name!r} is now required"
            yield self._told(pair, "required-added", f"{new.pointer}/required", NARROWER, text, about=("", name))
        for name in sorted(before - after):
            text = f"{place_of(old)}: {name!r} is no longer required"
            yield self._told(pair, "required-removed", f"{old.pointer}/required", WIDER, text, about=(name, ""))

    def _plain(self, pair: Pair) -> Iterator[Difference]:
        keyword, before, after, old, new, _ = pair
        at = f"{(old if after is None else new).pointer}/{keyword}"
        if before is None or after is None:
            verb, effect = ("added", NARROWER) if before is None else ("removed", WIDER)
            text = f"{place_of(new)}: {keyword} {said(keyword, after if before is None else before)} {verb}"
            yield self._told(pair, f"{keyword}-{verb}", at, effect, text)
            return
        effect = changed(keyword, before, after)
        word = {NARROWER: "narrowed", WIDER: "widened", OTHER: "changed"}[effect]
        text = f"{place_of(new)}: {keyword} was {said(keyword, before)} and is {said(keyword, after)}"
        yield self._told(pair, f"{keyword}-{word}", at, effect, text)


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
