"""What is registered: subjects, their versions, and schemas by id. Never writes.

A version counts as soft-deleted while its contract version is not live: retired, or taken back by the gate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Substr

from governance.models import Contract, ContractVersion, RegisteredSchema, SchemaReference, Subject, SubjectVersion
from governance.registry import faults
from governance.registry.texts import Parsed, Reference, Submitted, fingerprint_of, fingerprints_of, parse, spelt_out

_STATES = (ContractVersion.State.ACTIVE, ContractVersion.State.DEPRECATED)
IS_LIVE = Q(version__state__in=_STATES)
#: Versions that are written out to find one: whoever looks up often, looks up what is new.
SPELT = 100
#: Stands for the newest version; no version has it, for ids and numbers are smaller.
LATEST = 2**31 - 1


def named(text: str) -> str:
    """A subject's name; the default context may be written before it."""
    return text.removeprefix(":.:")


def subjects(*, prefix: str = "", deleted: bool = False, deleted_only: bool = False) -> QuerySet[Subject]:
    """By name. `deleted`: those too of which all versions are deleted; `deleted_only`: none but those."""
    of_it = SubjectVersion.objects.filter(subject=OuterRef("pk"))
    found = Subject.objects.filter(Exists(of_it))
    if deleted_only:
        found = found.filter(~Exists(of_it.filter(IS_LIVE)))
    elif not deleted:
        found = found.filter(Exists(of_it.filter(IS_LIVE)))
    if prefix:
        found = _beginning(found, "name", prefix)
    return found.order_by("name")


def is_live(row: SubjectVersion) -> bool:
    """Whether it is not deleted."""
    return row.version.state in _STATES


def versions(subject: str, *, deleted: bool = False, deleted_only: bool = False) -> QuerySet[SubjectVersion]:
    """Of a subject by number, with schema and contract version."""
    found = SubjectVersion.objects.filter(subject__name=subject)
    if deleted_only:
        found = found.exclude(IS_LIVE)
    elif not deleted:
        found = found.filter(IS_LIVE)
    return found.select_related("subject", "schema", "version").defer("version__canonical").order_by("number")


def all_versions(
    *, prefix: str = "", also: Collection[str] = (), deleted: bool = False, latest_only: bool = False
) -> QuerySet[SubjectVersion]:
    """Of every subject, or those whose name begins so and some others, by subject and number."""
    found = SubjectVersion.objects.all() if deleted else SubjectVersion.objects.filter(IS_LIVE)
    if prefix:
        found = _beginning(found, "subject__name", prefix, also)
    if latest_only:
        above = SubjectVersion.objects.filter(subject=OuterRef("subject"), number__gt=OuterRef("number"))
        found = found.filter(~Exists(above if deleted else above.filter(IS_LIVE)))
    found = found.select_related("subject", "schema", "version").defer("version__canonical")
    return found.order_by("subject__name", "number")


def number_of(text: str) -> int:
    """A version as an address has it; LATEST for the newest. Raises RegistryFault 42202."""
    if text in ("latest", "-1"):
        return LATEST
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) < 2**31):
        raise faults.invalid_version(text[:40])
    return int(text)


def version_at(subject: str, number: int, *, deleted: bool = False) -> SubjectVersion:
    """Raises RegistryFault 40401 for a subject without versions, 40402."""
    known = versions(subject, deleted=deleted)
    found = known.last() if number == LATEST else known.filter(number=number).first()
    if found is None:
        raise faults.no_version(number) if known.exists() else faults.no_subject(subject)
    return found


def latest_number(contract: Contract) -> tuple[str, int] | None:
    """The subject of a contract, and the number of its newest version; None where clients know none."""
    found = SubjectVersion.objects.filter(IS_LIVE, subject__contract=contract).order_by("-number")
    return found.values_list("subject__name", "number").first()


def _look_up(reference: Reference) -> Submitted:
    """What a reference stands for; one that is soft-deleted meanwhile too, for schemas that refer to it are read on."""
    found = versions(reference.subject, deleted=True).filter(number=reference.number).first()
    if found is None:
        raise faults.no_reference(reference.subject, reference.number, f"which reference {reference.name[:100]} names")
    return as_submitted(found.schema)


def refuse_dangling(submitted: Submitted) -> None:
    """Raises RegistryFault 42201 for a reference to what is deleted, softly too: it may be gone for good any time."""
    for one in submitted.references:
        if not versions(one.subject).filter(number=one.number).exists():
            raise faults.no_reference(one.subject, one.number, "which is deleted; refer to another")


def _pinned(submitted: Submitted) -> Submitted:
    """With references to the newest version naming that one: what it stands for must not change later."""
    found = tuple(
        replace(one, subject=named(one.subject), number=version_at(named(one.subject), LATEST).number)
        if one.number == -1
        else replace(one, subject=named(one.subject))
        for one in submitted.references
    )
    return replace(submitted, references=found)


def parsed(submitted: Submitted) -> Parsed:
    """The schema that was sent, read whole with what it refers to. Raises RegistryFault 42201."""
    return parse(_pinned(submitted), _look_up)


def _used() -> QuerySet[RegisteredSchema]:
    """Those that any version has, a soft-deleted one too."""
    return RegisteredSchema.objects.filter(Exists(SubjectVersion.objects.filter(schema=OuterRef("pk"))))


