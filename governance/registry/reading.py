"""What is registered: subjects, their versions, and schemas by id. Never writes.

A version counts as soft-deleted while its contract version is not live: retired, or taken back by the gate.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Substr

from governance.models import Contract, ContractVersion, RegisteredSchema, Subject, SubjectVersion
from governance.registry import faults
from governance.registry.texts import Reference, Submitted

_STATES = (ContractVersion.State.ACTIVE, ContractVersion.State.DEPRECATED)
IS_LIVE = Q(version__state__in=_STATES)
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


def schema_of(version: ContractVersion) -> RegisteredSchema | None:
    """What clients have of a contract's version; None where they know none."""
    return RegisteredSchema.objects.filter(uses__version=version).first()


def latest_number(contract: Contract) -> tuple[str, int] | None:
    """The subject of a contract, and the number of its newest version; None where clients know none."""
    found = SubjectVersion.objects.filter(IS_LIVE, subject__contract=contract).order_by("-number")
    return found.values_list("subject__name", "number").first()


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


def life_of(schema: RegisteredSchema) -> tuple[datetime, bool]:
    """When the first version that is this schema came, and whether one is live. None of the versions is loaded: clients ask for
    schemas by id all the time.
    """
    told = schema.uses.aggregate(came=Min("version__published_at"), live=Count("pk", filter=IS_LIVE))
    return told["came"], told["live"] > 0


def ids_of(schema: RegisteredSchema) -> QuerySet[RegisteredSchema]:
    """All that are this one: several where it was imported with several ids."""
    return _used().filter(fingerprint=schema.fingerprint)


def _beginning(rows: Any, field: str, prefix: str, also: Collection[str] = ()) -> Any:
    """Those whose name begins so, or is one of others; case counts, which LIKE of SQLite doesn't know."""
    return rows.annotate(head=Substr(field, 1, len(prefix))).filter(Q(head=prefix) | Q(**{f"{field}__in": list(also)}))


def as_submitted(schema: RegisteredSchema) -> Submitted:
    """As it was sent."""
    references = tuple(Reference(one.name, one.subject, one.number) for one in schema.references.all())
    return Submitted(schema.kind, schema.text, references, schema.metadata, schema.rules)
