"""Figures as plain Plotly dictionaries: what is drawn, in which role, with which units; their legend and the table behind.

Never imports Plotly (130 ms, 28 MB) and never names a colour: each mark carries a role in `meta` or `name`, and
charts.js paints it from the palette of the reader's theme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from portal.dashboards import layout as shared
from portal.dashboards.layout import Figure, Unit, counts, shares
from portal.dashboards.palette import DARK, LIGHT
from portal.presentation.quantities import percent

__all__ = [
    "DARK",
    "LIGHT",
    "LegendEntry",
    "Line",
    "Point",
    "Table",
    "bar",
    "legend_of",
    "lines",
    "runs_and_errors",
    "table_of",
    "trace",
]

RUNS, ERRORS = counts("Runs"), shares("Error rate")


class Point(NamedTuple):
    """What finished in the interval that starts at `ts`."""

    ts: datetime
    succeeded: int
    degraded: int
    failed: int
    timed_out: int

    @property
    def total(self) -> int:
        """All that count in a rate."""
        return self.succeeded + self.degraded + self.failed + self.timed_out

    @property
    def error_rate(self) -> float | None:
        """A share of 1; None where nothing finished, since no runs are not zero errors."""
        return (self.failed + self.timed_out) / self.total if self.total else None


@dataclass(frozen=True)
class Line:
    """One line of a chart: values by time in their own unit, None for a gap. `dash`: solid, dash or dot."""

    name: str
    role: str
    values: Sequence[float | None]
    dash: str = "solid"


@dataclass(frozen=True)
class LegendEntry:
    """A word beside a sample of what it stands for."""

    name: str
    role: str
    kind: str
    hatched: bool = False
    dash: str = "solid"


@dataclass(frozen=True)
class Table:
    """The numbers behind a chart."""

    heads: list[str]
    rows: list[list[str]]


#: (field, name, role, hatched): grey is the ordinary case; colour is spent on what is wrong.
_BARS = (
    ("succeeded", "Succeeded", "series-4", False),
    ("degraded", "Degraded", "warn-mark", False),
    ("failed", "Failed", "fail-mark", False),
    ("timed_out", "Timed out", "fail-mark", True),
)


def runs_and_errors(points: Sequence[Point], *, budget: float | None = None, zone: tzinfo = UTC) -> Figure:
    """Runs per interval as stacked bars and the error rate as a line; `budget` is the allowed share of 1."""
    times = shared.written([point.ts for point in points], zone)
    bars = [_bar(times, points, bar) for bar in _BARS if any(getattr(point, bar[0]) for point in points)]
    line = trace(Line("Error rate", "series-1", [point.error_rate for point in points]), times, ERRORS)
    line |= {"yaxis": "y2", "hovertemplate": "%{y:.2f} %"}
    layout = shared.layout([point.ts for point in points])
    layout["meta"] = {"head": f"Time, {zone}"}
    layout["yaxis"] = shared.value_axis(RUNS)
    highest = max([rate for rate in line["y"] if rate is not None] + [(budget or 0) * 100, 1.0])
    layout["yaxis2"] = shared.value_axis(ERRORS) | {
        "overlaying": "y",
        "tickmode": "auto",
        "side": "right",
        "showgrid": False,
        "range": [0, min(100.0, highest * 1.15)],
    }
    if budget is not None:
        drawn, note = shared.agreed(budget * 100, f"Budget {percent(budget, 1)}", yref="y2")
        layout["shapes"], layout["annotations"] = [drawn], [note]
    return {"data": [*bars, line], "layout": layout}


def lines(
    times: Sequence[datetime],
    drawn: Sequence[Line],
    unit: Unit,
    *,
    zone: tzinfo = UTC,
    agreed: tuple[float, str] | None = None,
) -> Figure:
    """Lines over time, all of one unit. `agreed`: a value in that unit and its label, drawn as a dashed line."""
    written = shared.written(times, zone)
    layout = shared.layout(times)
    layout["meta"] = {"head": f"Time, {zone}"}
    layout["yaxis"] = shared.value_axis(unit)
    traces = [trace(line, written, unit) for line in drawn]
    if agreed is not None:
        value, label = agreed
        layout["shapes"], layout["annotations"] = ([one] for one in shared.agreed(value * unit.factor, label))
    known = [y for trace in traces for y in trace["y"] if y is not None]
    highest = max([*known, agreed[0] * unit.factor if agreed else 0.0], default=0.0)
    if unit.kind == "percent":
        layout["yaxis"]["range"] = [0, min(100.0, max(1.0, highest * 1.15))]
    elif not highest:
        layout["yaxis"]["range"] = [0, 1]
    return {"data": traces, "layout": layout}


def legend_of(figure: Mapping[str, Any]) -> list[LegendEntry]:
    """The legend, for the page to draw: the same words, aligned with the title. One series needs none."""
    entries = [
        LegendEntry(
            name=trace["name"],
            role=trace["meta"]["role"],
            kind="bar" if trace["type"] == "bar" else "line",
            hatched="pattern" in trace.get("marker", {}),
            dash=trace.get("line", {}).get("dash", "solid"),
        )
        for trace in figure["data"]
    ]
    return entries if len(entries) > 1 else []


def table_of(figure: Mapping[str, Any]) -> Table:
    """The numbers behind the chart, one row per point, as a reader without the picture needs them."""
    traces = figure["data"]
    lying = bool(traces) and traces[0].get("orientation") == "h"
    keys, values = ("y", "x") if lying else ("x", "y")
    heads = [figure["layout"]["meta"]["head"]] + [trace["name"] for trace in traces]
    units = [Unit(*trace["meta"]["unit"]) for trace in traces]
    columns = [[unit.says(value) for value in trace[values]] for trace, unit in zip(traces, units, strict=True)]
    firsts = [text if lying else _time(text) for text in traces[0][keys]] if traces else []
    return Table(heads, [[first, *cells] for first, cells in zip(firsts, zip(*columns, strict=True), strict=True)])


def _time(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%d %b, %H:%M").lstrip("0")


def trace(line: Line, times: list[str], unit: Unit) -> Figure:
    """One line."""
    values = [None if value is None else float(f"{value * unit.factor:.6g}") for value in line.values]
    # A value between two gaps would leave no ink without a point.
    lonely = [
        value is not None
        and (index == 0 or values[index - 1] is None)
        and values[index + 1 : index + 2] in ([], [None])
        for index, value in enumerate(values)
    ]
    return {
        "type": "scatter",
        "mode": "lines+markers" if any(lonely) else "lines",
        "name": line.name,
        "x": times,
        "y": values,
        "connectgaps": False,
        "line": {"width": 1.5, "dash": line.dash},
        "marker": {"size": [5 if alone else 0 for alone in lonely], "opacity": 1, "line": {"width": 0}},
        "hovertemplate": f"%{{y:,.4~g}}{unit.suffix}",
        "meta": {"role": line.role, "unit": list(unit)},
    }


def _bar(times: list[str], points: Sequence[Point], kind: tuple[str, str, str, bool]) -> Figure:
    field, name, role, hatched = kind
    values = [getattr(point, field) for point in points]
    return bar(name, role, times, values, RUNS, hatched=hatched)


def bar(name: str, role: str, keys: list[str], values: Sequence[float], unit: Unit, *, hatched: bool = False) -> Figure:
    """Bars of one role, for stacking."""
    marker: Figure = {"line": {"width": 0}}
    if hatched:
        marker["pattern"] = {"shape": "/", "size": 5, "solidity": 0.35}
    return {
        "type": "bar",
        "name": name,
        "x": keys,
        "y": [value * unit.factor for value in values],
        "marker": marker,
        "hovertemplate": f"%{{y:,.4~g}}{unit.suffix}",
        "meta": {"role": role, "unit": list(unit)},
    }
