"""Patterns: list, read with who uses each now, create, edit, history, restore. As on the pages."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import Pattern
from governance.patterns.usage import RULES
from governance.selectors.patterns import find_pattern, pattern_page, used_by
from governance.services.documents import find_team
from governance.services.patterns import MAX_SUMMARY, create_pattern, edit_pattern, restore_pattern
from orchestration.models import Team
from portal.api.document_history import history, restored
from portal.api.document_shapes import (
    IF_MATCH,
    LONGEST,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    RestoreShape,
    RevisionPageShape,
    conflict_as_412,
    required_revision,
    tagged,
)
from portal.api.pages import PageQuery, actor_of, page, read_body, read_query
from portal.dashboards.shared import shared
from portal.permissions import Verb

EXAMPLE = OpenApiExample(
    "A way of one's own",
    value={
        "slug": "dead-letter", "title": "Dead letter", "summary": "What can't be handled is put aside and told of.",
        "status": "active", "owner": "checkout", "body": "## The problem\n\nOne bad message stops the rest.\n",
        "reason": "We do it in three workflows.",
    },
    request_only=True,
)  # fmt: skip


class PatternQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    status = serializers.ChoiceField(choices=Pattern.Status.values, required=False, default="", allow_blank=True)
    q = serializers.CharField(max_length=200, required=False, default="", allow_blank=True, help_text="words")


class PatternEditShape(serializers.Serializer[Any]):
    """The whole pattern as it is to be, and the revision it is made over, if that isn't sent as If-Match."""

    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=MAX_SUMMARY, required=False, default="", allow_blank=True)
    status = serializers.ChoiceField(choices=Pattern.Status.values, default=Pattern.Status.ACTIVE)
    owner = serializers.CharField(max_length=63, allow_null=True, help_text="a team; null: everybody, for admins")
    body = serializers.CharField(max_length=LONGEST, trim_whitespace=False, allow_blank=True, help_text="Markdown")
    reason = serializers.CharField(max_length=2000, help_text="why, for the history")
    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class PatternCreateShape(PatternEditShape):
    """A new pattern."""

    revision = None  # type: ignore[assignment]  # there is none yet
    slug = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="its name for good; default: of the title"
    )  # fmt: skip


class PatternSummaryShape(serializers.Serializer[Any]):
    """A pattern in a list. `workflows`: those that use it now; null where no rule can tell."""

    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=Pattern.Status.values)
    owner = serializers.CharField(allow_null=True, help_text="null: everybody")
    workflows = serializers.ListField(child=serializers.CharField(), allow_null=True)
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.CharField()


class PatternShape(PatternSummaryShape):
    """A pattern with its text."""

    body = serializers.CharField()


class PatternPageShape(serializers.Serializer[Any]):
    """A page of patterns."""

    items = PatternSummaryShape(many=True)
    next = serializers.CharField(allow_null=True)


class Patterns(APIView):
    """/patterns"""

    @extend_schema(
        operation_id="listPatterns", parameters=[PatternQuery], responses={200: PatternPageShape, **READ_PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """Patterns by name, with who uses each now."""
        found = pattern_page(**read_query(PatternQuery, request))
        return Response(page(found.items, _summary, found.next))

    @extend_schema(
        operation_id="createPattern", request=PatternCreateShape, examples=[EXAMPLE],
        responses={201: PatternShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Create; its slug is its name for good."""
        body = read_body(PatternCreateShape, request)
        owner = _owner(request, body.pop("owner"))
        made = create_pattern(owner=owner, actor=request.user, **body)
        return tagged(made, _show(made), 201, f"/api/v1/patterns/{made.slug}")


class OnePattern(APIView):
    """/patterns/{slug}"""

    @extend_schema(operation_id="getPattern", responses={200: PatternShape, **READ_PROBLEMS})
    def get(self, request: Request, slug: str) -> Response:
        """A pattern with its text and who uses it now; the ETag is its revision."""
        found = find_pattern(slug)
        return tagged(found, _show(found))

    @extend_schema(
        operation_id="editPattern", request=PatternEditShape, parameters=[IF_MATCH],
        responses={200: PatternShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def put(self, request: Request, slug: str) -> Response:
        """Replace it; 412 when somebody else has edited it since you read it."""
        found = find_pattern(slug)
        actor_of(request).require(Verb.MAINTAIN, found.owner)
        body = read_body(PatternEditShape, request)
        revision = required_revision(request, body)
        body.pop("revision", None)
        owner = _owner(request, body.pop("owner"))
        with conflict_as_412():
            edited = edit_pattern(pattern=found, revision=revision, owner=owner, actor=request.user, **body)
        return tagged(edited, _show(edited))


class PatternHistory(APIView):
    """/patterns/{slug}/history"""

    @extend_schema(
        operation_id="listPatternHistory", parameters=[PageQuery], responses={200: RevisionPageShape, **READ_PROBLEMS}
    )
    def get(self, request: Request, slug: str) -> Response:
        """Its revisions, newest first."""
        return history(request, find_pattern(slug))


class PatternRestore(APIView):
    """/patterns/{slug}/restore"""

    @extend_schema(
        operation_id="restorePattern", request=RestoreShape, parameters=[IF_MATCH],
        responses={200: PatternShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        """Bring back title and text of an earlier revision, as a new one."""
        found = find_pattern(slug)
        return restored(request, found, partial(restore_pattern, pattern=found), _show)


def _owner(request: Request, name: str | None) -> Team | None:
    """The next owner, for whom one may write too."""
    owner = find_team(name) if name is not None else None
    actor_of(request).require(Verb.MAINTAIN, owner)
    return owner


def _summary(pattern: Pattern) -> dict[str, Any]:
    users = shared("patterns", used_by).get(pattern.slug, [])
    return {
        "slug": pattern.slug,
        "title": pattern.title,
        "summary": pattern.summary,
        "status": pattern.status,
        "owner": pattern.owner.name if pattern.owner else None,
        "workflows": users if pattern.slug in RULES else None,
        "revision": pattern.revision,
        "created_at": pattern.created_at.isoformat(),
        "updated_at": pattern.updated_at.isoformat(),
        "url": reverse("pattern", args=[pattern.slug]),
    }


def _show(pattern: Pattern) -> dict[str, Any]:
    return {**_summary(pattern), "body": pattern.body}
