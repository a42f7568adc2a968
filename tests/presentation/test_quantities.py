"""Numbers are written the same everywhere, and never say more than is known."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.presentation.quantities import byte_size, duration, number, percent, relative


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (0.0004, "1 ms"), (0.041, "41 ms"), (0.0996, "0.10 s"), (0.34, "0.34 s"), (0.996, "1.0 s"), (3.7123, "3.7 s"), (10.02, "10.0 s"),
        (41, "41 s"), (8.0, "8 s"), (59.97, "1 m"), (60, "1 m"), (89.2, "1 m 29 s"), (306, "5 m 06 s"), (3599.7, "1 h"),
        (11_520, "3 h 12 m"), (61_200, "17 h"), (86_399, "1 d"), (673_920, "7.8 d"), (28 * 86_400, "28 d"),
        (timedelta(seconds=90), "1 m 30 s"), (-0.5, "−0.50 s"), (None, "–"), (float("nan"), "–"), (float("inf"), "–"),
    ],
)  # fmt: skip
def test_a_duration_has_at_most_two_units_and_never_sixty_of_one(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (48_120, "48,120"), (999_999, "999,999"), (1_320_000, "1.32 M"), (2_100_000_000, "2.10 bn"), (0.5, "0.5"), (1234.567, "1,234.57"), (-0.25, "-0.25"), (-1200, "-1,200"), (None, "–")],
)  # fmt: skip
def test_a_number_has_thousands_separated_and_millions_in_words(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0.00 %"),
        (0.0084, "0.84 %"),
        (0.38, "38 %"),
        (0.995, "99.5 %"),
        (1, "100 %"),
        (0.1234, "12.3 %"),
        (None, "–"),
    ],
)
def test_a_share_is_precise_where_it_is_small(share, text):
    assert percent(share) == text


def test_nearly_nothing_is_not_nothing_and_nearly_everything_is_not_everything():
    assert percent(0.00001) == "<0.01 %"
    assert percent(0.99999) == ">99.9 %"
    assert percent(0.0004, digits=0) == "<1 %"
    assert percent(0.5, digits=1) == "50.0 %"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (1234, "1.2 kB"),
        (3_400_000, "3.4 MB"),
        (999_999, "1 MB"),
        (5e15, "5000 TB"),
        (None, "–"),
    ],
)
def test_a_size_changes_its_unit_before_it_reads_a_thousand(count, text):
    assert byte_size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5, "just now"),
        (-5, "in less than a minute"),
        (200, "3 min ago"),
        (-3700, "in 1 h"),
        (47 * 3600, "47 h ago"),
        (94 * 86_400, "94 days ago"),
    ],
)
def test_a_time_is_told_in_one_unit(seconds, text):
    now = datetime(2026, 11, 17, 14, tzinfo=UTC)
    assert relative(now - timedelta(seconds=seconds), now) == text
