"""The fixed-scale histogram against what was measured: quantiles, sums, edges."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.telemetry import histogram

DURATION = st.floats(min_value=1e-6, max_value=1e6, allow_nan=False)


def nearest_rank(values: list[float], share: float) -> float:
    return sorted(values)[max(math.ceil(share * len(values) - 1e-9), 1) - 1]


@given(st.lists(DURATION, min_size=1, max_size=200), st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_0_55_percent_of_the_nearest_rank(values: list[float], share: float):
    found = histogram.quantile([histogram.pack(values)], share)
    assert found is not None
    assert abs(found - nearest_rank(values, share)) <= 0.0055 * nearest_rank(values, share)


@given(st.lists(st.lists(DURATION, max_size=40), max_size=8))
def test_parts_add_up_to_the_whole(parts: list[list[float]]):
    whole = histogram.pack([value for part in parts for value in part])
    assert histogram.merge(histogram.pack(part) for part in parts) == whole
    assert histogram.count(whole) == sum(len(part) for part in parts)


@given(DURATION)
def test_a_duration_is_within_the_edges_of_its_bucket(value: float):
    [(bucket, count)] = histogram.pairs(histogram.pack([value]))
    low, high = histogram.edges(bucket)
    assert count == 1
    assert low * (1 - 1e-9) < value <= high * (1 + 1e-9)


@pytest.mark.parametrize("power", [-3, 0, 1, 5])
def test_an_edge_belongs_to_the_bucket_below_it(power: int):
    [(bucket, _)] = histogram.pairs(histogram.pack([2.0**power]))
    assert histogram.edges(bucket)[1] == 2.0**power


def test_nothing_has_no_quantile_and_no_time_is_counted():
    assert histogram.quantile([b"", b""], 0.5) is None
    packed = histogram.pack([0.0, 0.0, 0.0, 4.0])
    assert histogram.count(packed) == 4
    assert histogram.quantile([packed], 0.5) == 0.0


def test_extremes_land_in_the_last_buckets_and_counts_grow_past_a_day_of_millions():
    packed = histogram.pack([1e-12, 1e12])
    assert [bucket for bucket, _ in histogram.pairs(packed)] == [histogram.LOWEST, histogram.HIGHEST]
    many = histogram.pack([1.0] * 1000)
    for _ in range(12):
        many = histogram.merge((many, many))
    assert histogram.count(many) == 4_096_000


def test_a_lognormal_month_keeps_its_tail():
    rng = random.Random(7)
    values = [rng.lognormvariate(-2, 1.3) for _ in range(50_000)]
    packed = [histogram.pack(values[start : start + 500]) for start in range(0, len(values), 500)]
    for share, found in zip((0.5, 0.95, 0.99), histogram.quantiles(packed, (0.5, 0.95, 0.99)), strict=True):
        assert found == pytest.approx(nearest_rank(values, share), rel=0.0055)
