"""The words of Home and of the chart, and the arithmetic below them, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.dashboards import conclusions
from portal.dashboards.figures import Point, runs_and_errors
from portal.dashboards.marks import Mark, draw, merged
from portal.selectors.home import Failing, Health, failing_stretch, percentile
from portal.selectors.outcomes import Sample

NOW = datetime(2031, 5, 6, 14, 0, tzinfo=UTC)


def at(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def health(name: str, state: str = "healthy", **more: object) -> Health:
    values: dict = {"owner": "checkout", "version_id": 1, "finished": 10, "bad": 0, "open": 0} | more
    return Health(name=name, state=state, **values)


def samples(results: str) -> list[Sample]:
    """Newest first, a minute apart: b for bad, g for good."""
    return [
        Sample(
            1,
            NOW - timedelta(minutes=index),
            1.0,
            "failed" if letter == "b" else "succeeded",
            "charge" if letter == "b" else "",
            "http.503",
        )
        for index, letter in enumerate(results)
    ]


@pytest.mark.parametrize(
    ("results", "length"),
    [
        ("", None),
        ("g", None),
        ("b", 1),
        ("bb" + "g" * 20, None),
        ("bbbbb" + "g" * 20, 5),
        ("gbbbb", 5),
        ("bbbbbbbbbb" + "g" * 50, 10),
        ("g" * 6 + "b" * 4, None),
        ("bgbgbgggggg", None),
    ],
)
def test_a_failing_stretch_lasts_while_half_of_the_runs_failed(results: str, length: int | None):
    found = failing_stretch(samples(results))
    assert (found.of if found else None) == length


def test_a_stretch_names_the_step_where_most_failed_and_ends_at_its_oldest_failure():
    found = failing_stretch(
        [*samples("bb"), Sample(1, NOW - timedelta(minutes=9), 1.0, "timed_out", "ship", "timeout")]
    )
    assert found == Failing(NOW - timedelta(minutes=9), 3, 3, "charge", "http.503")


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], None), ([7.0], 7.0), ([float(n) for n in range(1, 101)], 95.0), ([3.0, 1.0, 2.0], 3.0)],
)
def test_a_percentile_is_a_measured_value(values: list[float], expected: float | None):
    assert percentile(values, 0.95) == expected


def test_workflows_that_fail_at_the_same_dependency_are_said_to_share_it():
    failing = Failing(NOW, 7, 10, "charge", "http.503")
    rows = [
        health("orders", "failing", failing=failing),
        health("refunds", "failing", failing=failing),
        health("third", "failing", failing=failing),
    ]
    said = conclusions.home(rows, dependency_of=lambda row, step: "payments", clock_time=at)
    assert said.lead == "orders has been failing since 14:00 at charge, which calls payments."
    assert said.rest == (
        "7 of its 10 runs since then failed, mostly with http.503. "
        "refunds has been failing since 14:00 at charge, which calls payments, too. 1 more fail too."
    )


def test_a_late_workflow_is_named_when_nothing_fails():
    said = conclusions.home([health("slow", "late"), health("fine")], dependency_of=lambda row, step: "", clock_time=at)
    assert str(said) == "No workflow fails now. slow takes longer than declared."


def points(*rows: tuple[int, int]) -> list[Point]:
    return [Point(NOW + timedelta(hours=index), good, 0, bad, 0) for index, (good, bad) in enumerate(rows)]


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([(0, 0)], "Nothing finished in the last 24 h"),
        ([(5, 0), (4, 0)], "None of 9 runs failed in the last 24 h"),
        ([(5, 1), (4, 1)], "2 of 11 runs failed in the last 24 h (18.2 %)"),
        ([(9, 0), (5, 5), (9, 1)], "6 of 29 runs failed in the last 24 h (20.7 %), most from 15:00 to 16:00"),
    ],
)
def test_the_chart_concludes(rows: list[tuple[int, int]], title: str):
    assert conclusions.chart(points(*rows), period="last 24 h", step=timedelta(hours=1), clock_time=at) == title


def test_marks_too_near_for_their_labels_become_one():
    marks = [Mark(NOW + timedelta(minutes=minute), f"v{minute}", "/x") for minute in (0, 5, 600)]
    together = merged(marks, period=timedelta(hours=24), together="{count} versions live", url="/all")
    assert [(mark.label, mark.url) for mark in together] == [("2 versions live", "/all"), ("v600", "/x")]


def test_a_mark_is_a_line_and_a_link_in_the_figure():
    figure = draw(
        runs_and_errors(points((1, 0))),
        [Mark(NOW, "orders 1.0.0 live", "/workflows/orders/")],
        begin=NOW,
        end=NOW + timedelta(hours=1),
        zone=UTC,
    )
    assert figure["layout"]["shapes"][0]["x0"] == "2031-05-06T14:00:00"
    assert figure["layout"]["annotations"][0]["text"] == '<a href="/workflows/orders/">◇ orders 1.0.0 live</a>'
