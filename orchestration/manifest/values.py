"""JSON values as expressions see them: what they are called, how large they are, and the error when one doesn't fit.

Owns the words for types, the size bound and ExpressionError. Never quotes a value in an error: it may be secret.
"""

from collections.abc import Mapping
from typing import Any

JSON = Any
"""A JSON value. Python can't check a recursive alias cheaply, so the name says what the type checker can't."""

MAX_TEXT = 1024 * 1024
"""Longest text, in characters, that an expression may make."""

MAX_RESULT = 4 * 1024 * 1024
"""Largest value, as JSON and roughly in characters, that a template may make: the engine's payload limit."""

_SHOWN_FIELDS = 10
_SHOWN_CHARACTERS = 40


class ExpressionError(ValueError):
    """An expression that can't be read, or can't be evaluated over these values."""

    def __init__(self, message: str, offset: int = 0, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.path = path


class MissingField(ExpressionError):
    """A field that isn't there: what `default` and `is defined` tolerate, and nothing else does."""


def described(value: JSON) -> str:
    """Name the type of a value for an error, never the value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for types, word in (
        ((int, float), "a number"),
        (str, "text"),
        ((list, tuple), "a list"),
        (Mapping, "a mapping"),
    ):
        if isinstance(value, types):
            return word
    return "not a JSON value"


def is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def fields_of(value: Mapping[str, JSON]) -> str:
    """Say which fields there are, shortened: payloads may have thousands and long ones."""
    names = [str(name) for name in list(value)[: _SHOWN_FIELDS + 1]]
    shown = [name if len(name) <= _SHOWN_CHARACTERS else name[:_SHOWN_CHARACTERS] + "…" for name in names]
    if len(shown) > _SHOWN_FIELDS:
        shown[-1] = "…"
    return f"has: {', '.join(shown)}" if shown else "it is empty"


def measure(value: JSON, limit: int) -> int:
    """Roughly the length of a value as JSON; stops soon after `limit`, so the cost never exceeds the bound."""
    size = 0
    pending = [value]
    while pending and size <= limit:
        item = pending.pop()
        if isinstance(item, str):
            size += len(item) + 2
        elif item is None or isinstance(item, (int, float)):
            size += 4  # told first: every payload of every step comes by, and most of what is in them is plain
        elif isinstance(item, (dict, Mapping)):
            size += 2 + 4 * len(item) + sum(map(len, item))
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)):
            size += 2 + len(item)
            pending.extend(item)
        else:
            size += 4
    return size


def check_text(value: str) -> None:
    """Refuse text that no database or UTF-8 writer takes, made by an escape inside a literal."""
    for character in value:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise ExpressionError(f"the character U+{ord(character):04X} isn't allowed in text")
