"""The trace that a request belongs to: the caller's (W3C `traceparent`), else one of its own.

Binds it to every log line until the request is over, gives it to the run that the request starts, and tells of the request
itself where spans are sent: of what changes something, and of the whole API. In JSON each request has a line. Never logs a
query, a body or who asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, unbind_contextvars

from orchestration.telemetry import tracing
from orchestration.telemetry.spans import Context, Span, here, new_span_id, new_trace_id, read_traceparent

log = structlog.get_logger(__name__)

API_PREFIX = "/api/"
#: Asked every few seconds by machines: a line for each would bury the others.
SILENT = frozenset({"/healthz", "/readyz", "/metrics"})


class TracingMiddleware:
    """The outermost, so that the lines of all others have the ids too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        request_finished.connect(_leave, dispatch_uid="portal.tracing.leave")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        caller = read_traceparent(request.headers.get("Traceparent", ""))
        own = Context(caller.trace_id if caller is not None else new_trace_id(), new_span_id())
        here.set(own)
        bind_contextvars(trace_id=own.trace_id)
        began, started = time.time_ns(), time.monotonic()
        response = self.get_response(request)
        if tracing.is_on() and (request.path.startswith(API_PREFIX) or request.method not in {"GET", "HEAD"}):
            tracing.request_ended(_span(request, response, own, caller, began))
        if settings.PLUMBLINE.log_format == "json" and request.path not in SILENT:
            log.info(
                "request", method=request.method, route=_route(request), status=response.status_code,
                milliseconds=round((time.monotonic() - started) * 1000, 1),
            )  # fmt: skip
        return response


def _leave(**_: Any) -> None:
    """After Django's own line on the request; its thread goes on to another one."""
    here.set(None)
    unbind_contextvars("trace_id")


def _span(request: HttpRequest, response: HttpResponse, own: Context, caller: Context | None, began: int) -> Span:
    status = response.status_code
    return Span(
        own.trace_id, own.span_id, caller.span_id if caller is not None else None, f"{request.method} {_route(request)}",
        "server", began, time.time_ns(),
        {
            "http.request.method": request.method or "", "http.route": _route(request),
            "http.response.status_code": status,
        },
        str(status) if status >= 500 else "",
    )  # fmt: skip


def _route(request: HttpRequest) -> str:
    """The pattern of its address, which names no object."""
    match = request.resolver_match
    return f"/{match.route}" if match is not None else "unknown"
