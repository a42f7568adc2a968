"""The words of Home and of the chart, and the arithmetic below them, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.dashboards import conclusions
from portal.dashboards.figures import Point, runs_and_errors
from portal.dashboards.marks import Mark, draw, merged
from portal.selectors.home import Ended, Failing, Health, failing_stretch

NOW = datetime(2031, 5, 6, 14, 0, tzinfo=UTC)


def at(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def health(name: str, state: str = "healthy", **more: object) -> Health:
    values: dict = {"owner": "checkout", "version_id": 1, "finished": 10, "bad": 0, "open": 0} | more
    return Health(name=name, state=state, **values)


def ended(results: str) -> list[Ended]:
    """Newest first, a minute apart: b for bad, g for good."""
    return [Ended(NOW - timedelta(minutes=index), 1, int(letter == "b")) for index, letter in enumerate(results)]


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
    found = failing_stretch(ended(results))
    assert (found.of if found else None) == length


def test_a_stretch_begins_with_its_oldest_failure_and_counts_whole_minutes():
    found = failing_stretch(
        [Ended(NOW, 40, 30), Ended(NOW - timedelta(minutes=9), 3, 2), Ended(NOW - timedelta(hours=2), 90, 1)]
    )
    assert found == Failing(NOW - timedelta(minutes=9), 32, 43)


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


def test_the_title_says_what_had_just_happened_and_not_that_it_was_the_cause():
    marks = [Mark(NOW + timedelta(minutes=50), "orders 2.3.0 live", "/x")]
    said = conclusions.chart(
        points((9, 0), (5, 5), (9, 1)), period="last 24 h", step=timedelta(hours=1), clock_time=at, marks=marks
    )
    assert said.endswith("most from 15:00 to 16:00, after orders 2.3.0 went live")


def test_marks_too_near_for_their_labels_become_one():
    marks = [Mark(NOW + timedelta(minutes=minute), f"v{minute}", "/x") for minute in (0, 5, 600)]
    marks += [Mark(NOW + timedelta(minutes=605), "change 7", "/y", "change")]
    together = merged(marks, period=timedelta(hours=24))
    assert [(group.sign, group.label, group.url) for group in together] == [
        ("◇", "2 versions live", "/x"),
        ("◈", "2 events", "/y"),
    ]


def test_a_mark_is_a_line_and_a_link_in_the_figure_and_in_the_list_behind():
    mark = Mark(NOW, "orders <b> live", "/workflows/orders/")
    figure = draw(runs_and_errors(points((1, 0))), [mark], begin=NOW, end=NOW + timedelta(hours=1), zone=UTC)
    assert figure["layout"]["shapes"][0]["x0"] == "2031-05-06T14:00:00"
    assert figure["layout"]["annotations"][0]["text"] == '<a href="/workflows/orders/">◇ orders &lt;b&gt; live</a>'
    assert figure["layout"]["meta"]["marks"][0]["label"] == "orders <b> live"


def test_a_mark_outside_of_what_is_drawn_is_not_drawn():
    early = Mark(NOW - timedelta(days=1), "old", "/x")
    assert (
        "shapes" not in draw(runs_and_errors([]), [early], begin=NOW, end=NOW + timedelta(hours=1), zone=UTC)["layout"]
    )
