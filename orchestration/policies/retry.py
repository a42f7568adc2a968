"""When a failed attempt is tried again. Pure: time and chance are arguments.

The rule (Temporal's names, and its meaning): the n-th retry waits
min(maximum_interval, initial_interval · backoff_coefficient^(n−1)), the first try counts as attempt 1, full jitter
draws uniformly from zero to that. Of the error patterns the most specific one decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

#: Statuses that mean "later", whatever `http.4xx` says (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4).
ALWAYS_LATER = frozenset({"http.408", "http.425", "http.429"})


class Policy(Protocol):
    """Durations in seconds."""

    @property
    def initial_interval(self) -> float: ...
    @property
    def backoff_coefficient(self) -> float: ...
    @property
    def maximum_interval(self) -> float: ...
    @property
    def maximum_attempts(self) -> int: ...
    @property
    def jitter(self) -> str: ...
    @property
    def non_retryable_errors(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class DefaultPolicy:
    """What a step without a policy gets."""

    initial_interval: float = 1.0
    backoff_coefficient: float = 2.0
    maximum_interval: float = 60.0
    maximum_attempts: int = 5
    jitter: str = "full"
    non_retryable_errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again, not before `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No more tries; `timed_out` when it was schedule_to_close that ended them."""

    reason: str
    timed_out: bool = False


def backoff(policy: Policy, attempt: int) -> float:
    """Seconds before the try after `attempt`, without jitter. Never overflows, whatever the numbers."""
    try:
        seconds = policy.initial_interval * float(policy.backoff_coefficient) ** (attempt - 1)
    except OverflowError:
        return policy.maximum_interval
    return min(seconds, policy.maximum_interval)


def delay(policy: Policy, attempt: int, chance: float) -> float:
    """Seconds to wait after `attempt`; `chance` in [0, 1) is the draw of full jitter."""
    seconds = backoff(policy, attempt)
    return seconds * chance if policy.jitter == "full" else seconds


def is_retryable(policy: Policy, error_type: str, *, by_default: bool) -> bool:
    """Whether this error may be tried again: the most specific pattern decides, else what the step kind says."""
    patterns = [pattern for pattern in policy.non_retryable_errors if _matches(pattern, error_type)]
    if error_type in patterns:
        return False
    if error_type in ALWAYS_LATER:
        return True
    return False if patterns else by_default


def decide(
    policy: Policy,
    *,
    attempt: int,
    error_type: str,
    retryable: bool,
    now: datetime,
    close_deadline: datetime | None,
    retry_after: float | None,
    chance: float,
) -> RetryAt | GiveUp:
    """What follows a failed attempt. `retry_after` (seconds, from the server) is a lower bound on the wait."""
    if not is_retryable(policy, error_type, by_default=retryable):
        return GiveUp(f"{error_type} is not retried")
    if policy.maximum_attempts > 0 and attempt >= policy.maximum_attempts:
        return GiveUp(f"{attempt} of {policy.maximum_attempts} attempts used")
    at = now + timedelta(seconds=max(delay(policy, attempt, chance), retry_after or 0.0))
    if close_deadline is not None and at >= close_deadline:
        return GiveUp("the next try would come after schedule_to_close", timed_out=True)
    return RetryAt(at)


def _matches(pattern: str, error_type: str) -> bool:
    """`http` covers `http.404`, `http.4xx` covers `http.404`, `http.404` itself."""
    if pattern == error_type or error_type.startswith(pattern + "."):
        return True
    if pattern.endswith("xx"):
        return len(error_type) == len(pattern) and error_type.startswith(pattern[:-2]) and error_type[-2:].isdigit()
    return False
