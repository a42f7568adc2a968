"""A client registers a schema: it becomes the next version of the subject's contract, by the manifests' door and the gate.

Owns the order of questions: mode, the same schema, the level, the version that it takes, the gate. What breaks at the level is
refused; what can't be decided, and what a policy wants to see, waits at the gate. Never asks who may: callers bring that along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from governance.contracts.report import Verdict
from governance.models import Change, Contract, ContractVersion, RegisteredSchema, SubjectVersion
from governance.registry import faults, numbering, rules
from governance.registry.as_contract import manifest_of, next_version
from governance.registry.finding import completed, forms, is_asked_for, registered, same, variants
from governance.registry.grouping import grouped, labelled
from governance.registry.judging import Answer, asked, judge
from governance.registry.reading import is_live, versions
from governance.registry.references import parsed as read_whole
from governance.registry.references import refuse_circle, refuse_dangling, refuse_referenced
from governance.registry.reserved import refuse_reserved
from governance.registry.rules import Terms
from governance.registry.settings import Settings
from governance.registry.texts import Parsed, Submitted, refuse_unfit
from orchestration.errors import Conflict, InvalidManifest
from orchestration.services.applying import Signature
from orchestration.services.governed import hold
from orchestration.services.manifests import Change as Planned
from orchestration.services.manifests import Document, apply

Authorise = Callable[[list[Planned]], None]


@dataclass(frozen=True, slots=True)
class Held:
    """It waits, or was refused, at the gate."""

    change: int
    state: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """In mode IMPORT, the id that it has elsewhere, and the number if not the next one. In others the number alone: the one that
    is expected next, so that of two who register at once the second is refused.
    """

    id: int | None = None
    number: int | None = None


def register(
    subject: str, submitted: Submitted, *, actor: Any, owner: str, authorise: Authorise, wanted: Wanted | None = None
) -> SubjectVersion | Held:
    """The version that it is or becomes. `owner`: the team of a contract that is new.

    Raises RegistryFault 42201, 42205 and 409.
    """
    wanted = wanted or Wanted()
    found = _beforehand(subject, submitted, wanted)
    if found is not None:
        return found
    with transaction.atomic():
        hold()
        terms, read, found = _standing(subject, submitted, wanted)
        if found is not None:
            return found
        known = list(versions(subject))
        parsed = _labelled(read[-1], known, terms)
        verdict = _judged(subject, terms, parsed, known, wanted)
        name = numbering.contract_name(subject)
        others = [] if terms.is_import else list(variants(subject, read, terms.settings))
        waiting = _waiting(name, [*others, parsed], terms)
        if waiting is not None:
            return waiting
        if wanted.id:  # in mode IMPORT, by now
            refuse_circle(parsed.submitted, subject, wanted.number)
            _refuse_taken(subject, parsed, wanted.id, wanted.number)
        schema = numbering.stored(parsed, wanted.id)
        if not owner and not Contract.objects.filter(name=name).exists():
            raise faults.RegistryFault(
                403, f"{actor} maintains no team, and {subject} is new; an admin can grant the role"
            )
        number = next_version(name, parsed, known, verdict, terms)
        told = {"number": wanted.number} if terms.is_import and wanted.number else {}
        source = {"registry": subject, "schema": schema.pk, **told}
        manifest = manifest_of(name, number, parsed, owner, known[-1].version if known else None)
        signature = Signature(actor, f"registered under {subject}", source)
        try:
            apply([Document(manifest, subject)], signature, authorise)
        except InvalidManifest as error:
            raise faults.invalid_schema(str(error.problems[0]) if error.problems else str(error)) from None
        except Conflict as error:
            raise faults.RegistryFault(409, str(error)) from None
        published = SubjectVersion.objects.filter(version__contract__name=name, version__version=number).first()
        return published or _held(name, number)


def _beforehand(subject: str, submitted: Submitted, wanted: Wanted) -> SubjectVersion | None:
    """What takes long is done before the lock of governed writes, for the others who wait at it. Its report is kept, so the same
    question in the lock costs nothing, and only where another was registered meanwhile it is another question. What is registered
    already, as what clients send at each start mostly is, is neither compared nor waits for the lock.
    """
    terms, read, found = _standing(subject, submitted, wanted)
    if found is None and not terms.is_import:
        known = list(versions(subject))
        parsed = _labelled(read[-1], known, terms)
        refuse_unsound(parsed, known[-1] if known else None, terms.settings)
        _answer(parsed, known, terms)
    return found


def _standing(subject: str, submitted: Submitted, wanted: Wanted) -> tuple[Terms, list[Parsed], SubjectVersion | None]:
    """What is in force, what was sent, and the version that it is already. Raises RegistryFault 42201, 42205."""
    terms = rules.terms_of(subject)
    rules.refuse_unwritable(subject, terms.mode)
    if not terms.is_import and wanted.id:
        raise faults.not_permitted(f"Subject {subject} is not in import mode")
    read = _read(subject, submitted, terms)
    return terms, read, _registered(subject, terms, read, wanted)


def _read(subject: str, submitted: Submitted, terms: Terms) -> list[Parsed]:
    """As it was sent, and as it is registered, which is the last. History is imported as it was."""
    sent = completed(subject, submitted)
    return [read_whole(sent, is_history=True)] if terms.is_import else forms(sent, terms.settings)


def _registered(subject: str, terms: Terms, read: list[Parsed], wanted: Wanted) -> SubjectVersion | None:
    """The version that it is already; what is imported has the id and number that it comes with, if it comes with them."""
    if terms.is_import:
        return same(subject, read[-1], id=wanted.id, number=wanted.number)
    return registered(subject, read, terms.settings)


def _labelled(parsed: Parsed, known: list[SubjectVersion], terms: Terms) -> Parsed:
    return parsed if terms.is_import else labelled(parsed, terms.settings, known[-1] if known else None)


def _judged(subject: str, terms: Terms, parsed: Parsed, known: list[SubjectVersion], wanted: Wanted) -> Verdict:
    """Safe or undecided; what is imported is not judged. Raises RegistryFault 42201, 42205 and 409."""
    if terms.is_import:
        if not wanted.id:
            raise faults.not_permitted(f"Subject {subject} is in import mode, in which a schema comes with its id")
        return "safe"
    refuse_unsound(parsed, known[-1] if known else None, terms.settings)
    _refuse_unexpected(subject, wanted)
    refuse_dangling(parsed.submitted)
    answer = _answer(parsed, known, terms)
    if answer.verdict == "breaking":
        raise faults.incompatible(subject, answer.reasons, answer.asked)
    return answer.verdict


def _answer(parsed: Parsed, known: list[SubjectVersion], terms: Terms) -> Answer:
    """About those that it is compared with: of its group, and what the level is about."""
    return judge(parsed, asked(grouped(known, terms.settings, parsed.submitted.metadata), terms.level), terms.level)


def refuse_unsound(parsed: Parsed, newest: SubjectVersion | None, settings: Settings) -> None:
    """Raises RegistryFault 42201 for what the client or the subject's settings want to be told of."""
    is_wanted = settings.sound or parsed.submitted.normalize
    refuse_unfit(parsed, defaults=is_wanted, names=settings.names)
    if settings.reserved:
        refuse_reserved(parsed, newest.schema.metadata if newest is not None else None)


