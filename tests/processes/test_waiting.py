"""Many runs that wait: no worker is held, no memory grows, and all wake on time."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from orchestration.engine.event_store import NewEvent, store
from orchestration.models import Run, StepRun, Subscription
from tests.processes.children import Processes, memory_of, wait_until
from tests.processes.load import CHAIN, begin, finished, nothing_lost_or_doubled, post, publish, sized
from tests.processes.recorder import Recorder

pytestmark = pytest.mark.processes

RUNS, WAIT = sized((100, 15), (1_000, 90))
#: The sweeper looks every half second and then wakes one after the other, each in a transaction of its own.
LATE = timedelta(seconds=sized(8, 15))
GROWTH = 16 * 1024 * 1024
#: Runs before the measurement: with SQLite each thread of a worker has a connection of its own, and each of them a cache of pages.
WARM = 100


def test_runs_that_wait_hold_no_worker_and_wake_on_time(processes: Processes, recorder: Recorder):
    version = publish(
        {"pause": {"wait": {"for": f"{WAIT}s"}}, "after": post("/after", needs=["pause"])}, name="waiting"
    )
    workers = processes.crew()
    others = publish(CHAIN)
    warm = begin(others, WARM)
    wait_until(lambda: finished(warm) == len(warm), 30, "the workers to be warm")

    runs = begin(version, RUNS)
    waiting = StepRun.objects.filter(run__in=runs, status="waiting")
    wait_until(lambda: waiting.count() == RUNS, WAIT, "all runs to wait at once")
    due = dict(waiting.values_list("run_id", "not_before"))
    assert not waiting.exclude(worker_id="", lease_until=None).exists(), "a wait is a row, held by nobody"
    before = [memory_of(worker) for worker in workers]
    began = time.monotonic()
    more = begin(others, 10)
    wait_until(lambda: finished(more) == len(more), WAIT, "other runs to finish meanwhile")
    assert time.monotonic() - began < 10
    assert finished(runs) == 0

    wait_until(lambda: finished(runs) == RUNS, WAIT + RUNS, "all runs to wake and finish")
    woken = dict(StepRun.objects.filter(run__in=runs, name="pause").values_list("run_id", "finished_at"))
    late = [woken[run] - due[run] for run in due]
    assert min(late) >= timedelta(0), "a timer fired before its time"
    assert max(late) < LATE
    grown = [memory_of(worker) - earlier for worker, earlier in zip(workers, before, strict=True)]
    assert max(grown) < GROWTH
    nothing_lost_or_doubled(runs, recorder)
    assert Run.objects.filter(pk__in=runs, status="waiting").count() == 0


def test_runs_that_wait_for_an_event_hold_no_worker_and_each_gets_its_own(processes: Processes, recorder: Recorder):
    version = publish(
        {
            "paid": {"event": {"type": "order.paid", "correlation": "${{ input.n }}", "timeout": "1d"}},
            "after": post("/after", needs=["paid"]),
        },
        name="patient",
    )
    workers = processes.crew()
    others = publish(CHAIN)
    warm = begin(others, WARM)
    wait_until(lambda: finished(warm) == len(warm), 30, "the workers to be warm")
    before = [memory_of(worker) for worker in workers]

    runs = begin(version, RUNS)
    waiting = StepRun.objects.filter(run__in=runs, status="waiting")
    wait_until(lambda: waiting.count() == RUNS, 120, "all runs to wait at once")
    assert not waiting.exclude(worker_id="", lease_until=None).exists(), "a wait is a row, held by nobody"
    assert Subscription.objects.filter(run__in=runs).count() == RUNS
    began = time.monotonic()
    more = begin(others, 10)
    wait_until(lambda: finished(more) == len(more), 30, "other runs to finish meanwhile")
    assert time.monotonic() - began < 10
    assert finished(runs) == 0

    for number in reversed(range(RUNS)):  # nobody waits in the order in which events come
        store(NewEvent("/shop", f"{number}", "order.paid", {"n": number}, correlation=f"{number}"))
    wait_until(lambda: finished(runs) == RUNS, 60 + RUNS, "all runs to get their event and finish")
    given = StepRun.objects.filter(run__in=runs, name="paid").values_list("run__input", "output")
    assert all(asked == got for asked, got in given)
    grown = [memory_of(worker) - earlier for worker, earlier in zip(workers, before, strict=True)]
    assert max(grown) < GROWTH
    assert not Subscription.objects.filter(run__in=runs).exists()
