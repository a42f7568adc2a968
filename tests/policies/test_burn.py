"""Error budgets, burn rates and the rules of alerts: exact, guarded, and simulated over months."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from orchestration.policies import burn
from orchestration.policies.burn import GUARD, PAIRS, Counts, Failures, Pair, Severity
from tests.bench import alerts

HOUR = timedelta(hours=1)
FAST = PAIRS[Severity.PAGE][0]


def seen(pair: Pair, long: Counts, short: Counts) -> dict[timedelta, Counts]:
    return {pair.long: long, pair.short: short}


def test_the_budget_is_exact_to_the_unit():
    target = Decimal("0.999")
    assert burn.remaining(target, Counts(1_000_000, 250)) == Fraction(3, 4)
    assert burn.remaining(target, Counts(3_000, 3)) == 0
    assert burn.remaining(target, Counts(3_000, 4)) == Fraction(-1, 3)
    assert burn.remaining(target, Counts()) == 1
    assert burn.burn(target, Counts(1_000, 2)) == 2
    assert burn.burn(target, Counts()) is None


def test_the_forecast_is_window_times_remaining_by_burn_and_never_for_what_is_allowed():
    window = timedelta(days=28)
    assert burn.exhausts_in(window, Fraction(1, 2), Fraction(14)) == timedelta(days=1)
    assert burn.exhausts_in(window, Fraction(-1, 2), Fraction(14)) == timedelta(0)
    assert burn.exhausts_in(window, Fraction(1, 2), Fraction(1)) is None
    assert burn.exhausts_in(window, Fraction(1, 2), None) is None


@pytest.mark.parametrize(
    ("long", "short", "fires"),
    [
        (Counts(1_000, 144), Counts(100, 15), True),
        (Counts(1_000, 143), Counts(100, 15), False),  # one fewer: under the factor
        (Counts(1_000, 144), Counts(100, 14), False),  # it is over already
        (Counts(1_000, 144), Counts(), False),
        (Counts(10, GUARD), Counts(1, 1), True),
        (Counts(10, GUARD - 1), Counts(1, 1), False),  # too few to say anything
    ],
)
def test_a_pair_fires_when_both_windows_are_at_or_over_the_factor_and_enough_was_bad(long, short, fires):
    assert FAST.fires(Decimal("0.99"), seen(FAST, long, short)) is fires


def test_an_alert_is_over_when_every_short_window_is_clean():
    rules, target = PAIRS[Severity.PAGE], Decimal("0.99")
    counts = {span: Counts() for rule in rules for span in rule.windows}
    assert burn.is_over(rules, target, counts)
    assert not burn.is_over(rules, target, counts | {timedelta(minutes=30): Counts(10, 5)})
    assert not burn.is_over(rules, target, counts | {timedelta(minutes=5): Counts(10, 5)})
    assert burn.is_over(rules, target, counts | {HOUR: Counts(10, 5)})  # the long one still remembers


def test_a_pair_that_can_never_fire_is_refused_and_failures_in_a_window_are_offered():
    assert burn.refusal(Decimal("0.99"), Severity.PAGE) == ""
    refused = burn.refusal(Decimal("0.9"), Severity.PAGE)
    assert "only 10 times" in refused
    assert "14.4×" in refused
    assert "5 failures in 1 h" in refused
    assert "at least 93.06 %" in refused
    assert [pair.factor for pair in burn.unreachable(Decimal("0.8"), Severity.PAGE)] == [Fraction("14.4"), 6]
    assert FAST.is_reachable(Decimal("0.95"))
    assert burn.refusal(Decimal("0.5"), Severity.TICKET)
    assert not burn.refusal(Decimal("0.9"), Severity.TICKET)
    for severity in Severity:
        assert burn.OFFERED[severity].is_reachable(Decimal("0.1"))


def test_what_can_never_fire_never_does_and_what_can_does_when_everything_is_bad():
    worst = Counts(1_000_000, 1_000_000)
    for target in (Decimal(number) / 1000 for number in range(1, 1000)):
        for severity, pairs in PAIRS.items():
            for pair in pairs:
                assert pair.fires(target, seen(pair, worst, worst)) == pair.is_reachable(target), (target, severity)


def test_failures_in_a_window_fire_at_their_number():
    rule = Failures(3, HOUR)
    assert rule.fires(Decimal("0.5"), {HOUR: Counts(4, 3)})
    assert not rule.fires(Decimal("0.5"), {HOUR: Counts(4, 2)})
    assert rule.is_clean(Decimal("0.5"), {HOUR: Counts(4, 2)})
    assert not rule.is_clean(Decimal("0.5"), {HOUR: Counts(4, 3)})


def test_arrays_of_counts_are_judged_like_single_ones():
    draw = np.random.default_rng(5)
    total = draw.integers(0, 40, 4_000)
    bad = draw.binomial(total, draw.random(4_000))
    short_total = draw.integers(0, 10, 4_000)
    short_bad = draw.binomial(short_total, draw.random(4_000))
    for target in (Decimal("0.95"), Decimal("0.99")):
        arrays = {FAST.long: alerts.Windows(total, bad), FAST.short: alerts.Windows(short_total, short_bad)}
        fires, clean = FAST.fires(target, arrays), FAST.is_clean(target, arrays)
        assert fires.any()
        assert not fires.all()
        for at in range(4_000):
            single = seen(FAST, Counts(int(total[at]), int(bad[at])), Counts(int(short_total[at]), int(short_bad[at])))
            assert bool(fires[at]) == FAST.fires(target, single)
            assert bool(clean[at]) == FAST.is_clean(target, single)


def test_the_windows_of_the_simulation_are_sums_of_their_minutes():
    draw = np.random.default_rng(6)
    total = draw.poisson(2, 500)
    counts = alerts.windows(total, total)
    for span, found in counts.items():
        minutes = int(span.total_seconds()) // 60
        for at in (0, 3, 59, 60, 499):
            assert found.total[at] == total[max(at + 1 - minutes, 0) : at + 1].sum()


@pytest.mark.parametrize("rate", alerts.RATES)
def test_a_healthy_service_wakes_nobody(rate: int):
    for target in alerts.TARGETS:
        assert alerts.healthy(rate, target, seeds=5) <= 0.2, "one page in five months would be a coincidence"


@pytest.mark.parametrize(("rate", "limit"), [(200, 90), (2_000, 20), (20_000, 20)])
def test_an_outage_is_found_in_time(rate: int, limit: float):
    for target in (Decimal("0.99"), Decimal("0.999")):
        assert (
            alerts.within(alerts.outages(rate, target, seeds=12), limit) >= 0.93
        )  # of 360; the bench asks 0.95 of 1200


def test_fewer_bad_events_than_the_guard_would_wake_people_for_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(burn, "GUARD", 1)
    assert alerts.healthy(200, Decimal("0.999"), seeds=5) > 0.2
