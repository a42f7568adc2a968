"""Would a schema be compatible, with one version or with those that the level is about? Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from governance.models import SubjectVersion
from governance.registry import faults, finding, reading, rules
from governance.registry.grouping import grouped, labelled
from governance.registry.judging import asked, judge
from governance.registry.registering import refuse_unsound
from governance.registry.settings import Settings
from governance.registry.texts import Parsed
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
        terms = rules.terms_of(subject)
        try:
            read = finding.forms(finding.completed(subject, shapes.submitted(request, body)), terms.settings)
            newest = reading.versions(subject).last()
            parsed = labelled(read[-1], terms.settings, newest)
            _refuse_unsound(subject, read, parsed, newest, terms.settings)
        except faults.RegistryFault as fault:
            if not flag(request, "verbose"):
                raise
            return Response({"is_compatible": False, "messages": [str(fault)]})
        known = grouped(known, terms.settings, parsed.submitted.metadata)
        found = judge(parsed, asked(known, terms.level) if by_level else known, terms.level)
        shown: dict[str, Any] = {"is_compatible": found.verdict == "safe"}
        if flag(request, "verbose"):
            shown["messages"] = [*found.reasons, *found.asked]
        return Response(shown)


def _refuse_unsound(
    subject: str, read: list[Parsed], parsed: Parsed, newest: SubjectVersion | None, settings: Settings
) -> None:
    """What is there already is no new schema; it is looked for only where it would be refused. Raises RegistryFault 42201."""
    try:
        refuse_unsound(parsed, newest, settings)
    except faults.RegistryFault:
        if finding.registered(subject, read, settings) is None:
            raise


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
