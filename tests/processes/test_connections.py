"""A worker borrows a database connection for as long as it uses it: threads that wait for a service hold none."""

from __future__ import annotations

import itertools
import threading

import pytest
from django.db import connection

from orchestration.models import Team
from orchestration.services.manifests import Document, Signature, apply
from tests.engine.services import Answer, json_answer, service
from tests.processes.children import Processes, wait_until
from tests.processes.load import begin, finished, post, publish, results
from tests.processes.recorder import Recorder

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="connections to a file cost nobody anything"),
]

#: As many as a worker has threads.
CALLS = 16
SLOW = """
apiVersion: plumbline/v1
kind: Dependency
metadata: {name: slow, owner: checkout}
spec: {base_url: "${{ env.SANDBOX_URL }}"}
"""


class Held:
    """Answers when it is told to, every other call with a failure."""

    def __init__(self) -> None:
        self.count, self.go = itertools.count(1), threading.Event()
        self.waiting = 0

    def __call__(self, _: object) -> Answer:
        self.waiting = number = next(self.count)
        self.go.wait(60)
        return json_answer("{}", 503 if number % 2 else 200)


def connections() -> int:
    """Open connections to this test's database, its own among them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_threads_that_wait_for_a_service_hold_no_connection_and_idle_ones_none_either(
    processes: Processes, recorder: Recorder
):
    held = Held()
    with service(held) as served:
        processes.environment["SANDBOX_URL"] = served.url
        processes.crew(workers=1)
        Team.objects.get_or_create(name="checkout")
        apply([Document(SLOW, "slow.yaml")], Signature(None, "a test"))
        few = connections() + 4
        step = post("/x", dependency="slow", retry={"maximum_attempts": 1}, timeout={"start_to_close": "50s"})
        runs = begin(publish({"only": step}, name="slow"), CALLS)
        wait_until(lambda: held.waiting == CALLS, 30, "all calls to be under way")
        wait_until(lambda: connections() <= few, 20, "what the calls do not use to be closed")
        assert held.waiting == CALLS, "they are under way still"
        held.go.set()
        wait_until(lambda: finished(runs) == CALLS, 30, "all runs to finish")
        wait_until(lambda: connections() <= few, 20, "what recording them used to be closed")
    assert results(runs) == {"succeeded": CALLS // 2, "failed": CALLS // 2}
