"""Titles that conclude: what a line did over a period, in one sentence of words. Pure; never queries, never claims a cause.

Says what was measured and what had happened shortly before, since that is what a reader looks for first.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.dashboards.conclusions import after
from portal.dashboards.marks import Mark
from portal.presentation.quantities import duration, percent

ClockTime = Callable[[datetime], str]
#: A peak stands out when it is so many times the usual value.
STANDS_OUT = 2.0
#: Below so many intervals with a value there is no usual one.
FEWEST = 4


@dataclass(frozen=True, slots=True)
class Told:
    """What a title is made from: when, how finely, what happened, and how the reader writes times."""

    times: Sequence[datetime]
    step: timedelta
    words: str
    marks: Sequence[Mark]
    clock_time: ClockTime


def latency(told: Told, p95s: Sequence[float | None], overall: float | None) -> str:
    """`p95 rose to 2.4 s at 14:00, after orders 2.3.0 went live`."""
    if overall is None:
        return f"Nothing was measured in the {told.words}"
    peak = _peak(p95s)
    if peak is None:
        return f"p95 is {duration(overall)} over the {told.words}"
    index, value = peak
    return f"p95 rose to {duration(value)} {_at(told, index)}"


def share(told: Told, shares: Sequence[float | None], overall: float | None, *, none: str, some: str) -> str:
    """`none`: "No call failed"; `some`: "{} of calls failed"."""
    if overall is None:
        return f"Nothing was called in the {told.words}"
    if not overall:
        return f"{none} in the {told.words}"
    said = f"{some.format(percent(overall))} in the {told.words}"
    peak = _peak(shares, least=0.01)
    if peak is None:
        return said
    index, value = peak
    return f"{said}, {percent(value)} {_at(told, index)}"


def _at(told: Told, index: int) -> str:
    begin = told.times[index]
    when = f"on {begin.day} {begin:%b}" if told.step >= timedelta(days=1) else f"at {told.clock_time(begin)}"
    return f"{when}{after(told.marks, begin=begin, step=told.step)}"


def _peak(values: Sequence[float | None], *, least: float = 0.0) -> tuple[int, float] | None:
    """Where the highest value is, if it stands out from what is usual."""
    known = [value for value in values if value is not None]
    if len(known) < FEWEST:
        return None
    highest, usual = max(known), statistics.median(known)
    if highest < least or highest < STANDS_OUT * usual or highest == usual:
        return None
    return list(values).index(highest), highest
