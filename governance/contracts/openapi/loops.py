"""Schemas that ask only themselves about a value: a base lists its variants, and each variant builds on the base.

No validator comes to an end there, so the reference that closes a loop is left untold: payloads that lead to it are undecided,
and all others are compared. Owns which reference that is. Never judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from governance.contracts.nodes import IN_PLACE
from governance.contracts.openapi.schemas import untold
from governance.contracts.values import unescaped

_NAMED = "#/$defs/"


def opened(parts: dict[str, Any], mark: str) -> dict[str, Any]:
    """The parts of a document without loops. `mark`: equal for documents in which a loop means the same."""
    led = {name: [one for one in map(_part_in, _references(schema)) if one in parts] for name, schema in parts.items()}
    closing = _closing(led)
    return {name: _without(part, closing[name], mark) if name in closing else part for name, part in parts.items()}


def _closing(led: dict[str, list[str]]) -> dict[str, set[str]]:
    """By part, those that a walk through all of them comes back to."""
    closing: dict[str, set[str]] = {}
    done: set[str] = set()
    for start in (name for name in led if led[name]):
        path = {} if start in done else {start: iter(led[start])}
        while path:
            name = next(reversed(path))
            following = next(path[name], None)
            if following is None:
                done.add(name)
                del path[name]
            elif following in path:
                closing.setdefault(name, set()).add(following)
            elif following not in done:
                path[following] = iter(led[following])
    return closing


def _references(schema: Any) -> Iterator[str]:
    """Those that decide for the same value as the schema."""
    if not isinstance(schema, dict):
        return
    for keyword in IN_PLACE & schema.keys():
        value = schema[keyword]
        if isinstance(value, str):
            yield value
        else:
            for one in (
                value if isinstance(value, list) else value.values() if keyword == "dependentSchemas" else [value]
            ):
                yield from _references(one)


def _without(schema: Any, names: set[str], mark: str) -> Any:
    """The same with its references to these parts untold."""
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    for keyword in IN_PLACE & schema.keys():
        value = schema[keyword]
        if isinstance(value, str):
            if _part_in(value) in names:
                made["$ref"] = untold([mark, value])["$ref"]
        elif isinstance(value, list):
            made[keyword] = [_without(one, names, mark) for one in value]
        elif keyword == "dependentSchemas":
            made[keyword] = {name: _without(one, names, mark) for name, one in value.items()}
        else:
            made[keyword] = _without(value, names, mark)
    return made


def _part_in(reference: str) -> str | None:
    return unescaped(unquote(reference.removeprefix(_NAMED))) if reference.startswith(_NAMED) else None
