"""Schemas by the id that messages carry, and the kinds there are."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from rest_framework.request import Request
from rest_framework.response import Response

from governance.models import RegisteredSchema, SubjectVersion
from governance.registry import faults, reading
from governance.registry.aliases import aliases, subject_behind
from governance.registry.rule_sets import has_type
from governance.registry.texts import FORMATS
from portal.registry import shapes
from portal.registry.faces import Face, flag, knows_more, paged
from portal.registry.subjects import prefix_of


def _by_id(number: str) -> RegisteredSchema:
    """Raises RegistryFault 404 for what is no number, 40403."""
    if not (number.isascii() and number.isdigit() and len(number) <= 10):
        raise faults.RegistryFault(404, "HTTP 404 Not Found")
    return reading.schema_by_id(int(number))


def _by_guid(text: str) -> RegisteredSchema:
    """Raises RegistryFault 40403."""
    try:
        return reading.schema_by_fingerprint(UUID(text).hex)
    except ValueError:
        raise faults.no_schema(text[:40]) from None


def _whole(row: RegisteredSchema, request: Request) -> dict[str, Any]:
    """For who knows it with when it came, in milliseconds since 1970, and whether every version that is it is deleted."""
    if not knows_more(request):
        return shapes.schema(row, request)
    came, is_live = reading.life_of(row)
    return {**shapes.schema(row, request), "ts": _milliseconds(came), "deleted": not is_live}


def _listed(row: SubjectVersion, request: Request, names: list[str] | None) -> dict[str, Any]:
    """Likewise, of one version; with the aliases of its subject, if they are asked for."""
    told: dict[str, Any] = {"aliases": names} if names else {}
    if not knows_more(request):
        return {**shapes.version(row, request), **told}
    return {**shapes.version(row, request, deleted=True), "ts": _milliseconds(row.version.published_at), **told}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


class Schemas(Face):
    """/schemas"""

    def get(self, request: Request) -> Response:
        """Versions of all subjects; `subjectPrefix`, `aliases`, `deleted`, `latestOnly`, `ruleType`, `offset` and `limit` in the
        query.
        """
        prefix, names = prefix_of(request), aliases() if flag(request, "aliases") else {}
        also = [subject for subject, others in names.items() if any(one.startswith(prefix) for one in others)]
        asked = {"deleted": flag(request, "deleted"), "latest_only": flag(request, "latestOnly")}
        found: Any = reading.all_versions(prefix=prefix, also=also, **asked).prefetch_related("schema__references")
        if kind := request.query_params.get("ruleType", ""):
            some = found.filter(schema__rules__isnull=False)
            found = [one for one in some if has_type(one.schema.rules, kind)]
        return Response([_listed(one, request, names.get(one.subject.name)) for one in paged(request, found)])


class Kinds(Face):
    """/schemas/types"""

    def get(self, request: Request) -> Response:
        """As clients call them."""
        return Response(sorted(FORMATS, reverse=True))


class OneSchema(Face):
    """/schemas/ids/{id}"""

    def get(self, request: Request, number: str) -> Response:
        """The schema, whichever subject has it, and where `subject` has it; `fetchMaxId` adds the highest id."""
        row = _by_id(number)
        shown = _whole(row, request)
        if named := reading.named(request.query_params.get("subject", "")):
            use = reading.uses(row, deleted=True).filter(subject__name=subject_behind(named)).first()
            shown |= {"subject": use.subject.name, "version": use.number} if use is not None else {}
        if flag(request, "fetchMaxId"):
            shown["maxId"] = RegisteredSchema.objects.aggregate(most=Max("pk"))["most"]
        return Response(shown)


class SchemaByGuid(Face):
    """/schemas/guids/{guid}"""

    def get(self, request: Request, guid: str) -> Response:
        """The schema that headers of messages name."""
        return Response(_whole(_by_guid(guid), request))


class SchemaIds(Face):
    """/schemas/guids/{guid}/ids"""

    def get(self, request: Request, guid: str) -> Response:
        """Its ids: several where it was imported with several."""
        same = reading.ids_of(_by_guid(guid))
        return Response([{"context": ".", "id": one} for one in same.values_list("pk", flat=True)])


class SchemaText(Face):
    """/schemas/ids/{id}/schema"""

    def get(self, request: Request, number: str) -> Response:
        """The schema itself."""
        return Response(json.loads(_by_id(number).text))


class SchemaSubjects(Face):
    """/schemas/ids/{id}/subjects"""

    def get(self, request: Request, number: str) -> Response:
        """Names of the subjects that have it."""
        found = reading.uses(_by_id(number), deleted=flag(request, "deleted")).values_list("subject__name", flat=True)
        return Response(list(paged(request, sorted(set(found)))))


class SchemaVersions(Face):
    """/schemas/ids/{id}/versions"""

    def get(self, request: Request, number: str) -> Response:
        """Where it is registered."""
        found = reading.uses(_by_id(number), deleted=flag(request, "deleted"))
        return Response([{"subject": one.subject.name, "version": one.number} for one in paged(request, found)])
