"""Every state there is and the table of legal transitions.

Owns the words and the tables; the diagram in docs/ is generated from them and a test holds the two together.
Never touches Django or the database: engine/transition.py applies these tables and is the only writer of a status.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run is. What it came to is RunResult, set once."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    COMPENSATING = "compensating"
    FINISHED = "finished"


class RunResult(StrEnum):
    """What a finished run came to."""

    NONE = ""
    SUCCEEDED = "succeeded"
    DEGRADED = "degraded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"


class Compensation(StrEnum):
    """Of a run, and of each of its steps."""

    NONE = "none"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class StepStatus(StrEnum):
    """Where a step is. A step whose predecessors are open has no row: it is drawn from the manifest as pending."""

    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    DEGRADED = "degraded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class WaitingKind(StrEnum):
    """What a waiting step waits for."""

    NONE = ""
    TIMER = "timer"
    EVENT = "event"
    APPROVAL = "approval"
    CHILD = "child"
    CELERY = "celery"
    ITEMS = "items"
    FALLBACK = "fallback"
    PARKED = "parked"
    CAPACITY = "capacity"


class Effect(StrEnum):
    """Whether a write step's effect is known to have happened. It only ever moves to the right."""

    NONE = "none"
    UNKNOWN = "unknown"
    HAPPENED = "happened"


R, S = RunStatus, StepStatus

RUN_INITIAL = frozenset({R.QUEUED, R.RUNNING})
RUN_TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = {
    R.QUEUED: frozenset({R.RUNNING, R.CANCELLING, R.FINISHED}),
    R.RUNNING: frozenset({R.WAITING, R.PAUSED, R.CANCELLING, R.COMPENSATING, R.FINISHED}),
    R.WAITING: frozenset({R.RUNNING, R.PAUSED, R.CANCELLING, R.COMPENSATING, R.FINISHED}),
    R.PAUSED: frozenset({R.RUNNING, R.WAITING, R.CANCELLING, R.COMPENSATING, R.FINISHED}),
    R.CANCELLING: frozenset({R.COMPENSATING, R.FINISHED}),
    R.COMPENSATING: frozenset({R.FINISHED}),
    #: Only of a run whose undoing failed, when a person lets it go on; its result stays as it was set.
    R.FINISHED: frozenset({R.COMPENSATING}),
}

#: Succeeded and degraded: reused from an earlier run. Failed: its `when` could not be evaluated.
STEP_INITIAL = frozenset({S.READY, S.RUNNING, S.SKIPPED, S.SUCCEEDED, S.DEGRADED, S.FAILED})
STEP_TRANSITIONS: Mapping[StepStatus, frozenset[StepStatus]] = {
    S.READY: frozenset({S.RUNNING, S.WAITING, S.DEGRADED, S.TIMED_OUT, S.CANCELLED}),
    S.RUNNING: frozenset({S.READY, S.WAITING, S.RETRYING, S.SUCCEEDED, S.DEGRADED, S.FAILED, S.TIMED_OUT, S.CANCELLED}),
    S.WAITING: frozenset({S.READY, S.WAITING, S.RETRYING, S.SUCCEEDED, S.DEGRADED, S.FAILED, S.TIMED_OUT, S.CANCELLED}),
    S.RETRYING: frozenset({S.READY, S.WAITING, S.DEGRADED, S.FAILED, S.TIMED_OUT, S.CANCELLED}),
    S.SUCCEEDED: frozenset(),
    S.DEGRADED: frozenset(),
    S.FAILED: frozenset(),
    S.TIMED_OUT: frozenset(),
    S.SKIPPED: frozenset(),
    S.CANCELLED: frozenset(),
}

C = Compensation
COMPENSATION_TRANSITIONS: Mapping[Compensation, frozenset[Compensation]] = {
    C.NONE: frozenset({C.RUNNING}),
    C.RUNNING: frozenset({C.DONE, C.FAILED}),
    C.DONE: frozenset(),
    #: Running: tried anew. Done: a person undid it by hand.
    C.FAILED: frozenset({C.RUNNING, C.DONE}),
}

STEP_OPEN = frozenset({S.READY, S.RUNNING, S.WAITING, S.RETRYING})
STEP_GOOD = frozenset({S.SUCCEEDED, S.DEGRADED})
STEP_BAD = frozenset({S.FAILED, S.TIMED_OUT})
RUN_OPEN = frozenset(RunStatus) - {R.FINISHED}
#: What the error rate counts as bad; cancelled and terminated runs count as neither.
RESULT_BAD = frozenset({RunResult.FAILED, RunResult.TIMED_OUT})


class IllegalTransition(Exception):
    """A move that the tables above don't have. A fault in the code, never a race: races are lost quietly."""


def check_step(source: StepStatus, target: StepStatus) -> None:
    """Raise IllegalTransition unless the table has the move."""
    if target not in STEP_TRANSITIONS[source]:
        raise IllegalTransition(f"step: {source} may not become {target}")


def check_run(source: RunStatus, target: RunStatus) -> None:
    """Raise IllegalTransition unless the table has the move."""
    if target not in RUN_TRANSITIONS[source]:
        raise IllegalTransition(f"run: {source} may not become {target}")


def check_compensation(source: Compensation, target: Compensation) -> None:
    """Raise IllegalTransition unless the table has the move."""
    if target not in COMPENSATION_TRANSITIONS[source]:
        raise IllegalTransition(f"compensation: {source} may not become {target}")
