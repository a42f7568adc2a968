"""Names in a schema of Avro: of types and fields, which are always held to the specification, and of namespaces, which others are
not where schemas have been in use for long (Avro 1.12, "Names").

Owns those two questions, about any JSON. Never makes a schema of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import avro.errors

_NAMED = ("record", "error", "enum", "fixed")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_names(schema: Any) -> None:
    """Raises avro.errors.InvalidName for a type or a field whose own name is none."""
    for part in _named(schema):
        name = part.get("name") if isinstance(part, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name.rpartition(".")[2]):
            raise avro.errors.InvalidName(f"{str(name)[:60]!r} is no name: letters, digits and _, no digit first")


def misnamed_spaces(schema: Any) -> Iterator[str]:
    """Each namespace of a type, told with it or in its name, that is no row of names."""
    for part in _named(schema):
        if not isinstance(part, dict) or part.get("type") not in _NAMED:
            continue
        within, _, _ = str(part.get("name")).rpartition(".")
        space = within or part.get("namespace") or ""
        if not all(_NAME.fullmatch(one) for one in str(space).split(".") if space):
            yield str(space)


def own_names(schema: Any) -> set[str]:
    """Of the types that it declares itself, without their namespaces."""
    found = [part for part in _named(schema) if isinstance(part, dict) and part.get("type") in _NAMED]
    return {str(part.get("name")).rpartition(".")[2] for part in found}


def _named(schema: Any) -> Iterator[Any]:
    """What has a name: types that are declared, and fields, whatever they are."""
    look = [schema]
    while look:
        one = look.pop()
        if isinstance(one, list):
            look += one
        elif isinstance(one, dict):
            fields = one.get("fields")
            if one.get("type") in _NAMED:
                yield one
            for field in fields if isinstance(fields, list) else []:
                yield field
                look.append(field.get("type") if isinstance(field, dict) else None)
            inner = one.get("type")
            look += [one.get("items"), one.get("values"), inner if isinstance(inner, dict | list) else None]