def schema_by_fingerprint(beginning: str) -> RegisteredSchema:
    """The one with the lowest id of those that are used. Raises RegistryFault 40403."""
    found = _used().filter(fingerprint__startswith=beginning).first()
    if found is None:
        raise faults.no_schema(beginning)
    return found


def schema_by_id(number: int) -> RegisteredSchema:
    """One that is used. Raises RegistryFault 40403."""
    found = _used().filter(pk=number).first() if number < 2**31 else None
    if found is None:
        raise faults.no_schema(number)
    return found


def uses(schema: RegisteredSchema, *, deleted: bool = False) -> QuerySet[SubjectVersion]:
    """Where it is registered, by subject and number."""
    found = schema.uses.all() if deleted else schema.uses.filter(IS_LIVE)
    return found.select_related("subject").order_by("subject__name", "number")


def same(
    subject: str, parsed: Parsed, *, deleted: bool = False, id: int | None = None, number: int | None = None
) -> SubjectVersion | None:
    """The newest version of the subject that is this schema; with this id and number, where they are told."""
    told = {name: value for name, value in {"schema_id": id, "number": number}.items() if value is not None}
    return versions(subject, deleted=deleted).filter(schema__fingerprint=parsed.fingerprint, **told).last()


def same_whatever_metadata(subject: str, parsed: Parsed, *, deleted: bool = False) -> SubjectVersion | None:
    """Likewise; whoever says nothing of metadata is told of one that has some, of the last SPELT that have."""
    found = same(subject, parsed, deleted=deleted)
    if found is not None or parsed.submitted.metadata is not None:
        return found
    there = versions(subject, deleted=deleted)
    labels = there.filter(schema__metadata__isnull=False).reverse().values_list("schema__metadata", flat=True)[:SPELT]
    sent = parsed.submitted
    wanted = set(fingerprints_of(sent.kind, parsed.text, sent.references, labels)) if labels else set()
    return there.filter(schema__fingerprint__in=wanted).last() if wanted else None


def is_asked_for(parsed: Parsed, schema: RegisteredSchema) -> bool:
    """Whether it is that schema, with whatever metadata where nothing was said of it."""
    sent = parsed.submitted
    if sent.metadata is not None or schema.metadata is None:
        return parsed.fingerprint == schema.fingerprint
    return fingerprint_of(sent.kind, parsed.text, sent.references, schema.metadata) == schema.fingerprint


def same_spelt_out(subject: str, parsed: Parsed, *, deleted: bool = False) -> SubjectVersion | None:
    """The newest version of the subject that is this schema once what each refers to is written out in it, of the last SPELT.
    Where neither refers to anything, the fingerprint has said it.
    """
    sent = parsed.submitted
    rows = versions(subject, deleted=deleted).filter(schema__kind=sent.kind).defer(None)
    if not sent.references:
        rows = rows.filter(Exists(SchemaReference.objects.filter(schema=OuterRef("schema"))))
    wanted = spelt_out(parsed.schema, sent.kind)
    alike = (
        one for one in rows.reverse()[:SPELT] if sent.metadata is None or sent.metadata == (one.schema.metadata or {})
    )
    return next((one for one in alike if spelt_out(one.version.schema, one.schema.kind) == wanted), None)


def life_of(schema: RegisteredSchema) -> tuple[datetime, bool]:
    """When the first version that is this schema came, and whether one is live. None of the versions is loaded: clients ask for
    schemas by id all the time.
    """
    told = schema.uses.aggregate(came=Min("version__published_at"), live=Count("pk", filter=IS_LIVE))
    return told["came"], told["live"] > 0


def ids_of(schema: RegisteredSchema) -> QuerySet[RegisteredSchema]:
    """All that are this one: several where it was imported with several ids."""
    return _used().filter(fingerprint=schema.fingerprint)


def referring(subject: str, numbers: Iterable[int]) -> list[int]:
    """Ids of the schemas that refer to these versions, of those that are live themselves."""
    live = SubjectVersion.objects.filter(IS_LIVE, schema=OuterRef("schema"))
    found = SchemaReference.objects.filter(Exists(live), subject=subject, number__in=list(numbers))
    return sorted(set(found.values_list("schema", flat=True)))


def refuse_referenced(subject: str, numbers: Iterable[int]) -> None:
    """Raises RegistryFault 42206 for the first of these versions that a live schema refers to."""
    for number in numbers:
        ids = referring(subject, [number])
        if ids:
            raise faults.referenced(subject, number, f"schemas {', '.join(map(str, ids[:5]))}")


def _beginning(rows: Any, field: str, prefix: str, also: Collection[str] = ()) -> Any:
    """Those whose name begins so, or is one of others; case counts, which LIKE of SQLite doesn't know."""
    return rows.annotate(head=Substr(field, 1, len(prefix))).filter(Q(head=prefix) | Q(**{f"{field}__in": list(also)}))


def as_submitted(schema: RegisteredSchema) -> Submitted:
    """As it was sent."""
    references = tuple(Reference(one.name, one.subject, one.number) for one in schema.references.all())
    return Submitted(schema.kind, schema.text, references, schema.metadata)
