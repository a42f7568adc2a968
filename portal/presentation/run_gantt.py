"""A run's steps in time: attempts, the pauses between them, waits, what runs now, and the compensation below.

Owns which fact becomes which bar. Never reads a clock: `now` is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from orchestration.selectors.waiting_words import items_told
from orchestration.states import STEP_BAD, STEP_OPEN, Compensation, RunStatus, StepStatus
from portal.presentation.gantt import Bar, Gantt, GanttRow, Kind, build
from portal.presentation.quantities import duration, percent
from portal.presentation.runs import listed, looks_of, seconds
from portal.presentation.words import Look

if TYPE_CHECKING:
    from orchestration.models import Attempt, StepRun
    from orchestration.selectors.runs import RunDetail

FORWARD, COMPENSATION, PARKED = "forward", "compensation", "parked"
#: Above so many steps nobody reads every row: the page shows the telling ones and links to all.
MOST_ROWS = 80
#: From this share of the time on, one step is the reason why a run took as long as it did.
NOTABLE = 0.5
#: Kinds whose time is a wait, and no attempt.
WAITS = frozenset({"wait", "approval", "event"})
HEADING = "Compensation, in reverse order of completion"
UNDOING = {
    Compensation.RUNNING: Look("warn", "undo", "undoing"),
    Compensation.DONE: Look("ok", "undo", "undone"),
    Compensation.FAILED: Look("fail", "fail", "not undone"),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """Seconds since the run began."""

    begin: datetime
    now: datetime

    def at(self, moment: datetime) -> float:
        return (moment - self.begin).total_seconds()


def telling(detail: RunDetail, selected: str = "") -> list[str]:
    """The steps to show of a run with more than MOST_ROWS: what went wrong, goes on or took long; in the plan's order."""
    order = detail.plan.order
    if len(order) <= MOST_ROWS:
        return list(order)

    def weight(name: str) -> tuple[bool, bool, bool, float]:
        step = detail.steps.get(name)
        if step is None:
            return name == selected, False, False, -1.0
        wrong = step.status in STEP_BAD or step.compensation == Compensation.FAILED
        notable = step.status in STEP_OPEN or step.attempt > 1 or step.compensation != Compensation.NONE
        return name == selected, wrong, notable, seconds(step.started_at, step.finished_at) or 0.0

    kept = set(sorted(order, key=weight, reverse=True)[:MOST_ROWS])
    return [name for name in order if name in kept]


def draw(
    detail: RunDetail, href: Callable[[str], str], now: datetime, selected: str = "", names: Collection[str] = ()
) -> Gantt:
    """The named steps (all, if none are) forward, then what was undone. A step not reached has a row without bars."""
    scale = _scale(detail, now)
    end = scale.now
    rows = [
        GanttRow(
            name, look.tone, look.icon, look.word.partition(",")[0].lower(), href=href(name), selected=name == selected
        )
        for name, look in looks_of(detail).items()
        if not names or name in names
    ]
    rows = [_forward(detail, row, scale) for row in rows]
    undone = sorted(
        (
            step
            for step in detail.steps.values()
            if step.compensation != Compensation.NONE and (not names or step.name in names)
        ),
        key=lambda step: _began_undoing(detail, step) or end,
    )
    rows += [_undoing(detail, step, scale, href, HEADING if index == 0 else "") for index, step in enumerate(undone)]
    drawn = build(rows, max(scale.at(end), 0.001))
    return replace(drawn, legend=[(kind, "waiting" if kind == "park" else word) for kind, word in drawn.legend])


