"""Retry maths: a table of cases, then whatever numbers hypothesis comes up with."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.policies.retry import DefaultPolicy, GiveUp, RetryAt, backoff, decide, delay, is_retryable

NOW = datetime(2030, 1, 1, tzinfo=UTC)
PLAIN = DefaultPolicy(jitter="none")


@pytest.mark.parametrize(
    ("initial", "coefficient", "maximum", "waits"),
    [
        (1, 2, 60, [1, 2, 4, 8, 16, 32, 60, 60]),
        (1, 1, 60, [1, 1, 1]),
        (1, 3, 10, [1, 3, 9, 10]),
        (0.1, 10, 1000, [0.1, 1, 10, 100, 1000, 1000]),
        (90, 2, 60, [60, 60]),  # the ceiling holds from the first
        (60, 2, 60, [60, 60]),
        (1, 1.5, 5, [1, 1.5, 2.25, 3.375, 5]),
    ],
)
def test_the_delay_grows_by_the_coefficient_up_to_the_ceiling(
    initial: float, coefficient: float, maximum: float, waits: list[float]
):
    policy = replace(PLAIN, initial_interval=initial, backoff_coefficient=coefficient, maximum_interval=maximum)
    assert [backoff(policy, attempt + 1) for attempt in range(len(waits))] == pytest.approx(waits)


def test_full_jitter_draws_from_zero_to_the_delay():
    policy = DefaultPolicy()
    assert [delay(policy, 3, chance) for chance in (0.0, 0.5, 0.999)] == pytest.approx([0, 2, 3.996])
    assert delay(PLAIN, 3, 0.5) == 4


@given(
    st.floats(1e-300, 1e9),
    st.floats(1, 100),
    st.floats(1e-300, 3.2e9),
    st.integers(1, 10_000),
    st.floats(0, 1, exclude_max=True),
)
def test_no_number_overflows_or_leaves_the_range(
    initial: float, coefficient: float, maximum: float, attempt: int, chance: float
):
    policy = DefaultPolicy(initial, coefficient, maximum, 10_000, "full")
    seconds = delay(policy, attempt, chance)
    assert math.isfinite(seconds)
    assert 0 <= seconds <= maximum
    assert backoff(policy, attempt) <= backoff(policy, attempt + 1) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("listed", "error", "default", "retried"),
    [
        ((), "http.503", True, True),
        ((), "http.404", False, False),
        (("http.5xx",), "http.503", True, False),
        (("http.503",), "http.503", True, False),
        (("http.503",), "http.504", True, True),
        (("http",), "http.503", True, False),
        (("http",), "https.503", True, True),
        (("http.5xx",), "http.50", True, True),
        (("http.5xx",), "http.5ab", True, True),
        (("http.4xx",), "http.429", True, True),  # "later", whatever 4xx says
        (("http.4xx",), "http.408", True, True),
        (("http.4xx",), "http.425", False, True),
        (("http",), "http.429", True, True),
        (("http.429",), "http.429", True, False),  # unless it is named itself
        (("http.4xx", "http.429"), "http.429", True, False),
        (("contract.violation",), "contract.violation", True, False),
        (("timeout",), "timeout.heartbeat", True, False),
        (("timeout.heartbeat",), "timeout", True, True),
    ],
)
def test_the_most_specific_error_type_decides(listed: tuple[str, ...], error: str, default: bool, retried: bool):
    assert is_retryable(replace(PLAIN, non_retryable_errors=listed), error, by_default=default) is retried


def verdict(policy: DefaultPolicy = PLAIN, **given: object) -> RetryAt | GiveUp:
    values: dict[str, object] = {
        "attempt": 1, "error_type": "http.503", "retryable": True, "now": NOW, "close_deadline": None, "retry_after": None, "chance": 0.5,
    }  # fmt: skip
    return decide(policy, **{**values, **given})  # type: ignore[arg-type]


def test_the_first_try_counts():
    assert isinstance(verdict(attempt=4), RetryAt)
    assert verdict(attempt=5) == GiveUp("5 of 5 attempts used")
    assert isinstance(verdict(replace(PLAIN, maximum_attempts=1)), GiveUp)


@pytest.mark.parametrize(("retry_after", "waits"), [(None, 1), (0.0, 1), (0.5, 1), (30.0, 30), (7200.0, 7200)])
def test_the_servers_retry_after_is_a_lower_bound(retry_after: float | None, waits: float):
    assert verdict(retry_after=retry_after) == RetryAt(NOW + timedelta(seconds=waits))


def test_nothing_is_tried_past_schedule_to_close():
    assert isinstance(verdict(close_deadline=NOW + timedelta(seconds=1.1)), RetryAt)
    late = verdict(close_deadline=NOW + timedelta(seconds=1))
    assert isinstance(late, GiveUp)
    assert late.timed_out
    assert isinstance(verdict(close_deadline=NOW + timedelta(seconds=5), retry_after=6.0), GiveUp)


def test_what_is_not_retryable_gives_up_whatever_is_left():
    gave_up = verdict(retryable=False)
    assert gave_up == GiveUp("http.503 is not retried")
