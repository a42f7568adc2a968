"""Counting: which series an outcome belongs to, and what it adds to each. Pure but for the plan of its version.

Owns the meaning of every series (models/rollup.py names them). A step's success at its first claim is a call of its
dependency as well; every other call has a row of its own. An objective is judged here, on the duration as it was measured,
never on a histogram. Never touches a rollup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog

from orchestration.engine.claim import COMPENSATION, FORWARD
from orchestration.engine.plans import plan_of, undo_of
from orchestration.manifest import Plan
from orchestration.models import Series
from orchestration.policies.faults import fault_of, was_called
from orchestration.telemetry import histogram
from orchestration.telemetry.outcomes import Row

log = structlog.get_logger(__name__)

Kind = Series.Kind
_COLUMN = {"succeeded": "ok", "degraded": "degraded", "failed": "error", "timed_out": "timeout"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Key(NamedTuple):
    """A series by its names."""

    kind: str
    workflow: str = ""
    version: str = ""
    step: str = ""
    dependency: str = ""
    label: str = ""


@dataclass(slots=True)
class Sums:
    """What a batch adds to one series in one interval. Durations in seconds."""

    n: int = 0
    ok: int = 0
    error: int = 0
    timeout: int = 0
    degraded: int = 0
    cancelled: int = 0
    retries: int = 0
    slo_bad: int = 0
    sum: float = 0.0
    min: float | None = None
    max: float | None = None
    hist: bytes = b""
    #: Not in `hist` and its fellows yet.
    durations: list[float] = field(default_factory=list)

    def squeeze(self) -> None:
        """Put the durations into the histogram."""
        if not self.durations:
            return
        given, self.durations = self.durations, []
        self.sum += sum(given)
        self.min = min(given) if self.min is None else min(self.min, *given)
        self.max = max(given) if self.max is None else max(self.max, *given)
        self.hist = histogram.merge((self.hist, histogram.pack(given)))

    def end(self, column: str, seconds: float | None = None, *, retries: int = 0) -> None:
        """One more that counts."""
        self.n += 1
        setattr(self, column, getattr(self, column) + 1)
        self.retries += retries
        if seconds is not None:
            self.durations.append(seconds)


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective as counting needs it; `threshold` and `since` in microseconds."""

    key: Key
    is_latency: bool
    threshold: int
    degraded_is_bad: bool
    since: int

    def judge(self, sums: Sums, *, at: int, took: int | None, column: str) -> None:
        """Count one event that ended in `column`, unless the objective has nothing to say of it.

        Latency counts successes only, so that an outage is not held against it twice.
        """
        if at < self.since:
            return
        good = column == "ok" or (column == "degraded" and not self.degraded_is_bad)
        if self.is_latency:
            if column not in {"ok", "degraded"} or took is None:
                return
            good = took <= self.threshold
        sums.n += 1
        sums.slo_bad += not good


@dataclass(frozen=True, slots=True)
class Goals:
    """The objectives that are in force, by what they are about; and from when a call of a dependency is slow, in µs."""

    runs: Mapping[str, Sequence[Goal]]
    steps: Mapping[tuple[str, str], Sequence[Goal]]
    calls: Mapping[str, Sequence[Goal]]
    slow_after: Mapping[str, int]


class _Call(NamedTuple):
    """One try of a step that called a dependency; µs."""

    plan: Plan
    step: str
    dependency: str
    at: int
    took: int | None


#: Interval (its beginning in µs) and series → sums.
Counted = dict[tuple[int, Key], Sums]


