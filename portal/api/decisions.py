"""Decisions: list, read, create, edit, history, restore."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.decisions.stored import people_in
from governance.gate.decisions import submit, waiting
from governance.models import Decision
from governance.selectors.decision_files import relations_of
from governance.selectors.decisions import DecisionFilter, decisions, find_decision, superseded_numbers, workflows_of
from governance.selectors.revisions import revisions
from governance.services.decisions import create_decision, edit_decision, restore_decision
from governance.services.documents import find_team
from orchestration.services.applying import Signature
from portal.api.document_shapes import (
    IF_MATCH,
    LONGEST,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    RestoreShape,
    RevisionPageShape,
    conflict_as_412,
    names_field,
    required_revision,
    revision_sent,
    show_revision,
    tagged,
)
from portal.api.enums import RELATION_KINDS
from portal.api.pages import PageQuery, actor_of, page, read_body, read_query
from portal.document_permissions import require_decision_write
from portal.permissions import Verb

_MOST = 2**31 - 1


class DecisionQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    status = serializers.ChoiceField(choices=Decision.Status.values, required=False, default="", allow_blank=True)
    owner = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    q = serializers.CharField(
        max_length=200, required=False, default="", allow_blank=True, help_text="words, or a number"
    )


class DecisionWriteShape(serializers.Serializer[Any]):
    """The whole record as it is to be."""

    title = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(choices=Decision.Status.values, default=Decision.Status.DRAFT)
    date = serializers.DateField(required=False, help_text="default: today, or the date it has")
    owner = serializers.CharField(max_length=63, help_text="a team")
    workflows = names_field()
    superseded_by = serializers.IntegerField(
        min_value=1,
        max_value=_MOST,
        required=False,
        allow_null=True,
        default=None,
        help_text="number; with the status superseded only",
    )
    supersedes = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=_MOST), max_length=100, required=False, default=list,
        help_text="numbers of decisions to mark as superseded by this one; those that are already stay so",
    )  # fmt: skip
    body = serializers.CharField(max_length=LONGEST, trim_whitespace=False, allow_blank=True, help_text="Markdown")
    reason = serializers.CharField(max_length=2000, help_text="why, for the history")


class DecisionEditShape(DecisionWriteShape):
    """The same, with the revision it is made over, if that isn't sent as If-Match."""

    revision = serializers.IntegerField(min_value=1, max_value=_MOST, required=False)
    correction = serializers.BooleanField(
        default=False, help_text="the text of an accepted decision changes because of a slip of writing alone"
    )


class DecisionSummaryShape(serializers.Serializer[Any]):
    """A decision in a list."""

    number = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Decision.Status.values)
    date = serializers.DateField()
    owner = serializers.CharField()
    superseded_by = serializers.IntegerField(allow_null=True)
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.CharField()


class RelationShape(serializers.Serializer[Any]):
    """Another decision, as it stands to this one."""

    kind = serializers.ChoiceField(choices=RELATION_KINDS)
    words = serializers.CharField(help_text="as its file says it: Clarifies, …")
    number = serializers.IntegerField()
    title = serializers.CharField()


class DecisionShape(DecisionSummaryShape):
    """A decision. `workflows` counts those whose manifest names it. `change`: what is to accept it, while that waits."""

    workflows = serializers.ListField(child=serializers.CharField())
    supersedes = serializers.ListField(child=serializers.IntegerField())
    change = serializers.IntegerField(allow_null=True)
    people = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), help_text="by role")
    raw_status = serializers.CharField(help_text="as its file writes it, where that is another word")
    relations = RelationShape(many=True)
    front_matter = serializers.JSONField(help_text="what a loaded file said beyond these fields")
    body = serializers.CharField()


class DecisionPageShape(serializers.Serializer[Any]):
    """A page of decisions."""

    items = DecisionSummaryShape(many=True)
    next = serializers.CharField(allow_null=True)


