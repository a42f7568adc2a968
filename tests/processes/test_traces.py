"""Spans of real processes at a real collector: one tree from the request to the calls, whoever dies on the way."""

from __future__ import annotations

import json
import os
import secrets
import signal
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from orchestration.models import Attempt, Run, Team
from tests.collector import Collector, one_tree, path_to
from tests.people import person, token_for
from tests.processes.children import Processes, wait_until
from tests.processes.load import finished, post, publish
from tests.processes.recorder import Recorder
from tests.servers import free_port

pytestmark = pytest.mark.processes
CLIENT, SERVER = 3, 2


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as found:
        yield found


def ask(url: str, traceparent: str = "", input: Any = None) -> UUID:
    """Start a run as a caller who is in a trace."""
    token = token_for(person("operator", Team.objects.get(name="checkout")))
    headers = {"Authorization": f"Bearer {token}", **({"traceparent": traceparent} if traceparent else {})}
    answer = httpx.post(
        f"{url}/api/v1/runs", json={"workflow": "recorded", "input": input or {}}, headers=headers, timeout=30
    )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def names(recorder: Recorder) -> set[str]:
    """The spans that the recorder was told to be called by."""
    return {request.traceparent.split("-")[2] for request in recorder.all()}


def test_a_request_its_run_the_steps_and_their_calls_are_one_tree(
    processes: Processes, recorder: Recorder, collector: Collector
):
    publish({"one": post("/one"), "calm": {"value": 1, "needs": ["one"]}, "two": post("/two", needs=["calm"])})
    processes.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    url = processes.web()
    processes.crew(workers=1)
    trace, caller = secrets.token_hex(16), secrets.token_hex(8)

    run = ask(url, f"00-{trace}-{caller}-01")

    wait_until(lambda: finished([run]) == 1, 30, "the run to finish")
    wait_until(lambda: len(collector.of(trace)) >= 8, 15, "the spans")
    spans = collector.of(trace)
    by_id = one_tree(spans, caller)
    begin = ["POST /api/v1/runs", "start recorded", "run recorded"]
    assert sorted(path_to(span, by_id) for span in spans) == sorted([
        begin[:1], begin[:2], begin,
        [*begin, "step one"], [*begin, "step one", "POST recorder"], [*begin, "step calm"],
        [*begin, "step two"], [*begin, "step two", "POST recorder"],
    ])  # fmt: skip
    calls = [span for span in spans if span.kind == CLIENT]
    assert {span.span_id for span in calls} == names(recorder), "what was called names another parent"
    assert all(span.attributes["http.response.status_code"] == 200 for span in calls)
    (server,) = [span for span in spans if span.kind == SERVER]
    assert server.attributes["http.route"] == "/api/v1/runs"
    (whole,) = [span for span in spans if span.name == "run recorded"]
    row = Run.objects.get(pk=run)
    assert whole.start == int(row.started_at.timestamp() * 1e6) * 1000
    assert whole.attributes | {"workflow.run_id": str(run), "workflow.result": "succeeded"} == whole.attributes
    assert {span.service for span in spans} == {"plumbline"}
    assert not any(span.failed for span in spans)


def test_the_tree_holds_together_across_a_killed_worker(processes: Processes, recorder: Recorder, collector: Collector):
    publish({"held": post("/held/one"), "after": post("/after", needs=["held"])})
    processes.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    url = processes.web()
    (victim,) = processes.crew(workers=1)
    recorder.hold.clear()
    run = ask(url)
    wait_until(lambda: len(recorder.of("/held/one")) == 1, 30, "the first worker's request")

    os.kill(victim.pid, signal.SIGKILL)
    processes.worker()
    wait_until(lambda: len(recorder.of("/held/one")) == 2, 30, "the second worker to take over")
    recorder.hold.set()
    wait_until(lambda: finished([run]) == 1, 30, "the run to finish")

    trace = Run.objects.get(pk=run).trace_id
    wait_until(lambda: len(collector.of(trace)) >= 9, 15, "the spans")
    spans = collector.of(trace)
    by_id = one_tree(spans, "")
    begin = ["POST /api/v1/runs", "start recorded", "run recorded"]
    assert sorted(path_to(span, by_id) for span in spans) == sorted([
        begin[:1], begin[:2], begin,
        [*begin, "step held"], [*begin, "step held", "HTTP recorder"],  # whose worker can't tell of it
        [*begin, "step held"], [*begin, "step held", "POST recorder"],
        [*begin, "step after"], [*begin, "step after", "POST recorder"],
    ])  # fmt: skip
    assert names(recorder) == {span.span_id for span in spans if span.kind == CLIENT}
    outcomes = [span.attributes["workflow.outcome"] for span in spans if span.name == "step held"]
    assert outcomes == ["lost", "succeeded"]
    assert Attempt.objects.filter(step__run=run, outcome="lost").count() == 1


def test_a_collector_that_is_away_costs_no_step(processes: Processes, recorder: Recorder):
    publish({"one": post("/one"), "two": post("/two", needs=["one"])})
    processes.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{free_port()}"
    url = processes.web()
    processes.crew(workers=1)
    runs = [ask(url) for _ in range(10)]
    wait_until(lambda: finished(runs) == 10, 15, "the runs to finish")
    assert {run.result for run in Run.objects.filter(pk__in=runs)} == {"succeeded"}
    assert not Attempt.objects.exists()


def test_each_line_of_a_run_carries_its_ids(processes: Processes, recorder: Recorder):
    publish({
        "speak": {"python": "test.speak", "with": {"secret": "hush-hush"}},
        "call": {**post("/x"), "needs": ["speak"], "expect": ["output.nothing == 1"]},
    })  # fmt: skip
    processes.environment["PLUMBLINE_LOG_FORMAT"] = "json"
    url = processes.web()
    processes.crew(workers=1)
    run = ask(url)
    wait_until(lambda: finished([run]) == 1, 30, "the run to finish")
    wait_until(lambda: '"event": "request"' in processes.said(), 10, "the request's line")

    lines = [json.loads(line) for line in processes.said().splitlines() if line.startswith("{")]
    row = Run.objects.get(pk=run)
    (said,) = [line for line in lines if line["event"] == "test.spoke"]
    wanted = {
        "run_id": str(run), "trace_id": row.trace_id, "workflow": "recorded", "version": "1.0.0", "team": "checkout",
        "step": "speak", "attempt": 1, "dependency": None,
    }  # fmt: skip
    assert said | wanted == said
    (request,) = [line for line in lines if line["event"] == "request" and line["method"] == "POST"]
    assert request["trace_id"] == row.trace_id
    assert request["route"] == "/api/v1/runs"
    assert "hush-hush" not in processes.said()
