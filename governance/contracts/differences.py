"""The differences between two schemas, in words: what changed where, and whether it narrows or widens.

A structural walk of both side by side, for people. Owns the rule ids and the sentences; the verdict does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from governance.contracts.documents import Document, Node
from governance.contracts.report import Finding, Verdict
from governance.contracts.values import canonical, exact, key_of, shown

#: What a difference does to the set of documents that are accepted.
NARROWER, WIDER, OTHER = "narrower", "wider", "other"
MOST = 200
#: Pairs of parts that are looked into, which bounds how far references are followed.
DEEPEST = 2_000


def differences(old: Document, new: Document, verdicts: Mapping[str, Verdict]) -> tuple[Finding, ...]:
    """Every difference, in the order of the new schema. Its direction is the level that it breaks, where that was found
    to be broken or could not be proved."""
    found: dict[tuple[str, str], Finding] = {}
    for rule, pointer, effect, text, values in _walk(old.root, new.root, set()):
        way = ""
        if effect != WIDER and verdicts.get("BACKWARD", "safe") != "safe":
            way = "BACKWARD"
        elif effect != NARROWER and verdicts.get("FORWARD", "safe") != "safe":
            way = "FORWARD"
        found.setdefault((rule, pointer), Finding(rule, pointer or "/", way, text).signed(*values))  # type: ignore[arg-type]
        if len(found) >= MOST:
            break
    return tuple(found.values())


_Difference = tuple[str, str, str, str, tuple[str, str]]


def _walk(old: Node, new: Node, seen: set[tuple[int, int]]) -> Iterator[_Difference]:
    if old.kind == new.kind or (id(old), id(new)) in seen or len(seen) >= DEEPEST:
        return
    seen.add((id(old), id(new)))
    old, new = _followed(old), _followed(new)
    if old.never != new.never or bool(old.says or old.opaque) != bool(new.says or new.opaque):
        effect = NARROWER if new.never or not (old.says or old.never) else WIDER
        yield "schema-replaced", new.pointer, effect, f"{_place(new)} now accepts {_breadth(new)}", _texts(old, new)
        return
    for keyword in sorted({*old.says, *new.says}):
        if keyword in ("additionalProperties", "items", "then", "else") and keyword not in {*old.says, *new.says}:
            continue
        yield from _keyword(keyword, old, new, seen)


def _keyword(keyword: str, old: Node, new: Node, seen: set[tuple[int, int]]) -> Iterator[_Difference]:
    before, after = old.says.get(keyword), new.says.get(keyword)
    place = f"{new.pointer}/{keyword}"
    if keyword == "properties":
        yield from _properties(old, new, seen)
    elif keyword in ("patternProperties", "dependentSchemas"):
        yield from _named(keyword, before or {}, after or {}, (old, new), seen)
    elif isinstance(before, Node) and isinstance(after, Node):
        yield from _walk(before, after, seen)
    elif isinstance(before or after, Node):
        effect = OTHER if keyword in ("if", "then", "else") else NARROWER if before is None else WIDER
        verb = "added" if before is None else "removed"
        at = place if after is not None else f"{old.pointer}/{keyword}"
        part = after if isinstance(after, Node) else before
        what = f"{_place(new)}: {keyword} {verb}" + (
            f", which accepts {_breadth(part)}" if isinstance(part, Node) else ""
        )
        yield f"{keyword}-{verb}", at, effect, what, (_text(before), _text(after))
    elif keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        yield from _listed(keyword, before or (), after or (), (old, new), seen)
    elif keyword == "required":
        yield from _required(before or frozenset(), after or frozenset(), old, new)
    elif before != after:
        yield from _plain(keyword, before, after, old, new)


def _properties(old: Node, new: Node, seen: set[tuple[int, int]]) -> Iterator[_Difference]:
    before, after = old.says.get("properties", {}), new.says.get("properties", {})
    for name, part in after.items():
        if name in before:
            yield from _walk(before[name], part, seen)
        else:
            into = "closed" if _is_closed(old) else "open"
            effect = WIDER if into == "closed" else NARROWER
            needed = "required" if name in new.says.get("required", ()) else "optional"
            yield (f"property-added-to-{into}-object", part.pointer, effect,
                   f"{_place(new)}: the {needed} property {name!r} is new; the object was {into}", ("", _text(part)))  # fmt: skip
    for name, part in before.items():
        if name not in after:
            into = "closed" if _is_closed(new) else "open"
            effect = NARROWER if into == "closed" else WIDER
            yield (f"property-removed-from-{into}-object", part.pointer, effect,
                   f"{_place(old)}: the property {name!r} is gone; the object is {into}", (_text(part), ""))  # fmt: skip


def _named(
    keyword: str, before: dict[str, Node], after: dict[str, Node], sides: tuple[Node, Node], seen: set[tuple[int, int]]
) -> Iterator[_Difference]:
    old, new = sides
    for name, part in after.items():
        if name in before:
            yield from _walk(before[name], part, seen)
        else:
            yield (
                f"{keyword}-added",
                part.pointer,
                NARROWER,
                f"{_place(new)}: {keyword} for {name!r} is new",
                ("", _text(part)),
            )
    for name, part in before.items():
        if name not in after:
            yield (
                f"{keyword}-removed",
                part.pointer,
                WIDER,
                f"{_place(old)}: {keyword} for {name!r} is gone",
                (_text(part), ""),
            )


def _listed(
    keyword: str, before: tuple[Node, ...], after: tuple[Node, ...], sides: tuple[Node, Node],
    seen: set[tuple[int, int]],
) -> Iterator[_Difference]:  # fmt: skip
    """Branches pair by what they say; only the rest by position."""
    old, new = sides
    if keyword != "prefixItems":
        kinds = {one.kind for one in before} & {one.kind for one in after}
        before = tuple(one for one in before if one.kind not in kinds)
        after = tuple(one for one in after if one.kind not in kinds)
    more = {"anyOf": WIDER, "oneOf": OTHER}.get(keyword, NARROWER)
    less = {"anyOf": NARROWER, "oneOf": OTHER}.get(keyword, WIDER)
    for one, other in zip(before, after, strict=False):
        yield from _walk(one, other, seen)
    for part in after[len(before) :]:
        yield (
            f"{keyword}-branch-added",
            part.pointer,
            more,
            f"{_place(new)}: {keyword} has one more schema",
            ("", _text(part)),
        )
    for part in before[len(after) :]:
        yield (
            f"{keyword}-branch-removed",
            part.pointer,
            less,
            f"{_place(old)}: {keyword} has one schema less",
            (_text(part), ""),
        )


def _required(before: frozenset[str], after: frozenset[str], old: Node, new: Node) -> Iterator[_Difference]:
    for name in sorted(after - before):
        yield (
            "required-added",
            f"{new.pointer}/required",
            NARROWER,
            f"{_place(new)}: {name!r} is now required",
            ("", name),
        )
    for name in sorted(before - after):
        yield (
            "required-removed",
            f"{old.pointer}/required",
            WIDER,
            f"{_place(old)}: {name!r} is no longer required",
            (name, ""),
        )


_LEAST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"})
_MOST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"})


def _plain(keyword: str, before: Any, after: Any, old: Node, new: Node) -> Iterator[_Difference]:
    place = f"{new.pointer}/{keyword}" if after is not None else f"{old.pointer}/{keyword}"
    values = (_text(before), _text(after))
    if before is None or after is None:
        verb, effect = ("added", NARROWER) if before is None else ("removed", WIDER)
        value = _said(keyword, after if before is None else before)
        yield f"{keyword}-{verb}", place, effect, f"{_place(new)}: {keyword} {value} {verb}", values
        return
    if keyword in ("type", "enum", "const"):
        effect = _sets(keyword, before, after)
    elif keyword in _LEAST | _MOST:
        effect = NARROWER if (after > before) == (keyword in _LEAST) else WIDER
    elif keyword == "multipleOf":
        steps = exact(before) / exact(after), exact(after) / exact(before)
        effect = WIDER if steps[0].denominator == 1 else NARROWER if steps[1].denominator == 1 else OTHER
    else:
        effect = OTHER
    word = {NARROWER: "narrowed", WIDER: "widened", OTHER: "changed"}[effect]
    text = f"{_place(new)}: {keyword} was {_said(keyword, before)} and is {_said(keyword, after)}"
    yield f"{keyword}-{word}", place, effect, text, values


def _sets(keyword: str, before: Any, after: Any) -> str:
    if keyword == "type":
        first, second = ({*one, "integer"} if "number" in one else set(one) for one in (before, after))
    else:
        first, second = ({key_of(value) for value in one} for one in (before, after))
    return NARROWER if second < first else WIDER if first < second else OTHER


def _said(keyword: str, value: Any) -> str:
    if isinstance(value, frozenset):
        return " or ".join(sorted(value))
    if keyword == "const":
        return shown(value[0])
    return shown({name: sorted(one) for name, one in value.items()} if keyword == "dependentRequired" else value)


def _followed(node: Node) -> Node:
    """Past references that say nothing but where to look."""
    while set(node.says) == {"$ref"}:
        node = node.says["$ref"]
    return node


def _is_closed(node: Node) -> bool:
    part = node.says.get("additionalProperties") or node.says.get("unevaluatedProperties")
    return part is not None and part.never


def _place(node: Node) -> str:
    """A place as people name it: `lines[].sku`, or `the document`."""
    parts, words = node.pointer.split("/")[1:], []
    for at, part in enumerate(parts):
        before = parts[at - 1] if at else ""
        if before in ("properties", "$defs", "definitions"):
            words.append(part.replace("~1", "/").replace("~0", "~"))
        elif part in ("items", "additionalItems") and words:
            words[-1] += "[]"
    return ".".join(words) or "the document"


def _breadth(node: Node) -> str:
    return "nothing" if node.never else "anything" if not node.says and not node.opaque else "less than anything"


def _texts(old: Node, new: Node) -> tuple[str, str]:
    return _text(old), _text(new)


def _text(value: Any) -> str:
    if isinstance(value, Node):
        value = value.raw
    if isinstance(value, frozenset):
        value = sorted(value)
    if isinstance(value, dict):
        value = {name: sorted(one) if isinstance(one, frozenset) else one for name, one in value.items()}
    return "" if value is None else canonical(value)
