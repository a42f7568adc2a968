"""Spans made out of what the engine knows when something has ended. Owns their names and attributes.

No span holds a payload, a message or a secret: error types alone. Never sends; telemetry/tracing.py says when one is made.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from orchestration.models import Run
from orchestration.telemetry.spans import Context, Event, Span, Value, attempt_id, call_id, run_id_of, start_id

if TYPE_CHECKING:
    from orchestration.engine.claim import Claim, RunFacts
    from orchestration.manifest import Plan

BAD = frozenset({"failed", "timed_out", "terminated", "lost"})


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


def run_spans(run: RunFacts, plan: Plan, result: str, at: datetime) -> list[Span]:
    attributes, error = about(run.id, run.workflow, run.version) | named({"result": result, "team": plan.owner}), ""
    if result in BAD:
        found = Run.objects.filter(pk=run.id).values_list("failed_step", "error_type").first()
        step, error_type = found or ("", "")
        attributes |= named({key: said for key, said in (("failed_step", step), ("error_type", error_type)) if said})
        error = error_type or result
    links = []
    if run.retry_of_id is not None:
        trace_id = Run.objects.filter(pk=run.retry_of_id).values_list("trace_id", flat=True).first()
        links = [Context(trace_id, run_id_of(run.retry_of_id))] if trace_id else []
    return [
        Span(
            run.trace_id, run_id_of(run.id), start_id(run.id), f"run {run.workflow}", "internal",
            nanoseconds(run.started_at), nanoseconds(at), attributes, error, links=links,
        )
    ]  # fmt: skip


def attempt_spans(
    claim: Claim, at: datetime, outcome: str, error_type: str = "", next_at: datetime | None = None
) -> list[Span]:
    run, step, left, action = claim.run, claim.step, claim.trail, claim.action
    word = "step" if claim.phase == "forward" else "compensate"
    attributes = about(run.id, run.workflow, run.version) | named({
        "team": claim.plan.owner, "step": step.name, "step_kind": action.kind, "attempt": claim.attempt,
        "phase": claim.phase, "outcome": outcome,
    })  # fmt: skip
    if action.dependency:
        attributes |= named({"dependency": action.dependency})
    if error_type:
        attributes |= named({"error_type": error_type})
    end, events = nanoseconds(at), list(left.events) if left is not None else []
    if outcome == "timed_out":
        events.append(Event("timeout", end, named({"error_type": error_type})))
    if next_at is not None:
        events.append(
            Event("retry.scheduled", end, named({"next_at": next_at.isoformat(), "attempt": claim.attempt + 1}))
        )
    start = min(nanoseconds(claim.claimed_at), end)
    span = Span(
        run.trace_id, attempt_id(run.id, step.name, step.fence), run_id_of(run.id), f"{word} {step.name}", "internal",
        start, end, attributes, (error_type or outcome) if outcome in BAD else "", events,
    )  # fmt: skip
    return [span, *call_spans(claim, span, error_type)]


def call_spans(claim: Claim, attempt: Span, error_type: str) -> list[Span]:
    """The request that the attempt sent, if it sent one.

    Of an attempt whose worker does not tell it is not known: then its span says so, since whoever was called may have
    named it as the parent of what it did.
    """
    action, left = claim.action, claim.trail
    if action.kind != "http" or (left is not None and left.exchange is None):
        return []
    attributes: dict[str, Value] = named({"dependency": action.dependency or ""})
    name, start, end, error = f"HTTP {action.dependency}", attempt.start, attempt.end, error_type
    if left is not None and left.exchange is not None:
        sent = left.exchange
        name, start, end = f"{sent.method} {action.dependency}", sent.began, sent.ended
        attributes |= {"http.request.method": sent.method, "server.address": sent.host}
        if sent.status:
            attributes["http.response.status_code"] = sent.status
            error = str(sent.status) if sent.status >= 400 else ""
    else:
        attributes |= named({"sent": "unknown"})
    own = call_id(claim.run.id, claim.step.name, claim.step.fence)
    return [Span(attempt.trace_id, own, attempt.span_id, name, "client", start, end, attributes, error)]


def about(run_id: uuid.UUID, workflow: str, version: str) -> dict[str, Value]:
    return {"workflow.name": workflow, "workflow.version": version, "workflow.run_id": str(run_id)}


def named(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {f"workflow.{key}": value for key, value in attributes.items()}


def nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
