"""Spans of runs, attempts and requests, as the engine tells of them: each once, after its outcome is committed.

Off (nobody set a sink) each hook is one comparison. On, a hook puts spans into the sink's queue and is done: it never waits,
and never fails what it tells of. Whoever records an outcome tells of it: a worker of its own attempt, the sweeper of one whose
worker died, and whoever finishes a run of the run, from the moment at which it was started. Owns when
something is told; what is said of it is telemetry/told.py's. Never sends: telemetry/otlp.py does.
"""

from __future__ import annotations

import atexit
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog
from django.db import transaction

from orchestration import clock
from orchestration.logs import at_work
from orchestration.telemetry.spans import (
    Event,
    Span,
    Value,
    here,
    start_id,
)
from orchestration.telemetry.told import Exchange, Trail, about, attempt_spans, named, nanoseconds, run_spans

if TYPE_CHECKING:
    from orchestration.engine.claim import Claim, RunFacts
    from orchestration.manifest import Plan

log = structlog.get_logger(__name__)

#: Seconds that the end of a process may wait for a collector.
AT_EXIT = 2.0


class Sink(Protocol):
    """Takes ended spans; returns at once, whatever becomes of them."""

    def emit(self, spans: Sequence[Span]) -> None:
        """Queue them, or drop them when the queue is full. Parents stand before their children."""
        ...

    def close(self, patience: float) -> None:
        """Send what is queued, for so many seconds at most."""
        ...


_sink: Sink | None = None


def configure(environ: Mapping[str, str]) -> None:
    """Send spans if the environment says where to, by OpenTelemetry's own names; the SDK is imported only then."""
    wanted = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    refused = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if not wanted or refused or environ.get("OTEL_TRACES_EXPORTER", "otlp") == "none":
        return
    from orchestration.telemetry.otlp import Otlp

    set_sink(Otlp(environ))
    atexit.register(close, AT_EXIT)


def set_sink(sink: Sink | None) -> None:
    """Tell this sink from now on; None: nobody."""
    global _sink  # noqa: PLW0603 - one for the process
    _sink = sink


def is_on() -> bool:
    """Whether anybody is told."""
    return _sink is not None


def close(patience: float) -> None:
    """Send what is left, before the process ends."""
    if _sink is not None:
        _sink.close(patience)


def trail() -> Trail | None:
    """For the attempt that begins; None while nobody is told."""
    return Trail() if _sink is not None else None


def fell_back(claim: Claim, at: datetime, taken: str) -> None:
    """The attempt that is being recorded is the last one, and its step takes a fallback."""
    if _sink is not None and claim.trail is not None:
        claim.trail.events.append(Event("fallback", nanoseconds(at), named({"taken": taken})))


def note(name: str, **attributes: Value) -> None:
    """An event of the attempt that this thread is at: a breaker's transition. Keys are written `workflow.key`."""
    if _sink is None:
        return
    left = getattr(at_work.get(), "trail", None)
    if left is not None:
        left.events.append(Event(name, nanoseconds(clock.lately()), named(attributes)))


@contextmanager
def exchange(left: Trail | None, method: str, host: str) -> Iterator[Exchange | None]:
    """Around a request; the answer's status is put in by whoever sends it. Of several, redirects, the last counts."""
    if left is None:
        yield None
        return
    began = left.exchange.began if left.exchange is not None else nanoseconds(clock.lately())
    left.exchange = Exchange(method, host, began)
    try:
        yield left.exchange
    finally:
        left.exchange.ended = nanoseconds(clock.lately())


def run_started(run_id: uuid.UUID, trace_id: str, workflow: str, version: str, at: datetime) -> None:
    """A run was written: the span between the request that asked for it and the run."""
    if _sink is None:
        return
    origin = here.get()
    inside = origin is not None and origin.trace_id == trace_id
    span = Span(
        trace_id, start_id(run_id), origin.span_id if origin is not None and inside else None, f"start {workflow}",
        "producer", nanoseconds(at), nanoseconds(clock.lately()), about(run_id, workflow, version),
        links=[origin] if origin is not None and not inside else [],
    )  # fmt: skip
    _after_commit(lambda: [span])


def attempt_ended(
    claim: Claim, at: datetime, outcome: str, error_type: str = "", next_at: datetime | None = None
) -> None:
    """An attempt has the outcome that is being recorded. `next_at`: when it is tried again."""
    if _sink is None:
        return
    _after_commit(partial(attempt_spans, claim, at, outcome, error_type, next_at))


def successes(claims: Sequence[tuple[Claim, datetime]]) -> None:
    """Attempts that were recorded together, each with the moment of its end."""
    if _sink is None:
        return
    _after_commit(lambda: [span for claim, at in claims for span in attempt_spans(claim, at, "succeeded")])


def run_ended(run: RunFacts, plan: Plan, result: str, at: datetime) -> None:
    """A run is over: its span, which holds those of its attempts."""
    if _sink is not None:
        _after_commit(partial(run_spans, run, plan, result, at))


def request_ended(span: Span) -> None:
    """A request was answered."""
    if _sink is not None:
        _tell(lambda: [span])


def _after_commit(make: Callable[[], Sequence[Span]]) -> None:
    transaction.on_commit(partial(_tell, make))


def _tell(make: Callable[[], Sequence[Span]]) -> None:
    """Nothing that goes wrong here may reach whoever recorded the outcome."""
    try:
        if _sink is not None:
            _sink.emit(make())
    except Exception as error:
        log.warning("tracing.failed", error=type(error).__name__)
