"""Runbooks as files: take some in, give all out. What a file says, and what becomes of it, is governance's to tell."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import Runbook
from governance.selectors.runbook_files import export_runbooks
from governance.services.runbook_files import Line, import_runbooks
from orchestration.errors import InvalidInput
from orchestration.models import Team
from portal.api.document_shapes import LONGEST, READ_PROBLEMS, WRITE_PROBLEMS
from portal.api.enums import FILE_ACTIONS
from portal.api.pages import PageQuery, actor_of, read_body, read_query
from portal.permissions import Verb

MOST_FILES = 500
MOST_PATHS = 10_000


class RunbookFileShape(serializers.Serializer[Any]):
    """A file: its path below the folder, with /, and its text."""

    path = serializers.CharField(max_length=1_000, trim_whitespace=False)
    text = serializers.CharField(max_length=LONGEST, trim_whitespace=False, allow_blank=True)


class RunbookImportShape(serializers.Serializer[Any]):
    """Files to take in, and why. `owner`: the team of those that name none. `paths`: of a folder that takes several
    requests, all that it has, so that a file that comes in another is not taken for moved."""

    files = serializers.ListField(child=RunbookFileShape(), max_length=MOST_FILES, allow_empty=False)
    owner = serializers.CharField(max_length=63, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=2_000)
    paths = serializers.ListField(
        child=serializers.CharField(max_length=1_000, trim_whitespace=False), max_length=MOST_PATHS, default=list
    )
    dry_run = serializers.BooleanField(default=False)


class RunbookFileLineShape(serializers.Serializer[Any]):
    """What became of a file."""

    path = serializers.CharField()
    action = serializers.ChoiceField(choices=FILE_ACTIONS)
    slug = serializers.CharField(allow_blank=True)
    problem = serializers.CharField(allow_blank=True)
    notes = serializers.ListField(child=serializers.CharField())


class RunbookReportShape(serializers.Serializer[Any]):
    """A line for each file. `refused` counts those that were not taken, conflicts among them."""

    lines = RunbookFileLineShape(many=True)
    refused = serializers.IntegerField()


class RunbookFilesShape(serializers.Serializer[Any]):
    """A page of files."""

    files = RunbookFileShape(many=True)
    next = serializers.CharField(allow_null=True)


class ImportRunbooks(APIView):
    """/runbooks/import"""

    @extend_schema(
        operation_id="importRunbooks", request=RunbookImportShape, responses={200: RunbookReportShape, **WRITE_PROBLEMS}
    )
    def post(self, request: Request) -> Response:
        """Make and change runbooks from Markdown files; each by itself, and those of teams that you maintain."""
        body, actor = read_body(RunbookImportShape, request), actor_of(request)
        lines = import_runbooks(
            files=[(one["path"], one["text"]) for one in body["files"]], actor=request.user, reason=body["reason"],
            default_owner=body["owner"], may=lambda team: _may(actor, team), paths=body["paths"],
            dry_run=body["dry_run"],
        )  # fmt: skip
        refused = sum(line.action in {"refused", "conflict"} for line in lines)
        return Response({"lines": [_show(line) for line in lines], "refused": refused})


class ExportRunbooks(APIView):
    """/runbooks/export"""

    @extend_schema(
        operation_id="exportRunbooks", parameters=[PageQuery], responses={200: RunbookFilesShape, **READ_PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """All runbooks as Markdown files; those that nobody edited here byte for byte as they came."""
        query = read_query(PageQuery, request)
        rows = Runbook.objects.select_related("owner").prefetch_related("links__workflow", "links__dependency")
        if query["cursor"]:
            if not query["cursor"].isprintable():
                raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
            rows = rows.filter(slug__gt=query["cursor"])
        found = list(rows.order_by("slug")[: query["limit"] + 1])
        here = found[: query["limit"]]
        files = [{"path": path, "text": text} for path, text in export_runbooks(here)]
        return Response({"files": files, "next": here[-1].slug if len(found) > len(here) else None})


def _may(actor: Any, team: Team) -> bool:
    return bool(actor.may(Verb.MAINTAIN, team))


def _show(line: Line) -> dict[str, Any]:
    return {
        "path": line.path, "action": line.action, "slug": line.slug, "problem": line.problem, "notes": line.notes,
    }  # fmt: skip
