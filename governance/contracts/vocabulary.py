"""The words of a schema: which drafts are read, draft-07 in the words of 2020-12, and the shape of each keyword's value.

Owns what a well-formed keyword is and the error that names its place. Never follows a reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from governance.contracts.values import TYPES, key_of

MAX_DEPTH, MAX_VALUES = 64, 10_000
#: Numbers beyond it are no numbers to every validator.
LARGEST = 1e300
LATEST, DRAFT_07 = "https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-07/schema"
READ_AS_07 = {DRAFT_07, *(f"http://json-schema.org/draft-{number}/schema" for number in ("06", "04"))}
_READ_AS_LATEST = {LATEST, "https://json-schema.org/draft/2019-09/schema"}

ONE = (
    "additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else", "unevaluatedProperties",
    "unevaluatedItems",
)  # fmt: skip
LIST = ("allOf", "anyOf", "oneOf", "prefixItems")
MAP = ("properties", "patternProperties", "dependentSchemas")
STORES = ("$defs", "definitions")
_COUNTS = (
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains",
)  # fmt: skip
_TYPES = TYPES | {"integer"}
_ALONE = {name: frozenset({name}) for name in _TYPES}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


class InvalidSchema(ValueError):
    """The schema can't be read; the message names the place and the remedy."""


def draft_of(schema: Any) -> str:
    named = schema.get("$schema") if isinstance(schema, dict) else None
    if named is None:
        return DRAFT_07 if isinstance(schema, dict) and _looks_old(schema) else LATEST
    named = str(named).rstrip("#")
    if named in READ_AS_07:
        return DRAFT_07
    if named in _READ_AS_LATEST:
        return LATEST
    raise InvalidSchema(f"/$schema: {named[:100]!r} is not read; use {LATEST}, or draft-07")


def _looks_old(schema: Any) -> bool:
    """Without `$schema`: words that only draft-07 has."""
    look: list[Any] = [schema]
    while look:
        raw = look.pop()
        if isinstance(raw, list):
            look += [one for one in raw if isinstance(one, (dict, list))]
            continue
        if isinstance(raw.get("items"), list) or isinstance(raw.get("dependencies"), dict):
            return True
        for name, value in raw.items():
            if isinstance(value, dict):
                if name in _NAMED:  # its keys are names, not words
                    look += [one for one in value.values() if isinstance(one, (dict, list))]
                elif name not in _VALUES:
                    look.append(value)
            elif isinstance(value, list) and name not in _VALUES:
                look.append(value)
    return False


_NAMED, _VALUES = frozenset({*MAP, *STORES}), frozenset({"enum", "const", "default", "examples"})


#: Where a word of 2020-12 stands in draft-07.
PLACES = {"prefixItems": "items", "dependentSchemas": "dependencies", "dependentRequired": "dependencies"}


def vocabulary(raw: dict[str, Any], draft: str) -> dict[str, Any]:
    """The asserting keywords, in the words of 2020-12."""
    said = {name: value for name, value in raw.items() if name in _KNOWN}
    if draft != DRAFT_07:
        return said
    for late in ("prefixItems", "dependentSchemas", "dependentRequired", "unevaluatedProperties", "unevaluatedItems",
                 "minContains", "maxContains", "$dynamicRef", "$recursiveRef"):  # fmt: skip
        said.pop(late, None)
    if isinstance(said.get("items"), list):
        said["prefixItems"] = said.pop("items")
        if "additionalItems" in raw:
            said["items"] = raw["additionalItems"]
    for name, needs in mapping(raw.get("dependencies", {}), "/dependencies").items():
        said.setdefault("dependentRequired" if isinstance(needs, list) else "dependentSchemas", {})[name] = needs
    return said


_KNOWN = frozenset(
    {*ONE, *LIST, *MAP, *_COUNTS, *_BOUNDS, "$ref", "$dynamicRef", "$recursiveRef", "type", "enum", "const",
     "pattern", "uniqueItems", "required", "dependentRequired"}
)  # fmt: skip


def checked(keyword: str, value: Any, place: str) -> Any:
    """A plain keyword's value, in the shape that comparisons work with. Raises InvalidSchema."""
    return _SHAPES.get(keyword, _text_or_flag)(keyword, value, place)


def _type(keyword: str, value: Any, place: str) -> frozenset[str]:
    if isinstance(value, str) and value in _TYPES:
        return _ALONE[value]
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(one, str) and one in _TYPES for one in names):
        raise InvalidSchema(f"{place}: {str(value)[:60]!r} is no type; there are {', '.join(sorted(_TYPES))}")
    return frozenset(names)


def _values(keyword: str, value: Any, place: str) -> tuple[Any, ...]:
    if keyword == "const":
        return (value,)
    if not isinstance(value, list):
        raise InvalidSchema(f"{place}: wants a list of values")
    if len(value) > MAX_VALUES:
        raise InvalidSchema(f"{place}: lists more than {MAX_VALUES:,} values; say by a pattern or a type what they are")
    return tuple({key_of(one): one for one in value}.values())


def _count(keyword: str, value: Any, place: str) -> int:
    finite = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST
    if not finite or value != int(value) or value < 0:
        raise InvalidSchema(f"{place}: wants a whole number, 0 or more; this is {str(value)[:40]}")
    return int(value)


def _bound(keyword: str, value: Any, place: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise InvalidSchema(f"{place}: wants a number; this is {str(value)[:40]}")
    if keyword == "multipleOf" and value <= 0:
        raise InvalidSchema(f"{place}: wants a number above 0; this is {value}")
    return value


def _needs(keyword: str, value: Any, place: str) -> dict[str, frozenset[str]]:
    return {name: frozenset(_names(one, place)) for name, one in mapping(value, place).items()}


def _text_or_flag(keyword: str, value: Any, place: str) -> Any:
    wanted = str if keyword == "pattern" else bool
    if not isinstance(value, wanted):
        raise InvalidSchema(f"{place}: wants {'a text' if wanted is str else 'true or false'}")
    if isinstance(value, str) and len(value) > MAX_VALUES:
        raise InvalidSchema(f"{place}: is longer than {MAX_VALUES:,} characters; say it shorter")
    return value


_SHAPES: dict[str, Callable[[str, Any, str], Any]] = {
    "type": _type, "enum": _values, "const": _values, "dependentRequired": _needs,
    "required": lambda keyword, value, place: frozenset(_names(value, place)),
    **dict.fromkeys(_COUNTS, _count), **dict.fromkeys(_BOUNDS, _bound),
}  # fmt: skip


def mapping(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidSchema(f"{place}: wants a mapping of names")
    return value


def _names(value: Any, place: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidSchema(f"{place}: wants a list of names")
    if len(value) > MAX_VALUES:
        raise InvalidSchema(f"{place}: lists more than {MAX_VALUES:,} names; split the schema")
    return value
