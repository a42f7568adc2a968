"""JSON values as JSON Schema sees them: equality, types and exact numbers. Pure; owns no schema."""

from __future__ import annotations

import json
from collections.abc import Hashable
from fractions import Fraction
from json.encoder import encode_basestring_ascii
from typing import Any

JSON = Any
#: The types of JSON Schema; `integer` is a number without a fraction.
TYPES = frozenset({"null", "boolean", "number", "string", "array", "object"})


def type_of(value: JSON) -> str:
    """The type; `number` for every number."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, (list, tuple)) else "object"


def key_of(value: JSON) -> Hashable:
    """Equal for values that JSON Schema calls equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, bool) or value is None:
        return ("b", value)
    if isinstance(value, (int, float)):
        return ("n", exact(value))
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return ("a", tuple(map(key_of, value)))
    return ("o", frozenset((name, key_of(member)) for name, member in value.items()))


def canonical(value: JSON) -> str:
    """A text that is equal for equal values, and the same in every process."""
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, list, tuple, dict)):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(exact(value))
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(canonical, value))}]"
    return "{" + ",".join(f"{_quoted(name)}:{canonical(value[name])}" for name in sorted(value)) + "}"


def _quoted(name: object) -> str:
    """A name of an object; what a caller read from YAML may have others than texts."""
    return encode_basestring_ascii(name) if isinstance(name, str) else json.dumps(name)


def exact(number: float) -> Fraction:
    """The decimal that was written: 0.1 is a tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def plain(number: Fraction) -> int | float:
    """Back to what JSON writes."""
    return number.numerator if number.denominator == 1 else float(number)


def escaped(name: str) -> str:
    """A name as part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def unescaped(part: str) -> str:
    """The name that a part of a JSON pointer stands for."""
    return part.replace("~1", "/").replace("~0", "~")


def shown(value: JSON, most: int = 60) -> str:
    """A value in a sentence, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= most else text[: most - 1] + "…"
