"""The health of a dependency: the first rule that matches, worst first."""

from __future__ import annotations

import pytest

from orchestration.policies.breaker import State
from orchestration.policies.health import Facts, health

BUSY = {"calls_5m": 100, "calls_15m": 300}


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (Facts(State.FORCED_OPEN, calls_5m=10, bad_5m=10), "isolated"),
        (Facts(State.OPEN, **BUSY), "down"),
        (Facts(calls_5m=5, bad_5m=3, calls_15m=5), "down"),
        (Facts(calls_5m=4, bad_5m=4, calls_15m=4), "unknown"),
        (Facts(State.HALF_OPEN, **BUSY), "degraded"),
        (Facts(**BUSY, slow_5m=50), "degraded"),
        (Facts(**BUSY, slow_5m=49), "healthy"),
        (Facts(**BUSY, burn=6.0), "degraded"),
        (Facts(**BUSY, burn=5.9), "healthy"),
        (Facts(**BUSY, fallbacks_5m=5), "degraded"),
        (Facts(calls_5m=19, calls_15m=19, fallbacks_5m=19), "healthy"),
        (Facts(), "unknown"),
        (Facts(probed=True), "healthy"),
        (Facts(probed=True, probes_failed=1), "degraded"),
        (Facts(probed=True, probes_failed=3), "down"),
        (Facts(**BUSY, probed=True, probes_failed=3), "healthy"),
        (Facts(calls_15m=5), "healthy"),
    ],
)
def test_the_first_rule_that_matches_says_it(facts: Facts, word: str):
    found = health(facts)
    assert found.word == word
    assert found.why


def test_a_worse_word_always_sorts_before_a_better_one():
    worst_of_healthy = health(Facts(**BUSY, bad_5m=49, slow_5m=49, burn=5.9))
    best_of_degraded = health(Facts(State.HALF_OPEN, **BUSY))
    assert worst_of_healthy.word == "healthy"
    assert best_of_degraded.score > worst_of_healthy.score
