"""Names that a schema's metadata reserves: no field of its own may have them, and a later version gives none of them free.

The property and what it means are those of clients' data contracts. Owns that check. Never asked unless `validateFields` is set.
"""

from __future__ import annotations

from typing import Any

from governance.registry import faults
from governance.registry.settings import Metadata
from governance.registry.texts import Parsed

PROPERTY = "confluent:reserved"


def refuse_reserved(parsed: Parsed, before: Metadata | None) -> None:
    """Raises RegistryFault 42201. `before`: the metadata of the newest version, if there is one."""
    reserved = _reserved(parsed.submitted.metadata)
    for name in sorted(reserved & _fields(parsed.schema)):
        raise faults.invalid_schema(f"field {name} has a name that its metadata reserves ({PROPERTY}); choose another")
    for name in sorted(_reserved(before) - reserved):
        raise faults.invalid_schema(f"{PROPERTY} of the newest version reserves {name}, and this one does not; keep it")


def _reserved(metadata: Metadata | None) -> set[str]:
    told = ((metadata or {}).get("properties") or {}).get(PROPERTY) or ""
    return {name.strip() for name in told.split(",") if name.strip()}


def _fields(schema: Any) -> set[str]:
    """Of the schema itself, not of what lies in it."""
    if not isinstance(schema, dict):
        return set()
    listed, named = schema.get("fields"), schema.get("properties")
    found = [one.get("name") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {name for name in [*found, *(named if isinstance(named, dict) else ())] if isinstance(name, str)}
