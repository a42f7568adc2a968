"""The compiled form of a workflow: what the engine runs.

Owns the shape of a plan. Frozen and free of any state, so that one plan serves many runs at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .expressions import Expression
from .templates import Template


@dataclass(frozen=True, slots=True)
class RetryPolicySpec:
    initial_interval: float = 1.0
    backoff_coefficient: float = 2.0
    maximum_interval: float = 60.0
    maximum_attempts: int = 5
    jitter: Literal["full", "none"] = "full"
    non_retryable_errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; None where the manifest sets none."""

    schedule_to_start: float | None = None
    start_to_close: float | None = None
    schedule_to_close: float | None = None
    heartbeat: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedCompensation:
    """How to undo a step. Kind `none` says on purpose that there is nothing to undo; its body is the explanation."""

    kind: str
    body: Template
    dependency: str | None
    retry: RetryPolicySpec | None
    retry_ref: str | None
    timeout: Timeouts


@dataclass(frozen=True, slots=True)
class PlannedFallback:
    """What a step ends with when it can't have what it wants. `value` is set for kind `value` alone."""

    kind: Literal["value", "last_good", "step", "skip"]
    value: Template | None = None
    #: Of kind `step` the step that is done in its place.
    step: str = ""


@dataclass(frozen=True, slots=True)
class PlannedLoop:
    """`items` gives the list; each of it is known as `name`. `tolerated`: the share of items that may fail, 0 to 1."""

    items: Template
    name: str
    parallel: int
    tolerated: float


@dataclass(frozen=True, slots=True)
class PlannedFlag:
    """The flag that a step asks for, and what becomes of the step while it is off."""

    key: str
    when_off: Literal["skip", "fallback"]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """`retry_ref` names a RetryPolicy that the workflow doesn't define itself; `retry` is then None."""

    name: str
    kind: str
    body: Template
    predecessors: tuple[str, ...]
    successors: tuple[str, ...]
    join: Literal["all", "any"]
    when: Expression | None
    expect: tuple[Expression, ...]
    dependency: str | None
    effect: Literal["none", "read", "write"]
    input_contract: str | None
    output_contract: str | None
    retry: RetryPolicySpec | None
    retry_ref: str | None
    timeout: Timeouts
    compensate: PlannedCompensation | None
    compensate_on_unknown: bool
    intent: str
    fallback: PlannedFallback | None = None
    for_each: PlannedLoop | None = None
    #: The step whose fallback this one is: it begins when that one fails, and not otherwise.
    stands_in_for: str | None = None
    flag: PlannedFlag | None = None

    @property
    def begins_freely(self) -> bool:
        """Whether nothing is asked before it begins: no condition and no flag."""
        return self.when is None and self.flag is None


@dataclass(frozen=True, slots=True)
class PlannedConcurrency:
    """How many runs of the workflow may be open at once: in all, and of each value of `key`. None: no bound."""

    limit: int | None
    key: Template | None
    per_key: int | None
    on_limit: Literal["queue", "reject"] = "queue"


@dataclass(frozen=True, slots=True)
class Plan:
    """`steps` and `order` are topological; names break ties, since a stored manifest keeps no order of keys."""

    workflow: str
    version: str
    owner: str
    steps: Mapping[str, PlannedStep]
    order: tuple[str, ...]
    input_contract: str | None
    output_contract: str | None
    output: Template | None
    timeout: float | None
    retry_policies: Mapping[str, RetryPolicySpec]
    concurrency: PlannedConcurrency | None = None
