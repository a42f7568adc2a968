"""Rules that come with a schema: what clients check, encrypt, or turn into another version's shape in a message of it.

They run in the clients that know them, never here. Owns their shape, which is that of clients' data contracts, and how two sets
of them become one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from governance.registry.faults import invalid_schema

RuleSet = dict[str, Any]
#: The lists of a set, and the modes that a rule of each may have.
MODES = {
    "migrationRules": ("UPGRADE", "DOWNGRADE", "UPDOWN"), "domainRules": ("READ", "WRITE", "WRITEREAD"),
    "encodingRules": ("READ", "WRITE", "WRITEREAD"),
}  # fmt: skip
KINDS = ("CONDITION", "TRANSFORM")
_FIELDS: dict[str, type] = {
    "name": str, "doc": str, "kind": str, "mode": str, "type": str, "tags": list, "params": dict, "expr": str,
    "onSuccess": str, "onFailure": str, "disabled": bool,
}  # fmt: skip


def rule_set(given: Mapping[str, Any], what: str = "ruleSet") -> RuleSet:
    """Without what says nothing. Raises RegistryFault 42201, in which it is called `what`."""
    said = {name: value for name, value in given.items() if value not in (None, [], "")}
    if others := sorted(said.keys() - {*MODES, "enableAt"}):
        raise invalid_schema(f"{what}.{others[0][:40]} is not kept here; leave it out")
    if not isinstance(said.get("enableAt", ""), str):
        raise invalid_schema(f"{what}.enableAt is a text")
    for name in said.keys() & MODES.keys():
        rules = said[name]
        if not isinstance(rules, list):
            raise invalid_schema(f"{what}.{name} is a list of rules")
        said[name] = [_rule(one, f"{what}.{name}[{index}]", MODES[name]) for index, one in enumerate(rules)]
        names = Counter(one["name"] for one in said[name])
        if twice := next((one for one, count in names.items() if count > 1), None):
            raise invalid_schema(
                f"{what}.{name} has two rules that are called {twice[:60]}; call one of them otherwise"
            )
    return said


def _rule(given: Any, what: str, modes: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid_schema(f"{what} is no object")
    said = {name: value for name, value in given.items() if value is not None}
    for name, value in said.items():
        if name not in _FIELDS:
            raise invalid_schema(f"{what}.{name[:40]} is not kept here; leave it out")
        if not isinstance(value, _FIELDS[name]):
            raise invalid_schema(f"{what}.{name} has the wrong type")
    for name in ("name", "type"):
        if not said.get(name):
            raise invalid_schema(f"{what} has no {name}")
    if said.get("mode") not in modes:
        raise invalid_schema(f"{what}.mode is one of {', '.join(modes)}")
    if said.get("kind", KINDS[0]) not in KINDS:
        raise invalid_schema(f"{what}.kind is one of {', '.join(KINDS)}")
    if not all(isinstance(one, str) for one in said.get("tags", [])):
        raise invalid_schema(f"{what}.tags is a list of texts")
    if not all(isinstance(one, str) for one in said.get("params", {}).values()):
        raise invalid_schema(f"{what}.params is an object of texts")
    return said


def both_rules(below: RuleSet | None, above: RuleSet | None) -> RuleSet | None:
    """Both; of two rules of one name in one list it is that of `above`."""
    if below is None or above is None:
        return below if above is None else above
    found = {**below, **above}
    for name in MODES.keys() & found.keys():
        own = above.get(name, [])
        names = {one["name"] for one in own}
        found[name] = [*(one for one in below.get(name, []) if one["name"] not in names), *own]
    return found


def has_type(rules: RuleSet | None, type: str) -> bool:
    """Whether a rule of it is of this type."""
    return any(one["type"] == type for name in MODES for one in (rules or {}).get(name, []))
