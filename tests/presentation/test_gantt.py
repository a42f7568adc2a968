"""Bars stand where time puts them, inside the picture whatever clocks say."""

import pytest

from portal.presentation.gantt import THINNEST, Band, Bar, GanttRow, build


def row(*bars, **more):
    return GanttRow("charge", "fail", "fail", "failed", bars, **more)


def share(text):
    return float(text.rstrip("%"))


@pytest.mark.parametrize(
    ("total", "labels"),
    [
        (89, ["0 s", "30 s", "1 m", "1 m 30 s"]),
        (0.34, ["0 s", "0.20 s", "0.40 s"]),
        (3600, ["0 s", "20 m", "40 m", "1 h"]),
        (0, ["0 s", "0.10 s"]),
    ],
)
def test_ticks_are_round_and_few(total, labels):
    assert [tick.label for tick in build([], total).ticks if tick.label] == labels


def test_a_year_still_has_few_ticks():
    assert len(build([], 366 * 86_400 * 3).ticks) <= 8


def test_a_bar_starts_and_ends_at_its_share_of_the_axis():
    mark = build([row(Bar("fail", 9, 45, "1"))], 90).rows[0].marks[0]
    assert (mark.x, mark.width, mark.end, mark.middle, mark.label) == ("10.00%", "40.00%", "50.00%", "30.00%", "1")


def test_a_label_that_does_not_fit_its_bar_is_left_out():
    assert build([row(Bar("fail", 0, 1, "12"))], 90).rows[0].marks[0].label == ""


def test_clocks_that_disagree_cannot_push_a_bar_out_of_the_picture():
    bars = [Bar("ok", -5, 2), Bar("fail", 50, 40), Bar("run", 80, 9999), Bar("ok", 400, 500)]
    for mark in build([row(*bars)], 90).rows[0].marks:
        assert 0 <= share(mark.x) <= 100 - THINNEST
        assert share(mark.width) >= THINNEST
        assert share(mark.end) <= 100


def test_the_legend_names_what_is_drawn_and_nothing_else():
    drawn = build([row(Bar("fail", 0, 1), Bar("park", 1, 2))], 90, bands=[Band(1, 2, "payments breaker open")] * 2)
    assert drawn.legend == [("fail", "failed attempt"), ("park", "parked"), ("band", "payments breaker open")]


def test_what_bars_say_on_hover_is_also_said_to_a_screen_reader():
    assert (
        build([row(Bar("fail", 0, 1, title="Attempt 1, timeout"), Bar("wait", 1, 2, title="Backoff 1.0 s"))], 9)
        .rows[0]
        .spoken
        == "Attempt 1, timeout; Backoff 1.0 s"
    )
