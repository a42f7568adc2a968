"""Curves: the same sums whatever the grain, with and without histograms, on the edge of what is settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from orchestration import clock
from orchestration.models import RollupDay, RollupHour, RollupMinute
from orchestration.selectors.curves import along, curves, cuts, summed, times_of, together, totals, whole
from orchestration.selectors.series import Grain, pieces
from tests.dashboards.filling import count

pytestmark = pytest.mark.django_db
NOW = datetime(2031, 5, 6, 14, 30, 20, tzinfo=UTC)


@pytest.mark.parametrize("grain", list(Grain))
@pytest.mark.parametrize("hist", [True, False])
def test_a_curve_has_everything_of_the_period_at_any_grain(grain: Grain, hist: bool):
    for minutes in (0, 1, 59, 61, 150):
        series = count("run", NOW - timedelta(minutes=minutes), "failed", workflow="a", seconds=2.0)
    found = curves([series.pk], NOW - timedelta(hours=3), NOW, grain, hist=hist)[series.pk]
    assert whole(found).bad == 5
    assert whole(found).max == 2.0
    assert whole(found).measured == (5 if hist else 0)


def test_the_newest_hours_are_made_of_minutes_since_their_own_rows_may_come_later():
    series = count("run", NOW - timedelta(minutes=40), workflow="a")
    RollupHour.objects.all().delete()
    RollupDay.objects.all().delete()
    for grain in (Grain.HOUR, Grain.DAY):
        assert whole(curves([series.pk], NOW - timedelta(days=2), NOW, grain)[series.pk]).n == 1


@pytest.mark.parametrize("grain", list(Grain))
@pytest.mark.parametrize("hours", [1, 5, 24, 24 * 28])
def test_the_parts_of_a_period_touch_and_do_not_overlap(grain: Grain, hours: int):
    for found in (cuts(NOW - timedelta(hours=hours), NOW, grain), pieces(NOW - timedelta(hours=hours), NOW)):
        assert found[0].begin <= NOW - timedelta(hours=hours)
        assert found[-1].end == NOW
        assert all(before.end == after.begin for before, after in pairwise(found))
    assert all(cut.grain.value <= grain.value for cut in cuts(NOW - timedelta(hours=hours), NOW, grain))


def test_what_ended_long_ago_is_read_from_rows_that_are_still_kept():
    now = datetime.now(UTC)
    since, until = now - timedelta(days=20, hours=3), now - timedelta(days=20, hours=1, minutes=10)
    series = count("run", since + timedelta(minutes=20), workflow="a", seconds=1.0)
    RollupMinute.objects.all().delete()
    assert whole(curves([series.pk], since, until, Grain.HOUR)[series.pk]).n == 1
    assert totals([series.pk], since, until)[series.pk].measured == 1


def test_totals_are_what_the_curves_add_up_to():
    for minutes in (0, 70, 60 * 30, 60 * 24 * 5, 60 * 24 * 27):
        series = count("run", NOW - timedelta(minutes=minutes), "failed", workflow="a", seconds=[1.0, 2.0], times=2)
    for days in (0.1, 2, 6, 28):
        total = totals([series.pk], Grain.DAY.floor(NOW - timedelta(days=days)), NOW)[series.pk]
        curve = whole(curves([series.pk], NOW - timedelta(days=days), NOW, Grain.DAY)[series.pk])
        assert (total.n, total.bad, total.measured, total.quantile(0.9)) == (
            curve.n, curve.bad, curve.measured, curve.quantile(0.9),
        )  # fmt: skip
        assert whole(together([series.pk], NOW - timedelta(days=days), NOW, Grain.DAY)).n == curve.n


def test_a_time_in_which_nothing_ended_is_an_empty_span():
    series = count("run", NOW, workflow="a")
    times = times_of(NOW - timedelta(hours=2), NOW, Grain.HOUR)
    spans = along(curves([series.pk], times[0], NOW, Grain.HOUR)[series.pk], times)
    assert [span.n for span in spans] == [0, 0, 1]


def test_curves_add_up_with_their_histograms():
    one = count("run", NOW, workflow="a", seconds=[1.0] * 95)
    other = count("run", NOW, workflow="b", seconds=[9.0] * 5, times=5)
    found = summed(curves([one.pk, other.pk], NOW - timedelta(hours=1), NOW, Grain.MINUTE).values())
    assert whole(found).measured == 100
    assert whole(found).quantile(0.95) == pytest.approx(1.0, rel=0.006)
    assert whole(found).quantile(0.96) == pytest.approx(9.0, rel=0.006)


@pytest.mark.parametrize("series_count", [1, 30])
def test_the_number_of_queries_does_not_grow_with_the_series(series_count: int, django_assert_max_num_queries):
    ids = [count("run", NOW, workflow=f"w{index}").pk for index in range(series_count)]
    clock.now()  # asks PostgreSQL once in a while, which is no query of the curves
    for grain, most in ((Grain.MINUTE, 1), (Grain.HOUR, 4), (Grain.DAY, 5)):
        with django_assert_max_num_queries(most):
            curves(ids, NOW - timedelta(days=3), NOW, grain, hist=False)
        with django_assert_max_num_queries(most):
            curves(ids, NOW - timedelta(days=3), NOW, grain)
