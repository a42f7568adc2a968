"""The rows that the hot path reads and writes, as plain values. Owns their shapes; never touches the database.

Model instances cost twenty times as much to make, and a step needs two of them.
"""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.models import StepRun
from orchestration.states import Compensation, Effect, RunResult, RunStatus, StepStatus


@dataclass(slots=True)
class HeldStep:
    """A step's row as the worker that holds it knows it: what execution, outcome and rescue need of it."""

    pk: int
    run_id: uuid.UUID
    name: str
    status: StepStatus
    fence: int
    attempt: int
    idempotency_key: str
    effect: Effect = Effect.NONE
    worker_id: str = ""
    input: str = ""
    output: str = ""
    started_at: datetime | None = None
    claimed_at: datetime | None = None
    close_deadline: datetime | None = None
    losses: int = 0
    compensation: Compensation = Compensation.NONE
    compensation_attempt: int = 0
    error_type: str = ""
    error_message: str = ""
    ready_at: datetime | None = None
    item: int = 0

    @classmethod
    def of(cls, row: StepRun) -> HeldStep:
        """From a model instance, for everything off the hot path."""
        return cls(
            row.pk, row.run_id, row.name, StepStatus(row.status), row.fence, row.attempt, row.idempotency_key,
            Effect(row.effect), row.worker_id, row.input, row.output, row.started_at, row.claimed_at,
            row.close_deadline, row.losses, Compensation(row.compensation), row.compensation_attempt,
            row.error_type, row.error_message, row.ready_at, row.item,
        )  # fmt: skip


@dataclass(slots=True)
class NewStep:
    """A step that is born. Its `pk` is known once it is written; times in the database's time."""

    run_id: uuid.UUID
    name: str
    status: StepStatus
    idempotency_key: str
    ready_at: datetime
    effect: Effect = Effect.NONE
    finished_at: datetime | None = None
    error_type: str = ""
    error_message: str = ""
    wake_due_at: datetime | None = None
    start_deadline: datetime | None = None
    close_deadline: datetime | None = None
    # Set when it is born in this process's hands.
    attempt: int = 0
    worker_id: str = ""
    claimed_at: datetime | None = None
    lease_until: datetime | None = None
    attempt_deadline: datetime | None = None
    heartbeat_deadline: datetime | None = None
    # Set when it was executed before it was written (engine/ahead.py): what it was given and gave.
    input: str = ""
    output: str = ""
    item: int = 0
    pk: int = 0

    def succeed(self, at: datetime, input: str, output: str) -> None:
        """It is over before it is written. Texts as the columns hold them; may be said twice."""
        self.status, self.finished_at, self.worker_id = StepStatus.SUCCEEDED, at, ""
        self.lease_until = self.attempt_deadline = self.heartbeat_deadline = None
        self.input, self.output = input, output


@dataclass(slots=True)
class NewRun:
    """A run that is born: running, or queued for what `queued_for` says."""

    id: uuid.UUID
    workflow_id: int
    version_id: int
    team_id: int
    idempotency_key: str | None
    input: str
    input_hash: str
    at: datetime
    deadline_at: datetime | None
    retry_of_id: uuid.UUID | None
    started_by_id: int | None
    trace_id: str
    detail: str
    parent_step_id: int | None = None
    rerun_of_id: uuid.UUID | None = None
    origin: str = ""
    priority: int = 0
    concurrency_key: str = ""
    #: Whether it counts for the concurrency of its workflow.
    limited: bool = False
    queued_for: str = ""

    @property
    def status(self) -> RunStatus:
        """As it is born."""
        return RunStatus.QUEUED if self.queued_for else RunStatus.RUNNING


@dataclass(slots=True)
class Success:
    """A held step that succeeded. Texts as the columns hold them; an empty `input` leaves the stored one."""

    step_id: int
    run_id: uuid.UUID
    fence: int
    number: int
    claimed_at: datetime
    at: datetime
    worker_id: str
    effect: Effect
    input: str
    output: str


@dataclass(slots=True)
class Ending:
    """A run that is over and well."""

    run_id: uuid.UUID
    result: RunResult
    output: str


@dataclass(slots=True)
class Admission:
    """A queued run that begins now."""

    run_id: uuid.UUID
    at: datetime
    deadline_at: datetime | None
    detail: str


@functools.lru_cache(maxsize=1024)
def text_of_time(moment: datetime | None) -> str | None:
    """As both databases read it: UTC, without a zone (Django's connections to PostgreSQL speak UTC).

    Kept for a while: a row names one moment several times, and the next row often begins where it ended.
    """
    if moment is None:
        return None
    text = str(moment)
    if not text.endswith("+00:00"):
        raise ValueError(f"{text} is not in UTC")
    return text[:-6]


def present(**columns: Any) -> dict[str, Any]:
    """The columns that have a value: what is missing is NULL."""
    return {name: value for name, value in columns.items() if value is not None}
