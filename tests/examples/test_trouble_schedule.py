"""The script of trouble, as a table of moments."""

import pytest

from examples.sandbox import trouble


@pytest.mark.parametrize(
    ("now", "slow"),
    [(0, False), (359.9, False), (360, True), (479.9, True), (480, False), (960, True), (1_790_000_400 + 360, True)],
)
def test_payments_is_slow_two_minutes_in_ten(now, slow):
    assert trouble.payments_slow(now) is slow


def test_a_fifth_of_all_seconds_is_slow():
    assert sum(trouble.payments_slow(second) for second in range(6_000)) == 1_200


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_slow_answer_takes_longer_than_a_charge_is_given(share):
    assert 2.0 < 3.0 <= trouble.slow_answer(share) <= 6.0


@pytest.mark.parametrize(
    ("now", "served", "refuses"),
    [(0, 3, True), (0, 1, False), (0, 2, False), (6.9, 6, True), (7, 6, False), (19.9, 6, False), (20, 6, True)],
)
def test_inventory_refuses_every_third_request_of_a_burst(now, served, refuses):
    assert trouble.inventory_refuses(now, served) is refuses


def test_any_minute_of_the_hour_holds_twenty_one_seconds_of_bursts():
    for start in range(3_600):
        assert sum(trouble.inventory_bursting(start + second) for second in range(60)) == 21


def test_about_one_key_in_six_stays_slow_and_only_while_payments_is_slow():
    keys = [f"run-{number}/charge" for number in range(3_000)]
    stuck = sum(trouble.payments_stuck(400, key) for key in keys)
    assert 400 < stuck < 600
    assert not any(trouble.payments_stuck(100, key) for key in keys)
