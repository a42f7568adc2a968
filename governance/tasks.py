"""Celery's tasks of governance: thin, and safe to lose or to double."""

from __future__ import annotations

import structlog
from celery import shared_task

from governance.services.auditing import Walk, export_head, is_due, keep
from orchestration.pace import Pace

log = structlog.get_logger(__name__)

#: Seconds that one slice of a walk may keep the control worker from waking what is due.
WALK_SLICE = 0.25

_exporting, _walking = Pace(60.0), Pace(5.0)
#: The walk that this process is at; one that is lost with the process begins anew.
_walk: Walk | None = None


@shared_task(name="governance.tasks.export_audit_head", ignore_result=True, acks_late=False)
def export_audit_head() -> None:
    """Once an hour: where the audit chain ends, to a file that can be copied elsewhere."""
    with _exporting.turn() as due:
        if due:
            export_head()


@shared_task(name="governance.tasks.verify_audit", ignore_result=True, acks_late=False)
def verify_audit() -> None:
    """A slice of the hourly walk along the audit chain; the next one goes on."""
    with _walking.turn() as due:
        if due and (_walk is not None or is_due()):
            _go_on()


def _go_on() -> None:
    global _walk  # noqa: PLW0603 - one walk for the process
    walk = _walk or Walk()
    _walk = None  # should this slice fail, the next one begins anew
    found = walk.step(WALK_SLICE)
    if found is None:
        _walk = walk
        return
    keep(found)
    if not found.ok:
        log.error("audit_chain_broken", first_bad=found.first_bad, problem=found.problem)
