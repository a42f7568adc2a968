"""What the engine tells of an attempt, a run and a request; and that it tells nothing, and costs nothing, when nobody listens."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence

import pytest
from django.db import transaction
from django.test import Client

from orchestration.services.runs import retry_run
from orchestration.telemetry import spans, tracing
from orchestration.telemetry.spans import Span, read_traceparent
from tests.engine import harness, tasks
from tests.engine.conftest import no_messages

__all__ = ["no_messages"]

pytestmark = pytest.mark.django_db(transaction=True)


class Kept:
    """A sink that keeps what it is told."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def emit(self, spans: Sequence[Span]) -> None:
        self.spans += spans

    def close(self, patience: float) -> None:
        pass

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def kept() -> Iterator[Kept]:
    found = Kept()
    tracing.set_sink(found)
    yield found
    tracing.set_sink(None)


def test_a_retry_is_an_event_of_the_attempt_before_it(kept: Kept):
    tasks.failing["a"] = 1
    run = harness.settle_down(harness.begin(harness.publish({"a": harness.echo(1)})))
    first, second = kept.named("step a")
    assert first.error == "test.flaky"
    assert [event.name for event in first.events] == ["retry.scheduled"]
    assert second.error == ""
    assert [span.attributes["workflow.attempt"] for span in (first, second)] == [1, 2]
    assert {span.parent_id for span in (first, second)} == {spans.run_id_of(run.pk)}
    assert kept.named("run demo")[0].start <= first.start


def test_a_fallback_is_an_event_of_the_last_attempt_and_its_run_is_no_error(kept: Kept):
    steps = {"a": {"python": "test.fail", "effect": "none", "fallback": {"value": 7}}}
    run = harness.settle_down(harness.begin(harness.publish(steps)))
    assert run.result == "degraded"
    (attempt,) = kept.named("step a")
    assert [event.name for event in attempt.events] == ["fallback"]
    assert attempt.error == "test.broken"
    assert kept.named("run demo")[0].error == ""


def test_a_run_that_fails_says_where_and_is_undone_within_its_span(kept: Kept):
    steps = {"a": harness.write("a"), "b": {"python": "test.fail", "with": {}, "needs": ["a"]}}
    run = harness.settle_down(harness.begin(harness.publish(steps)))
    (whole,) = kept.named("run demo")
    assert whole.error == "test.broken"
    assert whole.attributes["workflow.failed_step"] == "b"
    (undo,) = kept.named("compensate a")
    assert undo.parent_id == whole.span_id
    assert len({span.span_id for span in kept.spans}) == len(kept.spans)
    again, _ = retry_run(run=run, actor=None)
    harness.settle_down(again)
    assert [link.span_id for link in kept.named("run demo")[1].links] == [whole.span_id]
    assert [link.trace_id for link in kept.named("run demo")[1].links] == [run.trace_id]


def test_what_is_rolled_back_is_not_told(kept: Kept):
    version = harness.publish({"a": {"value": 1}})
    with transaction.atomic():
        harness.begin(version)
        transaction.set_rollback(True)
    assert kept.spans == []


def test_a_sink_that_breaks_fails_no_step():
    class Broken(Kept):
        def emit(self, spans: Sequence[Span]) -> None:
            raise RuntimeError

    tracing.set_sink(Broken())
    try:
        run = harness.settle_down(harness.begin(harness.publish({"a": harness.echo(1)})))
    finally:
        tracing.set_sink(None)
    assert run.result == "succeeded"


def test_a_note_stands_in_the_span_of_the_attempt_at_work(kept: Kept):
    harness.settle_down(harness.begin(harness.publish({"a": {"python": "test.noted", "with": {}}})))
    (span,) = kept.named("step a")
    assert [(event.name, event.attributes) for event in span.events] == [
        ("fallback", {"workflow.reason": "breaker.open"})
    ]


def test_a_page_belongs_to_its_callers_trace_and_only_changes_are_told(kept: Kept):
    header = f"00-{'a' * 32}-{'b' * 16}-01"
    Client().get("/sign-in/", headers={"traceparent": header})
    assert kept.spans == []
    Client().post("/sign-out/", headers={"traceparent": header})
    (span,) = kept.spans
    assert (span.name, span.trace_id, span.parent_id) == ("POST /sign-out/", "a" * 32, "b" * 16)
    assert spans.here.get() is None, "the next request of this thread would be told as part of it"


@pytest.mark.parametrize(
    "header",
    [
        "", "-", "00", f"00-{'0' * 32}-{'b' * 16}-01", f"00-{'a' * 32}-{'0' * 16}-01", f"ff-{'a' * 32}-{'b' * 16}-01",
        f"00-{'A' * 32}-{'b' * 16}-01", f"00-{'a' * 31}-{'b' * 16}-01", f"00-{'a' * 32}-{'b' * 16}-01-more",
        f"00-{'a' * 32}-{'b' * 16}", f"00-{'g' * 32}-{'b' * 16}-01",
    ],
)  # fmt: skip
def test_a_header_that_is_no_traceparent_is_no_context(header: str):
    assert read_traceparent(header) is None


def test_a_later_version_of_traceparent_is_read_as_far_as_it_is_known():
    assert read_traceparent(f"01-{'a' * 32}-{'b' * 16}-01-more") == spans.Context("a" * 32, "b" * 16)


def test_derived_ids_differ_by_what_they_stand_for_and_never_by_process():
    run = uuid.UUID(int=7)

    def ids() -> list[str]:
        return [
            spans.start_id(run), spans.run_id_of(run), spans.attempt_id(run, "a", 1), spans.attempt_id(run, "a", 2),
            spans.attempt_id(run, "b", 1), spans.call_id(run, "a", 1),
        ]  # fmt: skip

    assert ids() == ids()
    assert len(set(ids())) == len(ids())
    code = "import uuid; from orchestration.telemetry.spans import *; print(run_id_of(uuid.UUID(int=7)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == spans.run_id_of(run)


def test_without_a_collector_the_sdk_is_not_even_imported():
    code = (
        "import django, os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup();"
        "import orchestration.engine.conductor, portal.wsgi, orchestration.tasks;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