def _refuse_taken(subject: str, parsed: Parsed, id: int, number: int | None) -> None:
    """What is imported takes the place of what was deleted softly under its number, where it becomes active. Raises RegistryFault
    42205, 42206.
    """
    there = versions(subject, deleted=True).filter(number=number).first() if number is not None else None
    if there is not None and is_live(there):
        raise faults.not_permitted(f"Version {number} of subject {subject} is another schema")
    taken = RegisteredSchema.objects.filter(pk=id).first()
    if taken is not None and taken.fingerprint != parsed.fingerprint:
        raise faults.not_permitted(f"Overwrite new schema with id {id} is not permitted.")
    if there is not None and there.schema.fingerprint != parsed.fingerprint:
        refuse_referenced(subject, [there.number])


def _refuse_unexpected(subject: str, wanted: Wanted) -> None:
    newest = versions(subject, deleted=True).last()
    next_one = newest.number + 1 if newest is not None else 1
    if wanted.number not in (None, next_one):
        raise faults.invalid_schema(f"its version is {wanted.number}, and the next one of {subject} is {next_one}")


def _waiting(name: str, tried: list[Parsed], terms: Terms) -> Held | None:
    """The same schema of the same group, where it was registered before and the gate holds it or refused it: asking again changes
    nothing. `tried`: what it may be there as, and last as what it would be registered.
    """
    at_gate = (ContractVersion.State.PROPOSED, ContractVersion.State.REJECTED)
    rows = ContractVersion.objects.filter(contract__name=name, state__in=at_gate).order_by("-pk")
    schemas = RegisteredSchema.objects.in_bulk({one.source["schema"] for one in rows if one.source.get("schema")})
    group = terms.settings.group_of(tried[-1].submitted.metadata)
    same_ones = {
        number
        for number, schema in schemas.items()
        if terms.settings.group_of(schema.metadata) == group and any(is_asked_for(one, schema) for one in tried)
    }
    held = (_held(name, one.version) for one in rows if one.source.get("schema") in same_ones)
    return next((one for one in held if one.state not in ("expired", "withdrawn")), None)  # those may be asked anew


def _held(name: str, number: str) -> Held:
    change = Change.objects.filter(kind="contract.publish", name=name, number=number).order_by("-pk").first()
    assert change is not None, f"{name}@{number} was neither published nor held"
    return Held(change.pk, change.state)
