"""Defaults of Avro fields that are no value of the field's type: no reader can use one (Avro 1.12, "Complex Types").

Owns that question. Never reads or writes what is registered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from avro.schema import Schema

from governance.contracts.vocabulary import InvalidSchema

#: Values that are looked at in one schema, about a second's work; one of a megabyte has a fifth as many.
MOST_STEPS = 500_000
#: Of whole numbers, in bits.
_BITS = {"int": 31, "long": 63}
_TYPES = {"null": type(None), "boolean": bool, "string": str}


def unfit(schema: Schema) -> Iterator[tuple[Any, Any]]:
    """Each field, of whatever record within, whose default doesn't fit, with its record.

    Raises InvalidSchema where it takes too long to tell.
    """
    seen: set[int] = set()
    look: list[Any] = [schema]
    defaults = _Defaults()
    while look:
        one = look.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.type in ("record", "error"):
            for field in one.fields:
                look.append(field.type)
                if field.has_default and not defaults.can_be_used(field):
                    yield one, field
        elif one.type == "array":
            look.append(one.items)
        elif one.type == "map":
            look.append(one.values)
        elif one.type in ("union", "error_union"):
            look += one.schemas


class _Defaults:
    """Which defaults fit. What was found to fit is kept: records share the fields that a default leaves to them."""

    def __init__(self) -> None:
        self._fitting: set[int] = set()
        self._steps = 0

    def can_be_used(self, field: Any) -> bool:
        """One that is nested too deep to tell can't be."""
        try:
            return self._own_fits(field, frozenset())
        except RecursionError:
            return False

    def _own_fits(self, field: Any, within: frozenset[int]) -> bool:
        """`within`: the fields whose defaults are being made up; one that needs itself has no end."""
        own = id(field)
        if own in self._fitting:
            return True
        if own in within or not self._fits(field.default, field.type, within | {own}):
            return False
        self._fitting.add(own)  # whatever was being made up: what fits with less given fits with more
        return True

    def _fits(self, value: Any, schema: Any, within: frozenset[int]) -> bool:
        """Whether a default, as JSON has it, is a value of that type. Of a union, any branch will do, since Avro 1.12."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise InvalidSchema("has defaults that need each other too often; write them out")
        kind = schema.type
        if kind in ("union", "error_union"):
            return any(self._fits(value, branch, within) for branch in schema.schemas)
        if kind in ("record", "error"):
            return isinstance(value, dict) and all(self._has(value, field, within) for field in schema.fields)
        if kind == "array":
            return isinstance(value, list) and all(self._fits(item, schema.items, within) for item in value)
        if kind == "map":
            return isinstance(value, dict) and all(self._fits(item, schema.values, within) for item in value.values())
        return _fits_plain(value, kind, schema)

    def _has(self, value: dict[str, Any], field: Any, within: frozenset[int]) -> bool:
        """Whether a record's default gives the field a value, or the field has one of its own that fits."""
        if field.name in value:
            return self._fits(value[field.name], field.type, within)
        return field.has_default and self._own_fits(field, within)


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
