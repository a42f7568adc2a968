"""Schedules and triggers: list, read, pause and resume; backfills: preview, start and cancel.

They are declared by manifests; what is done to them here needs an operator of the owning team, and a backfill one
of the team whose workflow it starts.
"""

from __future__ import annotations

from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.models import Schedule, Trigger
from orchestration.selectors import schedules as selectors
from orchestration.services import schedules as services
from portal.api.objective_shapes import READS, WRITES, ObjectiveReasonShape
from portal.api.pages import PageQuery, actor_of, named_page, read_body, read_query
from portal.api.schedule_shapes import (
    BackfillShape,
    NewBackfillShape,
    PreviewShape,
    RangeShape,
    ScheduleDetailShape,
    SchedulePageShape,
    TriggerDetailShape,
    TriggerPageShape,
    show_backfill,
    show_firing,
    show_schedule,
    show_tick,
    show_trigger,
)
from portal.permissions import Verb
from portal.presentation.masking import hide_firings
from portal.schedule_permissions import require_backfill

Thing = TypeVar("Thing", Schedule, Trigger)

NEXT = 5


class Schedules(APIView):
    """/schedules"""

    @extend_schema(operation_id="listSchedules", parameters=[PageQuery], responses={200: SchedulePageShape, **READS})
    def get(self, request: Request) -> Response:
        """Schedules by name."""
        query, rows = read_query(PageQuery, request), Schedule.objects.select_related("owner", "cursor")
        return Response(named_page(rows, query, "name", show_schedule))


class OneSchedule(APIView):
    """/schedules/{name}"""

    @extend_schema(operation_id="getSchedule", responses={200: ScheduleDetailShape, **READS})
    def get(self, request: Request, name: str) -> Response:
        """A schedule, its next ticks, what came of the latest, and its backfills."""
        return Response(_schedule(name))


class PauseSchedule(APIView):
    """/schedules/{name}/pause"""

    @extend_schema(
        operation_id="pauseSchedule", request=ObjectiveReasonShape, responses={200: ScheduleDetailShape, **WRITES}
    )
    def post(self, request: Request, name: str) -> Response:
        """Start nothing more until it is resumed."""
        services.pause(thing=_operated(request, selectors.find_schedule(name)), **_word(request))
        return Response(_schedule(name))


class ResumeSchedule(APIView):
    """/schedules/{name}/resume"""

    @extend_schema(
        operation_id="resumeSchedule", request=ObjectiveReasonShape, responses={200: ScheduleDetailShape, **WRITES}
    )
    def post(self, request: Request, name: str) -> Response:
        """Go on; what was missed meanwhile `catch_up` decides."""
        services.resume(thing=_operated(request, selectors.find_schedule(name)), **_word(request))
        return Response(_schedule(name))


class Backfills(APIView):
    """/schedules/{name}/backfills"""

    @extend_schema(operation_id="startBackfill", request=NewBackfillShape, responses={201: BackfillShape, **WRITES})
    def post(self, request: Request, name: str) -> Response:
        """Start a run for each tick of a range. A tick that a backfill of this schedule has started is not started again."""
        found = selectors.find_schedule(name)
        require_backfill(actor_of(request), found)
        body = read_body(NewBackfillShape, request)
        reason = body.pop("reason")
        made = services.start_backfill(schedule=found, asked=services.Range(**body), actor=request.user, reason=reason)
        return Response(show_backfill(made), status=201)


class BackfillPreview(APIView):
    """/schedules/{name}/backfills/preview"""

    @extend_schema(operation_id="previewBackfill", request=RangeShape, responses={200: PreviewShape, **WRITES})
    def post(self, request: Request, name: str) -> Response:
        """How many ticks a range has, and the first and the last; starts nothing."""
        asked = services.Range(**read_body(RangeShape, request))
        ticks = services.preview(schedule=selectors.find_schedule(name), asked=asked)
        return Response({"ticks": len(ticks), "first": ticks[0], "last": ticks[-1]})


class CancelBackfill(APIView):
    """/schedules/{name}/backfills/{number}/cancel"""

    @extend_schema(
        operation_id="cancelBackfill", request=ObjectiveReasonShape, responses={200: BackfillShape, **WRITES}
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """Start no more of its ticks; runs that were started go on."""
        schedule = selectors.find_schedule(name)
        actor_of(request).require(Verb.OPERATE, schedule.owner)
        found = selectors.find_backfill(schedule, number)
        services.cancel_backfill(backfill=found, **_word(request))
        return Response(show_backfill(selectors.find_backfill(schedule, number)))


class Triggers(APIView):
    """/triggers"""

    @extend_schema(operation_id="listTriggers", parameters=[PageQuery], responses={200: TriggerPageShape, **READS})
    def get(self, request: Request) -> Response:
        """Triggers by name."""
        query, rows = read_query(PageQuery, request), Trigger.objects.select_related("owner")
        return Response(named_page(rows, query, "name", show_trigger))


class OneTrigger(APIView):
    """/triggers/{name}"""

    @extend_schema(operation_id="getTrigger", responses={200: TriggerDetailShape, **READS})
    def get(self, request: Request, name: str) -> Response:
        """A trigger and what came of the latest events that it held for."""
        return Response(_trigger(request, name))


class PauseTrigger(APIView):
    """/triggers/{name}/pause"""

    @extend_schema(
        operation_id="pauseTrigger", request=ObjectiveReasonShape, responses={200: TriggerDetailShape, **WRITES}
    )
    def post(self, request: Request, name: str) -> Response:
        """Start nothing more until it is resumed."""
        services.pause(thing=_operated(request, selectors.find_trigger(name)), **_word(request))
        return Response(_trigger(request, name))


class ResumeTrigger(APIView):
    """/triggers/{name}/resume"""

    @extend_schema(
        operation_id="resumeTrigger", request=ObjectiveReasonShape, responses={200: TriggerDetailShape, **WRITES}
    )
    def post(self, request: Request, name: str) -> Response:
        """Go on; events that came meanwhile are gone by."""
        services.resume(thing=_operated(request, selectors.find_trigger(name)), **_word(request))
        return Response(_trigger(request, name))


def _operated(request: Request, found: Thing) -> Thing:
    actor_of(request).require(Verb.OPERATE, found.owner)
    return found


def _word(request: Request) -> dict[str, Any]:
    return {"actor": request.user, **read_body(ObjectiveReasonShape, request)}


def _schedule(name: str) -> dict[str, Any]:
    found = selectors.find_schedule(name)
    return {
        **show_schedule(found), "next_ticks": selectors.next_ticks(found, NEXT),
        "ticks": [show_tick(one) for one in selectors.latest_ticks(found)],
        "backfills": [show_backfill(one) for one in selectors.backfills_of(found)],
    }  # fmt: skip


def _trigger(request: Request, name: str) -> dict[str, Any]:
    found = selectors.find_trigger(name)
    firings = selectors.latest_firings(found)
    if not actor_of(request).may(Verb.SEE_PAYLOADS, found.owner):
        hide_firings(firings)
    return {**show_trigger(found), "firings": [show_firing(one) for one in firings]}
