"""How runs look in the API: plain serializers for the document, plain functions for the values. Never queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from orchestration.engine.payloads import load
from orchestration.engine.plans import retry_policy
from orchestration.models import Attempt, Run, StepRun
from orchestration.selectors.runs import RunDetail
from orchestration.selectors.sentences import conclusion, consequence
from orchestration.selectors.waits import ItemCounts
from orchestration.services.runs import MOST_PRIORITY
from orchestration.states import Compensation
from portal.api.enums import COMPENSATIONS, RUN_RESULTS, RUN_STATUSES, STEP_STATUSES
from portal.presentation.masking import hide


class StartShape(serializers.Serializer[Any]):
    """Body of a start."""

    workflow = serializers.CharField(max_length=63)
    version = serializers.CharField(max_length=64, required=False, help_text="default: the highest active one")
    input = serializers.JSONField(required=False, default=dict)
    priority = serializers.IntegerField(
        required=False, default=0, min_value=-MOST_PRIORITY, max_value=MOST_PRIORITY,
        help_text="higher ones of a team leave its queue first",
    )  # fmt: skip


class PriorityShape(serializers.Serializer[Any]):
    """Body of a change of priority."""

    priority = serializers.IntegerField(min_value=-MOST_PRIORITY, max_value=MOST_PRIORITY)


class ReasonShape(serializers.Serializer[Any]):
    """Body of an action that wants a reason."""

    reason = serializers.CharField(max_length=2000)


class AttemptShape(serializers.Serializer[Any]):
    """One try."""

    phase = serializers.ChoiceField(choices=["forward", "compensation"])
    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    outcome = serializers.CharField()
    error_type = serializers.CharField()
    message = serializers.CharField()
    next_at = serializers.DateTimeField(allow_null=True)


class ItemsShape(serializers.Serializer[Any]):
    """The items of a `for_each`, counted."""

    total = serializers.IntegerField()
    done = serializers.IntegerField()
    open = serializers.IntegerField()
    failed = serializers.IntegerField()


class StepShape(serializers.Serializer[Any]):
    """One step of a run; `pending` ones have no times yet."""

    name = serializers.CharField()
    kind = serializers.CharField()
    status = serializers.ChoiceField(choices=STEP_STATUSES)
    waiting_kind = serializers.CharField()
    attempt = serializers.IntegerField()
    maximum_attempts = serializers.IntegerField(help_text="0 is without limit")
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    not_before = serializers.DateTimeField(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True)
    error_type = serializers.CharField()
    error_message = serializers.CharField()
    effect = serializers.CharField()
    compensation = serializers.ChoiceField(choices=COMPENSATIONS)
    idempotency_key = serializers.CharField()
    input = serializers.JSONField()
    output = serializers.JSONField()
    attempts = AttemptShape(many=True)
    items = ItemsShape(allow_null=True, help_text="of a for_each")
    children = serializers.ListField(child=serializers.UUIDField(), help_text="child runs, the latest last")


class EventShape(serializers.Serializer[Any]):
    """What somebody did to the run as a whole."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    actor = serializers.CharField(allow_null=True)
    detail = serializers.CharField()


class RunShape(serializers.Serializer[Any]):
    """A run in a list."""

    id = serializers.UUIDField()
    short_id = serializers.CharField()
    workflow = serializers.CharField()
    version = serializers.CharField()
    team = serializers.CharField()
    status = serializers.ChoiceField(choices=RUN_STATUSES)
    result = serializers.ChoiceField(choices=RUN_RESULTS)
    compensation = serializers.ChoiceField(choices=COMPENSATIONS)
    key = serializers.CharField(allow_null=True)
    priority = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True)
    failed_step = serializers.CharField()
    error_type = serializers.CharField()
    error_message = serializers.CharField()
    retry_of = serializers.UUIDField(allow_null=True)
    rerun_of = serializers.UUIDField(allow_null=True)
    origin = serializers.CharField(
        help_text="what started it, such as schedule:nightly; empty for a person or a pipeline"
    )
    started_by = serializers.CharField(allow_null=True)
    trace_id = serializers.CharField()
    url = serializers.CharField()


class RunDetailShape(RunShape):
    """A run with its steps. Without the verb see-payloads every leaf of input and output is masked."""

    masked = serializers.BooleanField()
    sentence = serializers.CharField()
    input = serializers.JSONField()
    output = serializers.JSONField()
    steps = StepShape(many=True)
    events = EventShape(many=True)


