"""A fallback by another step: done only when it is needed, its output is the other's, and the run is degraded."""

from __future__ import annotations

import pytest

from tests.engine.harness import begin, echo, publish, settle_down, step

pytestmark = pytest.mark.django_db(transaction=True)

FAILS = {"python": "test.fail", "effect": "none"}


def test_it_takes_the_place_of_the_step_that_failed():
    run = settle_down(begin(publish({
        "quote": {**FAILS, "fallback": {"step": "estimate"}},
        "estimate": echo({"price": 9}),
        "after": echo("${{ steps.quote.output.price }}"),
    })))  # fmt: skip
    assert (run.result, step(run, "quote").status, step(run, "after").output) == ("degraded", "degraded", "9")
    assert "took the output of estimate" in step(run, "quote").error_message


def test_it_is_skipped_when_nothing_failed():
    run = settle_down(begin(publish({"quote": echo(1, fallback={"step": "estimate"}), "estimate": echo(2)})))
    assert (run.result, step(run, "estimate").status) == ("succeeded", "skipped")


def test_a_stand_in_that_fails_too_leaves_the_first_error():
    run = settle_down(begin(publish({
        "quote": {**FAILS, "fallback": {"step": "estimate"}}, "estimate": {"python": "test.fail", "effect": "none"},
    })))  # fmt: skip
    assert (run.result, run.failed_step, run.error_type) == ("failed", "quote", "test.broken")
    assert "its stand-in estimate failed" in run.error_message


def test_a_skipped_step_needs_no_stand_in():
    run = settle_down(begin(publish({
        "quote": {**FAILS, "when": "input.go", "fallback": {"step": "estimate"}}, "estimate": echo(2),
    }), {"go": False}))  # fmt: skip
    assert (run.result, step(run, "quote").status, step(run, "estimate").status) == ("succeeded", "skipped", "skipped")


def test_a_step_that_waits_in_vain_is_stood_in_for():
    from tests.engine.harness import pass_time, pump

    version = publish({
        "quote": {"event": {"type": "a.b", "correlation": "x", "timeout": "1m"}, "fallback": {"step": "estimate"}},
        "estimate": echo(2),
    })  # fmt: skip
    run = begin(version)
    pump()
    pass_time(70)
    run = settle_down(run)
    assert (run.result, step(run, "quote").output) == ("degraded", "2")


def test_an_event_that_comes_while_the_stand_in_is_done_comes_too_late():
    from orchestration.engine.event_store import NewEvent, store
    from orchestration.engine.events import route
    from tests.engine.harness import pass_time, pump

    version = publish({
        "quote": {"event": {"type": "a.b", "correlation": "x", "timeout": "1m"}, "fallback": {"step": "estimate"}},
        "estimate": echo(2),
    })  # fmt: skip
    run = begin(version)
    pump()
    pass_time(70)
    assert step(run, "quote").waiting_kind == "fallback"
    event, _ = store(NewEvent("/s", "1", "a.b", 1, correlation="x"))
    route(event.pk)
    run = settle_down(run)
    assert (run.result, step(run, "quote").output) == ("degraded", "2")
