"""A dependency that hangs, and one that is dead for a while: others go on, and what waits for it ends as declared."""

from __future__ import annotations

import socket
import time
from datetime import timedelta

import pytest
from django.db.models import F, Max

from orchestration.models import Attempt, Parking, Run, StepRun
from orchestration.policies.admission import RETRY_FLOOR
from orchestration.policies.breaker import SLICE
from tests.processes.children import Processes, wait_until
from tests.processes.load import (
    CHAIN,
    begin,
    declare,
    dependency,
    finished,
    nothing_lost_or_doubled,
    post,
    publish,
    results,
    sized,
)
from tests.processes.recorder import Recorder
from tests.servers import free_port

pytestmark = pytest.mark.processes

TRIES = 2


def test_a_dependency_that_hangs_holds_nobody_else_up_for_long(processes: Processes, recorder: Recorder):
    with socket.create_server(("127.0.0.1", 0), backlog=512) as silent:  # takes every connection, answers none
        processes.environment["SANDBOX_URL"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        processes.crew()
        declare([dependency("silent", "SANDBOX_URL", {"minimum_calls": 1_000})])  # what hangs is not kept from hanging
        healthy = publish(CHAIN, name="healthy")
        hanging = publish(
            {
                "only": post(
                    "/never", dependency="silent", timeout={"start_to_close": "1s"},
                    retry={"maximum_attempts": TRIES, "initial_interval": "0.1s"},
                )
            },
            name="hanging",
        )  # fmt: skip
        stuck, well = [], []
        for _ in range(sized(4, 40)):
            stuck += begin(hanging, 3)
            well += begin(healthy, 8)
        wait_until(lambda: finished(well) == len(well), 30 + len(well), "the healthy runs to finish")
        # Of those that were refused a retry the budget lets a few go in each slice: the pace of the last ones.
        slowly = 30 + SLICE * len(stuck) / RETRY_FLOOR
        wait_until(lambda: finished(stuck) == len(stuck), slowly, "the hanging runs to end")
    nothing_lost_or_doubled(well, recorder)
    slowest = Run.objects.filter(pk__in=well).aggregate(slowest=Max(F("finished_at") - F("created_at")))["slowest"]
    # Two processes of four slots at least: so long do the hanging ones take them all, and then as long again.
    assert slowest < timedelta(seconds=10 + 2 * len(stuck) * TRIES / 8)
    assert results(stuck) == {"timed_out": len(stuck)}
    steps = StepRun.objects.filter(run__in=stuck)
    assert set(steps.values_list("error_type", "attempt", "effect")) == {("timeout", TRIES, "unknown")}
    assert Attempt.objects.filter(step__in=steps, outcome="timed_out").count() == len(stuck) * TRIES


def test_runs_wait_for_a_dead_dependency_and_finish_when_it_is_back(processes: Processes, recorder: Recorder):
    port = free_port()
    processes.environment["SANDBOX_URL"] = f"http://127.0.0.1:{port}"
    processes.crew()
    retry = {"maximum_attempts": 100, "initial_interval": "0.2s", "maximum_interval": "1s"}
    version = publish({"one": post("/one"), "two": post("/two", dependency="troubled", needs=["one"], retry=retry)})
    runs = begin(version, sized(30, 300))
    tried = Attempt.objects.filter(step__name="two", outcome="failed")
    parked = Parking.objects.values_list("step_id", flat=True)
    wait_until(
        lambda: len({*tried.values_list("step_id", flat=True), *parked.all()}) == len(runs),
        60,
        "every run to meet the dead one, or its open breaker",
    )
    assert set(tried.values_list("error_type", flat=True)) == {"connection"}
    assert not tried.exclude(step__effect="none").exists(), "a connection that was never made has no effect"
    with Recorder(port=port) as back:
        began = time.monotonic()
        # Up to twelve seconds until the breaker lets the trial calls pass, and then the ramp.
        wait_until(lambda: finished(runs) == len(runs), 27 + len(runs) / 10, "all runs to finish")
        assert time.monotonic() - began < 27 + len(runs) / 10
        recorder.requests += back.all()
    nothing_lost_or_doubled(runs, recorder)
