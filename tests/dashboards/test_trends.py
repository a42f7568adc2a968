"""Titles of charts: what stands out, when, and what had happened; nothing where nothing stands out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from portal.dashboards import trends
from portal.dashboards.figures import Line, legend_of, lines, table_of
from portal.dashboards.layout import counts, durations, shares
from portal.dashboards.marks import Mark

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def told(count: int, *marks: Mark, step: timedelta = HOUR) -> trends.Told:
    times = [NOON + index * step for index in range(count)]
    return trends.Told(times, step, "last 24 h", marks, lambda moment: f"{moment:%H:%M}")


@pytest.mark.parametrize(
    ("values", "overall", "title"),
    [
        ([None] * 5, None, "Nothing was measured in the last 24 h"),
        ([0.4, 0.4, 0.5, 0.4, 0.4], 0.42, "p95 is 0.42 s over the last 24 h"),
        ([0.4, 0.4, 2.4, 0.4, 0.4], 0.6, "p95 rose to 2.4 s at 14:00"),
        ([9.0, 0.4], 5.0, "p95 is 5 s over the last 24 h"),
        ([0.0, 0.0, 0.0, 0.0], 0.0, "p95 is 0 s over the last 24 h"),
    ],
)
def test_latency_concludes(values: Sequence[float | None], overall: float | None, title: str):
    assert trends.latency(told(len(values)), values, overall) == title


def test_a_release_just_before_the_peak_is_named_and_an_older_one_is_not():
    values = [0.4, 0.4, 2.4, 0.4, 0.4]
    before = Mark(NOON + timedelta(minutes=110), "orders 2.3.0 live", "/x")
    said = trends.latency(told(5, before), values, 0.6)
    assert said == "p95 rose to 2.4 s at 14:00, after orders 2.3.0 went live"
    within = Mark(NOON + timedelta(minutes=150), "orders 2.3.0 live", "/x")
    assert trends.latency(told(5, within), values, 0.6).endswith(", as orders 2.3.0 went live")
    for mark in (Mark(NOON, "old 1.0.0 live", "/x"), Mark(NOON + 2 * HOUR, "page of x", "/x", "alert")):
        assert trends.latency(told(5, mark), values, 0.6) == "p95 rose to 2.4 s at 14:00"


def test_of_days_the_day_is_said():
    said = trends.latency(told(5, step=timedelta(days=1)), [0.4, 0.4, 2.4, 0.4, 0.4], 0.6)
    assert said == "p95 rose to 2.4 s on 8 May"


@pytest.mark.parametrize(
    ("values", "overall", "title"),
    [
        ([None], None, "Nothing was called in the last 24 h"),
        ([0.0] * 5, 0.0, "No call failed in the last 24 h"),
        ([0.02] * 5, 0.02, "2.00 % of calls failed in the last 24 h"),
        ([0.0, 0.0, 0.0, 0.4, 0.0], 0.1, "10 % of calls failed in the last 24 h, 40 % at 15:00"),
        ([0.0, 0.0, 0.0, 0.001, 0.0], 0.0002, "0.02 % of calls failed in the last 24 h"),
    ],
)
def test_shares_conclude(values: Sequence[float | None], overall: float | None, title: str):
    said = trends.share(told(len(values)), values, overall, none="No call failed", some="{} of calls failed")
    assert said == title


@pytest.mark.parametrize(
    ("longest", "title", "drawn", "said"),
    [
        (0.042, "Milliseconds", 42.0, "42 ms"),
        (2.4, "Seconds", 2.4, "2.4 s"),
        (600.0, "Minutes", 10.0, "10 m"),
        (36000.0, "Hours", 10.0, "10 h"),
    ],
)
def test_durations_have_the_unit_in_which_they_are_easy_to_read(longest: float, title: str, drawn: float, said: str):
    unit = durations([None, longest])
    figure = lines([NOON], [Line("p95", "series-1", [longest])], unit)
    assert unit.title == title
    assert figure["data"][0]["y"] == [pytest.approx(drawn)]
    assert table_of(figure).rows == [["6 May, 12:00", said]]


def test_a_single_point_and_one_between_gaps_leave_ink():
    sizes = lines(
        [NOON + index * HOUR for index in range(5)], [Line("x", "series-1", [1, None, 2, None, 3])], counts("Runs")
    )
    assert sizes["data"][0]["marker"]["size"] == [5, 0, 5, 0, 5]
    assert lines([NOON], [Line("x", "series-1", [1])], counts("Runs"))["data"][0]["marker"]["size"] == [5]


def test_figures_of_every_kind_are_valid_plotly_and_name_no_colour():
    import json
    import re

    import plotly.graph_objects

    from portal.dashboards.p95_panel import figure as p95

    times = [NOON, NOON + timedelta(days=1)]
    drawn = [Line("now", "series-1", [0.1, None]), Line("before", "series-1", [0.2, 0.1], "dash")]
    for figure in (
        lines(times, drawn, shares("Failed"), agreed=(0.05, "Budget 5 %")),
        lines([], [], counts("Runs")),
        p95([]),
    ):
        plotly.graph_objects.Figure(figure)
        assert not re.search(r"#[0-9a-f]{6}|rgb|light-dark", json.dumps(figure))
    assert [entry.dash for entry in legend_of(lines(times, drawn, shares("Failed")))] == ["solid", "dash"]
