"""What two documents have in common, so that a comparison passes it over: parts of `components`, and whole paths.

A part is the same where its text is, or its meaning (schemas.alike), and all that it leads to is. Owns that question. Never
judges a difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from governance.contracts.openapi.schemas import alike
from governance.contracts.openapi.source import Source, named, references_in, text_of
from governance.contracts.values import escaped

_COMPONENTS = "#/components/"
#: Slashes of a reference to a part; one into it has more.
_PLAIN_DEPTH = 3
_DEEP = re.compile(r'"#/components/[^/"]+/(?:[^/"\\]|\\.)+/')


def touched(base: Source, revision: Source) -> frozenset[str] | None:
    """The parts of `components`, as references to them, that are not what they were or lead to such; None: all of them."""
    if base.is_old != revision.is_old:
        return None
    old, new = _texts(base), _texts(revision)
    entered = _entered(base, old) | _entered(revision, new)
    users: dict[str, list[str]] = {}
    look = []
    for reference in old.keys() | new.keys():
        before, after = old.get(reference), new.get(reference)
        for text in {before, after} - {None}:
            for used in set(map(part_of, references_in(str(text)))):
                users.setdefault(used, []).append(reference)
        if before != after and (reference in entered or not _is_alike(reference, base, revision)):
            look.append(reference)
    look += [part for part in users if not part]  # what leads out of the components
    found: set[str] = set()
    while look:
        reference = look.pop()
        if reference not in found:
            found.add(reference)
            look += users.get(reference, ())
    return frozenset(found)


def is_touched(references: Iterable[str], touched: frozenset[str]) -> bool:
    """Whether one of these leads to what changed, or to where nobody has looked."""
    return any(not part or part in touched for part in map(part_of, references))


def unchanged_paths(base: Source, revision: Source, touched: frozenset[str] | None) -> frozenset[str]:
    """The paths whose operations are the same in all that callers see of them."""
    if touched is None or text_of(base.raw.get("security")) != text_of(revision.raw.get("security")):
        return frozenset()
    found = set()
    for path in base.paths.keys() & revision.paths.keys():
        text = base.path_text(path)
        if text == revision.path_text(path) and not is_touched(references_in(text), touched):
            found.add(path)
    return frozenset(found)


def _texts(source: Source) -> dict[str, str]:
    """Each part of `components` as text, by the reference to it. The document keeps those of its schemas."""
    return {
        f"{_COMPONENTS}{section}/{escaped(str(name))}": source.text_of(name) if section == "schemas" else text_of(part)
        for section, parts in source.components.items()
        if isinstance(parts, dict)
        for name, part in parts.items()
    }


def _entered(source: Source, texts: Mapping[str, str]) -> frozenset[str]:
    """The parts that some reference leads into: of these every word may mean something to whoever refers to it."""
    everything = (*texts.values(), *map(source.path_text, source.paths))
    found = (reference for text in everything if _DEEP.search(text) for reference in references_in(text))
    return frozenset(part_of(reference) for reference in found if reference.count("/") > _PLAIN_DEPTH)


def _is_alike(reference: str, base: Source, revision: Source) -> bool:
    name = named(reference)
    return name in base.schemas and name in revision.schemas and alike(base.schemas[name], revision.schemas[name])


def part_of(reference: str) -> str:
    """The part of `components` that a reference leads to, or into; empty for any other."""
    pieces = unquote(reference).split("/", 4)
    return "/".join(pieces[:4]) if reference.startswith(_COMPONENTS) and len(pieces) > 3 else ""
