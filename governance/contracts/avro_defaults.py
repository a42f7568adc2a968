"""Defaults of Avro fields that are no value of the field's type: no reader can use one (Avro 1.12, "Complex Types").

Owns that question. Never reads or writes what is registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from avro.schema import Schema

#: Values that are looked at in one schema, a part of a second's work: one of a megabyte has fewer.
MOST_STEPS = 200_000
#: Of whole numbers, in bits.
_BITS = {"int": 31, "long": 63}
_TYPES = {"null": type(None), "boolean": bool, "string": str}


@dataclass(frozen=True, slots=True)
class Unfit:
    """Fields whose defaults don't fit, each with its record. `is_cut`: it took too long to tell; those that were left are told as
    well, for nobody knows that a reader could use them.
    """

    fields: tuple[tuple[Any, Any], ...]
    is_cut: bool


def unfit(schema: Schema) -> Unfit:
    """Of the records within, wherever they are."""
    seen: set[int] = set()
    look: list[Any] = [schema]
    defaults, found = _Defaults(), list[tuple[Any, Any]]()
    while look:
        one = look.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.type in ("record", "error"):
            look += [field.type for field in one.fields]
            found += [(one, field) for field in one.fields if field.has_default and not defaults.can_be_used(field)]
        elif one.type == "array":
            look.append(one.items)
        elif one.type == "map":
            look.append(one.values)
        elif one.type in ("union", "error_union"):
            look += one.schemas
    return Unfit(tuple(found), defaults.is_cut)


class _TooLong(Exception):
    """More steps than there are."""


class _Defaults:
    """Which defaults fit. What was found out is kept: records share the fields that a default leaves to them."""

    def __init__(self) -> None:
        self.is_cut = False
        self._known: dict[int, bool] = {}
        #: Fields whose defaults are being made up that a failure was due to: with others it might not be one.
        self._leant: set[int] = set()
        self._symbols: dict[int, frozenset[Any]] = {}
        self._steps = 0

    def can_be_used(self, field: Any) -> bool:
        """One that is nested too deep to tell, or takes too long, can't be."""
        if self.is_cut:
            return self._known.get(id(field), False)
        try:
            return self._own_fits(field, frozenset())
        except RecursionError:
            return False
        except _TooLong:
            self.is_cut = True
            return False

    def _own_fits(self, field: Any, within: frozenset[int]) -> bool:
        """`within`: the fields whose defaults are being made up; one that needs itself has no end."""
        own = id(field)
        if own in self._known:
            return self._known[own]
        if own in within:
            self._leant.add(own)
            return False
        outer, self._leant = self._leant, set()
        fits = self._fits(field.default, field.type, within | {own})
        leant = self._leant - {own}
        self._leant = outer if fits else outer | leant
        if fits or not leant:  # what fits with less given fits with more; what failed by itself fails again
            self._known[own] = fits
        return fits

    def _fits(self, value: Any, schema: Any, within: frozenset[int]) -> bool:
        """Whether a default, as JSON has it, is a value of that type. Of a union, any branch will do, since Avro 1.12."""
        self._step()
        kind = schema.type
        if kind in ("union", "error_union"):
            return any(self._fits(value, branch, within) for branch in schema.schemas)
        if kind in ("record", "error"):
            return isinstance(value, dict) and all(self._has(value, field, within) for field in schema.fields)
        if kind == "array":
            return isinstance(value, list) and all(self._fits(item, schema.items, within) for item in value)
        if kind == "map":
            return isinstance(value, dict) and all(self._fits(item, schema.values, within) for item in value.values())
        if kind == "enum":
            symbols = self._symbols.setdefault(id(schema), frozenset(schema.symbols))
            return isinstance(value, str) and value in symbols
        return _fits_plain(value, kind, schema)

    def _has(self, value: dict[str, Any], field: Any, within: frozenset[int]) -> bool:
        """Whether a record's default gives the field a value, or the field has one of its own that fits."""
        self._step()
        if field.name in value:
            return self._fits(value[field.name], field.type, within)
        return field.has_default and self._own_fits(field, within)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise _TooLong


def _fits_plain(value: Any, kind: str, schema: Any) -> bool:
    if kind in _BITS:
        return _is_number(value, int) and -(2 ** _BITS[kind]) <= value < 2 ** _BITS[kind]
    if kind in ("float", "double"):
        return _is_number(value, (int, float))
    if kind in ("bytes", "fixed"):  # each character stands for the byte of its number
        size = len(value) if kind == "bytes" and isinstance(value, str) else getattr(schema, "size", None)
        return isinstance(value, str) and len(value) == size and all(ord(one) < 256 for one in value)
    return isinstance(value, _TYPES[kind])


def _is_number(value: Any, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
