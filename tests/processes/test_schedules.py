"""Schedules of real processes: three beats through both nights on which clocks are changed, one of them killed on the way."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from datetime import timedelta

import pytest

from orchestration import clock
from orchestration.engine import schedules
from orchestration.models import Run, ScheduleTick
from tests.engine.harness import publish
from tests.engine.scheduling import at, schedule
from tests.processes.children import Processes, wait_until

pytestmark = pytest.mark.processes
BEAT = [sys.executable, "-m", "tests.processes.schedule_beat"]


@pytest.mark.parametrize(
    ("begin", "end"),
    [("2026-03-28T22:00:00", "2026-03-29T06:00:00"), ("2026-10-24T22:00:00", "2026-10-25T06:00:00")],
)
def test_three_beats_start_one_run_a_tick_through_a_night_of_the_change_though_one_is_killed(
    processes: Processes, begin: str, end: str
):
    publish({"a": {"value": 1}})
    clock.advance(at(begin) - clock.now() - timedelta(minutes=1))
    # `all`: a beat that finds a schedule in other hands moves its clock on at once, which no clock does.
    schedule("nightly", cron="30 2 * * *", timezone="Europe/Madrid", catch_up="all")
    schedule("often", cron="*/30 * * * *", timezone="Europe/Madrid", catch_up="all")
    night = [f"{begin}+00:00", f"{end}+00:00"]
    dies = processes.spawn("beat", [*BEAT, *night, "die", "2"])
    lives = [processes.spawn("beat", [*BEAT, *night]) for _ in range(2)]
    assert [beat.wait(120) for beat in lives] == [0, 0], processes.said()
    assert dies.wait(60) in (-signal.SIGKILL, 0), "it may have come too late for two ticks"
    while schedules.look(at(end)):  # the next beat, for what the killed one had in hand at the end
        pass
    assert Counter(Run.objects.values_list("origin", flat=True)) == {"schedule:nightly": 1, "schedule:often": 17}
    assert ScheduleTick.objects.filter(outcome="started").count() == 18
    assert ScheduleTick.objects.count() == 18


def test_the_workers_as_they_are_started_run_a_schedule(processes: Processes):
    publish({"a": {"value": 1}})
    schedule(cron="* * * * *")
    processes.crew(workers=1)
    wait_until(lambda: Run.objects.filter(origin="schedule:nightly", status="finished").exists(), 120, "the tick")
