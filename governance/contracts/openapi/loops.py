"""Schemas that ask only themselves about a value: a base lists its variants, and each variant builds on the base.

No validator comes to an end there, so references among those are left untold: payloads that lead to one are undecided, and all
others are compared. Owns which references these are, by the schemas alone and in no order. Never judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from governance.contracts.nodes import IN_PLACE
from governance.contracts.openapi.parts import part_at
from governance.contracts.openapi.schemas import untold

_BY_NAME = "dependentSchemas"


def opened(parts: dict[str, Any], mark: str) -> dict[str, Any]:
    """The parts of a document without loops. `mark`: equal for documents in which a loop means the same."""
    led = {name: {one for one in map(part_at, _references(part)) if one in parts} for name, part in parts.items()}
    looped = _on_loops(led)
    return {name: _without(part, looped, mark) if name in looped else part for name, part in parts.items()}


def _on_loops(led: dict[str, set[str]]) -> set[str]:
    """Those that lead to a loop and that a loop leads to: on one, or between two."""
    back: dict[str, set[str]] = {name: set() for name in led}
    for name, targets in led.items():
        for target in targets:
            back[target].add(name)
    return led.keys() - _ends(led, back) - _ends(back, led)


def _ends(led: dict[str, set[str]], back: dict[str, set[str]]) -> set[str]:
    """Those that lead to no loop: to nothing, or to such alone."""
    left = {name: len(targets) for name, targets in led.items()}
    found = [name for name, count in left.items() if not count]
    for name in found:  # it grows meanwhile
        for user in back[name]:
            left[user] -= 1
            if not left[user]:
                found.append(user)
    return set(found)


def _references(schema: Any) -> Iterator[str]:
    """Those that decide for the same value as the schema."""
    for keyword, value in _in_place(schema):
        if isinstance(value, str):
            yield value
        else:
            for one in _schemas(keyword, value):
                yield from _references(one)


def _without(schema: Any, names: set[str], mark: str) -> Any:
    """The same with its references to these parts untold."""
    made = dict(schema) if isinstance(schema, dict) else schema
    for keyword, value in _in_place(schema):
        if isinstance(value, str):
            made |= untold([mark, value]) if part_at(value) in names else {}
        elif isinstance(value, list):
            made[keyword] = [_without(one, names, mark) for one in value]
        elif keyword == _BY_NAME:
            made[keyword] = {name: _without(one, names, mark) for name, one in value.items()}
        else:
            made[keyword] = _without(value, names, mark)
    return made


def _in_place(schema: Any) -> Iterator[tuple[str, Any]]:
    """The keywords of a schema that ask about the same value; `then` and `else` do beside `if` alone."""
    if isinstance(schema, dict):
        asking = IN_PLACE if "if" in schema else IN_PLACE - {"then", "else"}
        yield from ((keyword, schema[keyword]) for keyword in asking & schema.keys())


def _schemas(keyword: str, value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else value.values() if keyword == _BY_NAME else [value]
