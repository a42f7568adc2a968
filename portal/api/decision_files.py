"""Decisions in files: a folder in, as JSON or as a zip, and a zip out.

Owns the two endpoints and their shapes. What becomes of a file is services.importing's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.http import FileResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.decisions.archive import MAX_PATH, Files, read_zip
from governance.services.documents import find_team
from governance.services.importing import MAX_FOLDER, OUTCOMES, ImportReport, import_decisions
from portal.api.document_shapes import LONGEST, READ_PROBLEMS, WRITE_PROBLEMS
from portal.api.enums import IMPORT_OUTCOMES
from portal.api.pages import actor_of, read_body, read_query
from portal.api.parsers import BodyTooLarge, StrictJSONParser
from portal.downloads import decisions_zip
from portal.permissions import Verb

MAX_ZIP = 20 * 1024 * 1024


class ZipParser(BaseParser):
    """application/zip, whole."""

    media_type = "application/zip"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The bytes. Raises BodyTooLarge."""
        data = stream.read(MAX_ZIP + 1)
        if len(data) > MAX_ZIP:
            raise BodyTooLarge(f"the archive is larger than {MAX_ZIP:,} bytes")
        return data


class AnyAnswer(DefaultContentNegotiation):
    """Takes every Accept: what comes is a zip, or a problem as JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """The first."""
        return renderers[0], renderers[0].media_type


class DecisionImportQuery(serializers.Serializer[Any]):
    """What a zip can't say itself."""

    folder = serializers.CharField(
        max_length=MAX_FOLDER, help_text="a name for where the files are from; the same name again updates"
    )
    owner = serializers.CharField(max_length=63, help_text="the team that is to own what is new")
    reason = serializers.CharField(max_length=2000, help_text="why, for the history")
    dry_run = serializers.BooleanField(default=False, help_text="report only")


class DecisionImportShape(DecisionImportQuery):
    """A folder of files."""

    files = serializers.DictField(
        child=serializers.CharField(max_length=LONGEST, trim_whitespace=False, allow_blank=True),
        help_text=f"path below the folder (at most {MAX_PATH} characters) → text",
    )


class DecisionImportLineShape(serializers.Serializer[Any]):
    """What became of a file."""

    path = serializers.CharField()
    outcome = serializers.ChoiceField(choices=IMPORT_OUTCOMES)
    number = serializers.IntegerField(allow_null=True)
    title = serializers.CharField()
    detail = serializers.CharField(help_text="why it was not taken, or was left as it is")
    notices = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField(help_text="empty where there is no decision")


class DecisionImportReportShape(serializers.Serializer[Any]):
    """What became of all of them."""

    dry_run = serializers.BooleanField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="by outcome")
    lines = DecisionImportLineShape(many=True)


class DecisionExportQuery(serializers.Serializer[Any]):
    """Which decisions; empty ones don't filter."""

    folder = serializers.CharField(max_length=MAX_FOLDER, required=False, default="", allow_blank=True)
    owner = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)


class DecisionImport(APIView):
    """/decisions/import"""

    parser_classes = [StrictJSONParser, ZipParser]

    @extend_schema(
        operation_id="importDecisions", parameters=[DecisionImportQuery],
        request={"application/json": DecisionImportShape, "application/zip": OpenApiTypes.BINARY},
        responses={200: DecisionImportReportShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Import a folder: JSON with everything in it, or a zip with the rest as query parameters."""
        data: Any = request.data
        if isinstance(data, bytes):
            wanted, found = read_query(DecisionImportQuery, request), read_zip
        else:
            wanted, found = read_body(DecisionImportShape, request), None
        actor, owner = actor_of(request), find_team(wanted["owner"])
        actor.require(Verb.MAINTAIN, owner)
        texts: Mapping[str, str] = wanted.get("files", {})
        files = found(data) if found is not None else Files(texts, {})
        report = import_decisions(
            files=files.texts, refused=files.refused, others=files.others, encodings=files.encodings,
            folder=wanted["folder"], owner=owner, actor=actor.user, reason=wanted["reason"],
            may=lambda team: actor.may(Verb.MAINTAIN, team), dry_run=wanted["dry_run"],
        )  # fmt: skip
        return Response(_show(report, dry_run=wanted["dry_run"]))


class DecisionExport(APIView):
    """/decisions/export"""

    content_negotiation_class = AnyAnswer

    @extend_schema(
        operation_id="exportDecisions", parameters=[DecisionExportQuery],
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **READ_PROBLEMS},
    )  # fmt: skip
    def get(self, request: Request) -> FileResponse:
        """All decisions as files in a zip. One that was imported and not edited since is its very file."""
        query = read_query(DecisionExportQuery, request)
        return decisions_zip(folder=query["folder"], owner=query["owner"])


def _show(report: ImportReport, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "counts": {outcome: report.count(outcome) for outcome in OUTCOMES},
        "lines": [
            {**asdict(line), "url": reverse("decision", args=[line.number]) if line.number and not dry_run else ""}
            for line in report.lines
        ],
    }
