"""Approvals: list them, read one, decide one. Deciding is for people: a token is refused."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.services.approving import decide_approval
from orchestration.models import Approval
from orchestration.selectors.approvals import STATES, ApprovalFilter, approvals, find_approval
from portal.api.enums import APPROVAL_WORDS
from portal.api.pages import PageQuery, actor_of, numbered_page, read_body, read_query
from portal.api.runs import PROBLEMS
from portal.approval_permissions import require_decide


class ApprovalQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    state = serializers.ChoiceField(choices=list(STATES), required=False, default="", allow_blank=True)
    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)


class ApprovalShape(serializers.Serializer[Any]):
    """A question to a team, and its answer."""

    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=list(STATES))
    team = serializers.CharField()
    workflow = serializers.CharField()
    run = serializers.UUIDField()
    step = serializers.CharField()
    requested_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    on_timeout = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True, help_text="null while open, and when time decided")
    comment = serializers.CharField(allow_blank=True)


class ApprovalPageShape(serializers.Serializer[Any]):
    """A keyset page."""

    items = ApprovalShape(many=True)
    next = serializers.CharField(allow_null=True)


class ApprovalDecisionShape(serializers.Serializer[Any]):
    """A person's word."""

    decision = serializers.ChoiceField(choices=APPROVAL_WORDS)
    comment = serializers.CharField(max_length=2000, help_text="why; it stands in the run's history and the audit log")


class Approvals(APIView):
    """/approvals"""

    @extend_schema(
        operation_id="listApprovals", parameters=[ApprovalQuery], responses={200: ApprovalPageShape, **PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """Approvals, newest first."""
        query = read_query(ApprovalQuery, request)
        wanted = ApprovalFilter(state=query["state"], team=query["team"], workflow=query["workflow"])
        return Response(numbered_page(approvals(wanted), query, show_approval))


class OneApproval(APIView):
    """/approvals/{number}"""

    @extend_schema(operation_id="getApproval", responses={200: ApprovalShape, **PROBLEMS})
    def get(self, request: Request, number: int) -> Response:
        """One."""
        return Response(show_approval(find_approval(number)))


class DecideApproval(APIView):
    """/approvals/{number}/decide"""

    @extend_schema(
        operation_id="decideApproval", request=ApprovalDecisionShape, responses={200: ApprovalShape, **PROBLEMS}
    )
    def post(self, request: Request, number: int) -> Response:
        """Approve or reject. 409 when somebody was first; 403 for a token, and for who started the run."""
        found = find_approval(number)
        require_decide(actor_of(request), found)
        body = read_body(ApprovalDecisionShape, request)
        decided = decide_approval(approval=found, person=request.user, **body)
        return Response(show_approval(decided))


def show_approval(approval: Approval) -> dict[str, Any]:
    """ApprovalShape's values."""
    return {
        "number": approval.pk, "state": approval.decision or "open", "team": approval.team.name,
        "workflow": approval.run.workflow.name, "run": str(approval.run_id), "step": approval.step.name,
        "requested_at": approval.requested_at.isoformat(),
        "due_at": approval.due_at.isoformat() if approval.due_at else None, "on_timeout": approval.on_timeout,
        "decided_at": approval.decided_at.isoformat() if approval.decided_at else None,
        "decided_by": approval.decided_by.get_username() if approval.decided_by else None, "comment": approval.comment,
    }  # fmt: skip
