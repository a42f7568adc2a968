"""A published contract version gets its place in the registry: a subject, the next whole number, and the id of its schema.

Owns the written rule of names (ADR 0047) and the ids. Runs where the version becomes active, in that transaction.
"""

from __future__ import annotations

import hashlib
import re

from django.db.models import Max

from governance.contracts.formats import format_of
from governance.models import Contract, ContractVersion, RegisteredSchema, SchemaReference, Subject, SubjectVersion
from governance.registry.erasing import erase
from governance.registry.reading import is_live
from governance.registry.texts import KINDS, Parsed, Submitted, fingerprint_of, text_of

#: Of a contract, as manifests have it.
LONGEST_NAME = 63
#: Ids from here on are those of schemas that manifests bring: a registry that is copied finds its own small ones free.
FIRST_OF_MANIFESTS = 2**30
_OUTSIDE = re.compile(r"[^a-z0-9]+")


def contract_name(subject: str) -> str:
    """The contract of a subject: the one that has it, else its name in small letters, digits and hyphens, dots kept.

    Where that is another subject's or too long, eight digits of the subject's sha256 tell the two apart.
    """
    known = Subject.objects.filter(name=subject).values_list("contract__name", flat=True).first()
    if known is not None:
        return known
    plain = plain_name(subject)
    taken = Subject.objects.filter(contract__name=plain).exclude(name=subject).exists()
    return _marked(plain, subject) if taken or _waits_for_another(plain, subject) else plain


def _waits_for_another(name: str, subject: str) -> bool:
    """Whether what another subject registered waits under that name: it has no row of its own before it is published."""
    sources = ContractVersion.objects.filter(contract__name=name).values_list("source", flat=True)
    return any(source.get("registry") not in (None, subject) for source in sources)


def plain_name(text: str) -> str:
    """A contract's name made of any text; one that is too long is cut, and marked by what it was."""
    plain = ".".join(_part(part) for part in text.lower().split("."))
    return _marked(plain, text) if len(plain) > LONGEST_NAME else plain


def _marked(plain: str, text: str) -> str:
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: LONGEST_NAME - 9].rstrip('.-')}-{mark}"


def _part(part: str) -> str:
    plain = _OUTSIDE.sub("-", part).strip("-")
    return plain if plain[:1].isalpha() else f"x{plain}"


def enter(version: ContractVersion) -> SubjectVersion | None:
    """Give it its number; None for a format that clients don't know. What a client registered says its subject and schema in
    `source`; a manifest's gets its own.
    """
    if format_of(version.canonical["spec"]) not in KINDS:
        return None
    known = SubjectVersion.objects.filter(version=version).first()
    if known is not None:
        return known
    contract, source = version.contract, version.source
    subject = _subject(contract, source.get("registry") or contract.name)
    schema = RegisteredSchema.objects.filter(pk=source.get("schema")).first() or _of_manifest(version)
    number = source.get("number")
    there = subject.versions.filter(number=number).select_related("version").first() if number is not None else None
    if there is not None and not is_live(there):  # it was deleted softly, and this is imported in its place
        erase([there], version.published_by, "replaced by what a client of the registry imported")
    elif number is None or there is not None:  # it waited, and another took the number meanwhile
        number = (subject.versions.aggregate(Max("number"))["number__max"] or 0) + 1
    return SubjectVersion.objects.create(subject=subject, number=number, schema=schema, version=version)


def stored(parsed: Parsed, wanted: int | None = None) -> RegisteredSchema:
    """The schema's row, made where none is. `wanted`: the id that it must have; the caller has seen that it is free."""
    same = RegisteredSchema.objects.filter(fingerprint=parsed.fingerprint)
    found = same.filter(pk=wanted).first() if wanted is not None else same.order_by("pk").first()
    if found is not None:
        return found
    made = _made(parsed.submitted, parsed.text, parsed.fingerprint, wanted)
    for position, one in enumerate(parsed.submitted.references):
        SchemaReference.objects.create(
            schema=made, position=position, name=one.name, subject=one.subject, number=one.number
        )
    return made


def _subject(contract: Contract, name: str) -> Subject:
    found = Subject.objects.filter(contract=contract).first()
    if found is None:
        taken = Subject.objects.filter(name=name).exists()  # by another contract, which a client had named so
        name = f"{name}-{hashlib.sha256(contract.name.encode()).hexdigest()[:8]}" if taken else name
        found = Subject.objects.create(name=name, contract=contract)
    return found


def _of_manifest(version: ContractVersion) -> RegisteredSchema:
    kind, text = KINDS[format_of(version.canonical["spec"])], text_of(version.schema)
    fingerprint = fingerprint_of(kind, text)
    same = RegisteredSchema.objects.filter(fingerprint=fingerprint).order_by("pk").first()
    if same is not None:
        return same
    rows = RegisteredSchema.objects.filter(pk__gte=FIRST_OF_MANIFESTS)
    number = (rows.aggregate(Max("pk"))["pk__max"] or FIRST_OF_MANIFESTS - 1) + 1
    return _row(number, Submitted(kind, text), text, fingerprint)


def _made(submitted: Submitted, text: str, fingerprint: str, wanted: int | None) -> RegisteredSchema:
    number = (
        wanted or (RegisteredSchema.objects.filter(pk__lt=FIRST_OF_MANIFESTS).aggregate(Max("pk"))["pk__max"] or 0) + 1
    )
    return _row(number, submitted, text, fingerprint)


def _row(number: int, submitted: Submitted, text: str, fingerprint: str) -> RegisteredSchema:
    return RegisteredSchema.objects.create(
        id=number,
        kind=submitted.kind,
        text=text,
        metadata=submitted.metadata or None,
        rules=submitted.rules or None,
        fingerprint=fingerprint,
    )
