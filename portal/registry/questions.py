"""Would a schema be compatible, with one version or with those that the level is about? Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from governance.models import SubjectVersion
from governance.registry import faults, reading, rules
from governance.registry.grouping import grouped, metadata_meant
from governance.registry.judging import asked, judge
from governance.registry.registering import refuse_unsound
from governance.registry.settings import settings_of
from portal.registry import shapes
from portal.registry.faces import SCHEMA_FIELDS, Face, flag
from portal.registry.subjects import meant


class _Question(Face):
    def answer(
        self,
        request: Request,
        subject: str,
        body: dict[str, Any],
        known: Sequence[SubjectVersion],
        *,
        by_level: bool = False,
    ) -> Response:
        """What can't be decided is not compatible: a person says so, at the gate. What is no schema is an error, or where reasons
        are asked for one of them. `by_level`: not with all that are known, but those that the level is about.
        """
        level, settings = rules.level_of(subject), settings_of(subject)
        try:
            parsed = reading.parsed(shapes.submitted(request, body, settings))
            refuse_unsound(parsed, reading.versions(subject).last(), settings)
        except faults.RegistryFault as fault:
            if not flag(request, "verbose"):
                raise
            return Response({"is_compatible": False, "messages": [str(fault)]})
        if settings.group:
            known = grouped(known, settings, settings.labels(metadata_meant(subject, parsed)))
        found = judge(parsed, asked(known, level) if by_level else known, level)
        shown: dict[str, Any] = {"is_compatible": found.verdict == "safe"}
        if flag(request, "verbose"):
            shown["messages"] = [*found.reasons, *found.asked]
        return Response(shown)


class WithVersion(_Question):
    """/compatibility/subjects/{subject}/versions/{version}"""

    def post(self, request: Request, subject: str, version: str) -> Response:
        """With one version; `latest` of a subject without any is compatible with everything."""
        name, body = meant(subject), self.body(request, SCHEMA_FIELDS)
        number = reading.number_of(version)
        if number == reading.LATEST and not reading.versions(name).exists():
            return self.answer(request, name, body, [])
        return self.answer(request, name, body, [reading.version_at(name, number)])


class WithAll(_Question):
    """/compatibility/subjects/{subject}/versions"""

    def post(self, request: Request, subject: str) -> Response:
        """With the versions that registering would be asked about."""
        name, body = meant(subject), self.body(request, SCHEMA_FIELDS)
        return self.answer(request, name, body, list(reading.versions(name)), by_level=True)
