"""Probes: the control worker asks a service now and then whether it is well, also when no run calls it.

Each is asked in a thread of its own, so that a service that hangs holds up no timer, and by one process of the fleet:
whoever moves the row's next time on. Owns the schedule and the result on the breaker's row. Never moves a breaker: what
calls come to decides that.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import F

from orchestration import clock
from orchestration.models import Breaker, Dependency
from orchestration.secrets import mask
from orchestration.selectors.guards import Probe, guards_of, read
from orchestration.steps import http
from orchestration.steps.outcome import Call, Completed, Failed

log = structlog.get_logger(__name__)

#: Seconds between two looks for manifests that declare a probe, or no longer do.
ENROL = 5.0
#: So many may be under way in one process; the others stay due.
AT_ONCE = 8
LONGEST_ERROR = 500

_enrolled_at = 0.0
_under_way: set[str] = set()


def look(now: datetime) -> int:
    """Ask those that are due; how many."""
    global _enrolled_at  # noqa: PLW0603 - one schedule for the process
    if time.monotonic() - _enrolled_at > ENROL:
        _enrolled_at = time.monotonic()
        enrol(now)
    asked = 0
    for row in Breaker.objects.filter(probe_next__lte=now).order_by("probe_next")[:AT_ONCE]:
        probe = guards_of(row.name).probe
        if probe is None or row.name in _under_way or len(_under_way) >= AT_ONCE:
            continue
        mine = Breaker.objects.filter(pk=row.pk, probe_next=row.probe_next)
        if mine.update(probe_next=now + timedelta(seconds=probe.every)):
            _under_way.add(row.name)
            threading.Thread(target=_ask, args=(row.name, probe), name=f"probe-{row.name}", daemon=True).start()
            asked += 1
    return asked


def enrol(now: datetime) -> None:
    """Give each dependency that declares a probe a time for it, and take the time of the others away."""
    declared = {name for name, document in _documents() if read(document.get("spec", {})).probe is not None}
    Breaker.objects.filter(probe_next__isnull=False).exclude(name__in=declared).update(probe_next=None)
    known = set(Breaker.objects.filter(probe_next__isnull=False).values_list("name", flat=True))
    for name in sorted(declared - known):
        Breaker.objects.update_or_create(name=name, defaults={"probe_next": now})


def ask(name: str, probe: Probe) -> None:
    """One probe, and its result on the row. Any answer below 300 is well."""
    now, used = clock.now(), set[str]()
    call = Call(
        run_id="", workflow="", step="probe", attempt=1, idempotency_key="", trace_id=secrets.token_hex(16),
        span_id=os.urandom(8).hex(), body={"method": "GET", "path": probe.path}, dependency=name, writes=False,
        limit=probe.timeout, now=now, deadline=now + timedelta(seconds=probe.timeout), heartbeat=lambda: None,
        secrets_used=used,
    )  # fmt: skip
    began = time.monotonic()
    outcome = http.run(call)
    error = outcome.message if isinstance(outcome, Failed) else ""
    well = isinstance(outcome, Completed)
    Breaker.objects.filter(name=name).update(
        probed_at=clock.now(), probe_seconds=time.monotonic() - began, probe_error=mask(error, used)[:LONGEST_ERROR],
        probe_failures=0 if well else F("probe_failures") + 1,
    )  # fmt: skip


def _ask(name: str, probe: Probe) -> None:
    try:
        ask(name, probe)
    except (DatabaseError, InterfaceError) as error:
        log.warning("probe.not_recorded", dependency=name, error=str(error)[:200])
    except Exception:  # whatever a service answers, and however: the thread says so and ends
        log.exception("probe.failed", dependency=name)
    finally:
        _under_way.discard(name)
        connection.close()


def _documents() -> list[tuple[str, dict[str, Any]]]:
    return list(Dependency.objects.values_list("name", "document"))