def title(detail: RunDetail, now: datetime) -> str:
    """Where the time went, in a sentence."""
    run = detail.run
    total = seconds(run.started_at, run.finished_at or now) or 0.0
    took = {name: _took(step, now) or 0.0 for name, step in detail.steps.items() if step.reused_from_id is None}
    longest = max(took, key=lambda name: took[name], default="")
    if run.status != RunStatus.FINISHED:
        going = [step.name for step in detail.steps.values() if step.status == StepStatus.RUNNING]
        return f"{listed(going)} {'is' if len(going) == 1 else 'are'} running" if going else "Steps in time"
    parked = _parked(detail, now)
    apart = max(parked, key=lambda name: parked[name], default="")
    idle = _unattended(detail, _scale(detail, now))
    if total > 0 and parked.get(apart, 0.0) > max(idle, took.get(longest, 0.0)):
        return f"{apart} was parked for {duration(parked[apart])} of {duration(total)}"
    if total > 0 and idle > took.get(longest, 0.0):
        return f"{duration(idle)} of {duration(total)} were spent waiting for a worker"
    if not longest or total <= 0 or not took[longest]:
        return "No step took any time"
    share = took[longest] / total
    of_it = f"{percent(share, 0)} of {duration(total)}"
    return f"{longest} took {of_it}" if share >= NOTABLE else f"{longest} took longest, {of_it}"


def _scale(detail: RunDetail, now: datetime) -> Scale:
    """From the run's begin to its end; to now, while there is none."""
    run = detail.run
    return Scale(run.started_at or run.created_at, run.finished_at or now)


def _unattended(detail: RunDetail, scale: Scale) -> float:
    """Seconds in which no step ran, waited, was parked or backed off, and nothing was undone: only a worker was missing."""
    stretches = [(step.started_at, step.finished_at) for step in detail.steps.values() if step.reused_from_id is None]
    stretches += [(_began_undoing(detail, step), step.compensated_at) for step in detail.steps.values()]
    stretches += [stretch for step in detail.steps.values() for stretch in _parkings(detail, step)]
    spans = sorted((scale.at(begin), scale.at(end or scale.now)) for begin, end in stretches if begin)
    idle, reached = 0.0, 0.0
    for begin, end in spans:
        idle += max(0.0, begin - reached)
        reached = max(reached, end)
    return idle + max(0.0, scale.at(scale.now) - reached)


def _parkings(detail: RunDetail, step: StepRun) -> list[tuple[datetime | None, datetime | None]]:
    """From when to when the step waited for its dependency; no end: it still does."""
    over = [(one.started_at, one.finished_at) for one in detail.attempts[step.pk] if one.outcome == PARKED]
    still = detail.parked.get(step.pk)
    return [*over, *([(still.since, None)] if still is not None else [])]


def _parked(detail: RunDetail, now: datetime) -> dict[str, float]:
    """Seconds for which each step was parked."""
    return {
        step.name: sum(seconds(begin, end or now) or 0.0 for begin, end in _parkings(detail, step))
        for step in detail.steps.values()
        if step.reused_from_id is None
    }


def _forward(detail: RunDetail, row: GanttRow, scale: Scale) -> GanttRow:
    """The row with its bars."""
    name = row.name
    step = detail.steps.get(name)
    if step is None or step.reused_from_id is not None or step.status == StepStatus.SKIPPED:
        return row
    tries = [attempt for attempt in detail.attempts[step.pk] if attempt.phase == FORWARD]
    bars = _tries(tries, scale, "ok", numbered=step.attempt > 1)
    planned = detail.plan.steps[name]
    waits = planned.kind in WAITS or (step.status == StepStatus.WAITING and name in detail.steps)
    if planned.for_each is not None and step.started_at:
        kind: Kind = "run" if step.status in STEP_OPEN else "fail" if step.status in STEP_BAD else "ok"
        told = items_told(detail.waits.items.get(step.pk))
        bars = [Bar(kind, scale.at(step.started_at), scale.at(step.finished_at or scale.now), told, f"{name}: {told}")]
    elif not tries and waits and step.started_at and step.pk not in detail.parked:
        end = step.finished_at or scale.now
        bars.append(
            Bar("park", scale.at(step.started_at), scale.at(end), title=f"{name}: {duration(_took(step, end))}")
        )
    if step.status == StepStatus.RUNNING and step.claimed_at:
        bars += _now(tries, step.claimed_at, step.attempt, scale)
    if step.status == StepStatus.RETRYING and tries:
        bars.append(_pause(tries[-1].finished_at, scale.now, scale))
    if (parked := detail.parked.get(step.pk)) is not None:
        said = f"{parked.message}, for {duration(seconds(parked.since, scale.now))} now"
        bars.append(Bar("park", scale.at(parked.since), scale.at(scale.now), title=said))
    return replace(row, bars=bars, duration=_took(step, scale.now))


