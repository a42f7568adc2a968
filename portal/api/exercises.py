"""Exercises of runbooks: list, read, start, say how a step went, run its action, hand over, end. As on the pages.

Owns the endpoints. Who may is portal/exercise_permissions.py's, what may be said governance/services/exercises.py's.
"""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.models import Exercise
from governance.playbooks.running import ask, perform, play_for
from governance.selectors.exercises import exercises, find_exercise
from governance.selectors.runbooks import find_runbook, runbook_of_alert
from governance.services import exercises as services
from orchestration.errors import InvalidInput, Violation
from orchestration.selectors.alerts import find_alert
from portal.api.document_shapes import READ_PROBLEMS, WRITE_PROBLEMS
from portal.api.exercise_shapes import (
    ActShape,
    EndShape,
    ExercisePageShape,
    ExerciseQuery,
    ExerciseShape,
    HandOverShape,
    StartExerciseShape,
    TickShape,
    summary,
    whole,
)
from portal.api.pages import actor_of, page, read_body, read_query
from portal.exercise_permissions import require_act, require_start, require_work, taker

TICKED = OpenApiExample(
    "Not as expected, with evidence",
    value={"what": "not_as_expected", "note": "The queue still grows.", "evidence": "depth 412 at 14:02", "seen": None},
    request_only=True,
)  # fmt: skip
ENDED = OpenApiExample(
    "Gone through to its end",
    value={"state": "completed", "summary": "Step 3 needs the new address."},
    request_only=True,
)


class Exercises(APIView):
    """/exercises"""

    @extend_schema(
        operation_id="listExercises", parameters=[ExerciseQuery], responses={200: ExercisePageShape, **READ_PROBLEMS}
    )
    def get(self, request: Request) -> Response:
        """Exercises, newest first."""
        found = exercises(**read_query(ExerciseQuery, request))
        return Response(page(found.items, summary, found.next))


class OneExercise(APIView):
    """/exercises/{number}"""

    @extend_schema(operation_id="getExercise", responses={200: ExerciseShape, **READ_PROBLEMS})
    def get(self, request: Request, number: int) -> Response:
        """An exercise with how each step stands, and its log."""
        return Response(whole(find_exercise(number)))


class StartExercise(APIView):
    """/runbooks/{slug}/exercises"""

    @extend_schema(
        operation_id="startExercise", request=StartExerciseShape,
        responses={200: ExerciseShape, 201: ExerciseShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        """Begin one with the steps as they are now: 201, or 200 for the one that is under way for the alert."""
        runbook, number = find_runbook(slug), read_body(StartExerciseShape, request)["alert"]
        alert = find_alert(number) if number is not None else None
        if alert is not None and runbook_of_alert(alert) != runbook:
            text = (
                f"runbook {slug} is not that of alert {number}; leave the alert out, or start the runbook that it names"
            )
            raise InvalidInput(text, [Violation("/alert", text)])
        require_start(actor_of(request), runbook, alert)
        begun, is_new = services.start_exercise(runbook=runbook, actor=request.user, alert=alert)
        place = {"Location": f"/api/v1/exercises/{begun.pk}"}
        return Response(whole(find_exercise(begun.pk)), status=201 if is_new else 200, headers=place)


class ExerciseStep(APIView):
    """/exercises/{number}/steps/{position}"""

    @extend_schema(
        operation_id="tickExerciseStep", request=TickShape, examples=[TICKED],
        responses={200: ExerciseShape, **WRITE_PROBLEMS},
    )  # fmt: skip
    def post(self, request: Request, number: int, position: int) -> Response:
        """Say how a step went; 409 when somebody else has said something of it since `seen`."""
        found = _workable(request, number)
        services.tick(exercise=found, position=position, actor=request.user, **read_body(TickShape, request))
        return Response(whole(find_exercise(number)))


class ExerciseStepAction(APIView):
    """/exercises/{number}/steps/{position}/action"""

    @extend_schema(operation_id="runExerciseAction", request=ActShape, responses={200: ExerciseShape, **WRITE_PROBLEMS})
    def post(self, request: Request, number: int, position: int) -> Response:
        """Run the step's action, once a try; for whoever may do by hand what it does."""
        found, attempt = _workable(request, number), read_body(ActShape, request)["attempt"]
        play, parameters = play_for(found, position)
        require_act(actor_of(request), play, parameters)
        asked, is_new = ask(exercise=found, position=position, attempt=attempt, actor=request.user)
        if is_new:
            perform(asked)
        return Response(whole(find_exercise(number)))


class ExerciseHandOver(APIView):
    """/exercises/{number}/hand-over"""

    @extend_schema(
        operation_id="handOverExercise", request=HandOverShape, responses={200: ExerciseShape, **WRITE_PROBLEMS}
    )
    def post(self, request: Request, number: int) -> Response:
        """Give it to somebody who may go on with it, or take it over."""
        found, body = _workable(request, number), read_body(HandOverShape, request)
        services.hand_over(exercise=found, to=taker(found, body["to"]), note=body["note"], actor=request.user)
        return Response(whole(find_exercise(number)))


class ExerciseEnd(APIView):
    """/exercises/{number}/end"""

    @extend_schema(
        operation_id="endExercise", request=EndShape, examples=[ENDED], responses={200: ExerciseShape, **WRITE_PROBLEMS}
    )
    def post(self, request: Request, number: int) -> Response:
        """Close it, completed or abandoned, with a word on how it went."""
        found = _workable(request, number)
        services.end(exercise=found, actor=request.user, **read_body(EndShape, request))
        return Response(whole(find_exercise(number)))


def _workable(request: Request, number: int) -> Exercise:
    found = find_exercise(number)
    require_work(actor_of(request), found)
    return found
