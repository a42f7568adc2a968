"""How a declared step is put into words: what it calls, how it is retried, how long it may take.

Owns those sentences and the icon of each kind. Reads compiled plans and normal forms; never a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.manifest import PlannedFallback, PlannedStep, Timeouts
from orchestration.policies.retry import Policy
from portal.presentation.quantities import duration, number

KIND_ICON = {
    "http": "globe", "python": "fn", "celery": "gear", "workflow": "flow", "approval": "user", "wait": "wait",
    "event": "bell", "emit": "send", "value": "braces",
}  # fmt: skip
#: Kind → (word, field) of what a step of it is about; the first field that is given counts.
_SAID = {
    "wait": (("for ", "for"), ("until ", "until")),
    "celery": (("", "task"),),
    "approval": (("team ", "team"),),
    "event": (("", "type"),),
    "emit": (("", "type"),),
}
EFFECT = {"write": "a write", "read": "a read", "none": "without effect"}


def call(kind: str, declared: Mapping[str, Any]) -> str:
    """`POST /charges`, `shop.related_items`, `for 6s`: what the step or its compensation does, as declared."""
    value = declared.get(kind)
    if kind == "value":
        return "a computed value"
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return kind
    if kind == "http":
        return f"{value.get('method', 'GET')} {value.get('path', '')}"
    word, field = next(((word, field) for word, field in _SAID.get(kind, ()) if field in value), ("", ""))
    return f"{word}{value[field]}" if field else kind


def short_call(kind: str, declared: Mapping[str, Any]) -> str:
    """The same for a small box: placeholders are shortened to braces."""
    text = call(kind, declared)
    while "${{" in text and "}}" in text.partition("${{")[2]:
        before, _, rest = text.partition("${{")
        text = f"{before}{{…}}{rest.partition('}}')[2]}"
    return text


def fallback(planned: PlannedFallback | None) -> str:
    """What stands in for it; empty when nothing does."""
    words = {
        "value": "a declared value",
        "last_good": "its last good output for the same input",
        "skip": "goes on without it",
    }
    if planned is None:
        return ""
    return f"step {planned.step} is done in its place" if planned.kind == "step" else words[planned.kind]


def kind_words(planned: PlannedStep) -> str:
    """`http, a write`."""
    return f"{planned.kind}, {EFFECT[planned.effect]}"


def retry(policy: Policy, name: str | None) -> str:
    """`http: 5 attempts, 0.5 s × 2 up to 20 s, full jitter`."""
    label = f"{name}: " if name else ""
    if policy.maximum_attempts == 1:
        return f"{label}one attempt, no retry"
    growth = f" × {number(policy.backoff_coefficient)}" if policy.backoff_coefficient != 1 else ""
    ceiling = f" up to {duration(policy.maximum_interval)}" if growth else ""
    jitter = "full jitter" if policy.jitter == "full" else "no jitter"
    return f"{label}{number(policy.maximum_attempts)} attempts, {duration(policy.initial_interval)}{growth}{ceiling}, {jitter}"


def never_retried(policy: Policy) -> str:
    """The errors that end it at once; empty when there are none."""
    return ", ".join(policy.non_retryable_errors)


def timeouts(limits: Timeouts, per_attempt: float) -> str:
    """`3 s per attempt, 2 m in all`. `per_attempt` is what holds after defaults."""
    parts = [f"{duration(per_attempt)} per attempt"]
    if limits.schedule_to_close is not None:
        parts.append(f"{duration(limits.schedule_to_close)} in all")
    if limits.schedule_to_start is not None:
        parts.append(f"{duration(limits.schedule_to_start)} to begin")
    if limits.heartbeat is not None:
        parts.append(f"a heartbeat each {duration(limits.heartbeat)}")
    return ", ".join(parts)
