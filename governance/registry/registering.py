"""A client registers a schema: it becomes the next version of the subject's contract, by the manifests' door and the gate.

Owns the order of questions: mode, the same schema, the level, the version that it takes, the gate. What breaks at the level is
refused; what can't be decided, and what a policy wants to see, waits at the gate. Never asks who may: callers bring that along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from governance.contracts.report import Bump, Verdict
from governance.models import Change, Contract, ContractVersion, RegisteredSchema, SubjectVersion
from governance.registry import faults, numbering, rules
from governance.registry.judging import asked, bump, judge
from governance.registry.reading import parsed as read
from governance.registry.reading import same, versions
from governance.registry.texts import Parsed, Submitted
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
    """In mode IMPORT: the id and the number that it has elsewhere."""

    id: int | None = None
    number: int | None = None


def register(
    subject: str, submitted: Submitted, *, actor: Any, owner: str, authorise: Authorise, wanted: Wanted | None = None
) -> SubjectVersion | Held:
    """The version that it is or becomes. `owner`: the team of a contract that is new.

    Raises RegistryFault 42201, 42205 and 409.
    """
    wanted = wanted or Wanted()
    with transaction.atomic():
        hold()
        mode = rules.refuse_unwritable(subject)
        if mode != "IMPORT" and (wanted.id or wanted.number):
            raise faults.not_permitted(f"Subject {subject} is not in import mode")
        parsed = read(submitted)
        found = same(subject, parsed.fingerprint, wanted.number)
        if found is not None and wanted.id in (None, found.schema_id):
            return found
        known = list(versions(subject))
        if mode == "IMPORT" and not (wanted.id and wanted.number):
            raise faults.not_permitted(
                f"Subject {subject} is in import mode, in which a schema comes with its id and version"
            )
        verdict: Verdict = "safe" if mode == "IMPORT" else _refuse_incompatible(subject, parsed, known)
        name = numbering.contract_name(subject)
        waiting = _waiting(name, parsed)
        if waiting is not None:
            return waiting
        _refuse_taken(subject, parsed, wanted)
        schema = numbering.stored(parsed, wanted.id)
        if not owner and not Contract.objects.filter(name=name).exists():
            raise faults.RegistryFault(
                403, f"{actor} maintains no team, and {subject} is new; an admin can grant the role"
            )
        number = _next(name, parsed, known, verdict)
        source = {"registry": subject, "schema": schema.pk, **({"number": wanted.number} if wanted.number else {})}
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


def _refuse_incompatible(subject: str, parsed: Parsed, known: list[SubjectVersion]) -> Verdict:
    """Safe or undecided."""
    level = rules.level_of(subject)
    answer = judge(parsed, asked(known, level), level)
    if answer.verdict == "breaking":
        raise faults.incompatible(subject, list(answer.reasons))
    return answer.verdict


def _waiting(name: str, parsed: Parsed) -> Held | None:
    """The same schema, where it was registered before and the gate holds it or refused it: asking again changes nothing."""
    at_gate = (ContractVersion.State.PROPOSED, ContractVersion.State.REJECTED)
    ids = set(RegisteredSchema.objects.filter(fingerprint=parsed.fingerprint).values_list("pk", flat=True))
    rows = ContractVersion.objects.filter(contract__name=name, state__in=at_gate).order_by("-pk")
    held = (_held(name, one.version) for one in rows if one.source.get("schema") in ids)
    return next((one for one in held if one.state not in ("expired", "withdrawn")), None)  # those may be asked anew


def _held(name: str, number: str) -> Held:
    change = Change.objects.filter(kind="contract.publish", name=name, number=number).order_by("-pk").first()
    assert change is not None, f"{name}@{number} was neither published nor held"
    return Held(change.pk, change.state)


def _refuse_taken(subject: str, parsed: Parsed, wanted: Wanted) -> None:
    if wanted.number is not None and versions(subject, deleted=True).filter(number=wanted.number).exists():
        raise faults.not_permitted(f"Version {wanted.number} of subject {subject} is another schema")
    taken = RegisteredSchema.objects.filter(pk=wanted.id).first() if wanted.id is not None else None
    if taken is not None and taken.fingerprint != parsed.fingerprint:
        raise faults.not_permitted(f"Overwrite new schema with id {wanted.id} is not permitted.")


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
