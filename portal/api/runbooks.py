"""Runbooks: list, read, create, edit, history, restore."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import Runbook
from governance.runbooks.freshness import Freshness
from governance.runbooks.reading import MOST_AN_HOUR
from governance.selectors.documents import contracts_of
from governance.selectors.runbooks import (
    RunbookFilter,
    about,
    find_runbook,
    freshness_of,
    runbooks,
)
from governance.services.documents import find_team
from governance.services.runbooks import create_runbook, edit_runbook, restore_runbook
from portal.api.document_history import history, restored
from portal.api.document_shapes import (
    IF_MATCH,
    LONGEST,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    RestoreShape,
    RevisionPageShape,
    conflict_as_412,
    linked_field,
    names_field,
    required_revision,
    tagged,
)
from portal.api.pages import PageQuery, actor_of, page, read_body, read_query
from portal.permissions import Verb


class RunbookQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    status = serializers.ChoiceField(choices=Runbook.Status.values, required=False, default="", allow_blank=True)
    owner = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    dependency = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    freshness = serializers.ChoiceField(choices=list(Freshness), required=False, default="", allow_blank=True)
    q = serializers.CharField(max_length=200, required=False, default="", allow_blank=True, help_text="words")


class RunbookEditShape(serializers.Serializer[Any]):
    """The whole runbook as it is to be, and the revision it is made over, if that isn't sent as If-Match."""

    title = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(choices=Runbook.Status.values, default=Runbook.Status.ACTIVE)
    owner = serializers.CharField(max_length=63, help_text="a team")
    review_by = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="stale from the day after"
    )
    auto_start = serializers.IntegerField(
        min_value=1, max_value=MOST_AN_HOUR, required=False, allow_null=True, default=None,
        help_text="exercises an hour that alerts may start by themselves; null: none",
    )  # fmt: skip
    workflows = names_field()
    dependencies = names_field()
    contracts = linked_field()
    body = serializers.CharField(max_length=LONGEST, trim_whitespace=False, allow_blank=True, help_text="Markdown")
    reason = serializers.CharField(max_length=2000, help_text="why, for the history")
    revision = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class RunbookCreateShape(RunbookEditShape):
    """A new runbook."""

    revision = None  # type: ignore[assignment]  # there is none yet
    slug = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        default="",
        help_text="its name for good; default: of the title",
    )


class RunbookSummaryShape(serializers.Serializer[Any]):
    """A runbook in a list."""

    slug = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Runbook.Status.values)
    freshness = serializers.ChoiceField(choices=list(Freshness))
    owner = serializers.CharField()
    review_by = serializers.DateField(allow_null=True)
    auto_start = serializers.IntegerField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.CharField()


class RunbookShape(RunbookSummaryShape):
    """A runbook. `workflows` and `dependencies` count those whose manifest names it."""

    workflows = serializers.ListField(child=serializers.CharField())
    dependencies = serializers.ListField(child=serializers.CharField())
    contracts = serializers.ListField(child=serializers.CharField())
    front_matter = serializers.JSONField(help_text="what a loaded file said beyond these fields")
    body = serializers.CharField()


class RunbookPageShape(serializers.Serializer[Any]):
    """A page of runbooks."""

    items = RunbookSummaryShape(many=True)
    next = serializers.CharField(allow_null=True)


class Runbooks(APIView):
    """/runbooks"""

    @extend_schema(
        operation_id="listRunbooks", parameters=[RunbookQuery], responses={200: RunbookPageShape, **READ_PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """Runbooks by name."""
        query = read_query(RunbookQuery, request)
        limit, cursor = query.pop("limit"), query.pop("cursor")
        found = runbooks(RunbookFilter(**query), cursor=cursor, limit=limit)
        return Response(page(found.items, _summary, found.next))

    @extend_schema(
        operation_id="createRunbook", request=RunbookCreateShape, responses={201: RunbookShape, **WRITE_PROBLEMS}
    )
    def post(self, request: Request) -> Response:
        """Create; its slug is its name for good, since manifests name it."""
        body = read_body(RunbookCreateShape, request)
        owner = find_team(body.pop("owner"))
        actor_of(request).require(Verb.MAINTAIN, owner)
        runbook = create_runbook(owner=owner, actor=request.user, **body)
        return tagged(runbook, _show(runbook), 201, f"/api/v1/runbooks/{runbook.slug}")


class OneRunbook(APIView):
    """/runbooks/{slug}"""

    @extend_schema(operation_id="getRunbook", responses={200: RunbookShape, **READ_PROBLEMS})
    def get(self, request: Request, slug: str) -> Response:
        """A runbook with its text; the ETag is its revision."""
        runbook = find_runbook(slug)
        return tagged(runbook, _show(runbook))

    @extend_schema(
        operation_id="editRunbook", request=RunbookEditShape, parameters=[IF_MATCH],
        responses={200: RunbookShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def put(self, request: Request, slug: str) -> Response:
        """Replace it; 412 when somebody else has edited it since you read it."""
        runbook = find_runbook(slug)
        actor = actor_of(request)
        actor.require(Verb.MAINTAIN, runbook.owner)
        body = read_body(RunbookEditShape, request)
        revision = required_revision(request, body)
        body.pop("revision", None)
        owner = find_team(body.pop("owner"))
        actor.require(Verb.MAINTAIN, owner)
        with conflict_as_412():
            edited = edit_runbook(runbook=runbook, revision=revision, owner=owner, actor=request.user, **body)
        return tagged(edited, _show(edited))


class RunbookHistory(APIView):
    """/runbooks/{slug}/history"""

    @extend_schema(
        operation_id="listRunbookHistory", parameters=[PageQuery], responses={200: RevisionPageShape, **READ_PROBLEMS}
    )
    def get(self, request: Request, slug: str) -> Response:
        """Its revisions, newest first."""
        return history(request, find_runbook(slug))


class RunbookRestore(APIView):
    """/runbooks/{slug}/restore"""

    @extend_schema(
        operation_id="restoreRunbook", request=RestoreShape, parameters=[IF_MATCH],
        responses={200: RunbookShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        """Bring back title and text of an earlier revision, as a new one."""
        found = find_runbook(slug)
        return restored(request, found, partial(restore_runbook, runbook=found), _show)


def _summary(runbook: Runbook) -> dict[str, Any]:
    return {
        "slug": runbook.slug,
        "title": runbook.title,
        "status": runbook.status,
        "freshness": freshness_of(runbook),
        "owner": runbook.owner.name,
        "review_by": runbook.review_by.isoformat() if runbook.review_by else None,
        "auto_start": runbook.auto_start,
        "reviewed_at": runbook.reviewed_at.isoformat() if runbook.reviewed_at else None,
        "revision": runbook.revision,
        "created_at": runbook.created_at.isoformat(),
        "updated_at": runbook.updated_at.isoformat(),
        "url": reverse("runbook", args=[runbook.slug]),
    }


def _show(runbook: Runbook) -> dict[str, Any]:
    linked = about(runbook)
    return {
        **_summary(runbook),
        "workflows": linked.workflows,
        "dependencies": linked.dependencies,
        "contracts": contracts_of(runbook),
        "front_matter": runbook.front_matter,
        "body": runbook.body,
    }
