"""The words, tones and icons of every state.

Owns which of the four tones a state has and what it is called. Never decides a state: an unknown one is shown as it
is, with the icon for unknown, because a page about a strange run must still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["ok", "warn", "fail", "unk"]


@dataclass(frozen=True)
class Look:
    """How a state is shown: always icon, word and colour together."""

    tone: Tone
    icon: str
    word: str


RUN_STATUS = {
    "queued": Look("unk", "unk", "Queued"),
    "running": Look("unk", "running", "Running"),
    "waiting": Look("unk", "wait", "Waiting"),
    "paused": Look("unk", "parked", "Paused"),
    "cancelling": Look("unk", "stop", "Cancelling"),
    "compensating": Look("warn", "undo", "Compensating"),
}
RESULT = {
    "succeeded": Look("ok", "ok", "Succeeded"),
    "degraded": Look("warn", "warn", "Degraded"),
    "failed": Look("fail", "fail", "Failed"),
    "timed_out": Look("fail", "fail", "Timed out"),
    "cancelled": Look("unk", "stop", "Cancelled"),
    "terminated": Look("unk", "stop", "Terminated"),
}
# only a whole run is terminated
STEP_STATUS = {state: look for state, look in RESULT.items() if state != "terminated"} | {
    "pending": Look("unk", "none", "Not reached"),
    "ready": Look("unk", "unk", "Ready"),
    "running": Look("unk", "running", "Running"),
    "waiting": Look("unk", "wait", "Waiting"),
    "retrying": Look("warn", "retry", "Retrying"),
    "skipped": Look("unk", "none", "Skipped"),
}
WAITING = {
    "timer": Look("unk", "wait", "Waiting for a timer"),
    "event": Look("unk", "bell", "Waiting for an event"),
    "approval": Look("unk", "user", "Waiting for approval"),
    "child": Look("unk", "flow", "Waiting for a child run"),
    "celery": Look("unk", "gear", "Waiting for its task"),
    "items": Look("unk", "running", "At its items"),
    "fallback": Look("warn", "hand", "Its stand-in is done"),
    "parked": Look("warn", "parked", "Parked"),
    "capacity": Look("unk", "wait", "Waiting for capacity"),
}
DECISION = {
    "draft": Look("unk", "edit", "Draft"),
    "proposed": Look("unk", "wait", "Proposed"),
    "accepted": Look("ok", "ok", "Accepted"),
    "rejected": Look("unk", "stop", "Rejected"),
    "deprecated": Look("warn", "warn", "Deprecated"),
    "superseded": Look("unk", "hand", "Superseded"),
}
POSTMORTEM = {
    "draft": Look("unk", "edit", "Draft"),
    "in_review": Look("unk", "wait", "In review"),
    "published": Look("ok", "ok", "Published"),
}
SEVERITY = {
    "critical": Look("fail", "fail", "Critical"),
    "major": Look("warn", "warn", "Major"),
    "minor": Look("unk", "info", "Minor"),
}
REVIEW: dict[str, Look] = {
    "fresh": Look("ok", "ok", "Reviewed"),
    "due": Look("warn", "wait", "Due soon"),
    "stale": Look("warn", "warn", "Overdue"),
}
FRESHNESS = {
    "fresh": Look("ok", "ok", "Fresh"),
    "due": Look("warn", "wait", "Review due"),
    "stale": Look("warn", "warn", "Stale"),
    "never_exercised": Look("unk", "unk", "Never exercised"),
}
DEPENDENCY = {
    "up": Look("ok", "ok", "Up"),
    "degraded": Look("warn", "warn", "Degraded"),
    "down": Look("fail", "fail", "Down"),
    "idle": Look("unk", "unk", "Idle"),
}
HEALTH = {
    "isolated": Look("fail", "lock", "Isolated"),
    "down": Look("fail", "fail", "Down"),
    "degraded": Look("warn", "warn", "Degraded"),
    "unknown": Look("unk", "unk", "Unknown"),
    "healthy": Look("ok", "ok", "Healthy"),
}
BREAKER = {
    "closed": Look("ok", "ok", "Closed"),
    "half_open": Look("warn", "half", "Half-open"),
    "open": Look("fail", "fail", "Open"),
    "forced_open": Look("fail", "lock", "Forced open"),
    "disabled": Look("warn", "lock", "Disabled"),
    "metrics_only": Look("unk", "info", "Measuring only"),
}
WORKFLOW = {
    "healthy": Look("ok", "ok", "Healthy"),
    "degraded": Look("warn", "warn", "Degraded"),
    "late": Look("warn", "warn", "Late"),
    "failing": Look("fail", "fail", "Failing"),
    "paused": Look("unk", "parked", "Paused"),
    "no_runs": Look("unk", "unk", "No runs"),
}


def _of(table: dict[str, Look], state: str) -> Look:
    known = table.get(state)
    return known or Look("unk", "unk", state.replace("_", " ").capitalize() or "Unknown")


def _with(look: Look, more: str, tone: Tone | None = None, icon: str | None = None) -> Look:
    return Look(tone or look.tone, icon or look.icon, f"{look.word}, {more}")


def run_look(status: str, result: str = "", compensation: str = "none") -> Look:
    """A run's three columns as one look: what it came to, once known, and what compensation did about it."""
    if status == "compensating":
        return _with(RESULT[result], "compensating") if result in RESULT else RUN_STATUS[status]
    if status != "finished":
        return _of(RUN_STATUS, status)
    look = _of(RESULT, result)
    if compensation == "failed":
        return _with(look, "compensation failed", tone="fail", icon="fail")
    if compensation == "running":
        return _with(look, "compensating")
    return _with(look, "compensated") if compensation == "done" else look


def step_look(status: str, waiting_kind: str = "", compensation: str = "none") -> Look:
    """A step's columns as one look. A good step that was taken back says so, because its effect is gone."""
    if status == "waiting" and waiting_kind:
        return _of(WAITING, waiting_kind)
    look = _of(STEP_STATUS, status)
    if compensation == "failed":
        return Look("fail", "fail", "Compensation failed")
    if compensation == "running":
        return Look("warn", "undo", "Compensating")
    if compensation == "done":
        return _with(look, "compensated") if look.tone == "fail" else Look("ok", "undo", "Compensated")
    return look


def decision_look(status: str) -> Look:
    return _of(DECISION, status)


def postmortem_look(status: str) -> Look:
    return _of(POSTMORTEM, status)


def severity_look(severity: str) -> Look:
    return _of(SEVERITY, severity)


def review_look(state: str, *, never: bool) -> Look:
    return Look("warn", "warn", "Never reviewed") if never else _of(REVIEW, state)


def runbook_look(freshness: str) -> Look:
    return _of(FRESHNESS, freshness)


def dependency_look(health: str) -> Look:
    return _of(DEPENDENCY, health)


def health_look(word: str) -> Look:
    return _of(HEALTH, word)


def breaker_look(state: str) -> Look:
    return _of(BREAKER, state)


def workflow_look(health: str) -> Look:
    return _of(WORKFLOW, health)


def environment_colour(name: str) -> str:
    """Red where a mistake costs most, green where it costs nothing; an unknown name stays grey."""
    word = name.lower()
    if word.startswith(("prod", "live")):
        return "red"
    if word.startswith(("stag", "pre", "test", "qa", "uat")):
        return "amber"
    return "green" if word.startswith(("local", "dev", "sandbox")) else "grey"
