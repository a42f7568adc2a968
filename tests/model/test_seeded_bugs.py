"""The machine finds what it is there to find: each test breaks one rule of the engine and expects a difference.

One small patch each, at a place that other modules call by name. Two of them in the default run, all with CHAOS=long.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db.models import F
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test

from orchestration.engine import (
    advance,
    ahead,
    approvals,
    cancel,
    execute,
    forward,
    hot_sql,
    pause,
    rescue,
    settle,
    subscriptions,
    timers,
    transition,
    undoing,
)
from orchestration.engine import wake as waking
from orchestration.engine.plans import sole_speakers
from orchestration.engine.rows import NewStep
from orchestration.models import EventReceipt, Run, StepRun
from orchestration.policies.retry import decide
from orchestration.states import Effect, RunResult, RunStatus, StepStatus
from orchestration.steps.kinds import KINDS
from tests.model.driver import tries
from tests.model.machine import Machine
from tests.model.seen import Difference

pytestmark = pytest.mark.django_db

Patch = pytest.MonkeyPatch
LONG = os.environ.get("CHAOS") == "long"
IN_SHORT = {"a_join_that_begins_at_the_first", "a_cancel_that_forgets_to_compensate"}


def a_fence_that_is_ignored(patch: Patch) -> None:
    def move_step(step_id: int, source: StepStatus, fence: int, target: StepStatus, **columns: Any) -> bool:
        return StepRun.objects.filter(pk=step_id, status=source).update(status=target, **columns) == 1

    def record(successes: Any, *more: Any) -> bool:
        for one in successes:
            one.fence = StepRun.objects.values_list("fence", flat=True).get(pk=one.step_id)
        return recorded(successes, *more)

    recorded = hot_sql.record
    patch.setattr(hot_sql, "record", record)
    patch.setattr(transition, "move_step", move_step)


def a_write_that_runs_ahead(patch: Patch) -> None:
    patch.setattr(ahead, "free_of_effects", sole_speakers)


def a_record_that_forgets_what_ran_ahead(patch: Patch) -> None:
    patch.setattr(NewStep, "succeed", lambda *given: None)


def a_fence_that_does_not_grow(patch: Patch) -> None:
    claim = hot_sql.claim

    def claimed(step_ids: Any, **given: Any) -> list[Any]:
        rows = claim(step_ids, **given)
        StepRun.objects.filter(pk__in=[row[0] for row in rows]).update(fence=F("fence") - 1)
        return [(*row[:3], row[3] - 1, *row[4:]) for row in rows]

    patch.setattr(hot_sql, "claim", claimed)


def a_compensation_in_the_order_of_completion(patch: Patch) -> None:
    patch.setattr(undoing, "_latest", lambda steps, place: min(steps, key=lambda step: place[step.name]))


def a_retry_that_counts_from_zero(patch: Patch) -> None:
    patch.setattr(forward, "decide", lambda policy, attempt, **more: decide(policy, attempt=attempt - 1, **more))


def a_lost_step_that_nobody_frees(patch: Patch) -> None:
    patch.setattr(rescue, "_lose", lambda step: None)


def a_cancel_that_forgets_to_compensate(patch: Patch) -> None:
    def settled(run: Any, plan: Any, now: Any) -> None:
        transition.cancel_steps(run.pk, [StepStatus.READY, StepStatus.WAITING, StepStatus.RETRYING], now, parents=False)
        if not StepRun.objects.filter(run=run, status="running").exists():
            transition.finish_run(run.pk, RunStatus(run.status), RunResult(run.ending), finished_at=now)

    patch.setattr(cancel, "settle", settled)


def a_join_that_begins_at_the_first(patch: Patch) -> None:
    asked = advance._readiness

    def readiness(step: Any, states: Any) -> str:
        return asked(replace(step, join="any") if len(step.predecessors) > 1 else step, states)

    patch.setattr(advance, "_readiness", readiness)


def a_skip_that_does_not_spread(patch: Patch) -> None:
    asked = advance._readiness
    patch.setattr(advance, "_readiness", lambda *given: asked(*given).replace("skip", "begin"))


def a_key_for_each_attempt(patch: Patch) -> None:
    called = KINDS["python"]
    patch.setitem(
        KINDS,  # type: ignore[arg-type]
        "python",
        lambda call: called(replace(call, idempotency_key=f"{call.idempotency_key}#{call.attempt}")),
    )


def a_timer_that_is_lost(patch: Patch) -> None:
    patch.setattr(timers, "_end", lambda steps: None)


def an_effect_that_is_forgotten_after_expect(patch: Patch) -> None:
    judge = execute._judge

    def judged(*given: Any) -> Any:
        failed = judge(*given)
        return failed and replace(failed, effect=Effect.NONE)

    patch.setattr(execute, "_judge", judged)


def a_lost_wake_up_that_is_not_sent_again(patch: Patch) -> None:
    patch.setattr(waking, "_LOOKS", {**waking._LOOKS, "lost_wakes": lambda now: 0})


def a_terminated_write_that_is_not_doubted(patch: Patch) -> None:
    patch.setattr(cancel, "_doubt_effects", lambda run: None)


def a_failed_run_that_goes_on(patch: Patch) -> None:
    patch.setattr(forward, "fatal", lambda plan, states: None)


def an_early_event_that_nobody_keeps(patch: Patch) -> None:
    patch.setattr(forward, "met", lambda *given: None)


def an_event_that_is_given_twice(patch: Patch) -> None:
    def met(claim: Any, wanted: Any, now: Any) -> Any:
        EventReceipt.objects.filter(run_id=claim.run.id).delete()
        return subscriptions.met(claim, wanted, now)

    patch.setattr(forward, "met", met)


def a_child_that_outlives_its_parent(patch: Patch) -> None:
    patch.setattr(settle, "stop_children", lambda run, now: None)


def a_no_that_counts_as_a_yes(patch: Patch) -> None:
    outcome = approvals._outcome
    patch.setattr(approvals, "_outcome", lambda word, *told: outcome("approved", *told))


def a_pause_that_holds_nothing_back(patch: Patch) -> None:
    claim = hot_sql.claim

    def claimed(step_ids: Any, **given: Any) -> list[Any]:
        held = list(Run.objects.filter(status="paused").values_list("pk", flat=True))
        Run.objects.filter(pk__in=held).update(status="running")
        rows = claim(step_ids, **given)
        Run.objects.filter(pk__in=held).update(status="paused")
        return rows

    patch.setattr(hot_sql, "claim", claimed)


def a_resume_that_wakes_nobody(patch: Patch) -> None:
    patch.setattr(pause, "LOST_WAKE_AFTER", 10**8)


BUGS: list[Callable[[Patch], None]] = [
    a_fence_that_is_ignored, a_write_that_runs_ahead, a_record_that_forgets_what_ran_ahead, a_fence_that_does_not_grow, a_compensation_in_the_order_of_completion,
    a_retry_that_counts_from_zero, a_lost_step_that_nobody_frees, a_cancel_that_forgets_to_compensate,
    a_join_that_begins_at_the_first, a_skip_that_does_not_spread, a_key_for_each_attempt, a_timer_that_is_lost,
    an_effect_that_is_forgotten_after_expect, a_lost_wake_up_that_is_not_sent_again,
    a_terminated_write_that_is_not_doubted, a_failed_run_that_goes_on, an_early_event_that_nobody_keeps,
    an_event_that_is_given_twice, a_child_that_outlives_its_parent, a_no_that_counts_as_a_yes,
    a_pause_that_holds_nothing_back, a_resume_that_wakes_nobody,
]  # fmt: skip


@pytest.mark.parametrize("bug", [bug for bug in BUGS if LONG or bug.__name__ in IN_SHORT], ids=lambda bug: bug.__name__)
def test_the_machine_finds(bug: Callable[[Patch], None], monkeypatch: pytest.MonkeyPatch):
    bug(monkeypatch)
    with pytest.raises(Difference):
        run_state_machine_as_test(Machine, settings=tries(2000, phases=[Phase.generate]))
