"""/healthz and /readyz for machines: before hosts, sessions and redirects, so that a probe needs none of them.

/healthz: the process answers. /readyz: database, broker, workers and the age of the last wake, each by name. 503 when
the database is away, since no page can be served then; 200 with `degraded` when the broker, the workers or the wake
are: taking the pages away as well would help nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import kombu
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from orchestration import clock
from orchestration.models import EngineMark, WorkerProcess

STALE_WAKE = timedelta(seconds=30)


def readiness() -> tuple[dict[str, Any], int]:
    """The answer of /readyz and its status."""
    try:
        now = clock.now()
        mark = EngineMark.objects.filter(name="wake").first()
        seen = now - timedelta(seconds=settings.PLUMBLINE.lease_seconds * 2)
        workers = WorkerProcess.objects.filter(seen_at__gt=seen).count()
    except DatabaseError as error:
        # Anyone may ask, so the kind alone: the driver's words name host, port and user.
        return {"status": "down", "database": f"away: {type(error).__name__}"}, 503
    age = (now - mark.at).total_seconds() if mark else None
    broker = _broker()
    awake = mark is not None and now - mark.at < STALE_WAKE
    status = "ok" if awake and broker == "ok" and workers else "degraded"
    answer = {
        "status": status, "database": "ok", "broker": broker, "workers": workers,
        "last_wake_seconds": round(age, 1) if age is not None else None,
    }  # fmt: skip
    return answer, 200


def _broker() -> str:
    try:
        with kombu.Connection(
            settings.CELERY_BROKER_URL, connect_timeout=1, transport_options={"socket_timeout": 1}
        ) as link:
            link.ensure_connection(max_retries=1, interval_start=0, timeout=1)
    except Exception as error:
        return f"away: {type(error).__name__}"
    return "ok"


class HealthMiddleware:
    """Answers the two paths and nothing else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            answer, status = readiness()
            return JsonResponse(answer, status=status)
        return self.get_response(request)
