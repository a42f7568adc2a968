"""The step kinds that this release runs. Owns the table; never knows how one works."""

from __future__ import annotations

from collections.abc import Callable

from orchestration.steps import approval, celery, emit, event, http, python, value, wait, workflow
from orchestration.steps.outcome import Call, Outcome

KINDS: dict[str, Callable[[Call], Outcome]] = {
    "http": http.run,
    "python": python.run,
    "celery": celery.run,
    "wait": wait.run,
    "value": value.run,
    "workflow": workflow.run,
    "approval": approval.run,
    "event": event.run,
    "emit": emit.run,
}