def _undoing(detail: RunDetail, step: StepRun, scale: Scale, href: Callable[[str], str], heading: str) -> GanttRow:
    tries = [attempt for attempt in detail.attempts[step.pk] if attempt.phase == COMPENSATION]
    bars = _tries(tries, scale, "comp", numbered=step.compensation_attempt > 1)
    look = UNDOING[Compensation(step.compensation)]
    if step.compensation == Compensation.RUNNING:
        if step.worker_id and step.claimed_at:
            bars += _now(tries, step.claimed_at, step.compensation_attempt, scale)
        elif tries:
            bars.append(_pause(tries[-1].finished_at, scale.now, scale))
    took = seconds(_began_undoing(detail, step), step.compensated_at or scale.now)
    return GanttRow(step.name, look.tone, look.icon, look.word, bars, took, href(step.name), heading=heading)


def _tries(tries: Sequence[Attempt], scale: Scale, good: str, *, numbered: bool) -> list[Bar]:
    """A bar for each attempt, a dotted line for each pause between two."""
    bars = [_try(attempt, scale, good, numbered=numbered) for attempt in tries]
    pauses = [
        _pause(one.finished_at, two.started_at, scale)
        for one, two in pairwise(tries)
        if PARKED not in {one.outcome, two.outcome}
    ]
    return sorted(bars + pauses, key=lambda bar: bar.start)


def _try(attempt: Attempt, scale: Scale, good: str, *, numbered: bool) -> Bar:
    if attempt.outcome == PARKED:
        said = f"{attempt.message}, {duration(seconds(attempt.started_at, attempt.finished_at))}"
        return Bar("park", scale.at(attempt.started_at), scale.at(attempt.finished_at), title=said)
    fine = attempt.outcome == "succeeded"
    took = duration(seconds(attempt.started_at, attempt.finished_at))
    word = f"succeeded in {took}" if fine else f"{attempt.error_type or 'failed'} after {took}"
    return Bar(
        good if fine else "fail",  # type: ignore[arg-type]  # `good` is one of two literals of this module
        scale.at(attempt.started_at), scale.at(attempt.finished_at), str(attempt.number) if numbered else "",
        f"Attempt {attempt.number}, {word}",
    )  # fmt: skip


def _now(tries: Sequence[Attempt], since: datetime, attempt: int, scale: Scale) -> list[Bar]:
    """The attempt that goes on, and the pause before it."""
    label = str(attempt) if attempt > 1 else ""
    said = f"Attempt {attempt}, for {duration(seconds(since, scale.now))} now"
    pause = [_pause(tries[-1].finished_at, since, scale)] if tries else []
    return [*pause, Bar("run", scale.at(since), scale.at(scale.now), label, said)]


def _pause(begin: datetime, end: datetime, scale: Scale) -> Bar:
    return Bar("wait", scale.at(begin), scale.at(end), title=f"Backoff {duration(seconds(begin, end))}")


def _took(step: StepRun, now: datetime) -> float | None:
    return seconds(step.started_at, step.finished_at or now)


def _began_undoing(detail: RunDetail, step: StepRun) -> datetime | None:
    tries = [attempt for attempt in detail.attempts[step.pk] if attempt.phase == COMPENSATION]
    if tries:
        return tries[0].started_at
    return step.claimed_at if step.worker_id else None
