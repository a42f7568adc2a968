"""Which operation of an API a request asks for, by its method and its path. Owns the match; never judges a request.

Paths of a document are relative to its servers, those of requests to a dependency's base_url: the two are taken for the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from governance.contracts.openapi.operations import Operation
from orchestration.manifest.problems import suggestion
from orchestration.manifest.templates import split

#: Stands for an expression. What it gives is percent-encoded, so that it never leaves its segment.
_UNKNOWN = "\0"
_BRACES = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Match:
    """What a request asks for. Without an operation: why it has none, or nothing where only a run can tell.

    `others`: what it may ask for besides, by what its expressions give.
    """

    operation: Operation | None
    why: str = ""
    others: tuple[Operation, ...] = ()


def match(operations: Mapping[tuple[str, str], Operation], method: str, path: str, api: str) -> Match:
    """The operation of this request; where several fit, that with the most literal path (OpenAPI 3.1.1, 4.8.8.2)."""
    asked = _segments(path)
    fits: dict[str, tuple[int, ...]] = {}
    may: set[str] = set()
    for offered in {path for path, _ in operations}:
        found = _fit(unquote(offered).split("/"), asked)
        if found is None:
            continue
        if -1 in found:
            may.add(offered)
        else:
            fits[offered] = found
    verb = method.lower()
    others = tuple(operations[one, verb] for one in sorted(may) if (one, verb) in operations)
    if exact := [one for one in fits if (one, verb) in operations]:
        return Match(operations[min(exact, key=lambda one: (fits[one], one)), verb], "", others)
    if others:
        return Match(None, "", others)
    return Match(None, _missing(operations, fits, method, path, api))


def _segments(path: str) -> list[str]:
    text = "".join(unquote(one) if isinstance(one, str) else _UNKNOWN for one in split(path))
    return text.split("/")


def _fit(offered: list[str], asked: list[str]) -> tuple[int, ...] | None:
    """Of each segment 0 where it is the same, 1 where a parameter takes it, -1 where only a run can tell; None: no fit."""
    if len(offered) != len(asked):
        return None
    found = []
    for theirs, ours in zip(offered, asked, strict=True):
        fits = _fits(theirs, ours)
        if fits is None:
            return None
        found.append(fits)
    return tuple(found)


def _fits(theirs: str, ours: str) -> int | None:
    if theirs == ours:
        return 0
    pieces = _BRACES.split(theirs)
    if len(pieces) > 1 and _takes(pieces, ours):
        return 1
    return -1 if _UNKNOWN in ours else None


def _takes(pieces: list[str], text: str) -> bool:
    """Whether the text has these pieces in this order from end to end, with something between each two."""
    if not text.startswith(pieces[0]):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        found = text.find(piece, at + 1)
        if found < 0:
            return False
        at = found + len(piece)
    return text.endswith(pieces[-1]) and len(text) - len(pieces[-1]) > at


def _missing(
    operations: Mapping[tuple[str, str], Operation], fits: Iterable[str], method: str, path: str, api: str
) -> str:
    there = sorted(verb.upper() for offered, verb in operations if offered in set(fits))
    if there:
        return f"{api} has no {method} at {path}; it has {', '.join(there)}"
    known = [one.title for one in operations.values()]
    return f"{api} has no operation {method} {path}{suggestion(f'{method} {path}', known)}"
