"""A client registers a schema: it becomes the next version of the subject's contract, by the manifests' door and the gate.

Owns the order of questions: mode, the same schema, the level, the version that it takes, the gate. What breaks at the level is
refused; what can't be decided, and what a policy wants to see, waits at the gate. Never asks who may: callers bring that along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from governance.contracts.report import Bump, Verdict
from governance.models import Change, Contract, ContractVersion, RegisteredSchema, SubjectVersion
from governance.registry import faults, numbering, rules
from governance.registry.grouping import grouped
from governance.registry.judging import asked, bump, judge
from governance.registry.reading import (
    as_submitted,
    is_asked_for,
    is_live,
    refuse_dangling,
    refuse_referenced,
    same,
    same_whatever_metadata,
    versions,
)  # fmt: skip
from governance.registry.reading import parsed as read
from governance.registry.reserved import refuse_reserved
from governance.registry.settings import Settings, settings_of
from governance.registry.texts import Parsed, Submitted, fingerprint_of, refuse_unfit
from governance.selectors.contracts import live_ports
from governance.services.assessing import lowest
from orchestration.errors import Conflict, InvalidManifest
from orchestration.services.applying import Signature
from orchestration.services.governed import hold
from orchestration.services.manifests import Change as Planned
from orchestration.services.manifests import Document, apply
from orchestration.versions import newest

#: What YAML wants escaped in a text, beside what JSON does.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
BUMPS: tuple[Bump, ...] = ("none", "patch", "minor", "major")
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
    _compare_beforehand(subject, submitted)
    with transaction.atomic():
        hold()
        mode, settings = rules.refuse_unwritable(subject), settings_of(subject)
        if mode != "IMPORT" and wanted.id:
            raise faults.not_permitted(f"Subject {subject} is not in import mode")
        parsed = _read(subject, submitted, mode, settings)
        found = _registered(subject, mode, parsed, wanted)
        if found is not None:
            return found
        known = list(versions(subject))
        labelled = _labelled(parsed, known, settings) if mode != "IMPORT" else parsed
        if mode != "IMPORT":
            refuse_unsound(labelled, known[-1] if known else None, settings)
        verdict = _judged(subject, mode, labelled, grouped(known, settings, labelled.submitted.metadata), wanted)
        name = numbering.contract_name(subject)
        waiting = _waiting(name, parsed)
        if waiting is not None:
            return waiting
        if wanted.id:  # in mode IMPORT, by now
            _refuse_taken(subject, parsed, wanted.id, wanted.number)
        schema = numbering.stored(labelled, wanted.id)
        if not owner and not Contract.objects.filter(name=name).exists():
            raise faults.RegistryFault(
                403, f"{actor} maintains no team, and {subject} is new; an admin can grant the role"
            )
        number = _next(name, parsed, known, verdict)
        told = {"number": wanted.number} if mode == "IMPORT" and wanted.number else {}
        source = {"registry": subject, "schema": schema.pk, **told}
        manifest = _manifest(name, number, parsed, owner, known[-1].version if known else None)
        signature = Signature(actor, f"registered under {subject}", source)
        try:
            apply([Document(manifest, subject)], signature, authorise)
        except InvalidManifest as error:
            raise faults.invalid_schema(str(error.problems[0]) if error.problems else str(error)) from None
        except Conflict as error:
            raise faults.RegistryFault(409, str(error)) from None
        published = SubjectVersion.objects.filter(version__contract__name=name, version__version=number).first()
        return published or _held(name, number)


def _compare_beforehand(subject: str, submitted: Submitted) -> None:
    """What takes long is done before the lock of governed writes, for the others who wait at it. Its report is kept, so the same
    question in the lock costs nothing, and only where another was registered meanwhile it is another question. What is registered
    already, as what clients send at each start mostly is, is not compared at all.
    """
    mode, settings = rules.mode_of(subject), settings_of(subject)
    if mode == "IMPORT":
        return
    parsed = _read(subject, submitted, mode, settings)
    if same_whatever_metadata(subject, parsed) is None:
        known, level = list(versions(subject)), rules.level_of(subject)
        metadata = _labelled(parsed, known, settings).submitted.metadata
        judge(parsed, asked(grouped(known, settings, metadata), level), level)


def _read(subject: str, submitted: Submitted, mode: str, settings: Settings) -> Parsed:
    """Whoever sends metadata alone means the schema of the newest version. History is imported as it was."""
    newest = versions(subject).last() if submitted.metadata and not submitted.text.strip() else None
    sent = submitted if newest is None else replace(as_submitted(newest.schema), metadata=submitted.metadata)
    if sent.metadata is not None and mode != "IMPORT":
        sent = replace(sent, metadata=settings.labels(sent.metadata))
    return read(sent)


def _registered(subject: str, mode: str, parsed: Parsed, wanted: Wanted) -> SubjectVersion | None:
    """The version that it is already; what is imported has the id and number that it comes with, if it comes with them."""
    if mode != "IMPORT":
        return same_whatever_metadata(subject, parsed)
    return same(subject, parsed, id=wanted.id, number=wanted.number)


def _labelled(parsed: Parsed, known: list[SubjectVersion], settings: Settings) -> Parsed:
    """Whoever says nothing of metadata means that of the newest version, with what is set for all schemas of the subject."""
    newest = known[-1].schema.metadata if known else None
    metadata = settings.labels(newest)
    if parsed.submitted.metadata is not None or not metadata:
        return parsed
    sent = replace(parsed.submitted, metadata=metadata)
    return replace(
        parsed, submitted=sent, fingerprint=fingerprint_of(sent.kind, parsed.text, sent.references, metadata)
    )


def _judged(subject: str, mode: str, parsed: Parsed, known: list[SubjectVersion], wanted: Wanted) -> Verdict:
    """Safe or undecided; what is imported is not judged. Raises RegistryFault 42201, 42205 and 409."""
    if mode == "IMPORT":
        if not wanted.id:
            raise faults.not_permitted(f"Subject {subject} is in import mode, in which a schema comes with its id")
        return "safe"
    _refuse_unexpected(subject, wanted)
    refuse_dangling(parsed.submitted)
    level = rules.level_of(subject)
    answer = judge(parsed, asked(known, level), level)
    if answer.verdict == "breaking":
        raise faults.incompatible(subject, answer.reasons, answer.asked)
    return answer.verdict


def refuse_unsound(parsed: Parsed, newest: SubjectVersion | None, settings: Settings) -> None:
    """Raises RegistryFault 42201 for what the client or the subject's settings want to be told of."""
    refuse_unfit(parsed, always=settings.sound)
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


