"""Garbage is collected again when the last comparison is over, however they overlap."""

from __future__ import annotations

import gc

import pytest

from governance.contracts.garbage import Uncollected


@pytest.fixture(autouse=True)
def _on():
    gc.enable()
    yield
    gc.enable()


def _fail(still: Uncollected) -> None:
    with still:
        with still:
            assert not gc.isenabled()
        assert not gc.isenabled(), "one is at work yet"
        raise ValueError("broken off")


def test_the_last_one_out_turns_the_collector_on_also_when_it_fails():
    with pytest.raises(ValueError, match="broken off"):
        _fail(Uncollected())
    assert gc.isenabled()


def test_one_that_begins_before_another_ends_leaves_it_on_afterwards():
    still = Uncollected()
    still.__enter__()
    still.__enter__()
    still.__exit__()
    still.__enter__()
    still.__exit__()
    assert not gc.isenabled()
    still.__exit__()
    assert gc.isenabled()


def test_where_it_was_off_it_stays_off():
    gc.disable()
    with Uncollected():
        pass
    assert not gc.isenabled()
