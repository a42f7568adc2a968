"""Budgets: every event of the window counts once, in whatever grain it stands, and forecasts follow the last day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from orchestration import clock
from orchestration.models import Objective, RollupMinute
from orchestration.selectors.budgets import BudgetState, budget_of, budgets, burns
from orchestration.selectors.series import Grain
from tests.alerts.counting import count, objective

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 10, 17, 42, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of minutes are kept for two days before the present, which is that moment whenever the test runs."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def test_a_budget_is_exact_over_all_grains():
    made = objective(target="0.99")
    ages = [timedelta(minutes=m) for m in (0, 3, 59, 61, 125, 400, 1500, 2900, 5000, 20_000, 40_000)]
    for age in ages:
        count(made, NOW - age, 100, 1)
    count(made, NOW - timedelta(days=28, hours=2), 100, 100)  # before the window
    RollupMinute.objects.filter(ts__lt=Grain.MINUTE.floor(NOW - timedelta(hours=48))).delete()  # as retention leaves it

    found = budget_of(made, NOW)

    assert (found.counts.total, found.counts.bad) == (1_100, 11)
    assert found.remaining == Fraction(0)
    assert found.state == BudgetState.SPENT
    windows = {
        timedelta(minutes=5): 2,
        timedelta(hours=1): 3,
        timedelta(hours=6): 5,
        timedelta(days=1): 6,
        timedelta(days=3): 8,
    }
    counted = burns([made], windows, NOW)[made.pk]
    assert {span: one.bad for span, one in counted.items()} == windows


def test_a_budget_without_events_is_whole_and_says_so():
    found = budget_of(objective(), NOW)
    assert found.remaining == 1
    assert found.state == BudgetState.NO_DATA
    assert found.exhausts_in is None


def test_a_burning_budget_has_a_forecast():
    made = objective(target="0.99")
    count(made, NOW - timedelta(days=20), 99_000, 0)
    count(made, NOW - timedelta(hours=3), 1_000, 100)

    found = budget_of(made, NOW)

    assert found.remaining == Fraction(9, 10)
    assert found.burns["1 d"] == 10
    assert found.exhausts_in == timedelta(days=28) * 0.09
    assert found.state == BudgetState.BURNING


def test_what_was_counted_before_another_threshold_held_says_nothing():
    made = objective()
    count(made, NOW - timedelta(days=2), 100, 50)
    count(made, NOW - timedelta(minutes=10), 100, 0)
    made.recounted_at = NOW - timedelta(days=1)
    assert budget_of(made, NOW).counts.total == 100


def test_many_budgets_take_as_few_queries_as_one(django_assert_num_queries: Any):
    made = [objective(f"demo-{number}") for number in range(5)]
    for one in made:
        count(one, NOW - timedelta(days=3), 10, 1)
    wanted = list(Objective.objects.all())
    with django_assert_num_queries(4):
        found = budgets(wanted, NOW)
    assert [one.counts.bad for one in found] == [1] * 5
