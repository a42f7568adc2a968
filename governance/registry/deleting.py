"""Soft and permanent deletion of what clients registered. Soft, the contract version is retired, through the gate like any other.

Owns the order of the two and their refusals. What is permanently deleted is gone for clients; the contract keeps its history.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from governance.gate.opening import WAITING, propose
from governance.gate.subjects import Object
from governance.models import Change, SubjectVersion
from governance.registry import faults, rules
from governance.registry.erasing import erase
from governance.registry.reading import IS_LIVE, LATEST, version_at, versions
from governance.registry.references import referrers_of, refuse_referenced
from governance.registry.registering import Held
from orchestration.errors import Conflict
from orchestration.services.applying import Signature
from orchestration.services.governed import hold

PERMANENTLY = "permanently, by a client of the registry"


def delete_version(subject: str, number: int, actor: Any, *, permanent: bool = False) -> int | Held:
    """The number that is deleted. Raises RegistryFault 40401, 40402, 40406, 40407, 42205, 42206."""
    with transaction.atomic():
        hold()
        rules.refuse_unwritable(subject)
        if not versions(subject, deleted=True).exists():
            raise faults.no_subject(subject)
        if number == LATEST:
            number = version_at(subject, LATEST).number
        found = versions(subject, deleted=True).filter(number=number).first()
        if found is None:
            raise faults.no_version(number)
        is_live = versions(subject).filter(pk=found.pk).exists()
        if permanent and is_live:
            raise faults.version_is_not_deleted(subject, number)
        if not permanent and not is_live:
            raise faults.version_is_deleted(subject, number)
        refuse_referenced(subject, [number])
        if permanent:
            return erase([found], actor, PERMANENTLY)[0]
        return _retire(found, actor) or number


def delete_subject(subject: str, actor: Any, *, permanent: bool = False) -> list[int] | Held:
    """The numbers that are deleted: all that are there, or all. Raises RegistryFault 40401, 40404, 40405, 42205, 42206."""
    with transaction.atomic():
        hold()
        rules.refuse_unwritable(subject)
        known = list(versions(subject, deleted=True))
        if not known:
            raise faults.no_subject(subject)
        live = list(versions(subject))
        if permanent and live:
            raise faults.subject_is_not_deleted(subject)
        if not permanent and not live:
            raise faults.subject_is_deleted(subject)
        refuse_referenced(subject, [one.number for one in (known if permanent else live)], but_in=subject)
        if permanent:
            return erase(known, actor, PERMANENTLY)
        return _retire_all(live, actor) or [one.number for one in live]


def _retire_all(live: list[SubjectVersion], actor: Any) -> Held | None:
    """Those first that no other refers to. What others refer to that the gate holds is left to be asked again."""
    held, left = None, list(reversed(live))
    while left:
        one = next((one for one in left if not referrers_of(one.version)), None)
        if one is None and held is not None:
            break
        one = one or left[0]  # which says who refers to it
        left.remove(one)
        held = _retire(one, actor) or held
    return held


def _retire(found: SubjectVersion, actor: Any) -> Held | None:
    """None when it is retired now. Raises RegistryFault 42206 while a workflow uses it."""
    version = found.version
    contract = version.contract
    asked = Change.objects.filter(kind="contract.retire", name=contract.name, number=version.version, state__in=WAITING)
    if (waits := asked.first()) is not None:  # to ask again would void what was agreed to meanwhile
        return Held(waits.pk, waits.state)
    thing = Object("contract.retire", contract.name, version.version, contract.owner, version, {})
    try:
        made: Change = propose(
            thing, Signature(actor, f"deleted from {found.subject.name} by a client of the registry")
        )
    except Conflict as error:
        raise faults.referenced(found.subject.name, found.number, str(error)) from None
    still = SubjectVersion.objects.filter(IS_LIVE, pk=found.pk).exists()
    return Held(made.pk, made.state) if still else None
