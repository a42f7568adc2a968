"""The queue: what waits and for what, and moving a queued run."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.selectors.queue import MOST_PAGES, Waiting, queue
from orchestration.selectors.runs import find_run
from orchestration.services.runs import prioritize_run
from portal.api.pages import ProblemShape, actor_of, read_body, read_query
from portal.api.run_shapes import PriorityShape, RunShape, show_run
from portal.permissions import Verb
from portal.presentation.queue_words import why

PROBLEMS: dict[int, type[serializers.Serializer[Any]]] = dict.fromkeys((400, 401, 403, 404, 409), ProblemShape)


class QueueQuery(serializers.Serializer[Any]):
    """Filters; empty ones don't filter."""

    team = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    workflow = serializers.CharField(max_length=63, required=False, default="", allow_blank=True)
    page = serializers.IntegerField(min_value=1, max_value=MOST_PAGES, required=False, default=1)


class TeamQueueShape(serializers.Serializer[Any]):
    """A team with queued or active runs."""

    team = serializers.CharField()
    queued = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True)
    active = serializers.IntegerField()
    share = serializers.IntegerField(help_text="places that are the team's whatever others want")
    weight = serializers.FloatField()


class QueuedRunShape(serializers.Serializer[Any]):
    """A queued run, and what it waits for."""

    id = serializers.UUIDField()
    short_id = serializers.CharField()
    workflow = serializers.CharField()
    team = serializers.CharField()
    priority = serializers.IntegerField()
    position = serializers.IntegerField(help_text="among those of its team")
    queued_at = serializers.DateTimeField()
    waits_for = serializers.CharField(help_text="share, limit, key or paused")
    why = serializers.CharField()


class QueueShape(serializers.Serializer[Any]):
    """The queue."""

    places = serializers.IntegerField()
    taken = serializers.IntegerField()
    queued = serializers.IntegerField()
    teams = TeamQueueShape(many=True)
    runs = QueuedRunShape(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="the next page")


class QueueView(APIView):
    """/queue"""

    @extend_schema(operation_id="getQueue", parameters=[QueueQuery], responses={200: QueueShape, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Who waits for what, and why; in the order of priority, then of age."""
        query = read_query(QueueQuery, request)
        found, actor = queue(**query), actor_of(request)
        return Response({
            "places": found.places, "taken": found.taken, "queued": found.total,
            "teams": [
                {
                    "team": one.team, "queued": one.queued, "oldest": one.oldest, "active": one.active,
                    "share": one.share, "weight": one.weight,
                }
                for one in found.teams
            ],
            "runs": [_show(one, full=actor.may(Verb.SEE_PAYLOADS, one.run.team_id)) for one in found.runs],
            "next": query["page"] + 1 if found.has_more and query["page"] < MOST_PAGES else None,
        })  # fmt: skip


class RunPriority(APIView):
    """/runs/{id}/priority"""

    @extend_schema(operation_id="setRunPriority", request=PriorityShape, responses={200: RunShape, **PROBLEMS})
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """Move a queued run before or behind the others of its team."""
        run = find_run(run_id)
        actor_of(request).require(Verb.OPERATE, run.team)
        priority = read_body(PriorityShape, request)["priority"]
        prioritize_run(run_id=run.pk, priority=priority, actor=request.user)
        return Response(show_run(find_run(run.pk)))


def _show(one: Waiting, *, full: bool) -> dict[str, Any]:
    run = one.run
    return {
        "id": str(run.pk), "short_id": run.short_id, "workflow": run.workflow.name, "team": run.team.name,
        "priority": run.priority, "position": one.position, "queued_at": run.created_at,
        "waits_for": one.waits_for, "why": why(one, full=full),
    }  # fmt: skip
