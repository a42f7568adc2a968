"""How a schema in Avro is written, where it may be written in several ways that mean the same.

Owns those forms. Takes any JSON: what is no schema stays as it is, for whoever reads it says so.
"""

from __future__ import annotations

from typing import Any

#: In the order in which Avro's first implementation writes them; what else there is follows (Schema.toString).
_OF_TYPE = ("type", "name", "namespace", "doc", "fields", "symbols", "items", "values", "size", "default")
_OF_FIELD = ("name", "type", "doc", "default", "order", "aliases")


def unwrapped(schema: Any) -> Any:
    """With `{"type": X}`, which says nothing but X, written as X; the library reads only some of those."""
    if isinstance(schema, list):
        return [unwrapped(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if set(schema) == {"type"}:
        return unwrapped(schema["type"])
    found = {key: unwrapped(one) if key in ("items", "values") else one for key, one in schema.items()}
    if isinstance(found.get("type"), list | dict):
        found["type"] = unwrapped(found["type"])
    if isinstance(fields := found.get("fields"), list):
        found["fields"] = [
            {**one, "type": unwrapped(one.get("type"))} if isinstance(one, dict) else one for one in fields
        ]
    return found


def ordered(schema: Any, *, sort: bool = False) -> Any:
    """With the words of types and fields in the order in which they are written everywhere; those that are not Avro's own stay as
    they stand, or come by name.
    """
    if isinstance(schema, list):
        return [ordered(one, sort=sort) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = _in_order(schema, _OF_TYPE, ("type", "items", "values"), sort)
    if isinstance(fields := found.get("fields"), list):
        found["fields"] = [
            _in_order(one, _OF_FIELD, ("type",), sort) if isinstance(one, dict) else one for one in fields
        ]
    if "aliases" in found:
        found["aliases"] = found.pop("aliases")
    return found


def _in_order(value: dict[str, Any], first: tuple[str, ...], parts: tuple[str, ...], sort: bool) -> dict[str, Any]:
    words = sorted(value) if sort else list(value)
    words.sort(key=lambda word: first.index(word) if word in first else len(first))
    return {word: ordered(value[word], sort=sort) if word in parts else value[word] for word in words}