class Decisions(APIView):
    """/decisions"""

    @extend_schema(
        operation_id="listDecisions", parameters=[DecisionQuery], responses={200: DecisionPageShape, **READ_PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """Decisions, newest number first."""
        query = read_query(DecisionQuery, request)
        limit, cursor = query.pop("limit"), query.pop("cursor")
        found = decisions(DecisionFilter(**query), cursor=cursor, limit=limit)
        return Response(page(found.items, _summary, found.next))

    @extend_schema(
        operation_id="createDecision", request=DecisionWriteShape, responses={201: DecisionShape, **WRITE_PROBLEMS}
    )
    def post(self, request: Request) -> Response:
        """Create; the number is the next free one."""
        body = read_body(DecisionWriteShape, request)
        owner = find_team(body.pop("owner"))
        require_decision_write(actor_of(request), [owner], body["supersedes"])
        date, status, supersedes = body.pop("date", None), body.pop("status"), body.pop("supersedes")
        decision, _ = submit(
            lambda status, supersedes: create_decision(
                owner=owner, date=date, status=status, supersedes=supersedes, actor=request.user, **body
            ),
            status=status, supersedes=supersedes, signature=Signature(request.user, body["reason"]),
        )  # fmt: skip
        return tagged(decision, _show(decision), 201, f"/api/v1/decisions/{decision.number}")


class OneDecision(APIView):
    """/decisions/{number}"""

    @extend_schema(operation_id="getDecision", responses={200: DecisionShape, **READ_PROBLEMS})
    def get(self, request: Request, number: int) -> Response:
        """A decision with its text; the ETag is its revision."""
        decision = find_decision(number)
        return tagged(decision, _show(decision))

    @extend_schema(
        operation_id="editDecision", request=DecisionEditShape, parameters=[IF_MATCH],
        responses={200: DecisionShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def put(self, request: Request, number: int) -> Response:
        """Replace it; 412 when somebody else has edited it since you read it."""
        decision = find_decision(number)
        actor = actor_of(request)
        actor.require(Verb.MAINTAIN, decision.owner)
        body = read_body(DecisionEditShape, request)
        revision = required_revision(request, body)
        body.pop("revision", None)
        owner = find_team(body.pop("owner"))
        require_decision_write(actor, [owner], body["supersedes"])
        date, status, supersedes = body.pop("date", decision.date), body.pop("status"), body.pop("supersedes")
        with conflict_as_412():
            edited, _ = submit(
                lambda status, supersedes: edit_decision(
                    decision=decision, revision=revision, owner=owner, date=date, status=status, supersedes=supersedes,
                    actor=request.user, **body,
                ),
                status=status, supersedes=supersedes, signature=Signature(request.user, body["reason"]),
                before=decision,
            )  # fmt: skip
        return tagged(edited, _show(edited))


class DecisionHistory(APIView):
    """/decisions/{number}/history"""

    @extend_schema(
        operation_id="listDecisionHistory", parameters=[PageQuery], responses={200: RevisionPageShape, **READ_PROBLEMS}
    )
    def get(self, request: Request, number: int) -> Response:
        """Its revisions, newest first."""
        query = read_query(PageQuery, request)
        found = revisions(find_decision(number), cursor=query["cursor"], limit=query["limit"])
        return Response(page(found.items, show_revision, found.next))


class DecisionRestore(APIView):
    """/decisions/{number}/restore"""

    @extend_schema(
        operation_id="restoreDecision", request=RestoreShape, parameters=[IF_MATCH],
        responses={200: DecisionShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, number: int) -> Response:
        """Bring back title, text and date of an earlier revision, as a new one."""
        decision = find_decision(number)
        actor_of(request).require(Verb.MAINTAIN, decision.owner)
        body = read_body(RestoreShape, request)
        with conflict_as_412():
            restored = restore_decision(
                decision=decision, history_id=body["history_id"], revision=revision_sent(request, body),
                actor=request.user, reason=body["reason"],
            )  # fmt: skip
        return tagged(restored, _show(restored))


def _summary(decision: Decision) -> dict[str, Any]:
    return {
        "number": decision.number,
        "slug": decision.slug,
        "title": decision.title,
        "status": decision.status,
        "date": decision.date.isoformat(),
        "owner": decision.owner.name,
        "superseded_by": decision.superseded_by.number if decision.superseded_by else None,
        "revision": decision.revision,
        "created_at": decision.created_at.isoformat(),
        "updated_at": decision.updated_at.isoformat(),
        "url": reverse("decision", args=[decision.number]),
    }


def _show(decision: Decision) -> dict[str, Any]:
    waits = waiting(decision) if decision.status == Decision.Status.PROPOSED else None
    return {
        **_summary(decision),
        "workflows": workflows_of(decision),
        "supersedes": superseded_numbers(decision),
        "change": waits.pk if waits else None,
        "people": {role: list(people) for role, people in people_in(decision.front_matter).items()},
        "raw_status": str(decision.front_matter.get("status") or ""),
        "relations": [
            {"kind": row.kind, "words": row.words, "number": row.decision.number, "title": row.decision.title}
            for row in relations_of(decision)
        ],
        "front_matter": decision.front_matter,
        "body": decision.body,
    }
