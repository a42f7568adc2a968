"""One breaker for the whole fleet: exactly the permitted calls pass, others keep their pace, and no herd comes back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

import pytest

from orchestration.models import Breaker, BreakerTransition, Parking, Run
from orchestration.policies.admission import RAMP_FIRST, ramp
from tests.engine.services import Answer, json_answer, service
from tests.processes.children import Processes, wait_until
from tests.processes.load import CHAIN, LONG, begin, declare, dependency, finished, post, publish, results, sized
from tests.processes.recorder import Recorder

pytestmark = pytest.mark.processes

WORKERS, CYCLES, PARKED = sized(2, 8), sized(2, 20), sized(30, 400)
PERMITS = 3
#: A call that was let through a moment before the breaker opened arrives a moment after: before it half-opens.
UNDER_WAY = timedelta(seconds=1)
BREAKER = {"minimum_calls": 5, "open_for": "2s", "half_open_calls": PERMITS}


class Fragile:
    """Fails until it is told not to; when each request came."""

    def __init__(self) -> None:
        self.status = 503
        self.came: list[datetime] = []
        self.lock = threading.Lock()

    def __call__(self, _: object) -> Answer:
        with self.lock:
            self.came.append(datetime.now(UTC))
        return json_answer("{}", self.status)

    def between(self, begin: datetime, end: datetime) -> int:
        with self.lock:
            return sum(begin <= at < end for at in self.came)


def test_the_fleet_sends_a_failing_dependency_the_permitted_calls_alone_and_no_herd_after_it(
    processes: Processes, recorder: Recorder
):
    fragile = Fragile()
    with service(fragile) as served:
        processes.environment["SANDBOX_URL"] = served.url
        processes.crew(workers=WORKERS)
        declare([dependency("fragile", "SANDBOX_URL", BREAKER)])
        healthy = publish(CHAIN, name="healthy")
        before = paced(healthy)
        retry = {"maximum_attempts": 1000, "initial_interval": "0.1s", "maximum_interval": "0.2s"}
        runs = begin(publish({"only": post("/x", dependency="fragile", retry=retry)}, name="fragile"), PARKED)
        half_open = BreakerTransition.objects.filter(name="fragile", target="half_open")
        wait_until(half_open.exists, 30, "the breaker to open and to half-open")
        beside = paced(healthy)
        wait_until(lambda: half_open.count() > CYCLES, 30 + 20 * CYCLES, f"{CYCLES} half-open cycles")
        fragile.status = 200
        wait_until(lambda: finished(runs) == len(runs), 60 + len(runs) / 5, "all parked runs to finish")
    assert results(runs) == {"succeeded": len(runs)}
    assert not Parking.objects.exists()
    exactly_the_permits(fragile)
    no_herd(fragile)
    print(f"p95 of a healthy run alone {before:.3f} s, beside a failing dependency {beside:.3f} s")
    if LONG:
        assert beside <= before * 1.2


def paced(version: object) -> float:
    """The p95 of some healthy runs, in seconds."""
    took: list[float] = []
    for _ in range(sized(2, 20)):
        ids = begin(version, 4)  # type: ignore[arg-type]
        wait_until(lambda ids=ids: finished(ids) == len(ids), 30, "healthy runs to finish")  # type: ignore[misc]
        for run in Run.objects.filter(pk__in=ids):
            began = min(step.claimed_at for step in run.steps.all() if step.claimed_at is not None)
            assert run.finished_at is not None
            took.append((run.finished_at - began).total_seconds())
    return sorted(took)[int(len(took) * 0.95) - 1]


def exactly_the_permits(fragile: Fragile) -> None:
    """Of each half-open period PERMITS calls, and none while it was open."""
    moves = list(BreakerTransition.objects.filter(name="fragile").order_by("pk"))
    assert Breaker.objects.get(name="fragile").generation == len(moves), "each transition is one generation"
    counted = []
    for move, following in pairwise(moves):
        begin = move.at if move.source == "half_open" or move.target == "half_open" else move.at + UNDER_WAY
        came = fragile.between(begin, following.at)
        if move.target == "half_open":
            counted.append(came)
        else:
            assert came == 0, f"{came} calls while it was open since {move.at}"
    print("calls in each half-open period:", counted)
    assert len(counted) > CYCLES
    assert set(counted) == {PERMITS}


def no_herd(fragile: Fragile) -> None:
    """After it closed, no more calls came by any second than the ramp lets go."""
    closed = BreakerTransition.objects.get(name="fragile", target="closed").at
    by_second = Counter(int((at - closed).total_seconds()) for at in fragile.came if at >= closed)
    rate = [by_second[second] for second in range(max(by_second) + 1)]
    print(drawn(rate))
    allowed, last = [], 0
    for _ in range(len(rate) + 1):
        last = ramp(last)
        allowed.append(last)
    assert allowed[0] == RAMP_FIRST
    # A second's release may be counted in the next one; those of the trials come back by themselves.
    for sent, most in zip(accumulate(rate), list(accumulate(allowed))[1:], strict=True):
        assert sent <= most + 2 * PERMITS


def drawn(rate: Sequence[int]) -> str:
    """Calls a second after recovery, as text."""
    return "\n".join(f"{second:>3} s {count:>4} {'█' * min(count, 100)}" for second, count in enumerate(rate))
