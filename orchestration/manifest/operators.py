"""What operators and filters of the expression language do to JSON values, with every operand's type checked.

Owns the meaning of `+`, `==`, `default` and the others. Never calls what a manifest names, never touches an attribute.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from .values import JSON, MAX_TEXT, ExpressionError, MissingField, described, is_number, measure

_LARGEST_INTEGER = 2**63
_LARGEST_PRECISION = 15


def text_of(value: JSON) -> str:
    """Render a scalar into text as JSON writes it; null is refused, since '/orders/null' is never what was meant."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return json.dumps(value)
    if value is None:
        raise ExpressionError("null can't be put into text; give a value for it with | default('…')")
    raise ExpressionError(f"{described(value)} can't be put into text; pick one of its fields, or use | tojson")


def bounded_text(parts: list[str], separator: str = "") -> str:
    """Join texts, refusing a result over the bound before it takes memory."""
    if sum(map(len, parts)) + len(separator) * len(parts) > MAX_TEXT:
        raise ExpressionError(f"the text would be longer than {MAX_TEXT} characters")
    return separator.join(parts)


def arithmetic(sign: str, operation: Callable[[Any, Any], Any]) -> Callable[[JSON, JSON], JSON]:
    """Make a checked operator out of Python's."""

    def apply(left: JSON, right: JSON) -> JSON:
        for operand in (left, right):
            if not is_number(operand):
                hint = "; join text with '~'" if sign == "+" and isinstance(operand, str) else ""
                raise ExpressionError(f"'{sign}' works on numbers; got {described(operand)}{hint}")
        try:
            return bounded_number(operation(left, right))
        except ZeroDivisionError:
            raise ExpressionError(f"division by zero in '{sign}'") from None
        except OverflowError:
            raise ExpressionError(f"the result of '{sign}' is too large") from None

    return apply


def bounded_number(value: JSON) -> JSON:
    """Refuse what JSON or a 64-bit reader can't hold."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError("the number is too large")
    if isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        raise ExpressionError("the number does not fit into 64 bits")
    return value


def negative(value: JSON) -> JSON:
    if not is_number(value):
        raise ExpressionError(f"'-' works on numbers; got {described(value)}")
    return bounded_number(-value)


def equal(left: JSON, right: JSON) -> bool:
    """JSON equality: 1 equals 1.0, but never true."""
    if left is right:
        return True
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return len(left) == len(right) and all(key in right and equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return bool(left == right)


def ordered(sign: str, operation: Callable[[Any, Any], Any]) -> Callable[[JSON, JSON], bool]:
    """Make a checked comparison: two numbers or two texts."""

    def apply(left: JSON, right: JSON) -> bool:
        both_numbers = is_number(left) and is_number(right)
        if not both_numbers and not (isinstance(left, str) and isinstance(right, str)):
            raise ExpressionError(
                f"'{sign}' compares two numbers or two texts; got {described(left)} and {described(right)}"
            )
        return bool(operation(left, right))

    return apply


def contains(item: JSON, container: JSON) -> bool:
    """`item in container`."""
    if isinstance(container, list):
        return any(equal(item, member) for member in container)
    if isinstance(container, Mapping | str) and isinstance(item, str):
        return item in container
    raise ExpressionError(
        f"'in' looks for {described(item)} in {described(container)}; it wants a list, or text in text"
    )


def _length(value: JSON) -> JSON:
    if isinstance(value, str | list | Mapping):
        return len(value)
    raise ExpressionError(f"'length' works on text, lists and mappings; got {described(value)}")


def _end(name: str, index: int) -> Callable[[JSON], JSON]:
    def pick(value: JSON) -> JSON:
        if not isinstance(value, list):
            raise ExpressionError(f"'{name}' works on lists; got {described(value)}")
        if not value:
            raise MissingField(f"'{name}' of an empty list")
        return value[index]

    return pick


def _join(value: JSON, separator: JSON = "") -> JSON:
    if not isinstance(value, list) or not isinstance(separator, str):
        raise ExpressionError(f"'join' works on a list and a text; got {described(value)} and {described(separator)}")
    return bounded_text([text_of(item) for item in value], separator)


def _cased(name: str, change: Callable[[str], str]) -> Callable[[JSON], JSON]:
    def apply(value: JSON) -> JSON:
        if not isinstance(value, str):
            raise ExpressionError(f"'{name}' works on text; got {described(value)}")
        return change(value)

    return apply


def _round(value: JSON, precision: JSON = 0) -> JSON:
    """Round half to even. Without a precision the result is a whole number."""
    if not is_number(value):
        raise ExpressionError(f"'round' works on numbers; got {described(value)}")
    if not isinstance(precision, int) or isinstance(precision, bool) or not 0 <= precision <= _LARGEST_PRECISION:
        raise ExpressionError(f"'round' takes a precision from 0 to {_LARGEST_PRECISION}")
    return bounded_number(round(value, precision) if precision else round(value))


def _tojson(value: JSON) -> JSON:
    if measure(value, MAX_TEXT) > MAX_TEXT:
        raise ExpressionError(f"the text would be longer than {MAX_TEXT} characters")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


FILTERS: dict[str, tuple[Callable[..., JSON], int]] = {
    "length": (_length, 0),
    "first": (_end("first", 0), 0),
    "last": (_end("last", -1), 0),
    "join": (_join, 1),
    "lower": (_cased("lower", str.lower), 0),
    "upper": (_cased("upper", str.upper), 0),
    "round": (_round, 1),
    "tojson": (_tojson, 0),
}
"""Filters by name, each with how many arguments it takes at most. `default` is grammar: it tolerates missing fields."""
