"""Timers that are due together pass together, and each as it would have alone."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orchestration import clock
from orchestration.engine import timers
from orchestration.engine.wake import wake
from orchestration.models import Run, StepRun
from orchestration.services.runs import cancel_run, start_runs
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step

pytestmark = pytest.mark.django_db(transaction=True)

PAUSE = {"wait": {"for": "5s"}}


@pytest.fixture(params=["together", "alone"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same must hold when a batch can't be recorded as one."""
    if request.param == "alone":

        def refuse(*_: Any) -> None:
            raise timers.Apart

        monkeypatch.setattr(timers, "_end_together", refuse)


@pytest.mark.usefixtures("_way")
def test_what_follows_a_timer_begins_once_and_the_run_goes_on():
    runs = [begin(publish({"a": PAUSE, "b": echo(1, needs=["a"])})) for _ in range(3)]
    pump()
    assert {Run.objects.get(pk=run.pk).status for run in runs} == {"waiting"}
    pass_time(6)
    for run in runs:
        run.refresh_from_db()
        row = step(run, "a")
        assert (run.status, row.status, row.output, row.waiting_kind, row.not_before) == (
            "running", "succeeded", "null", "", None,
        )  # fmt: skip
        assert step(run, "b").status == "ready"
    assert {settle_down(run).result for run in runs} == {"succeeded"}


@pytest.mark.usefixtures("_way")
def test_timers_of_one_run_join_and_end_it():
    steps = {"a": PAUSE, "b": PAUSE, "c": {"wait": {"for": "1h"}}, "d": {**PAUSE, "needs": ["a", "b"]}}
    run = begin(publish(steps, output={"value": "${{ steps.d.output }}"}))
    pump()
    pass_time(6)
    assert step(run, "d").status == "ready"
    pump()
    pass_time(4_000)
    run.refresh_from_db()
    assert (run.status, run.result, run.output) == ("finished", "succeeded", "null")


@pytest.mark.usefixtures("_way")
def test_a_when_behind_a_timer_is_asked_and_its_fault_fails_that_run_alone():
    good = begin(publish({"a": PAUSE, "b": echo(1, needs=["a"], when="steps.a.output == 1")}))
    bad = begin(publish({"a": PAUSE, "b": echo(1, needs=["a"], when="input.missing > 1")}, name="bad"))
    pump()
    pass_time(6)
    for run, result in ((good, "succeeded"), (bad, "failed")):
        run.refresh_from_db()
        assert (run.status, run.result) == ("finished", result)
    assert step(good, "b").status == "skipped"
    assert bad.error_type == "expression"


def test_a_timer_of_a_run_that_was_cancelled_meanwhile_begins_nothing(monkeypatch: pytest.MonkeyPatch):
    version = publish({"a": PAUSE, "b": echo(1, needs=["a"])})
    runs = [begin(version) for _ in range(2)]
    pump()
    real = timers.held_by

    def cancelled_meanwhile(row: StepRun, phase: str) -> Any:
        if row.run_id == runs[0].pk and Run.objects.get(pk=row.run_id).status == "waiting":
            cancel_run(run_id=row.run_id, actor=None, reason="enough")
        return real(row, phase)

    monkeypatch.setattr(timers, "held_by", cancelled_meanwhile)
    pass_time(6)
    assert step(runs[0], "a").status == "cancelled"
    assert not StepRun.objects.filter(run=runs[0], name="b").exists()
    assert step(runs[1], "b").status == "ready"


def test_timers_are_passed_on_by_few_statements_and_a_thousand_in_little_time():
    version = publish({"a": PAUSE, "b": echo(1, needs=["a"])})
    for _ in range(10):
        start_runs(version=version, inputs=[{}] * 100)
    due = clock.now() + timedelta(seconds=5)
    StepRun.objects.update(status="waiting", waiting_kind="timer", not_before=due, wake_due_at=None)
    Run.objects.update(status="waiting")
    clock.advance(timedelta(seconds=6))
    with CaptureQueriesContext(connection) as asked:
        began = time.monotonic()
        assert [wake()["timers"], wake()["timers"], wake()["timers"]] == [500, 500, 0]
        took = time.monotonic() - began
    assert Run.objects.filter(status="running", steps__name="b", steps__status="ready").count() == 1_000
    assert len(asked) < 1_000, "fewer than one for each"
    assert took < 10, "2 s on a quiet machine"
    print(f"{took:.2f} s, {len(asked)} statements")