class RunPageShape(serializers.Serializer[Any]):
    """A page of runs."""

    items = RunShape(many=True)
    next = serializers.CharField(allow_null=True)


def show_run(run: Run) -> dict[str, Any]:
    """RunShape's values."""
    return {
        "id": str(run.pk),
        "short_id": run.short_id,
        "workflow": run.workflow.name,
        "version": run.version.version,
        "team": run.team.name,
        "status": run.status,
        "result": run.result,
        "compensation": run.compensation,
        "key": run.idempotency_key,
        "priority": run.priority,
        "created_at": _time(run.created_at),
        "started_at": _time(run.started_at),
        "finished_at": _time(run.finished_at),
        "duration_seconds": _seconds(run.started_at, run.finished_at),
        "failed_step": run.failed_step,
        "error_type": run.error_type,
        "error_message": run.error_message,
        "retry_of": str(run.retry_of_id) if run.retry_of_id else None,
        "rerun_of": str(run.rerun_of_id) if run.rerun_of_id else None,
        "origin": run.origin,
        "started_by": run.started_by.get_username() if run.started_by else None,
        "trace_id": run.trace_id,
        "url": reverse("run", args=[run.pk]),
    }


def show_detail(detail: RunDetail, *, masked: bool) -> dict[str, Any]:
    """RunDetailShape's values."""
    steps = [
        _show_step(detail, detail.steps[name], masked=masked) if name in detail.steps else _pending(detail, name)
        for name in detail.plan.order
    ]
    events = [
        {"at": _time(event.at), "kind": event.kind, "detail": event.detail,
         "actor": event.actor.get_username() if event.actor else None}
        for event in detail.events
    ]  # fmt: skip
    return {
        **show_run(detail.run),
        "masked": masked,
        "sentence": f"{conclusion(detail)} {consequence(detail)}".strip(),
        "input": hide(load(detail.run.input), everything=masked),
        "output": hide(load(detail.run.output), everything=masked),
        "steps": steps,
        "events": events,
    }


def _show_step(detail: RunDetail, step: StepRun, *, masked: bool) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": detail.plan.steps[step.name].kind,
        "status": step.status,
        "waiting_kind": step.waiting_kind,
        "attempt": step.attempt,
        "maximum_attempts": retry_policy(detail.plan.steps[step.name]).maximum_attempts,
        "started_at": _time(step.started_at),
        "finished_at": _time(step.finished_at),
        "not_before": _time(step.not_before),
        "duration_seconds": _seconds(step.started_at, step.finished_at),
        "error_type": step.error_type,
        "error_message": step.error_message,
        "effect": step.effect,
        "compensation": step.compensation,
        "idempotency_key": step.idempotency_key,
        "input": hide(load(step.input), everything=masked),
        "output": hide(load(step.output), everything=masked),
        "attempts": [_show_attempt(attempt) for attempt in detail.attempts[step.pk]],
        "items": _show_items(detail.waits.items.get(step.pk)),
        "children": [str(child.pk) for child in detail.waits.children.get(step.pk, [])],
    }


def _pending(detail: RunDetail, name: str) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(
        ("started_at", "finished_at", "not_before", "duration_seconds", "input", "output")
    )
    words = dict.fromkeys(("waiting_kind", "error_type", "error_message", "idempotency_key"), "")
    return {
        "name": name, "kind": detail.plan.steps[name].kind, "status": "pending", "attempt": 0, "effect": "none",
        "maximum_attempts": retry_policy(detail.plan.steps[name]).maximum_attempts,
        "compensation": Compensation.NONE, "attempts": [], "items": None, "children": [], **empty, **words,
    }  # fmt: skip


def _show_items(counts: ItemCounts | None) -> dict[str, int] | None:
    if counts is None:
        return None
    return {"total": counts.total, "done": counts.done, "open": counts.open, "failed": counts.failed}


def _show_attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "phase": attempt.phase,
        "number": attempt.number,
        "started_at": _time(attempt.started_at),
        "finished_at": _time(attempt.finished_at),
        "outcome": attempt.outcome,
        "error_type": attempt.error_type,
        "message": attempt.message,
        "next_at": _time(attempt.next_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _seconds(begin: datetime | None, end: datetime | None) -> float | None:
    return (end - begin).total_seconds() if begin and end else None
