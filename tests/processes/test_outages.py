"""The broker forgets, restarts and stays away, and the database drops every connection, while runs are at work."""

from __future__ import annotations

import threading
import time

import httpx
import pytest
from django.db import connection

from orchestration.limits import MAX_LOSSES
from orchestration.models import Attempt, Run, Team
from tests.people import person, token_for
from tests.processes.children import Processes, wait_until
from tests.processes.load import CHAIN, begin, finished, nothing_lost_or_doubled, publish, resumes, sized
from tests.processes.recorder import Recorder
from tests.rabbitmq import AnyBroker

pytestmark = pytest.mark.processes

AWAY = sized(5.0, 60.0)
RUNS = sized(30, 300)
#: In the short form fewer than the losses that fail a step: a slow machine may lose the same one each time.
DROPS = sized(MAX_LOSSES - 1, RUNS)


def test_runs_go_on_when_the_broker_forgets_every_message(processes: Processes, recorder: Recorder, broker: AnyBroker):
    version = publish(CHAIN)
    processes.crew()
    runs = begin(version, RUNS)
    ends = time.monotonic() + sized(3, 15)
    while time.monotonic() < ends and finished(runs) < RUNS:
        broker.forget()
        time.sleep(0.1)
    resumes(runs, recorder)
    wait_until(lambda: finished(runs) == RUNS, 60 + RUNS, "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert len(recorder.all()) == RUNS * 3


def test_runs_are_started_and_finished_while_the_broker_restarts_and_stays_away(
    processes: Processes, recorder: Recorder, broker: AnyBroker
):
    publish(CHAIN)
    processes.crew()
    people = People(processes.web(), token_for(person("operator", Team.objects.get(name="checkout"))))
    people.start()
    for _ in range(2):
        before = len(recorder.all())
        wait_until(lambda seen=before: len(recorder.all()) > seen + 5, 30, "work between two restarts")
        broker.halt()
        broker.resume()
    wait_until(lambda: finished(people.runs()) > 5, 30, "runs to finish between two outages")

    broker.halt()
    ends = time.monotonic() + AWAY
    while time.monotonic() < ends:
        assert people.ready()["status"] == "degraded"
        time.sleep(0.5)
    broker.resume()
    resumes(people.runs(), recorder)
    people.stop()

    assert people.refused == [], "no caller sees that the broker is away"
    assert people.slowest < 10
    runs = people.runs()
    assert len(runs) > 10
    wait_until(lambda: finished(runs) == len(runs), 60 + len(runs), "all runs to finish")
    nothing_lost_or_doubled(runs, recorder)
    assert not Attempt.objects.exclude(outcome="succeeded").exists(), "no step is blamed for the broker"
    wait_until(lambda: people.ready()["status"] == "ok", 15, "the portal to be well again")


def test_no_outcome_is_lost_or_doubled_when_the_database_drops_every_connection(
    processes: Processes, recorder: Recorder
):
    if connection.vendor != "postgresql":
        pytest.skip("an embedded database has no connections to drop")
    version = publish(CHAIN)
    processes.crew()
    runs = begin(version, RUNS)
    drops = 0
    while finished(runs) < RUNS and drops < DROPS:
        before = len(recorder.all())
        wait_until(
            lambda before=before: len(recorder.all()) > before + 1 or finished(runs) == RUNS,
            60,
            "work between two drops",
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        drops += 1
    wait_until(lambda: finished(runs) == RUNS, 120, "all runs to finish")
    assert drops > 3
    nothing_lost_or_doubled(runs, recorder)
    assert not Attempt.objects.filter(outcome="failed").exists(), "no step is blamed for its database"


class People:
    """Starts a run a few times a second over the API, and reads the list."""

    def __init__(self, url: str, token: str) -> None:
        self.client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self.refused: list[str] = []
        self.slowest = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(60)

    def ready(self) -> dict[str, object]:
        answer: dict[str, object] = self.client.get("/readyz").json()
        return answer

    @staticmethod
    def runs() -> list[object]:
        return list(Run.objects.values_list("pk", flat=True))

    def _go_on(self) -> None:
        while not self._over.wait(0.15):
            began = time.monotonic()
            for answer in (
                self.client.post("/api/v1/runs", json={"workflow": "recorded", "input": {}}),
                self.client.get("/api/v1/runs?limit=5"),
            ):
                if answer.status_code >= 400:
                    self.refused.append(f"{answer.status_code} {answer.text[:200]}")
            self.slowest = max(self.slowest, time.monotonic() - began)
