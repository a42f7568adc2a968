"""Twelve processes that write to one SQLite file: nobody is refused, and a person's write does not wait for long."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import quantiles

import httpx
import pytest
from django.db import connection

from orchestration.models import Run, Team
from tests.people import person, token_for
from tests.processes.children import Processes, wait_until
from tests.processes.load import post, publish, sized
from tests.processes.recorder import Recorder

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="it is SQLite's"),
]

SECONDS = sized(3, 30)
#: With the web process, two workers and the sweeper these are twelve.
WRITERS = 8
#: The long form has the machine for itself; beside other tests one waits for a processor too.
SLOWEST = sized(5.0, 0.2)


def test_twelve_writers_are_never_refused_and_a_page_writes_soon(
    processes: Processes, recorder: Recorder, tmp_path: Path
):
    publish({"one": post("/one"), "two": post("/two", needs=["one"])}, name="writing")
    token = token_for(person("operator", Team.objects.get(name="checkout")))
    processes.crew()
    client = httpx.Client(base_url=processes.web(), headers={"Authorization": f"Bearer {token}"}, timeout=30)
    files = [tmp_path / f"writer-{number}.json" for number in range(WRITERS)]
    for file in files:
        processes.python("tests.processes.writer", str(SECONDS), str(file))
    wait_until(lambda: all(file.with_suffix(".ready").exists() for file in files), 60, "the writers to be there")
    client.post("/api/v1/runs", json={"workflow": "writing", "input": {}})  # the first request loads what it needs
    (tmp_path / "go").touch()
    took: list[float] = []
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        began = time.monotonic()
        answer = client.post("/api/v1/runs", json={"workflow": "writing", "input": {}})
        took.append(time.monotonic() - began)
        assert answer.status_code == 201, answer.text
        time.sleep(0.02)
    wait_until(lambda: all(file.exists() for file in files), 60, "the writers to end")
    wait_until(lambda: not Run.objects.exclude(status="finished").exists(), 120, "all runs to finish")

    written = [json.loads(file.read_text()) for file in files]
    assert [fault for one in written for fault in one["faults"]] == []
    assert "database is locked" not in processes.said()
    turns = [len(one["took"]) for one in written]
    assert max(turns) <= 4 * min(turns), "every writer has its turn"
    assert set(Run.objects.values_list("result", flat=True)) == {"succeeded"}
    assert quantiles(took, n=100)[98] <= SLOWEST
