"""Policies that several kinds share: retries, timeouts, objectives.

Owns their fields and defaults. Never applies one.
"""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from orchestration.manifest.scalars import Duration, Percent, PolicyName, PositiveDuration

from .base import HIDDEN, Part

Quantile = Annotated[str, Field(pattern=r"^p[1-9][0-9]?(\.[0-9]{1,2})?$")]


class RetryPolicySpec(Part):
    """Delay: min(maximum_interval, initial_interval · backoff_coefficient^(attempt−1)); the first try counts."""

    initial_interval: PositiveDuration = 1.0
    backoff_coefficient: Annotated[float, Field(ge=1, le=100)] = 2.0
    maximum_interval: PositiveDuration = 60.0
    maximum_attempts: Annotated[int, Field(ge=1, le=10_000)] = 5
    jitter: Literal["full", "none"] = "full"
    non_retryable_errors: list[Annotated[str, Field(min_length=1, max_length=200)]] = []


def _retry_form(value: Any) -> str:
    return HIDDEN + ("policy" if isinstance(value, dict | RetryPolicySpec) else "name")


Retry = Annotated[
    Annotated[PolicyName, Tag(HIDDEN + "name")] | Annotated[RetryPolicySpec, Tag(HIDDEN + "policy")],
    Discriminator(_retry_form),
]


class TimeoutSpec(Part):
    schedule_to_start: PositiveDuration | None = None
    start_to_close: PositiveDuration | None = None
    schedule_to_close: PositiveDuration | None = None
    heartbeat: PositiveDuration | None = None


class Objectives(Part):
    success: Percent | None = None
    latency: dict[Quantile, PositiveDuration] | None = None


class EscalationStep(Part):
    after: Duration
    notify: Annotated[str, Field(min_length=1)]
