"""Flags by percentage: stable, monotone, and honest about why."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.policies.flags import BUCKETS, Declared, bucket, decide

NAMES, KEYS = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), st.text(max_size=40)
PERCENTS = st.floats(min_value=0, max_value=100)


@settings(deadline=None)
@given(NAMES, KEYS, PERCENTS, PERCENTS)
def test_raising_the_percentage_takes_the_flag_from_no_key_that_had_it(name, key, one, other):
    low, high = sorted((one, other))
    had = decide(name, "", Declared(False, low), key).is_on
    has = decide(name, "", Declared(False, high), key).is_on
    assert has or not had


@settings(deadline=None)
@given(NAMES, KEYS, PERCENTS, st.booleans())
def test_the_same_key_gets_the_same_answer_whatever_the_default(name, key, percent, default):
    first = decide(name, "", Declared(default, percent), key)
    assert first == decide(name, "", Declared(not default, percent), key)


@settings(deadline=None)
@given(NAMES, KEYS)
def test_none_has_it_at_nothing_and_everybody_at_a_hundred_percent(name, key):
    assert not decide(name, "", Declared(True, 0), key).is_on
    assert decide(name, "", Declared(False, 100), key).is_on


@settings(deadline=None)
@given(NAMES, KEYS, st.sampled_from(["on", "off"]), st.booleans(), st.none() | PERCENTS)
def test_what_is_switched_by_hand_wins_over_everything(name, key, switched, default, percent):
    found = decide(name, switched, Declared(default, percent), key)
    assert (found.is_on, found.why) == (switched == "on", f"it is switched {switched} by hand")


@settings(deadline=None)
@given(NAMES, KEYS)
def test_a_key_is_never_quoted(name, key):
    found = decide(name, "", Declared(False, 12.5), f"secret-{key}")
    assert "secret-" not in found.why
    assert 0 <= bucket(name, key) < BUCKETS


def test_the_places_of_keys_never_move():
    """As they were in the release that introduced flags: another hash would take flags from keys that had them."""
    assert [bucket("related-items", key) for key in ("acme", "globex", "")] == PLACES


def test_keys_are_spread_evenly_and_for_every_flag_otherwise():
    keys = [f"tenant {number}" for number in range(4_000)]
    ten = Declared(False, 10)
    one = {key for key in keys if decide("one", "", ten, key).is_on}
    other = {key for key in keys if decide("other", "", ten, key).is_on}
    assert 320 < len(one) < 480
    assert len(one & other) < 80, "the same tenants would be first in every rollout"


@pytest.mark.parametrize("default", [True, False])
def test_without_a_key_the_default_counts_and_the_reason_says_so(default):
    found = decide("x", "", Declared(default, 50), "", "input.tenant: no field 'tenant'")
    assert found.is_on is default
    assert "no rollout key (input.tenant: no field 'tenant')" in found.why
    assert f"{'on' if default else 'off'} is its default" in found.why


@pytest.mark.parametrize("default", [True, False])
def test_without_a_rollout_the_default_counts_for_all(default):
    assert decide("x", "", Declared(default)).is_on is default


def test_two_decimals_of_a_percentage_count():
    keys = [f"{number}" for number in range(60_000)]
    some = sum(decide("x", "", Declared(False, 0.05), key).is_on for key in keys)
    assert 10 < some < 55


PLACES = [7710, 6962, 5915]