class Counter:
    """Adds up rows by series and interval."""

    def __init__(self, goals: Goals, *, interval: Callable[[int], int]) -> None:
        """`interval`: how long it is, for a moment; both in µs."""
        self.sums: Counted = {}
        self._goals = goals
        self._interval = interval
        #: Those that were added to since the last squeeze.
        self._touched: set[tuple[int, Key]] = set()

    def count(self, rows: Sequence[Row]) -> None:
        """Every row of a batch. An unknown row of a later release is passed over."""
        for row in rows:
            try:
                self._one(row)
            except (
                Exception
            ):  # it must not keep all that come after it from being counted; a rebuild finds its row again
                log.exception("outcome.not_counted", row=row)

    def _one(self, row: Row) -> None:
        match row[0]:
            case "s":
                self._step(row)
            case "t":
                self._try(row)
            case "r":
                self._run(row)

    def squeeze(self) -> None:
        """Put durations into histograms, so that millions of them need no room."""
        for place in self._touched:
            self.sums[place].squeeze()
        self._touched.clear()

    def _run(self, row: Row) -> None:
        _, version, result, at, took = row
        plan, column = plan_of(version), _COLUMN.get(result)
        keys = Key(Kind.RUN, plan.workflow), Key(Kind.RUN, plan.workflow, plan.version)
        for key in keys:
            sums = self._of(at, key)
            if column is None:
                sums.cancelled += 1
            else:
                sums.end(column, _seconds(took))
        if column is not None:
            self._judge(self._goals.runs.get(plan.workflow, ()), at, took, column)

    def _step(self, row: Row) -> None:
        _, version, name, status, at, took, waited, retries, last = row
        plan, column = plan_of(version), _COLUMN[status]
        workflow = plan.workflow
        for key in (Key(Kind.STEP, workflow, "", name), Key(Kind.STEP, workflow, plan.version, name)):
            self._of(at, key).end(column, _seconds(took), retries=retries)
        if waited is not None:
            self._of(at, Key(Kind.QUEUE, workflow, "", name)).end("ok", _seconds(waited))
        self._judge(self._goals.steps.get((workflow, name), ()), at, took, column)
        dependency = _called(plan, name, FORWARD)
        if dependency is None:
            return
        if last is not None:
            self._call(_Call(plan, name, dependency, at, last), "ok")
        elif column == "degraded":
            for key in _callers(plan, name, dependency):
                self._of(at, key).degraded += 1  # a fallback taken; the tries before it are counted as they are

    def _try(self, row: Row) -> None:
        _, version, name, phase, outcome, at, took, error, retried = row
        plan = plan_of(version)
        if retried and phase == FORWARD:
            self._of(at, Key(Kind.RETRY, plan.workflow, "", name, "", error[:127])).end("error")
        dependency = _called(plan, name, phase)
        if dependency is None or outcome not in _COLUMN or not was_called(error):
            return  # lost with its worker, refused or parked: nobody knows of a call, or there was none
        self._call(_Call(plan, name, dependency, at, took), fault_of(error) or "ok", retried=bool(retried))

    def _call(self, call: _Call, column: str, *, retried: bool = False) -> None:
        slow_after = self._goals.slow_after.get(call.dependency)
        slow = slow_after is not None and call.took is not None and call.took > slow_after
        for key in _callers(call.plan, call.step, call.dependency):
            sums = self._of(call.at, key)
            sums.end(column, _seconds(call.took), retries=int(retried))
            sums.slo_bad += slow
        self._judge(self._goals.calls.get(call.dependency, ()), call.at, call.took, column)

    def _judge(self, goals: Sequence[Goal], at: int, took: int | None, column: str) -> None:
        for goal in goals:
            if at >= goal.since:
                goal.judge(self._of(at, goal.key), at=at, took=took, column=column)

    def _of(self, at: int, key: Key) -> Sums:
        place = (at - at % self._interval(at), key)
        found = self.sums.get(place)
        if found is None:
            found = self.sums[place] = Sums()
        self._touched.add(place)
        return found


def moment(stamp: int) -> datetime:
    """Of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=stamp)


def _callers(plan: Plan, step: str, dependency: str) -> Iterator[Key]:
    yield Key(Kind.CALL, dependency=dependency)
    yield Key(Kind.CALL, plan.workflow, "", step, dependency)


def _called(plan: Plan, name: str, phase: str) -> str | None:
    """The dependency that the step, or its compensation, calls."""
    planned = plan.steps[name]
    if phase == COMPENSATION:
        undo = undo_of(planned)
        return undo.dependency if undo is not None else None
    return planned.dependency


def _seconds(took: int | None) -> float | None:
    return took / 1e6 if took is not None else None
