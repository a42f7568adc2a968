"""GCRA: never more than the rate and its burst, whatever the pattern, and no call lost that was granted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.policies.rate import Granted, available, batch, burst, take

PAUSES = st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.5, 2.0]), min_size=1, max_size=60)


@settings(deadline=None)
@given(rate=st.sampled_from([0.5, 1.0, 5.0, 50.0, 400.0]), pauses=PAUSES)
def test_in_any_stretch_of_time_at_most_rate_times_length_and_a_burst_pass(rate: float, pauses: list[float]):
    arrival, now, sent = 0.0, 1000.0, list[float]()
    for pause in pauses:
        now += pause
        found = take(arrival, rate, now, wanted=batch(rate), patience=0.1)
        if isinstance(found, Granted):
            assert 0 <= found.wait <= 0.1
            arrival = found.arrival
            sent += [now + found.wait] * found.calls
    for first, begin in enumerate(sent):
        for last in range(first, len(sent)):
            assert last - first + 1 <= rate * (sent[last] - begin) + burst(rate) + 1e-6


@pytest.mark.parametrize("rate", [0.5, 2.0, 100.0])
def test_a_refusal_says_when_and_then_it_is_granted(rate: float):
    arrival, now = 0.0, 1000.0
    while isinstance(found := take(arrival, rate, now, wanted=1, patience=0.0), Granted):
        arrival = found.arrival
    assert available(arrival, rate, now, patience=0.0) == 0
    assert isinstance(take(arrival, rate, found + 1e-6, wanted=1, patience=0.0), Granted)


def test_after_a_pause_a_second_s_worth_may_come_at_once():
    assert available(0.0, 50.0, 1000.0, patience=0.1) == burst(50.0) == 50


@pytest.mark.parametrize("arrival", [1000.0 + 3600.0, 1000.0 + 86_400.0])
def test_what_a_lower_rate_or_a_clock_that_was_ahead_has_left_does_not_hold_calls_back(arrival: float):
    assert available(arrival, 10.0, 1000.0, patience=0.1) == 1
    found = take(arrival, 10.0, 1000.0, wanted=1, patience=0.1)
    assert isinstance(found, Granted)
    assert found.wait == 0
    now, sent, arrival = 1000.0, 1, found.arrival
    for _ in range(100):
        now += 0.01
        found = take(arrival, 10.0, now, wanted=1, patience=0.0)
        if isinstance(found, Granted):
            sent, arrival = sent + 1, found.arrival
    assert sent in {10, 11}, "at the present rate from here on, and no burst"


@pytest.mark.parametrize("rate", [0.001, 0.5, 7.0, 400.0])
def test_what_the_present_rate_has_granted_is_never_taken_for_another_s(rate: float):
    arrival, now = 0.0, 1_800_000_000.0
    for _ in range(5_000):
        found = take(arrival, rate, now, wanted=batch(rate), patience=0.1)
        if isinstance(found, Granted):
            assert found.arrival > arrival
            arrival = found.arrival
    assert isinstance(take(arrival, rate, now, wanted=1, patience=0.1), float)
