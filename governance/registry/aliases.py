"""Names that stand for a subject, as clients set them.

Owns when one is followed: once, never where the name has versions of its own, and never while history is brought under it.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from governance.models import ContractVersion, RegistryRule, SubjectVersion
from governance.registry.reading import versions
from governance.registry.rules import mode_of
from governance.registry.settings import ALL, settings_set


def subject_behind(name: str) -> str:
    """The subject that a name is an alias of; itself, where it is none, where it has versions, which a manifest may have brought
    since, and in mode IMPORT: what is copied lands where it came from. An alias of an alias is not followed.
    """
    alias = settings_set(name).get("alias") if name else None
    if alias is None or hides(name) or mode_of(name) == "IMPORT":
        return name
    return str(alias)


def hides(name: str) -> bool:
    """Whether an alias of that name would hide versions; soft-deleted ones are read on."""
    return versions(name, deleted=True).exists()


def waits(name: str) -> bool:
    """Whether the first version of that name waits at the gate."""
    return ContractVersion.objects.filter(state=ContractVersion.State.PROPOSED, source__registry=name).exists()


def aliases() -> dict[str, list[str]]:
    """By subject, the names that stand for it now."""
    found: dict[str, list[str]] = {}
    own = SubjectVersion.objects.filter(subject__name=OuterRef("scope"))
    rules = RegistryRule.objects.exclude(scope=ALL).filter(~Exists(own), settings__has_key="alias").order_by("scope")
    for scope, settings in rules.values_list("scope", "settings"):
        found.setdefault(settings["alias"], []).append(scope)
    return found
