"""Wake-ups that are delivered three times, late and in any order; and wake-ups without a sweeper behind them."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from orchestration import clock
from orchestration.engine.relief import RELIEF
from orchestration.engine.wake import ROUND
from orchestration.models import Attempt, EngineMark, Run, Team, WorkerProcess
from tests.people import person, token_for
from tests.processes.children import Processes, wait_until
from tests.processes.load import DIAMOND, begin, finished, nothing_lost_or_doubled, publish, sized
from tests.processes.postman import COPIES, Postman
from tests.processes.recorder import Recorder
from tests.rabbitmq import AnyBroker

pytestmark = pytest.mark.processes


def test_messages_that_come_three_times_and_shuffled_execute_nothing_twice(
    processes: Processes, recorder: Recorder, broker: AnyBroker
):
    version = publish(DIAMOND)
    with Postman(broker.url) as postman:
        processes.crew("-Q", "shuffled")
        runs = begin(version, sized(60, 1_000))
        wait_until(lambda: finished(runs) == len(runs), 60 + len(runs), "all runs to finish")
        wait_until(lambda: postman.delivered == postman.taken * COPIES, 60, "the last copies to be delivered")
        wait_until(lambda: postman.broker.left() == 0, 60, "the last copies to be taken")
    # A message carries up to eight steps, when many are sent at once or come back from a full process.
    assert postman.taken >= len(runs) / 8, "the messages went another way: the test showed nothing"
    nothing_lost_or_doubled(runs, recorder)
    assert len(recorder.all()) == len(runs) * len(DIAMOND)
    assert not Attempt.objects.exclude(outcome="succeeded").exists()


def test_a_message_is_sent_after_its_commit_so_runs_finish_without_the_sweeper(
    processes: Processes, recorder: Recorder
):
    publish(DIAMOND)
    # Workers sweep where nobody does: let them believe that somebody did, far beyond the end of this test.
    EngineMark.objects.create(name=ROUND, at=clock.now() + timedelta(hours=1))
    for _ in range(2):
        processes.worker()
    token = token_for(person("operator", Team.objects.get(name="checkout")))
    client = httpx.Client(base_url=processes.web(), headers={"Authorization": f"Bearer {token}"}, timeout=30)
    wait_until(lambda: WorkerProcess.objects.count() == 2, 60, "the workers")
    for _ in range(sized(60, 600)):
        assert client.post("/api/v1/runs", json={"workflow": "recorded", "input": {}}).status_code == 201
    runs = list(Run.objects.values_list("pk", flat=True))
    wait_until(lambda: finished(runs) == len(runs), 30 + len(runs) / 10, "all runs to finish")
    assert not EngineMark.objects.filter(name=RELIEF).exists(), "a worker swept: the test showed nothing"
    nothing_lost_or_doubled(runs, recorder)
