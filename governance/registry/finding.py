"""Which version of a subject a schema is, whoever asks: who registers, and who looks up. Never writes.

Owns what of metadata and rules, of writing and of references makes no difference to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.db.models import Exists, OuterRef, Q

from governance.models import RegisteredSchema, SchemaReference, SubjectVersion
from governance.registry.grouping import labelled
from governance.registry.reading import as_submitted, is_live, versions
from governance.registry.references import parsed as read
from governance.registry.settings import Settings, settings_of
from governance.registry.texts import Parsed, Submitted, normalised, spelt_out

#: Versions that are written out to find one: whoever looks up often, looks up what is new.
SPELT = 100


def forms(submitted: Submitted, settings: Settings) -> list[Parsed]:
    """As it was sent; and where the subject or the client normalises, as it is registered, which is the last.

    Raises RegistryFault 42201.
    """
    sent = read(submitted)
    return [sent, read(normalised(submitted))] if settings.normalize or submitted.normalize else [sent]


def completed(subject: str, submitted: Submitted) -> Submitted:
    """Whoever sends metadata or rules alone means the schema of the newest version."""
    has_labels = bool(submitted.metadata or submitted.rules)
    newest = versions(subject).last() if has_labels and not submitted.text.strip() else None
    as_it_is = submitted if newest is None else as_submitted(newest.schema)
    return replace(as_it_is, metadata=submitted.metadata, rules=submitted.rules, normalize=submitted.normalize)


def look_up(subject: str, submitted: Submitted, *, deleted: bool = False) -> SubjectVersion | None:
    """The version that it is: with the metadata that registering would give it, else with that which was sent, else once what it
    refers to is written out. Raises RegistryFault 42201.
    """
    settings = settings_of(subject)
    read_forms = forms(submitted, settings)
    found = registered(subject, read_forms, settings, deleted=deleted)
    return found or _same_spelt_out(subject, list(variants(subject, read_forms, settings)), deleted=deleted)


def registered(
    subject: str, read_forms: list[Parsed], settings: Settings, *, deleted: bool = False
) -> SubjectVersion | None:
    """The version that one of these is: with the metadata and rules that registering would give it, else with those that were
    sent, as what was there before the settings were has.
    """
    found = (_registered(subject, one, settings, deleted=deleted) for one in variants(subject, read_forms, settings))
    return next((one for one in found if one), None)


def variants(subject: str, read_forms: list[Parsed], settings: Settings) -> Iterator[Parsed]:
    """What each may be there as: with what is set laid under and over what was said of metadata and rules; where one of them was
    not said, with that of the newest version as well; and as it was sent.
    """
    newest = versions(subject).last() if settings.has_labels else None
    for form in read_forms:
        said = [form.submitted.metadata is not None, form.submitted.rules is not None]
        if settings.has_labels and any(said):
            if not all(said):
                yield labelled(form, settings, newest)
            yield labelled(form, settings, newest, unsaid=False)
        yield form


def same(subject: str, parsed: Parsed, *, id: int | None = None, number: int | None = None) -> SubjectVersion | None:
    """The newest version of the subject that is this schema; with this id and number, where they are told."""
    told = {name: value for name, value in {"schema_id": id, "number": number}.items() if value is not None}
    return versions(subject).filter(schema__fingerprint=parsed.fingerprint, **told).last()


def _registered(subject: str, parsed: Parsed, settings: Settings, *, deleted: bool) -> SubjectVersion | None:
    """Whoever says nothing of metadata, or of rules, is told of one that has some, of the last SPELT that have: rather
    of a live one, of the group that is meant, then without any, then of a newer one.
    """
    there = versions(subject, deleted=deleted)
    some = there.filter(Q(schema__metadata__isnull=False) | Q(schema__rules__isnull=False)).reverse()
    labels = some.values_list("schema__metadata", "schema__rules")[:SPELT]
    wanted = parsed.fingerprints_with([(None, None), *labels])
    alike = list(there.filter(schema__fingerprint__in=set(wanted)))
    if len(alike) < 2:
        return alike[0] if alike else None
    meant = labelled(parsed, settings, versions(subject).last())
    group = settings.group_of(meant.submitted.metadata)
    return max(
        alike,
        key=lambda one: (
            is_live(one), settings.group_of(one.schema.metadata) == group,
            one.schema.fingerprint == parsed.fingerprint, one.number,
        ),
    )  # fmt: skip


def is_asked_for(parsed: Parsed, schema: RegisteredSchema) -> bool:
    """Whether it is that schema, with whatever metadata and rules where nothing was said of them."""
    return parsed.fingerprint_with(schema.metadata, schema.rules) == schema.fingerprint


def _same_spelt_out(subject: str, tried: list[Parsed], *, deleted: bool) -> SubjectVersion | None:
    """The newest version of the subject that is one of these once what each refers to is written out in it, of the last SPELT.
    Where neither refers to anything, the fingerprint has said it.
    """
    sent = tried[-1].submitted
    rows = versions(subject, deleted=deleted).filter(schema__kind=sent.kind).defer(None)
    if not sent.references:
        rows = rows.filter(Exists(SchemaReference.objects.filter(schema=OuterRef("schema"))))
    said = [(one.submitted.metadata, one.submitted.rules) for one in tried]
    schemas = {one.text: one.schema for one in tried}.values()
    wanted = {text for schema in schemas if (text := spelt_out(schema, sent.kind))}  # empty: it can not be told
    alike = (
        one
        for one in rows.reverse()[:SPELT]
        if any(
            labels in (None, one.schema.metadata or {}) and rules in (None, one.schema.rules or {})
            for labels, rules in said
        )
    )
    return next((one for one in alike if spelt_out(one.version.schema, one.schema.kind) in wanted), None)
