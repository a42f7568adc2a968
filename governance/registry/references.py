"""What a schema refers to: versions of other subjects, which its text names. Never writes.

Owns how a reference is followed, through aliases too, and that nothing is deleted that a live schema refers to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Exists, OuterRef

from governance.models import ContractVersion, SchemaReference, SubjectVersion
from governance.registry import faults
from governance.registry.aliases import subject_behind
from governance.registry.reading import IS_LIVE, as_submitted, named, versions
from governance.registry.texts import Parsed, Reference, Submitted, parse


def parsed(submitted: Submitted, *, is_history: bool = False) -> Parsed:
    """The schema that was sent, read whole with what it refers to. Raises RegistryFault 42201.

    `is_history`: it was registered elsewhere, where nobody knew of aliases that are set here.
    """
    references = tuple(_pinned(one, is_history) for one in submitted.references)
    return parse(replace(submitted, references=references), _look_up)


def _pinned(reference: Reference, is_history: bool) -> Reference:
    """To the version that it means now: what the newest is, or which subject an alias stands for, may change later."""
    subject = named(reference.subject) if is_history else subject_behind(named(reference.subject))
    if reference.number != -1:
        return replace(reference, subject=subject)
    newest = versions(subject).last()
    if newest is None:
        raise faults.no_reference(subject, -1, f"which reference {reference.name[:100]} names")
    return replace(reference, subject=subject, number=newest.number)


def _look_up(reference: Reference) -> Submitted:
    """What a reference stands for; one that is soft-deleted meanwhile too, for schemas that refer to it are read on."""
    found = versions(reference.subject, deleted=True).filter(number=reference.number).first()
    if found is None:
        raise faults.no_reference(reference.subject, reference.number, f"which reference {reference.name[:100]} names")
    return as_submitted(found.schema)


def refuse_circle(submitted: Submitted, subject: str, number: int | None) -> None:
    """Raises RegistryFault 42201 for what leads back to itself, as history that is written over may: nobody could delete it."""
    left, seen = list(submitted.references), set[Reference]()
    while left:
        one = left.pop()
        if one in seen:
            continue
        seen.add(one)
        if (one.subject, one.number) == (subject, number):
            raise faults.invalid_schema(
                f"reference {one.name[:100]} leads back to version {number} of {subject} itself"
            )
        left += _look_up(one).references


def refuse_dangling(submitted: Submitted) -> None:
    """Raises RegistryFault 42201 for a reference to what is deleted, softly too: it may be gone for good any time."""
    for one in submitted.references:
        if not versions(one.subject).filter(number=one.number).exists():
            raise faults.no_reference(one.subject, one.number, "which is deleted; refer to another")


def referring(subject: str, numbers: Iterable[int], *, deleted: bool = False, but_in: str = "") -> list[int]:
    """Ids of the schemas that refer to these versions, of those that are live themselves, or `deleted` softly too; not of those
    that are versions of the subject `but_in` alone, nor of a version that refers to itself.
    """
    uses = SubjectVersion.objects.filter(schema=OuterRef("schema")).exclude(subject__name=but_in)
    found = SchemaReference.objects.filter(
        Exists(uses if deleted else uses.filter(IS_LIVE)), subject=subject, number__in=list(numbers)
    )
    own = SubjectVersion.objects.filter(subject__name=subject, number=OuterRef("number"), schema=OuterRef("schema"))
    return sorted(set(found.filter(~Exists(own)).values_list("schema", flat=True)))


def referrers_of(version: ContractVersion) -> list[str]:
    """The live versions that refer to a contract's version by what clients know it as."""
    known = SubjectVersion.objects.select_related("subject").filter(version=version).first()
    if known is None:
        return []
    refers = SchemaReference.objects.filter(schema=OuterRef("schema"), subject=known.subject.name, number=known.number)
    found = SubjectVersion.objects.filter(IS_LIVE, Exists(refers)).exclude(pk=known.pk).select_related("subject")
    return [f"{one}, whose schema refers to it" for one in found.order_by("subject__name", "number")]


def refuse_referenced(subject: str, numbers: Iterable[int], *, but_in: str = "") -> None:
    """Raises RegistryFault 42206 for the first of these versions that a live schema refers to, but one of that subject."""
    for number in numbers:
        ids = referring(subject, [number], but_in=but_in)
        if ids:
            raise faults.referenced(subject, number, f"schemas {', '.join(map(str, ids[:5]))}")
