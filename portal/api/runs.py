"""Runs: start, list, read, cancel, terminate, retry."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import Run
from orchestration.selectors.runs import OPEN, RunFilter, find_run, run_detail, runs
from orchestration.services.runs import cancel_run, retry_run, start_run, terminate_run, version_to_run
from orchestration.states import Compensation, RunResult
from portal.api.ending_headers import workflow_ending
from portal.api.enums import RUN_STATUSES
from portal.api.pages import PageQuery, ProblemShape, actor_of, page, read_body, read_query
from portal.api.run_shapes import (
    ReasonShape,
    RunDetailShape,
    RunPageShape,
    RunShape,
    StartShape,
    show_detail,
    show_run,
)
from portal.permissions import Verb
from portal.presentation.masking import hide_errors, hide_errors_within

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="the same key and input give the same run"
)
PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys(
    (400, 401, 403, 404, 409, 413, 415, 422), ProblemShape
)


class RunFilterShape(serializers.Serializer[Any]):
    """Which runs; what is empty does not filter."""

    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    version = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    status = serializers.ChoiceField(choices=[*RUN_STATUSES, OPEN], required=False, default="", allow_blank=True)
    result = serializers.ChoiceField(
        choices=[result for result in RunResult if result], required=False, default="", allow_blank=True
    )
    compensation = serializers.ChoiceField(choices=list(Compensation), required=False, default="", allow_blank=True)
    since = serializers.DateTimeField(required=False, default=None, help_text="started at or after")
    until = serializers.DateTimeField(required=False, default=None, help_text="started before")


class RunQuery(PageQuery, RunFilterShape):
    """Filters of the list; empty ones don't filter."""

    key = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class Runs(APIView):
    """/runs"""

    @extend_schema(operation_id="listRuns", parameters=[RunQuery], responses={200: RunPageShape, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Runs, newest first."""
        query = read_query(RunQuery, request)
        limit, cursor = query.pop("limit"), query.pop("cursor")
        found = runs(RunFilter(**query), cursor=cursor, limit=limit)
        actor = actor_of(request)
        hide_errors(run for run in found.items if run.error_message and not actor.may(Verb.SEE_PAYLOADS, run.team_id))
        return Response(page(found.items, show_run, found.next))

    @extend_schema(
        operation_id="startRun",
        request=StartShape,
        parameters=[KEY],
        responses={200: RunShape, 201: RunShape, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Start a run: 201, or 200 when the Idempotency-Key started it before."""
        body = read_body(StartShape, request)
        version = version_to_run(workflow=body["workflow"], version=body.get("version"))
        actor = actor_of(request)
        actor.require(Verb.OPERATE, version.workflow.owner)
        run, created = start_run(
            version=version, input=body["input"], key=request.headers.get("Idempotency-Key"), actor=actor.user,
            priority=body["priority"],
        )  # fmt: skip
        answer = one_run(request, run, 201 if created else 200)
        return workflow_ending(answer, version.workflow.name, version)  # type: ignore[return-value]


class OneRun(APIView):
    """/runs/{id}"""

    @extend_schema(operation_id="getRun", responses={200: RunDetailShape, **PROBLEMS})
    def get(self, request: Request, run_id: uuid.UUID) -> Response:
        """A run with its steps and attempts."""
        detail = run_detail(run_id)
        masked = not actor_of(request).may(Verb.SEE_PAYLOADS, detail.run.team)
        if masked:
            hide_errors_within(detail)
        return Response(show_detail(detail, masked=masked))


class CancelRun(APIView):
    """/runs/{id}/cancel"""

    @extend_schema(operation_id="cancelRun", request=ReasonShape, responses={200: RunShape, **PROBLEMS})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Stop at the next step boundary, then compensate."""
        run = operable(request, run_id)
        reason = read_body(ReasonShape, request)["reason"]
        return one_run(request, cancel_run(run_id=run.pk, actor=request.user, reason=reason))


class TerminateRun(APIView):
    """/runs/{id}/terminate"""

    @extend_schema(operation_id="terminateRun", request=ReasonShape, responses={200: RunShape, **PROBLEMS})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """End now and compensate nothing."""
        run = operable(request, run_id)
        reason = read_body(ReasonShape, request)["reason"]
        return one_run(request, terminate_run(run_id=run.pk, actor=request.user, reason=reason))


class RetryRun(APIView):
    """/runs/{id}/retry"""

    @extend_schema(
        operation_id="retryRun", request=None, parameters=[KEY], responses={200: RunShape, 201: RunShape, **PROBLEMS}
    )
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """A new run linked to a failed one: what still stands is reused, the rest runs again."""
        run = operable(request, run_id)
        # The new run is of the workflow's present owner, who may be another team by now.
        actor_of(request).require(Verb.OPERATE, run.workflow.owner)
        again, created = retry_run(run=run, actor=request.user, key=request.headers.get("Idempotency-Key"))
        return one_run(request, again, 201 if created else 200)


def operable(request: Request, run_id: uuid.UUID) -> Run:
    """The run, where whoever asks may operate it."""
    run = find_run(run_id)
    actor_of(request).require(Verb.OPERATE, run.team)
    return run


def one_run(request: Request, run: Run, status: int = 200) -> Response:
    """The run as it is now, with where it is."""
    found = find_run(run.pk)
    if not actor_of(request).may(Verb.SEE_PAYLOADS, found.team):
        hide_errors([found])
    return Response(show_run(found), status=status, headers={"Location": f"/api/v1/runs/{run.pk}"})
