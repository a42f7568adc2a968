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
    assert available(arrival, rate, now) == 0
    assert isinstance(take(arrival, rate, found + 1e-6, wanted=1, patience=0.0), Granted)


def test_after_a_pause_a_second_s_worth_may_come_at_once():
    assert available(0.0, 50.0, 1000.0) == burst(50.0) == 50
