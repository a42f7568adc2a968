"""Decisions: list, read, create, edit, history, restore."""

from __future__ import annotations

from functools import partial

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.gate.decisions import submit
from governance.selectors.decisions import DecisionFilter, decisions, find_decision
from governance.services.decisions import create_decision, edit_decision, restore_decision
from governance.services.documents import find_team
from orchestration.services.applying import Signature
from portal.api.decision_shapes import (
    DecisionEditShape,
    DecisionPageShape,
    DecisionQuery,
    DecisionShape,
    DecisionWriteShape,
    summary,
    whole,
)
from portal.api.document_history import history, restored
from portal.api.document_shapes import (
    IF_MATCH,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    RestoreShape,
    RevisionPageShape,
    conflict_as_412,
    required_revision,
    tagged,
)
from portal.api.pages import PageQuery, actor_of, page, read_body, read_query
from portal.document_permissions import require_decision_write
from portal.permissions import Verb


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
        return Response(page(found.items, summary, found.next))

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
        return tagged(decision, whole(decision), 201, f"/api/v1/decisions/{decision.number}")


class OneDecision(APIView):
    """/decisions/{number}"""

    @extend_schema(operation_id="getDecision", responses={200: DecisionShape, **READ_PROBLEMS})
    def get(self, request: Request, number: int) -> Response:
        """A decision with its text; the ETag is its revision."""
        decision = find_decision(number)
        return tagged(decision, whole(decision))

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
        return tagged(edited, whole(edited))


class DecisionHistory(APIView):
    """/decisions/{number}/history"""

    @extend_schema(
        operation_id="listDecisionHistory", parameters=[PageQuery], responses={200: RevisionPageShape, **READ_PROBLEMS}
    )
    def get(self, request: Request, number: int) -> Response:
        """Its revisions, newest first."""
        return history(request, find_decision(number))


class DecisionRestore(APIView):
    """/decisions/{number}/restore"""

    @extend_schema(
        operation_id="restoreDecision", request=RestoreShape, parameters=[IF_MATCH],
        responses={200: DecisionShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, number: int) -> Response:
        """Bring back title, text and date of an earlier revision, as a new one."""
        found = find_decision(number)
        return restored(request, found, partial(restore_decision, decision=found), whole)
