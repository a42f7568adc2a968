"""What the model knows of a step, of an attempt and of its outcome; and what a scripted call means.

Time is a whole number of milliseconds. Never knows of a run: ending.py and model.py do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.model.workflows import Step

SECOND = 1000
LEASE, GRACE, LOSSES, LONGEST = 10 * SECOND, 2 * SECOND, 5, 5 * SECOND
OPEN, GOOD, BAD = {"ready", "running", "waiting", "retrying"}, {"succeeded"}, {"failed", "timed_out"}
DOUBT = ["none", "unknown", "happened"]


@dataclass(frozen=True)
class Outcome:
    """What an attempt came to: `ok`, `failed`, or what it waits for: `wait` (a timer), `event`, `approval`, `child`."""

    kind: str
    output: Any = None
    error: str = ""
    retryable: bool = True
    effect: str = "none"
    timed_out: bool = False


@dataclass(frozen=True)
class Hold:
    """One attempt in a worker's hands; a result counts only while the step still names this very hold."""

    step: str
    undoing: bool
    attempt: int
    since: int
    lease: int
    ends: int
    beat: int | None


@dataclass
class Row:
    """A step that has begun, was skipped, or was taken over from an earlier run."""

    status: str
    key: str
    effect: str
    attempt: int = 0
    losses: int = 0
    output: Any = None
    error: str = ""
    due: int | None = None
    start_by: int | None = None
    close_by: int | None = None
    finished: int = 0
    undo: str = "none"
    undo_attempt: int = 0
    hold: Hold | None = None
    history: tuple[tuple[str, int, str], ...] = ()
    #: What it waits for, the attempt that made it wait, and how its child run ended, if it did.
    waits: str = ""
    last: Hold | None = None
    child: str = ""
    child_by: int = 0


@dataclass(frozen=True)
class Mail:
    """An event: `run` alone gets it, if that is set; routed by hand, or by the sweeper a while after it came."""

    id: str
    n: int
    run: str
    came: int
    routed: bool = False


def judge(step: Step, script: str, *, undoing: bool) -> Outcome:
    """What a scripted call means. Only a write can have an effect, and a transactional one none unless it succeeds."""
    doubt = "none" if step.kind == "transactional" and not undoing else "unknown"
    match script:
        case "flaky":
            return Outcome("failed", error="model.flaky", effect=doubt)
        case "broken" | "spoiled":
            return Outcome("failed", error=f"model.{script}", retryable=False, effect=doubt)
        case "crash":
            return Outcome("failed", error="python.ValueError", effect=doubt)
    output = {"n": {"low": 1, "high": 2, "bad": 13}[script]}
    if script != "bad" or not step.expect or undoing:
        return Outcome("ok", output, effect="happened")
    if step.kind == "transactional":
        return Outcome("failed", error="expect", retryable=False)
    return Outcome("failed", output, error="expect", retryable=False, effect="happened")


def next_try(outcome: Outcome, attempt: int, attempts: int, interval: int, now: int) -> tuple[int, bool]:
    """When a failed attempt would be tried again, and whether its tries are used up."""
    wait = min(LONGEST, interval * SECOND * 2 ** (attempt - 1))
    return now + wait, not outcome.retryable or attempt >= attempts
