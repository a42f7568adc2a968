"""Where the time of a run went: its critical path, split by step into queue, execution, retries, waits and parking. Pure.

The critical path is followed backwards from the last step to end: each step was held up by the last of its predecessors
to end. What it holds adds up to the run's whole duration, to the microsecond. Knows no database and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: In the order in which they are drawn.
KINDS = ("queue", "execution", "retries", "waits", "parking")
#: What a step that takes half as long takes.
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt, or a stretch of parking; seconds since the run began."""

    begin: float
    end: float
    outcome: str


@dataclass(frozen=True, slots=True)
class Timed:
    """A finished step. `tries` in order; one that succeeded at the first claim has one try. Seconds since the run began."""

    begin: float
    end: float
    predecessors: Sequence[str] = ()
    tries: Sequence[Try] = ()
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The time that a step holds on the critical path, by kind."""

    step: str
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """All kinds together."""
        return sum(self.seconds.values())


def critical_path(steps: Mapping[str, Timed]) -> list[str]:
    """The steps that decided when the run ended, first to last; empty of no steps."""
    if not steps:
        return []
    at: str | None = max(steps, key=lambda name: (steps[name].end, name))
    path: list[str] = []
    while at is not None and at not in path:
        path.append(at)
        at = _held_up_by(steps, at)
    return path[::-1]


def split(steps: Mapping[str, Timed], duration: float) -> list[Part]:
    """The run's duration by step of its critical path. What is left after the last step belongs to its queue."""
    path, parts, cursor = critical_path(steps), [], 0.0
    for name in path:
        step = steps[name]
        parts.append(Part(name, _kinds(step, cursor)))
        cursor = max(cursor, step.end)
    if parts and duration > cursor:
        last = parts[-1]
        parts[-1] = Part(last.step, {**last.seconds, "queue": last.seconds["queue"] + duration - cursor})
    return parts


def saved(steps: Mapping[str, Timed], duration: float, name: str, share: float = HALF) -> float:
    """How much sooner the run had ended if the step's own time were `share` of what it was, everything else alike.

    Steps beside it may then decide: the saving is at most what they leave.
    """
    ends: dict[str, float] = {}
    for at in sorted(steps, key=lambda one: (steps[one].end, one)):
        step = steps[at]
        before = [one for one in step.predecessors if one in steps and steps[one].end <= step.end]
        began = max((steps[one].end for one in before), default=0.0)
        own = max(0.0, step.end - began) * (share if at == name else 1.0)
        ends[at] = max((ends[one] for one in before if one in ends), default=0.0) + own
    if not ends:
        return 0.0
    after = duration - max(step.end for step in steps.values())
    return max(0.0, duration - max(ends.values()) - max(0.0, after))


def _held_up_by(steps: Mapping[str, Timed], name: str) -> str | None:
    """The last predecessor to end before the step began; one that ended later (of a join `any`) did not hold it up."""
    step = steps[name]
    before = [one for one in step.predecessors if one in steps and steps[one].end <= max(step.begin, step.end)]
    return max(before, key=lambda one: (steps[one].end, one), default=None)


def _kinds(step: Timed, cursor: float) -> dict[str, float]:
    """The time from the cursor to the step's end. Each moment has one kind; between tries it is a retry's delay."""
    found = dict.fromkeys(KINDS, 0.0)
    if step.waits:
        found["waits"] = max(0.0, step.end - cursor)
        return found
    failed = False
    for one in step.tries:
        begin, end = max(one.begin, cursor), max(one.end, cursor)
        found["retries" if failed else "queue"] += begin - cursor
        if one.outcome == "parked":
            found["parking"] += end - begin
        elif one.outcome in {"succeeded", "degraded"}:
            found["execution"] += end - begin
        else:
            found["retries"] += end - begin
            failed = True
        cursor = end
    if not step.tries:
        begin = max(step.begin, cursor)
        found["queue"] += begin - cursor
        cursor = begin
    found["execution"] += max(0.0, step.end - cursor)
    return found
