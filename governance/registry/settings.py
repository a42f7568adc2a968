"""What clients set for a subject, or for all, beside level and mode: how schemas are written, labelled, grouped and found.

A setting of the subject's wins over that for all, each by itself. Owns their names and what metadata and rules they make. Never
compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.models import RegistryRule
from governance.registry.rule_sets import RuleSet, both_rules

Metadata = dict[str, Any]
#: The scope of the rule for all subjects.
ALL = ""
#: By the names that clients have for them, the type of each.
SETTINGS: dict[str, type] = {
    "alias": str, "normalize": bool, "validateFields": bool, "validateNames": bool, "validateNewSchemas": bool,
    "compatibilityGroup": str, "compatibilityPolicy": str, "defaultMetadata": dict, "overrideMetadata": dict,
    "defaultRuleSet": dict, "overrideRuleSet": dict,
}  # fmt: skip
#: The one policy for JSON Schema that there is here: all documents count, not only those that senders declare.
POLICIES = ("STRICT",)


@dataclass(frozen=True, slots=True)
class Settings:
    """`group`: a property of metadata; only versions with the same value of it are compared. Empty: all are. `sound`: a new
    schema that no reader could use whole is refused; `names`: one with a namespace that is none is. `reserved`: names of
    fields that metadata reserves are kept free.
    """

    normalize: bool = False
    sound: bool = False
    names: bool = False
    reserved: bool = False
    group: str = ""
    default: Metadata | None = None
    override: Metadata | None = None
    default_rules: RuleSet | None = None
    override_rules: RuleSet | None = None

    @property
    def has_labels(self) -> bool:
        """Whether metadata or rules are set for all schemas."""
        return any((self.default, self.override, self.default_rules, self.override_rules))

    def labels(self, metadata: Metadata | None) -> Metadata | None:
        """Metadata as it is registered."""
        return merged(merged(self.default, metadata), self.override)

    def ruled(self, rules: RuleSet | None) -> RuleSet | None:
        """Rules as they are registered."""
        return both_rules(both_rules(self.default_rules, rules), self.override_rules)

    def group_of(self, metadata: Metadata | None) -> str | None:
        """What a schema with this metadata is compared with: what has the same. None is a group of its own."""
        return ((metadata or {}).get("properties") or {}).get(self.group) if self.group else None


def settings_set(scope: str) -> dict[str, Any]:
    """What was set for the subject, or for all, by name."""
    return RegistryRule.objects.filter(scope=scope).values_list("settings", flat=True).first() or {}


def rules_of(subject: str) -> tuple[RegistryRule, RegistryRule]:
    """The subject's own and that for all; where nothing was set, one that says nothing."""
    found = {one.scope: one for one in RegistryRule.objects.filter(scope__in=(ALL, subject))}
    return found.get(subject, RegistryRule(scope=subject)), found.get(ALL, RegistryRule(scope=ALL))


def in_force(subject: str) -> dict[str, Any]:
    """By name."""
    own, everywhere = rules_of(subject)
    return both(own, everywhere)


def both(own: RegistryRule, everywhere: RegistryRule) -> dict[str, Any]:
    """What holds by these two. An alias is one subject's alone."""
    return {**{name: value for name, value in everywhere.settings.items() if name != "alias"}, **own.settings}


def settings_of(subject: str) -> Settings:
    """Those in force."""
    return settings_by(in_force(subject))


def settings_by(found: Mapping[str, Any]) -> Settings:
    """By the names that clients have for them."""
    sound = found.get("validateNewSchemas", False)
    return Settings(
        found.get("normalize", False), sound, found.get("validateNames", sound), found.get("validateFields", False),
        found.get("compatibilityGroup", ""), found.get("defaultMetadata"), found.get("overrideMetadata"),
        found.get("defaultRuleSet"), found.get("overrideRuleSet"),
    )  # fmt: skip


def changed(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is set once these are; None takes one away, and what is not told stays."""
    after = {**before, **{name: given[name] for name in SETTINGS if name in given}}
    return {name: value for name, value in after.items() if value is not None}


def merged(below: Metadata | None, above: Metadata | None) -> Metadata | None:
    """Both; what is said of one name in both is as `above` has it. What is sensitive in either is."""
    if below is None or above is None:
        return below if above is None else above
    found = {
        name: {**below.get(name, {}), **above.get(name, {})}
        for name in ("properties", "tags")
        if name in below or name in above
    }
    sensitive = list(dict.fromkeys([*below.get("sensitive", []), *above.get("sensitive", [])]))
    return found | ({"sensitive": sensitive} if sensitive else {})
