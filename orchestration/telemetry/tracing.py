"""Spans of runs, attempts and requests, as the engine tells of them: each once, after its outcome is committed.

Off (nobody set a sink) each hook is one comparison. On, a hook puts spans into the sink's queue and is done: it never waits,
and never fails what it tells of. Whoever records an outcome tells of it: a worker of its own attempt, the sweeper of one whose
worker died, and whoever finishes a run of the run, from the moment at which it was started. Owns names and attributes of the
spans. Never sends: telemetry/otlp.py does. No span holds an id's payload, a message or a secret: error types alone.
"""

from __future__ import annotations

import atexit
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog
from django.db import transaction

from orchestration import clock
from orchestration.logs import at_work
from orchestration.models import Run
from orchestration.telemetry.spans import (
    Context,
    Event,
    Span,
    Value,
    attempt_id,
    call_id,
    here,
    run_id_of,
    start_id,
)

if TYPE_CHECKING:
    from orchestration.engine.claim import Claim, RunFacts
    from orchestration.manifest import Plan

log = structlog.get_logger(__name__)

#: Seconds that the end of a process may wait for a collector.
AT_EXIT = 2.0
BAD = frozenset({"failed", "timed_out", "terminated", "lost"})


class Sink(Protocol):
    """Takes ended spans; returns at once, whatever becomes of them."""

    def emit(self, spans: Sequence[Span]) -> None:
        """Queue them, or drop them when the queue is full. Parents stand before their children."""
        ...

    def close(self, patience: float) -> None:
        """Send what is queued, for so many seconds at most."""
        ...


@dataclass(slots=True)
class Exchange:
    """One request and what was answered to it."""

    method: str
    host: str
    began: int
    ended: int = 0
    status: int = 0


@dataclass(slots=True)
class Trail:
    """What an attempt leaves for its span while it is executed."""

    exchange: Exchange | None = None
    events: list[Event] = field(default_factory=list)


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
        claim.trail.events.append(Event("fallback", _nanoseconds(at), _named({"taken": taken})))


def note(name: str, **attributes: Value) -> None:
    """An event of the attempt that this thread is at: a breaker's transition. Keys are written `workflow.key`."""
    if _sink is None:
        return
    left = getattr(at_work.get(), "trail", None)
    if left is not None:
        left.events.append(Event(name, _nanoseconds(clock.lately()), _named(attributes)))


@contextmanager
def exchange(left: Trail | None, method: str, host: str) -> Iterator[Exchange | None]:
    """Around a request; the answer's status is put in by whoever sends it. Of several, redirects, the last counts."""
    if left is None:
        yield None
        return
    began = left.exchange.began if left.exchange is not None else _nanoseconds(clock.lately())
    left.exchange = Exchange(method, host, began)
    try:
        yield left.exchange
    finally:
        left.exchange.ended = _nanoseconds(clock.lately())


def run_started(run_id: uuid.UUID, trace_id: str, workflow: str, version: str, at: datetime) -> None:
    """A run was written: the span between the request that asked for it and the run."""
    if _sink is None:
        return
    origin = here.get()
    inside = origin is not None and origin.trace_id == trace_id
    span = Span(
        trace_id, start_id(run_id), origin.span_id if origin is not None and inside else None, f"start {workflow}",
        "producer", _nanoseconds(at), _nanoseconds(clock.lately()), _about(run_id, workflow, version),
        links=[origin] if origin is not None and not inside else [],
    )  # fmt: skip
    _after_commit(lambda: [span])


def attempt_ended(
    claim: Claim, at: datetime, outcome: str, error_type: str = "", next_at: datetime | None = None
) -> None:
    """An attempt has the outcome that is being recorded. `next_at`: when it is tried again."""
    if _sink is None:
        return
    _after_commit(partial(_attempt, claim, at, outcome, error_type, next_at))


def successes(claims: Sequence[tuple[Claim, datetime]]) -> None:
    """Attempts that were recorded together, each with the moment of its end."""
    if _sink is None:
        return
    _after_commit(lambda: [span for claim, at in claims for span in _attempt(claim, at, "succeeded")])


def run_ended(run: RunFacts, plan: Plan, result: str, at: datetime) -> None:
    """A run is over: its span, which holds those of its attempts."""
    if _sink is not None:
        _after_commit(partial(_run, run, plan, result, at))


