"""Changes: list, read, and what pipelines may do to them. Votes are people's: a token is refused, whatever it carries."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.gate import commenting, settling
from governance.gate.opening import Rollout
from governance.gate.reviewing import review
from governance.models import Change
from governance.selectors.changes import changes, find_change
from governance.services.documents import find_team
from orchestration.errors import Forbidden
from portal.api.change_shapes import (
    READS,
    WRITES,
    ChangeDetailShape,
    ChangePageShape,
    ChangeQuery,
    ChangeReasonShape,
    CommentShape,
    SayShape,
    ScheduleShape,
    VoteShape,
    detail,
    show,
    show_comment,
)
from portal.api.pages import actor_of, numbered_page, read_body, read_query
from portal.permissions import Verb


class Changes(APIView):
    """/changes"""

    @extend_schema(operation_id="listChanges", parameters=[ChangeQuery], responses={200: ChangePageShape, **READS})
    def get(self, request: Request) -> Response:
        """Changes, newest first."""
        query = read_query(ChangeQuery, request)
        rows = changes(state=query["state"], team=query["team"])
        return Response(numbered_page(rows, query, show))


class OneChange(APIView):
    """/changes/{number}"""

    @extend_schema(operation_id="getChange", responses={200: ChangeDetailShape, **READS})
    def get(self, request: Request, number: int) -> Response:
        """A change as a reviewer sees it."""
        return Response(detail(find_change(number)))


class ChangeReviews(APIView):
    """/changes/{number}/reviews"""

    @extend_schema(operation_id="reviewChange", request=VoteShape, responses={201: ChangeDetailShape, **WRITES})
    def post(self, request: Request, number: int) -> Response:
        """Vote. Needs a signed-in person: no token may review, whatever it carries."""
        found, body = find_change(number), read_body(VoteShape, request)
        if actor_of(request).token is not None:
            raise Forbidden("a token can't review; a person does, on the change's page")
        review(change=found, person=request.user, team=find_team(body.pop("team")), **body)
        return Response(detail(find_change(number)), status=201)


class ChangeComments(APIView):
    """/changes/{number}/comments"""

    @extend_schema(operation_id="commentOnChange", request=SayShape, responses={201: CommentShape, **WRITES})
    def post(self, request: Request, number: int) -> Response:
        """Say something about the change, or about a finding of it."""
        found, body = find_change(number), read_body(SayShape, request)
        return Response(
            show_comment(commenting.comment(change=found, person=request.user, parent=body.pop("answer_to"), **body)),
            status=201,
        )


class WithdrawChange(APIView):
    """/changes/{number}/withdraw"""

    @extend_schema(
        operation_id="withdrawChange", request=ChangeReasonShape, responses={200: ChangeDetailShape, **WRITES}
    )
    def post(self, request: Request, number: int) -> Response:
        """Take it back."""
        found = _maintained(request, number)
        settling.withdraw(change=found, person=request.user, **read_body(ChangeReasonShape, request))
        return Response(detail(find_change(number)))


class ScheduleChange(APIView):
    """/changes/{number}/schedule"""

    @extend_schema(operation_id="scheduleChange", request=ScheduleShape, responses={200: ChangeDetailShape, **WRITES})
    def post(self, request: Request, number: int) -> Response:
        """When it is done once it is approved."""
        found, body = _maintained(request, number), read_body(ScheduleShape, request)
        rollout = Rollout(body["rollout"], body["apply_at"])
        settling.reschedule(change=found, person=request.user, reason=body["reason"], rollout=rollout)
        return Response(detail(find_change(number)))


class ApplyChange(APIView):
    """/changes/{number}/apply"""

    @extend_schema(operation_id="applyChange", request=ChangeReasonShape, responses={200: ChangeDetailShape, **WRITES})
    def post(self, request: Request, number: int) -> Response:
        """Do what is approved and waits for a hand; it is judged once more first."""
        found = _maintained(request, number)
        settling.apply_now(change=found, person=request.user, **read_body(ChangeReasonShape, request))
        return Response(detail(find_change(number)))


def _maintained(request: Request, number: int) -> Change:
    found = find_change(number)
    actor_of(request).require(Verb.MAINTAIN, found.owner)
    return found
