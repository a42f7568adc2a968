"""A contract version as an ODCS document: one that came as such as it came, others made from their JSON Schema.

Owns the mapping outwards. What JSON Schema says beyond the standard's types goes along whole, as a custom property, so nothing is
lost. Never reads the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.contracts.odcs.reading import WRITTEN, listed
from governance.contracts.odcs.rows import OPTIONS

JSON_SCHEMA_PROPERTY = "plumblineJsonSchema"
_TEXTS = {"date": "date", "date-time": "timestamp", "time": "time"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the portal knows of a version. `sunset`: an ISO date, or empty."""

    name: str
    version: str
    state: str
    owner: str
    description: str
    sunset: str = ""


def with_facts(document: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """An imported document with what the portal knows better: its state, and its end where it has one."""
    found = dict(document) | {"version": facts.version, "status": facts.state}
    if facts.sunset:
        others = [one for one in listed(document, "slaProperties") if one.get("property") != "endOfSupport"]
        found["slaProperties"] = [*others, {"property": "endOfSupport", "value": facts.sunset}]
    return found


def document_of(schema: Any, format: str, facts: Facts) -> dict[str, Any]:
    """A new document for a contract in another format."""
    kept = JSON_SCHEMA_PROPERTY if format == "jsonschema" else "plumblineSchema"
    found: dict[str, Any] = {
        "apiVersion": WRITTEN, "kind": "DataContract", "id": facts.name, "name": facts.name, "version": facts.version,
        "status": facts.state, "team": {"name": facts.owner},
        "customProperties": [{"property": kept, "value": schema}],
    }  # fmt: skip
    if facts.description:
        found["description"] = {"purpose": facts.description}
    if format == "jsonschema" and isinstance(schema, Mapping) and isinstance(schema.get("properties"), Mapping):
        found["schema"] = [{"name": facts.name, "logicalType": "object", **_fields(schema)}]
    return with_facts(found, facts)


def _fields(schema: Mapping[str, Any]) -> dict[str, Any]:
    required = schema.get("required")
    names = set(required) if isinstance(required, list) else set()
    properties = schema.get("properties")
    told = properties.items() if isinstance(properties, Mapping) else ()
    return {"properties": [{"name": name, **_property(one), "required": name in names} for name, one in told]}


def _property(schema: Any) -> dict[str, Any]:
    """What the standard can say of it. Without a single type it says none: the custom property has the whole."""
    if not isinstance(schema, Mapping):
        return {}
    found: dict[str, Any] = {}
    if isinstance(schema.get("description"), str):
        found["description"] = schema["description"]
    kind = schema.get("type")
    if kind not in ("string", "number", "integer", "boolean", "object", "array"):
        return found
    kind = _TEXTS.get(str(schema.get("format")), "string") if kind == "string" else str(kind)
    found["logicalType"] = kind
    options = {word: schema[word] for word in OPTIONS.get(kind, ()) if word in schema}
    if options:
        found["logicalTypeOptions"] = options
    if kind == "object" and isinstance(schema.get("properties"), Mapping):
        found |= _fields(schema)
    if kind == "array" and isinstance(schema.get("items"), Mapping):
        found["items"] = _property(schema["items"])
    return found
