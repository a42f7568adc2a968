"""What to conclude, as sentences: of Home, and of the chart of runs and errors. Pure words over measured rows.

Never queries, and never claims a cause: it says which step failed and what that step calls, which is what was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.dashboards.figures import Point
from portal.dashboards.marks import Mark
from portal.presentation.quantities import number, percent
from portal.selectors.home import Health

#: Of failing workflows, so many are described; the rest is counted.
DESCRIBED = 2


@dataclass(frozen=True, slots=True)
class Sentence:
    """The conclusion, and what follows from it."""

    lead: str
    rest: str

    def __str__(self) -> str:
        return f"{self.lead} {self.rest}".strip()


def home(
    rows: Sequence[Health], *, dependency_of: Callable[[Health, str], str], clock_time: Callable[[datetime], str]
) -> Sentence:
    """Home's sentence. `dependency_of(row, step)` names what a step calls, empty for nothing outside."""
    if not rows:
        return Sentence("No workflow is published yet.", "Apply a manifest, and it appears here.")
    failing = [row for row in rows if row.state == "failing"]
    if failing:
        return _failing(failing, dependency_of, clock_time)
    wrong = [row for row in rows if row.state in {"degraded", "late"}]
    if wrong:
        return Sentence("No workflow fails now.", " ".join(_wrong(row) for row in wrong[:DESCRIBED]) + _more(wrong))
    finished = sum(row.finished for row in rows)
    if not finished:
        going = sum(row.open for row in rows)
        rest = f"{_runs(going)} {_is(going)} open." if going else "Start a run, and watch it here."
        return Sentence("Nothing has ended in the last 24 h.", rest)
    return Sentence("All workflows run as declared.", f"{_runs(finished)} ended in the last 24 h, {_bad(rows)}.")


def chart(
    points: Sequence[Point],
    *,
    period: str,
    step: timedelta,
    clock_time: Callable[[datetime], str],
    marks: Sequence[Mark] = (),
) -> str:
    """The chart's title: how many failed, and when most of them did, if that stands out; and what had just happened."""
    total, bad = sum(point.total for point in points), sum(_failed(point) for point in points)
    if not total:
        return f"Nothing finished in the {period}"
    if not bad:
        return (
            f"None of {number(total)} runs failed in the {period}"
            if total > 1
            else f"One run ended in the {period}, and well"
        )
    said = f"{number(bad)} of {_runs(total)} failed in the {period} ({percent(bad / total)})"
    worst = max(points, key=_failed)
    if _failed(worst) >= 3 and _failed(worst) * len([point for point in points if point.total]) >= 2 * bad:
        said += f", most {_interval(worst.ts, step, clock_time)}"
        said += after(marks, begin=worst.ts, step=step)
    return said


def after(marks: Sequence[Mark], *, begin: datetime, step: timedelta) -> str:
    """`, after orders 2.3.0 went live`: the last release or change shortly before or in the interval that begins then.

    Order in time, never a cause: what came within the interval is not said to have come first.
    """
    near = [mark for mark in marks if mark.kind in {"release", "change"} and begin - step <= mark.at < begin + step]
    if not near:
        return ""
    last = max(near, key=lambda mark: mark.at)
    more = f" and {number(len(near) - 1)} more" if len(near) > 1 else ""
    when = "after" if last.at < begin else "as"
    verb = "went live" if last.kind == "release" else "was applied"
    return f", {when} {last.label.removesuffix(' live')}{more} {verb if not more else verb.replace('was', 'were')}"


def _interval(begin: datetime, step: timedelta, clock_time: Callable[[datetime], str]) -> str:
    if step >= timedelta(days=1):
        return f"on {begin.day} {begin:%b}"
    return f"from {clock_time(begin)} to {clock_time(begin + step)}"


def _failing(
    failing: Sequence[Health], dependency_of: Callable[[Health, str], str], clock_time: Callable[[datetime], str]
) -> Sentence:
    """The first one leads; others that fail at a step which calls the same dependency are said to share it."""
    first = failing[0]
    assert first.failing is not None
    called = dependency_of(first, first.failing.step) if first.failing.step else ""
    since = clock_time(first.failing.since)
    lead = f"{first.name} has been failing since {since}{_where(first, called)}."
    parts = [f"{_share(first.failing.bad, first.failing.of)} since then failed{_error(first)}."]
    for row in failing[1:DESCRIBED]:
        assert row.failing is not None
        other = dependency_of(row, row.failing.step) if row.failing.step else ""
        shared = (
            f", which calls {other}, too" if other and other == called else f", which calls {other}" if other else ""
        )
        at = f" at {row.failing.step}{shared}" if row.failing.step else ""
        parts.append(f"{row.name} has been failing since {clock_time(row.failing.since)}{at}.")
    return Sentence(lead, " ".join(parts) + _more(failing, "fail too"))


def _where(row: Health, called: str) -> str:
    if row.failing is None or not row.failing.step:
        return ""
    return f" at {row.failing.step}, which calls {called}" if called else f" at {row.failing.step}"


def _error(row: Health) -> str:
    if row.failing is None or not row.failing.error_type:
        return ""
    return f"{', mostly' if row.failing.bad > 1 else ''} with {row.failing.error_type}"


def _share(bad: int, of: int) -> str:
    return "Its only run" if of == 1 else f"{number(bad)} of its {_runs(of)}"


def _wrong(row: Health) -> str:
    if row.is_over and row.allowed is not None:
        return f"{row.name} lost {percent(row.error_rate)} of its runs in the last 24 h; {percent(row.allowed)} is declared."
    if row.state == "late":
        return f"{row.name} takes longer than declared."
    return f"{number(row.bad)} of {_runs(row.finished)} of {row.name} failed in the last 24 h."


def _more(rows: Sequence[Health], what: str = "are not as declared either") -> str:
    left = len(rows) - DESCRIBED
    return f" {number(left)} more {what}." if left > 0 else ""


def _bad(rows: Sequence[Health]) -> str:
    bad = sum(row.bad for row in rows)
    return f"{number(bad)} of them badly" if bad else "none of them badly"


def _failed(point: Point) -> int:
    return point.failed + point.timed_out


def _runs(count: int) -> str:
    return f"{number(count)} run" if count == 1 else f"{number(count)} runs"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
