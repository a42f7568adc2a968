"""What clients have registered with a schema, as a contract's page shows it: properties, tags, and the rules that they run.

Owns those words. Never shows what is marked as sensitive, nor a rule's parameters, which may hold secrets. Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from governance.models import RegisteredSchema

_LISTS = {"domainRules": "in a message", "encodingRules": "around a message", "migrationRules": "between versions"}
_MODES = {
    "READ": "read", "WRITE": "written", "WRITEREAD": "written and read", "UPGRADE": "to a newer one",
    "DOWNGRADE": "to an older one", "UPDOWN": "to a newer or older one",
}  # fmt: skip
HIDDEN = "hidden, for it is marked as sensitive"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule: its name, type and kind, where and when it is run, what it is about, and in words of its author what it does."""

    name: str
    type: str
    kind: str
    when: str
    about: str
    told: str
    is_off: bool


@dataclass(frozen=True, slots=True)
class Labels:
    """Of one version."""

    properties: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    rules: tuple[RuleRow, ...]


def shown(schema: RegisteredSchema | None) -> Labels | None:
    """None where nothing came with it."""
    if schema is None or not (schema.metadata or schema.rules):
        return None
    metadata = schema.metadata or {}
    sensitive = set(metadata.get("sensitive", []))
    properties = [
        (name, HIDDEN if name in sensitive else str(value or ""))
        for name, value in metadata.get("properties", {}).items()
    ]
    tags = [(path, ", ".join(names)) for path, names in metadata.get("tags", {}).items()]
    rules = [_row(rule, where) for name, where in _LISTS.items() for rule in (schema.rules or {}).get(name, [])]
    return Labels(tuple(sorted(properties)), tuple(sorted(tags)), tuple(rules))


def _row(rule: dict[str, Any], where: str) -> RuleRow:
    return RuleRow(
        rule["name"], rule["type"], rule.get("kind", "").lower(), f"{where}, {_MODES[rule['mode']]}",
        ", ".join(rule.get("tags", [])), rule.get("doc") or rule.get("expr") or "", bool(rule.get("disabled")),
    )  # fmt: skip
