"""CloudEvents in, and what became of them; signals to one run."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orchestration.selectors.events import EventFilter, events, find_event, story_of
from orchestration.selectors.runs import find_run
from orchestration.services.events import receive, signal
from portal.api.event_messages import BATCH, STRUCTURED, BytesParser, events_of, is_form
from portal.api.event_shapes import (
    CloudEventShape,
    EventDetailShape,
    EventPageShape,
    EventQuery,
    KeptListShape,
    KeptShape,
    SignalShape,
    show_event,
    show_event_detail,
    show_kept,
)
from portal.api.pages import actor_of, numbered_page, read_body, read_query
from portal.api.runs import KEY, PROBLEMS
from portal.event_permissions import may_see, require_send
from portal.permissions import Verb
from portal.presentation.masking import hide_firings


class Events(APIView):
    """/events"""

    parser_classes = [BytesParser]

    @extend_schema(operation_id="listEvents", parameters=[EventQuery], responses={200: EventPageShape, **PROBLEMS})
    def get(self, request: Request) -> Response:
        """Events, newest first, without what they carry."""
        query = read_query(EventQuery, request)
        wanted = EventFilter(type=query["type"], source=query["source"], correlation=query["correlation"])
        return Response(numbered_page(events(wanted), query, show_event))

    @extend_schema(
        operation_id="sendEvents",
        request={STRUCTURED: CloudEventShape, BATCH: CloudEventShape(many=True)},
        responses={202: OpenApiResponse(KeptListShape), **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Keep CloudEvents 1.0: one in the body or in `ce-` headers, or a batch. Doubled ones change nothing."""
        require_send(actor_of(request))
        content_type = request.content_type or ""
        if is_form(content_type):
            raise UnsupportedMediaType(content_type[:80], "a form is no CloudEvent; send form data as data_base64")
        body: Any = request.data  # of a request without a body no parser is asked
        kept = receive(events=events_of(content_type, request.headers, body or b""), actor=request.user)
        return Response({"items": [show_kept(event, is_new) for event, is_new in kept]}, status=202)


class OneEvent(APIView):
    """/events/{number}"""

    @extend_schema(operation_id="getEvent", responses={200: EventDetailShape, **PROBLEMS})
    def get(self, request: Request, number: int) -> Response:
        """An event, what it carries, and the runs that had it."""
        event = find_event(number)
        story = story_of(event)
        if masked := not may_see(actor_of(request), event, story):
            hide_firings(story.firings)
        return Response(show_event_detail(event, story, masked=masked))


class SignalRun(APIView):
    """/runs/{id}/signals"""

    @extend_schema(
        operation_id="signalRun",
        request=SignalShape,
        parameters=[KEY],
        responses={202: KeptShape, **PROBLEMS},
    )
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        """An event for this run alone: what waits for it goes on, or will find it. The same key gives the same signal."""
        run = find_run(run_id)
        actor_of(request).require(Verb.OPERATE, run.team)
        body: dict[str, Any] = read_body(SignalShape, request)
        event, is_new = signal(
            run=run,
            name=body["name"],
            data=body["data"],
            key=request.headers.get("Idempotency-Key"),
            actor=request.user,
        )
        return Response(show_kept(event, is_new), status=202)
