"""What a plain scalar means in the core schema of YAML 1.2: null, booleans, numbers, and text for all the rest.

Owns nothing else. Timestamps, `yes`/`no`, sexagesimal and other habits of YAML 1.1 are text here.
"""

import math
import re

from .values import JSON

_WORDS: dict[str, JSON] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS = 20
_LARGEST_INTEGER = 2**63


class NotJson(ValueError):
    """A scalar that YAML knows and JSON can't hold."""


def resolve(text: str) -> JSON:
    """The value of a plain scalar; raises NotJson."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
        digits = len(text.lstrip("+-0xo"))
        number = int(text, 10 if _INTEGER.fullmatch(text) else 0) if digits <= _MOST_DIGITS else _LARGEST_INTEGER
        if not -_LARGEST_INTEGER <= number < _LARGEST_INTEGER:
            raise NotJson("the number does not fit into 64 bits; quote it if it is an identifier")
        return number
    if _FLOAT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise NotJson("the number is too large; quote it if it is text")
        return value
    if _NOT_JSON.fullmatch(text):
        raise NotJson(f"'{text}' is no JSON number; quote it if it is text")
    return text
