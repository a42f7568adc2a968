"""Defaults of Avro fields that are no value of the field's type: no reader can use one (Avro 1.12, "Complex Types").

Owns that question. Never reads or writes what is registered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from avro.schema import Schema

#: Of whole numbers, in bits.
_BITS = {"int": 31, "long": 63}
_TYPES = {"null": type(None), "boolean": bool, "string": str}


def unfit(schema: Schema) -> Iterator[Any]:
    """Each field, of whatever record within, whose default doesn't fit."""
    seen: set[int] = set()
    look: list[Any] = [schema]
    while look:
        one = look.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.type in ("record", "error"):
            for field in one.fields:
                look.append(field.type)
                if field.has_default and not _can_be_used(field):
                    yield field
        elif one.type == "array":
            look.append(one.items)
        elif one.type == "map":
            look.append(one.values)
        elif one.type in ("union", "error_union"):
            look += one.schemas


def _can_be_used(field: Any) -> bool:
    """One that is nested too deep to tell can't be."""
    try:
        return _fits(field.default, field.type, frozenset({id(field)}))
    except RecursionError:
        return False


def _fits(value: Any, schema: Any, within: frozenset[int]) -> bool:
    """Whether a default, as JSON has it, is a value of that type. Of a union, any branch will do, since Avro 1.12.

    `within`: the fields whose defaults are being made up; one that needs itself has no end.
    """
    kind = schema.type
    if kind in ("union", "error_union"):
        return any(_fits(value, branch, within) for branch in schema.schemas)
    if kind in ("record", "error"):
        return isinstance(value, dict) and all(_has(value, field, within) for field in schema.fields)
    if kind == "array":
        return isinstance(value, list) and all(_fits(item, schema.items, within) for item in value)
    if kind == "map":
        return isinstance(value, dict) and all(_fits(item, schema.values, within) for item in value.values())
    return _fits_plain(value, kind, schema)


def _has(value: dict[str, Any], field: Any, within: frozenset[int]) -> bool:
    """Whether a record's default gives the field a value, or the field has one of its own that fits."""
    if field.name in value:
        return _fits(value[field.name], field.type, within)
    own = id(field)
    return field.has_default and own not in within and _fits(field.default, field.type, within | {own})


def _fits_plain(value: Any, kind: str, schema: Any) -> bool:
    if kind in _BITS:
        return _is_number(value, int) and -(2 ** _BITS[kind]) <= value < 2 ** _BITS[kind]
    if kind in ("float", "double"):
        return _is_number(value, (int, float))
    if kind == "enum":
        return value in schema.symbols
    if kind in ("bytes", "fixed"):  # each character stands for the byte of its number
        size = len(value) if kind == "bytes" and isinstance(value, str) else getattr(schema, "size", None)
        return isinstance(value, str) and len(value) == size and all(ord(one) < 256 for one in value)
    return isinstance(value, _TYPES[kind])


def _is_number(value: Any, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
