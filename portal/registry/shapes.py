"""Schemas in requests and answers, in the fields that clients know. Avro is what a type that isn't told means.

Owns those shapes. Never reads a table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from governance.models import RegisteredSchema, SubjectVersion
from governance.registry.faults import invalid_schema
from governance.registry.reading import is_live
from governance.registry.rule_sets import rule_set
from governance.registry.texts import MAX_REFERENCES, Reference, Submitted
from portal.registry.faces import flag, knows_more

DEFAULT_KIND = "AVRO"
#: Characters of metadata, and of rules, as JSON: they are told with each answer about the schema.
LONGEST_LABELS = 64 * 1024


def submitted(request: Request, body: Mapping[str, Any]) -> Submitted:
    """What a request's body holds, and whether the query asks for it to be normalised. Raises RegistryFault 42201."""
    text = body.get("schema", "")
    if len(body.get("references", [])) > MAX_REFERENCES:
        raise invalid_schema(f"it refers to more than {MAX_REFERENCES} other schemas")
    references = tuple(_reference(one) for one in body.get("references", []))
    kind = body.get("schemaType", DEFAULT_KIND) or DEFAULT_KIND
    told, rules = body.get("metadata"), body.get("ruleSet")
    for name, value in (("metadata", told), ("ruleSet", rules)):
        if value is not None and (size := len(json.dumps(value))) > LONGEST_LABELS:
            raise invalid_schema(f"{name} has {size:,} characters; the limit is {LONGEST_LABELS:,}")
    return Submitted(
        kind, text, references, None if told is None else metadata(told), None if rules is None else rule_set(rules),
        flag(request, "normalize"),
    )  # fmt: skip


def metadata(given: Mapping[str, Any], what: str = "metadata") -> dict[str, Any]:
    """Without what says nothing. Properties are texts; a number or a truth value is the text that JSON has for it. Raises
    RegistryFault 42201, in which it is called `what`.
    """
    said = {name: value for name, value in given.items() if value not in (None, {}, [])}
    properties, tags, sensitive = said.get("properties", {}), said.get("tags", {}), said.get("sensitive", [])
    if not isinstance(properties, dict) or any(isinstance(one, dict | list) for one in properties.values()):
        raise invalid_schema(f"{what}.properties is an object of texts")
    if not isinstance(tags, dict) or not all(_is_texts(one) for one in tags.values()):
        raise invalid_schema(f"{what}.tags is an object of lists of texts")
    if not _is_texts(sensitive):
        raise invalid_schema(f"{what}.sensitive is a list of texts")
    if others := sorted(said.keys() - {"properties", "tags", "sensitive"}):
        raise invalid_schema(f"{what}.{others[0][:40]} is not kept here; leave it out")
    if properties:
        said["properties"] = {
            name: one if one is None or isinstance(one, str) else json.dumps(one) for name, one in properties.items()
        }
    return said


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _reference(given: Any) -> Reference:
    if not isinstance(given, dict):
        raise invalid_schema("a reference is an object with name, subject and version")
    name, subject, number = given.get("name"), given.get("subject"), given.get("version")
    if not (isinstance(name, str) and isinstance(subject, str) and name and subject):
        raise invalid_schema("a reference has a name and a subject")
    if not isinstance(number, int) or isinstance(number, bool) or not (number == -1 or 1 <= number < 2**31):
        raise invalid_schema(f"reference {name[:100]} has a version: a whole number from 1, or -1 for the newest")
    if not (name.isprintable() and subject.isprintable()):
        raise invalid_schema("a reference's name and subject have characters that can be printed alone")
    if len(name) > 500 or len(subject) > 255:
        raise invalid_schema(f"reference {name[:60]}… is too long: names have at most 500 characters, subjects 255")
    return Reference(name, subject, number)


def schema(row: RegisteredSchema, request: Request) -> dict[str, Any]:
    """Text, type unless it is Avro, and references where there are some; for who knows it the id in headers of messages."""
    shown: dict[str, Any] = {"schema": row.text}
    if knows_more(request):
        shown["guid"] = guid(row)
    if row.kind != DEFAULT_KIND:
        shown["schemaType"] = row.kind
    references = [{"name": one.name, "subject": one.subject, "version": one.number} for one in row.references.all()]
    if references:
        shown["references"] = references
    if row.metadata:
        shown["metadata"] = row.metadata
    if row.rules:
        shown["ruleSet"] = row.rules
    return shown


def guid(row: RegisteredSchema) -> str:
    """The same for the same schema in whatever registry of ours: the beginning of its fingerprint."""
    return str(UUID(row.fingerprint[:32]))


def version(row: SubjectVersion, request: Request, *, deleted: bool = False) -> dict[str, Any]:
    """A version of a subject, whole. `deleted`: the caller looks for deleted ones too, so it is told which they are."""
    told = {"deleted": not is_live(row)} if deleted else {}
    return {
        "subject": row.subject.name,
        "id": row.schema_id,
        "version": row.number,
        **schema(row.schema, request),
        **told,
    }
