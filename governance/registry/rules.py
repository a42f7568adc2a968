"""The level at which a subject's versions must be compatible, and whether anything may be registered. Set by clients, and what
else they set with those.

A rule of the subject wins, then the level that the manifest of its newest version names, then the rule for all, then BACKWARD and
READWRITE. Owns that order. Never compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from governance.models import Contract, ContractVersion, RegistryRule, Subject, SubjectVersion
from governance.registry import faults
from governance.registry.reading import IS_LIVE, versions
from governance.registry.settings import ALL, Settings, both, changed, rules_of, settings_by
from orchestration.services.governed import hold, save

LEVELS = (
    "NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE",
)  # fmt: skip
OVERRIDE = "READONLY_OVERRIDE"
MODES = ("READWRITE", "READONLY", OVERRIDE, "IMPORT")
DEFAULT_LEVEL, DEFAULT_MODE = "BACKWARD", "READWRITE"


def level_set(scope: str) -> str:
    """What was set for the subject, or for all; empty where nothing was."""
    return RegistryRule.objects.filter(scope=scope).values_list("level", flat=True).first() or ""


def mode_set(scope: str) -> str:
    """Likewise."""
    return RegistryRule.objects.filter(scope=scope).values_list("mode", flat=True).first() or ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is in force for a subject, of one moment."""

    mode: str
    level: str
    settings: Settings

    @property
    def is_import(self) -> bool:
        """History that was lived elsewhere is brought: it is neither compared nor labelled nor rewritten."""
        return self.mode == "IMPORT"


def terms_of(subject: str) -> Terms:
    """All of them, read once."""
    own, everywhere = rules_of(subject)
    return Terms(_mode(own, everywhere), _level(own, everywhere), settings_by(both(own, everywhere)))


def level_of(subject: str) -> str:
    """The level in force."""
    return _level(*rules_of(subject))


def _level(own: RegistryRule, everywhere: RegistryRule) -> str:
    return own.level or _declared(own.scope) or everywhere.level or DEFAULT_LEVEL


def mode_of(subject: str) -> str:
    """The mode in force."""
    return _mode(*rules_of(subject))


def _mode(own: RegistryRule, everywhere: RegistryRule) -> str:
    """For all, READONLY_OVERRIDE is stronger than what a subject says."""
    return OVERRIDE if everywhere.mode == OVERRIDE else own.mode or everywhere.mode or DEFAULT_MODE


def level_kept(version: ContractVersion) -> str | None:
    """The level for what follows a version that a client registered and no workflow uses; None for one that a manifest brought.

    In mode IMPORT nothing is asked: it is history that was lived elsewhere.
    """
    subject = version.source.get("registry")
    if subject is None:
        return None
    terms = terms_of(subject)
    return "NONE" if terms.is_import else terms.level


@transaction.atomic
def configure(scope: str, level: str | None, settings: Mapping[str, Any], actor: Any) -> tuple[str, dict[str, Any]]:
    """Set level and settings; what is None is taken away, what is not told stays. All that is set then. Raises RegistryFault
    42203, 42205.
    """
    rule = _rule(scope)
    refuse_unwritable(scope)
    said = []
    if level is not None:
        rule.level = level.upper()
        if rule.level not in LEVELS:
            raise faults.invalid_level()
        said.append(f"compatibility {rule.level}")
    rule.settings = changed(rule.settings, settings)
    save(rule, actor=actor, reason=f"{', '.join([*said, *sorted(settings)])} by a client of the registry")
    return rule.level, rule.settings


@transaction.atomic
def clear_config(scope: str, actor: Any) -> tuple[str, dict[str, Any]]:
    """Level and settings are those for all again; what was set before. Raises RegistryFault 42205."""
    rule = _rule(scope)
    refuse_unwritable(scope)
    before = rule.level, rule.settings
    rule.level, rule.settings = "", {}
    save(rule, actor=actor, reason="configuration cleared by a client of the registry")
    return before


@transaction.atomic
def set_mode(scope: str, mode: str, actor: Any, *, force: bool = False) -> str:
    """Likewise. IMPORT wants that nothing is there yet, unless forced. Raises RegistryFault 42204, 42205."""
    mode = mode.upper()
    if mode and mode not in MODES:
        raise faults.invalid_mode(", ".join(MODES))
    rule = _rule(scope)
    if mode == "IMPORT" and rule.mode != "IMPORT" and not force:
        _refuse_import(scope)
    before, rule.mode = rule.mode, mode
    save(rule, actor=actor, reason=f"mode {mode or 'cleared'} by a client of the registry")
    return before


def clear_modes(actor: Any, prefix: str = "") -> None:
    """Of every subject, or of those whose names begin so."""
    for rule in RegistryRule.objects.exclude(scope=ALL).exclude(mode=""):
        if rule.scope.startswith(prefix):
            set_mode(rule.scope, "", actor)


def _refuse_import(scope: str) -> None:
    there = SubjectVersion.objects.filter(IS_LIVE) if scope == ALL else versions(scope)
    if there.exists():
        who = (
            "There are subjects that have schemas, so nothing"
            if scope == ALL
            else f"Subject {scope} has schemas, so it"
        )
        raise faults.not_permitted(f"{who} can't be imported to; delete them, or use force=true")


def forget(contract: Contract, actor: Any) -> None:
    """What was set for its subject goes with the last of the versions there."""
    rule = RegistryRule.objects.filter(scope__in=Subject.objects.filter(contract=contract).values("name")).first()
    if rule is not None and (rule.level or rule.mode or rule.settings) and not versions(rule.scope).exists():
        rule.level, rule.mode, rule.settings = "", "", {}
        save(rule, actor=actor, reason="the last version of the subject was deleted")


def refuse_unwritable(subject: str, mode: str | None = None) -> None:
    """Raises RegistryFault 42205 where the mode, if the caller knows it already this one, lets nothing be written."""
    if (mode or mode_of(subject)).startswith("READONLY"):
        raise faults.not_permitted(f"{f'Subject {subject}' if subject != ALL else 'The registry'} is in read-only mode")


def _rule(scope: str) -> RegistryRule:
    hold()
    return RegistryRule.objects.select_for_update().filter(scope=scope).first() or RegistryRule(scope=scope)


def _declared(subject: str) -> str:
    newest = ContractVersion.objects.filter(registered__subject__name=subject).order_by("-registered__number").first()
    return str(newest.canonical["spec"].get("compatibility") or "") if newest is not None else ""
