"""What all charts share: the template, axes with their units, lines that say what was agreed.

Never imports Plotly and never names a colour: shapes and notes carry a role in `name`, and charts.js paints them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from portal.presentation.quantities import duration, number, percent

Figure = dict[str, Any]


class Unit(NamedTuple):
    """How values stand on an axis: multiplied by `factor`, under a title, with a suffix."""

    kind: str
    title: str
    suffix: str = ""
    factor: float = 1.0

    def says(self, drawn: float | None) -> str:
        """A drawn value as the table behind has it."""
        if drawn is None:
            return number(None)
        if self.kind == "duration":
            return duration(float(f"{drawn / self.factor:.6g}"))
        return percent(drawn / self.factor) if self.kind == "percent" else number(drawn / self.factor)


#: From which value on, in seconds, a unit is the one to read.
_DURATIONS = (
    (3 * 3600.0, Unit("duration", "Hours", " h", 1 / 3600)),
    (180.0, Unit("duration", "Minutes", " min", 1 / 60)),
    (1.0, Unit("duration", "Seconds", " s")),
    (0.0, Unit("duration", "Milliseconds", " ms", 1000.0)),
)


def shares(title: str) -> Unit:
    """Shares of 1, drawn in percent."""
    return Unit("percent", f"{title}, %", " %", 100.0)


def counts(title: str) -> Unit:
    """Whole numbers."""
    return Unit("number", title)


def durations(seconds: Sequence[float | None]) -> Unit:
    """The unit in which the longest of these is easy to read."""
    longest = max((value for value in seconds if value is not None), default=1.0)
    return next(unit for least, unit in _DURATIONS if longest >= least)


def written(times: Sequence[datetime], zone: tzinfo) -> list[str]:
    """Plotly shows times as they are written, so they are written in the reader's zone."""
    return [time.astimezone(zone).replace(tzinfo=None).isoformat() for time in times]


def title(text: str) -> Figure:
    """Of an axis."""
    return {"text": text, "standoff": 12, "font": {"size": 12}}


def axis() -> Figure:
    """Of values: from zero, without a frame."""
    return {
        "rangemode": "tozero",
        "ticks": "",
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
        "nticks": 5,
        "automargin": True,
    }


def value_axis(unit: Unit) -> Figure:
    """Of values of one unit."""
    whole = {"tickformat": ",d"} if unit.kind == "number" else {}
    return axis() | {"title": title(unit.title), "ticksuffix": unit.suffix} | whole


def layout(times: Sequence[datetime] = ()) -> Figure:
    """Thin lines, no frame, room for the units, one hover box per moment. Of whole days the time of day says nothing."""
    daily = len(times) > 1 and times[1] - times[0] >= timedelta(days=1)
    return {
        "barmode": "stack",
        "bargap": 0.25,
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": False,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "font": {"size": 12},
        "xaxis": {
            "type": "date",
            "tickformat": "%-d %b" if daily else "%H:%M\n%-d %b",
            "showgrid": False,
            "showline": True,
            "fixedrange": True,
            "automargin": True,
        },
        "yaxis": axis(),
    }


def agreed(value: float, label: str, *, yref: str = "y") -> tuple[Figure, Figure]:
    """A dashed line at what was agreed (a budget, an objective), and its label."""
    line = {
        "type": "line", "name": "budget", "xref": "paper", "x0": 0, "x1": 1, "yref": yref, "y0": value, "y1": value,
        "line": {"dash": "4px,3px", "width": 1},
    }  # fmt: skip
    note = {
        "name": "budget", "text": label, "xref": "paper", "x": 0, "xanchor": "left", "yref": yref, "y": value,
        "yanchor": "bottom", "showarrow": False, "font": {"size": 12},
    }  # fmt: skip
    return line, note
