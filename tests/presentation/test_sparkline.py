"""A sparkline stands on zero and leaves a gap where nothing is known."""

import re

from portal.presentation.sparkline import HEIGHT, WIDTH, build


def points(path):
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_zero_is_on_the_baseline_and_the_highest_value_at_the_top():
    (x0, y0), (x1, y1) = points(build([0, 7]).line)
    assert (x0, x1) == (0, WIDTH)
    assert 0 < y1 < 3 < HEIGHT - 3 < y0 < HEIGHT


def test_a_ceiling_keeps_a_small_value_small():
    assert points(build([1], ceiling=100).line)[0][1] > HEIGHT - 3


def test_a_missing_value_is_a_gap_and_a_lonely_one_still_leaves_ink():
    line = build([1, None, 2, None, 3, 4]).line
    assert line.count("M") == 3
    assert line.count("h1.5") == 2


def test_no_values_and_only_zeros_are_drawn_without_dividing_by_them():
    assert build([]).line == ""
    assert all(y > HEIGHT - 3 for _, y in points(build([0, 0, 0]).line))