def _waiting(name: str, parsed: Parsed) -> Held | None:
    """The same schema, where it was registered before and the gate holds it or refused it: asking again changes nothing."""
    at_gate = (ContractVersion.State.PROPOSED, ContractVersion.State.REJECTED)
    rows = ContractVersion.objects.filter(contract__name=name, state__in=at_gate).order_by("-pk")
    schemas = RegisteredSchema.objects.in_bulk({one.source["schema"] for one in rows if one.source.get("schema")})
    same_ones = {number for number, schema in schemas.items() if is_asked_for(parsed, schema)}
    held = (_held(name, one.version) for one in rows if one.source.get("schema") in same_ones)
    return next((one for one in held if one.state not in ("expired", "withdrawn")), None)  # those may be asked anew


def _held(name: str, number: str) -> Held:
    change = Change.objects.filter(kind="contract.publish", name=name, number=number).order_by("-pk").first()
    assert change is not None, f"{name}@{number} was neither published nor held"
    return Held(change.pk, change.state)


def _next(name: str, parsed: Parsed, known: list[SubjectVersion], verdict: Verdict) -> str:
    """The version of the contract that comes next, as much above all that there are as it changes: what clients have as the
    newest, and what is the highest, where the two are not one.
    """
    highest = newest(ContractVersion.objects.filter(contract__name=name).values_list("version", flat=True))
    if highest is None:
        return "1.0.0"
    if verdict != "safe":
        return lowest(highest, "major")
    before = {known[-1], max(known, key=lambda one: one.version.precedence)} if known else set()
    declares = any(one.version.canonical["spec"].get("compatibility") for one in before)
    level = "FULL" if declares or live_ports(name).exists() else "BACKWARD"  # as much as the gate may want
    by = max((bump(parsed, one, level) for one in before), key=BUMPS.index, default="patch")
    return lowest(highest, "patch" if by == "none" else by)


def _manifest(name: str, number: str, parsed: Parsed, owner: str, before: ContractVersion | None) -> str:
    """As a file would say it. What the version before says of policy and level is kept: a client asks for no other."""
    contract = Contract.objects.select_related("owner").filter(name=name).first()
    kept = before.canonical["spec"] if before is not None else {"policy": "strict"}
    metadata = {"name": name, "version": number, "owner": contract.owner.name if contract is not None else owner}
    if contract is not None and contract.description:
        metadata["description"] = contract.description
    spec = {key: kept[key] for key in ("policy", "compatibility") if kept.get(key) is not None}
    spec |= {"format": parsed.format, "schema": parsed.schema}
    whole = {"apiVersion": "plumbline/v1", "kind": "Contract", "metadata": metadata, "spec": spec}
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(whole, ensure_ascii=False))
