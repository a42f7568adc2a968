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
    #: No fallback any more: it was tried, or it is the end of many items that had their own.
    final: bool = False


@dataclass(frozen=True, slots=True)
class Suspended:
    """It waits without a worker, until then at the latest. `effect`: what it may have done already."""

    kind: WaitingKind
    until: datetime | None = None
    effect: Effect = Effect.NONE


@dataclass(frozen=True, slots=True)
class AwaitEvent:
    """It waits for a CloudEvent of this type and correlation, until then at the latest. An early one ends it at once."""

    type: str
    correlation: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AskTeam:
    """It waits until somebody of the team decides, until then at the latest; `on_timeout`: approve or reject."""

    team: str
    until: datetime | None = None
    on_timeout: str = "reject"


@dataclass(frozen=True, slots=True)
class StartChild:
    """It waits for a run of this version (by id), which starts with the record. `input` is a JSON value."""

    version_id: int
    input: Any


@dataclass(frozen=True, slots=True)
class Spread:
    """It is done once for each of these items."""

    items: list[Any]


@dataclass(frozen=True, slots=True)
class StandIn:
    """It could not have what it wanted, and another step is done in its place. `failed`: why."""

    step: str
    failed: Failed


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
    effect: Effect = Effect.NONE


#: What makes a step wait for something that has a row of its own.
Waits = AwaitEvent | AskTeam | StartChild | Spread | StandIn
Outcome = Completed | Failed | Suspended | Transactional | Deferred | Degraded | Waits


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
    #: For the kind to ask just before its effect, when everything that may have waited is behind it: raises when the
    #: attempt's lease is over, and somebody else may be at it.
    assure: Callable[[], None] = lambda: None
    #: The row and its fence, for answers that come from elsewhere later on; 0 of a probe, which is no step.
    step_id: int = 0
    fence: int = 0
    secrets_used: set[str] = field(default_factory=set)
    #: What the attempt's span will say of it; None while nobody is told.
    trail: Trail | None = None
