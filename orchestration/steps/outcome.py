"""What a step kind may return, and what it is given. Owns these shapes; never touches the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestration.states import Effect, WaitingKind
from orchestration.telemetry.told import Trail


@dataclass(frozen=True, slots=True)
class Completed:
    """It worked. `output` is a JSON value."""

    output: Any = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not. `error_type` is dotted, as retry policies match it; `retry_after` in seconds."""

    error_type: str
    message: str
    retryable: bool = True
    effect: Effect = Effect.NONE
    retry_after: float | None = None
    timed_out: bool = False


@dataclass(frozen=True, slots=True)
class Suspended:
    """It waits without a worker. With `until` the timer completes it."""

    kind: WaitingKind
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transactional:
    """A call that must run inside the transaction that records its result."""

    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Deferred:
    """The call was not made, and no attempt is used: the dependency takes none at this moment. `kind` as Parking has it.

    `until`: when it may be tried again at the soonest, where that is known.
    """

    dependency: str
    kind: str
    message: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Degraded:
    """It could not have what it wanted and ends with its fallback. `failed`: why; `taken`: what it has instead, in words."""

    output: Any
    failed: Failed
    taken: str


Outcome = Completed | Failed | Suspended | Transactional | Deferred | Degraded


@dataclass(slots=True)
class Call:
    """Everything a kind needs for one attempt. `deadline` is in the database's time, `limit` in seconds from now."""

    run_id: str
    workflow: str
    step: str
    attempt: int
    idempotency_key: str
    trace_id: str
    span_id: str
    body: dict[str, Any]
    dependency: str | None
    writes: bool
    limit: float
    now: datetime
    deadline: datetime
    heartbeat: Callable[[], None]
    secrets_used: set[str] = field(default_factory=set)
    #: What the attempt's span will say of it; None while nobody is told.
    trail: Trail | None = None
