"""The JSON Schema of what a data contract describes: one property for each table, a list of its rows.

Every table is there, so that one that goes is missed. A property that is not `required` may be left out or null. Types and
options are the standard's (ODCS v3.1, "Schema"). Owns that reading. Never compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.contracts.odcs.reading import listed

#: Words of logicalTypeOptions that JSON Schema has too; of dates they are texts, and say nothing there.
OPTIONS = {
    "string": ("minLength", "maxLength", "pattern"),
    "integer": ("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
    "number": ("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "object": ("minProperties", "maxProperties"),
}
_TYPES = {"date": "string", "timestamp": "string", "time": "string"}
_SIGNED, _UNSIGNED = ("i8", "i16", "i32", "i64", "i128"), ("u8", "u16", "u32", "u64", "u128")


def dataset_schema(document: Mapping[str, Any]) -> dict[str, Any]:
    """Of a document that was checked."""
    tables = {str(table["name"]): {"type": "array", "items": _object(table)} for table in listed(document, "schema")}
    return {"type": "object", "properties": tables, "required": sorted(tables)}


def _object(owner: Mapping[str, Any]) -> dict[str, Any]:
    fields = listed(owner, "properties")
    required = {str(one["name"]) for one in fields if one.get("required") is True}
    options = owner.get("logicalTypeOptions")
    more = options.get("required") if isinstance(options, Mapping) else None
    required |= {str(one) for one in more} if isinstance(more, list) else set()
    found: dict[str, Any] = {"type": "object", "properties": {str(one["name"]): _property(one) for one in fields}}
    if required:
        found["required"] = sorted(required)
    return found


def _property(one: Mapping[str, Any]) -> Any:
    kind = one.get("logicalType")
    if kind is None:
        return True
    found = _object(one) if kind == "object" else {"type": _TYPES.get(kind, kind)}
    options = one.get("logicalTypeOptions")
    options = options if isinstance(options, Mapping) else {}
    found |= {word: options[word] for word in OPTIONS.get(kind, ()) if word in options}
    if kind in _TYPES and options.get("format"):
        found["description"] = str(options["format"])
    if kind == "integer":
        found |= _width(options.get("format"), found)
    if kind == "array" and isinstance(one.get("items"), Mapping):
        found["items"] = _property({**one["items"], "required": True})
    return found if one.get("required") is True else {"anyOf": [found, {"type": "null"}]}


def _width(format: Any, given: Mapping[str, Any]) -> dict[str, int]:
    """The range of an integer's format, where it says no narrower one. The standard's default says nothing: i32 is not meant."""
    if format in _SIGNED:
        bits = int(format[1:]) - 1
        low, high = -(2**bits), 2**bits - 1
    elif format in _UNSIGNED:
        low, high = 0, 2 ** int(format[1:]) - 1
    else:
        return {}
    return {word: bound for word, bound in (("minimum", low), ("maximum", high)) if word not in given}
