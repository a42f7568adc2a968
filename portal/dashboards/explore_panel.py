"""What Explore draws: lines, their title, and exactly the same numbers as CSV. Never queries.

Owns the order of colours and dashes that tell eight lines apart, and the words of the conclusion.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils import timezone

from portal.dashboards import trends
from portal.dashboards.figures import Line, lines
from portal.dashboards.layout import Unit, counts, durations, shares
from portal.dashboards.marks import Mark, draw
from portal.dashboards.panels import Panel, clock_time, panel
from portal.presentation.explore_form import MEASURE_WORDS, PREVIOUS, TIMES, WHAT, Wanted
from portal.presentation.quantities import duration, number, percent
from portal.selectors.explore import Drawn, Explored

ROLES = ("series-1", "series-3", "series-2", "series-4")
#: A cell that begins so would be a formula in a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def explore_panel(wanted: Wanted, found: Explored, happened: Sequence[Mark], now: datetime) -> Panel:
    """The chart."""
    unit, zone = unit_of(wanted, found.lines), timezone.get_current_timezone()
    figure = lines(found.times, _lines(found.lines), unit, zone=zone)
    figure = draw(figure, happened, begin=found.times[0], end=found.times[-1] + wanted.grain(now).value, zone=zone)
    left = (
        f"{number(found.left_out)} more with less in them are not drawn; narrow down to see them"
        if found.left_out
        else ""
    )
    return panel(title(wanted, found, happened, now), figure, is_empty=found.is_empty, note=left)


def unit_of(wanted: Wanted, drawn: Sequence[Drawn]) -> Unit:
    """What the axis says."""
    if wanted.measure in TIMES:
        return durations([value for line in drawn for value in line.values])
    if wanted.measure == "count":
        return counts(WHAT[wanted.what].word if wanted.what not in {"queue", "objective"} else "Events")
    return counts("Retries") if wanted.measure == "retries" else shares(measure_word(wanted))


def measure_word(wanted: Wanted) -> str:
    """As the page calls it: what is bad of an objective is not slow."""
    return "Bad share" if wanted.what == "objective" and wanted.measure == "slow" else MEASURE_WORDS[wanted.measure]


def title(wanted: Wanted, found: Explored, happened: Sequence[Mark], now: datetime) -> str:
    """What to conclude."""
    measure = measure_word(wanted)
    subject = f"{measure[0].lower()}{measure[1:]} of {WHAT[wanted.what].word.lower()}"
    own, others = [line for line in found.lines if not line.other], [line for line in found.lines if line.other]
    if found.is_empty or not own:
        return f"Nothing was counted: {wanted.words(now)}"
    first = own[0] if len(own) == 1 else max(own, key=lambda line: line.whole or 0.0)
    said = f"{first.name}: {say(wanted, first.whole)}"
    if len(own) > 1:
        said = f"{first.name} is highest with {say(wanted, first.whole)}"
    against = _against(first, own, others)
    if against is not None:
        than = "in the period before" if wanted.compare == PREVIOUS else f"for {wanted.compare}"
        return f"{said}, against {say(wanted, against.whole)} {than} ({subject}, {wanted.words(now)})"
    if wanted.compare == PREVIOUS and not others:
        return f"{said} ({subject}, {wanted.words(now)}); nothing was counted in the period before"
    if len(own) == 1 and wanted.measure in TIMES:
        told = trends.Told(found.times, wanted.grain(now).value, wanted.words(now), happened, clock_time)
        risen = trends.latency(told, first.values, first.whole)
        if " rose to " in risen:
            return f"{first.name}: {risen.replace('p95', wanted.measure)} ({WHAT[wanted.what].word.lower()}, {wanted.words(now)})"
    return f"{said} ({subject}, {wanted.words(now)})"


def say(wanted: Wanted, value: float | None) -> str:
    """A value as people read it."""
    if wanted.measure in TIMES:
        return duration(value)
    return number(value) if wanted.measure in {"count", "retries"} else percent(value)


def as_csv(wanted: Wanted, found: Explored) -> str:
    """Exactly what is drawn: seconds, shares of 1 or counts; an interval without a value is empty."""
    unit = "seconds" if wanted.measure in TIMES else "count" if wanted.measure in {"count", "retries"} else "share"
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(["time_utc", *(_cell(f"{line.name} {wanted.measure} ({unit})") for line in found.lines)])
    for index, time in enumerate(found.times):
        values = [line.values[index] for line in found.lines]
        writer.writerow(
            [f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", *("" if v is None else f"{v:.10g}" for v in values)]
        )
    return written.getvalue()


def _lines(drawn: Sequence[Drawn]) -> list[Line]:
    """Solid, then dotted; what is compared with has the colour of its partner and is dashed."""
    found, own = [], 0
    others = iter(range(len(drawn)))
    for line in drawn:
        index = next(others) if line.other else own
        own += not line.other
        dash = "dash" if line.other else "solid" if index < len(ROLES) else "dot"
        found.append(Line(line.name, ROLES[index % len(ROLES)], line.values, dash))
    return found


def _against(first: Drawn, own: Sequence[Drawn], others: Sequence[Drawn]) -> Drawn | None:
    if not others:
        return None
    base = first.name.rpartition(", ")[0] or first.name
    named = [line for line in others if (line.name.rpartition(", ")[0] or line.name) in {base, first.name}]
    return named[0] if named else None


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
