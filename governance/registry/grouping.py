"""Metadata that a schema is registered with, and groups by it: where clients have set one, versions with the same value of a
property are compared, no others.

Owns which versions those are, for the registry's questions and for the gate. Never compares and never writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from governance.models import ContractVersion, RegisteredSchema, SubjectVersion
from governance.registry.reading import IS_LIVE
from governance.registry.settings import Metadata, Settings, settings_of
from governance.registry.texts import Parsed


def grouped(known: Iterable[SubjectVersion], settings: Settings, metadata: Metadata | None) -> list[SubjectVersion]:
    """The versions that a schema with this metadata is compared with."""
    group = settings.group_of(metadata)
    return [one for one in known if settings.group_of(one.schema.metadata) == group]


def labelled(parsed: Parsed, settings: Settings, newest: SubjectVersion | None, *, unsaid: bool = True) -> Parsed:
    """With the metadata and rules that it is registered with: what was sent, or those of the newest version where nothing was
    said of them, and what is set for all schemas of the subject. Without `unsaid`, what was not said stays so.
    """
    sent = parsed.submitted
    before = newest.schema if newest is not None else RegisteredSchema()
    metadata, rules = sent.metadata, sent.rules
    if unsaid or metadata is not None:
        metadata = settings.labels(before.metadata if metadata is None else metadata)
    if unsaid or rules is not None:
        rules = settings.ruled(before.rules if rules is None else rules)
    meant = replace(parsed, submitted=replace(sent, metadata=metadata, rules=rules))
    return replace(meant, fingerprint=meant.fingerprint_with(metadata, rules))


def newest_registered(contract: str, source: Mapping[str, Any], apart: Collection[int]) -> ContractVersion | None:
    """What clients have as the newest of a contract, for a version of it that one of them registered, by its source; `apart`: ids
    that don't count.
    """
    if source.get("registry") is None:
        return None
    rows = SubjectVersion.objects.filter(IS_LIVE, subject__contract__name=contract).exclude(version__in=list(apart))
    found = rows.select_related("version__contract__owner").order_by("-number").first()
    return found.version if found is not None else None


def grouped_apart(contract: str, source: Mapping[str, Any]) -> set[int]:
    """The versions of a contract, by id, with which one of this source is not compared; none unless a client registered it."""
    subject, schema = source.get("registry"), source.get("schema")
    settings = settings_of(subject) if subject is not None else Settings()
    if not settings.group:
        return set()
    own = RegisteredSchema.objects.filter(pk__in=[schema]).values_list("metadata", flat=True).first()
    group = settings.group_of(own)
    rows = SubjectVersion.objects.filter(subject__contract__name=contract)
    there = rows.values_list("version_id", "schema__metadata")
    return {pk for pk, metadata in there if settings.group_of(metadata) != group}