def request_ended(span: Span) -> None:
    """A request was answered."""
    if _sink is not None:
        _tell(lambda: [span])


def _run(run: RunFacts, plan: Plan, result: str, at: datetime) -> list[Span]:
    attributes, error = _about(run.id, run.workflow, run.version) | _named({"result": result, "team": plan.owner}), ""
    if result in BAD:
        found = Run.objects.filter(pk=run.id).values_list("failed_step", "error_type").first()
        step, error_type = found or ("", "")
        attributes |= _named({key: said for key, said in (("failed_step", step), ("error_type", error_type)) if said})
        error = error_type or result
    links = []
    if run.retry_of_id is not None:
        trace_id = Run.objects.filter(pk=run.retry_of_id).values_list("trace_id", flat=True).first()
        links = [Context(trace_id, run_id_of(run.retry_of_id))] if trace_id else []
    return [
        Span(
            run.trace_id, run_id_of(run.id), start_id(run.id), f"run {run.workflow}", "internal",
            _nanoseconds(run.started_at), _nanoseconds(at), attributes, error, links=links,
        )
    ]  # fmt: skip


def _attempt(
    claim: Claim, at: datetime, outcome: str, error_type: str = "", next_at: datetime | None = None
) -> list[Span]:
    run, step, left, action = claim.run, claim.step, claim.trail, claim.action
    word = "step" if claim.phase == "forward" else "compensate"
    attributes = _about(run.id, run.workflow, run.version) | _named({
        "team": claim.plan.owner, "step": step.name, "step_kind": action.kind, "attempt": claim.attempt,
        "phase": claim.phase, "outcome": outcome,
    })  # fmt: skip
    if action.dependency:
        attributes |= _named({"dependency": action.dependency})
    if error_type:
        attributes |= _named({"error_type": error_type})
    end, events = _nanoseconds(at), list(left.events) if left is not None else []
    if outcome == "timed_out":
        events.append(Event("timeout", end, _named({"error_type": error_type})))
    if next_at is not None:
        events.append(
            Event("retry.scheduled", end, _named({"next_at": next_at.isoformat(), "attempt": claim.attempt + 1}))
        )
    start = min(_nanoseconds(claim.claimed_at), end)
    span = Span(
        run.trace_id, attempt_id(run.id, step.name, step.fence), run_id_of(run.id), f"{word} {step.name}", "internal",
        start, end, attributes, (error_type or outcome) if outcome in BAD else "", events,
    )  # fmt: skip
    return [span, *_request(claim, span, error_type)]


def _request(claim: Claim, attempt: Span, error_type: str) -> list[Span]:
    """The request that the attempt sent, if it sent one.

    Of an attempt whose worker does not tell it is not known: then its span says so, since whoever was called may have
    named it as the parent of what it did.
    """
    action, left = claim.action, claim.trail
    if action.kind != "http" or (left is not None and left.exchange is None):
        return []
    attributes: dict[str, Value] = _named({"dependency": action.dependency or ""})
    name, start, end, error = f"HTTP {action.dependency}", attempt.start, attempt.end, error_type
    if left is not None and left.exchange is not None:
        sent = left.exchange
        name, start, end = f"{sent.method} {action.dependency}", sent.began, sent.ended
        attributes |= {"http.request.method": sent.method, "server.address": sent.host}
        if sent.status:
            attributes["http.response.status_code"] = sent.status
            error = str(sent.status) if sent.status >= 400 else ""
    else:
        attributes |= _named({"sent": "unknown"})
    own = call_id(claim.run.id, claim.step.name, claim.step.fence)
    return [Span(attempt.trace_id, own, attempt.span_id, name, "client", start, end, attributes, error)]


def _about(run_id: uuid.UUID, workflow: str, version: str) -> dict[str, Value]:
    return {"workflow.name": workflow, "workflow.version": version, "workflow.run_id": str(run_id)}


def _named(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {f"workflow.{key}": value for key, value in attributes.items()}


def _after_commit(make: Callable[[], Sequence[Span]]) -> None:
    transaction.on_commit(partial(_tell, make))


def _tell(make: Callable[[], Sequence[Span]]) -> None:
    """Nothing that goes wrong here may reach whoever recorded the outcome."""
    try:
        if _sink is not None:
            _sink.emit(make())
    except Exception as error:
        log.warning("tracing.failed", error=type(error).__name__)


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
