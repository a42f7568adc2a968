"""Figures as plain Plotly dictionaries: what is drawn, in which role, with which units.

Owns the template all charts share. Never imports Plotly (130 ms, 28 MB) and never names a colour: each mark carries a
role in `meta` or `name`, and charts.js paints it from the palette of the reader's theme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from portal.dashboards.palette import DARK, LIGHT
from portal.presentation.quantities import number, percent

__all__ = ["DARK", "LIGHT", "LegendEntry", "Point", "Table", "legend_of", "runs_and_errors", "table_of"]

Figure = dict[str, Any]


class Point(NamedTuple):
    """What finished in the interval that starts at `ts`."""

    ts: datetime
    succeeded: int
    degraded: int
    failed: int
    timed_out: int

    @property
    def total(self) -> int:
        return self.succeeded + self.degraded + self.failed + self.timed_out

    @property
    def error_rate(self) -> float | None:
        """A share of 1; None where nothing finished, since no runs are not zero errors."""
        return (self.failed + self.timed_out) / self.total if self.total else None


@dataclass(frozen=True)
class LegendEntry:
    name: str
    role: str
    kind: str
    hatched: bool = False


@dataclass(frozen=True)
class Table:
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
    """Runs per interval as stacked bars and the error rate as a line; `budget` is the allowed share of 1.

    Plotly shows times as they are written, so they are written in the reader's zone.
    """
    times = [point.ts.astimezone(zone).replace(tzinfo=None).isoformat() for point in points]
    bars = [_bar(times, points, bar) for bar in _BARS if any(getattr(point, bar[0]) for point in points)]
    rates = [None if point.error_rate is None else round(point.error_rate * 100, 3) for point in points]
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "Error rate",
        "x": times,
        "y": rates,
        "yaxis": "y2",
        "connectgaps": False,
        "line": {"width": 1.5},
        "hovertemplate": "%{y:.2f} %",
        "meta": {"role": "series-1"},
    }
    layout = base_layout()
    layout["meta"] = {"zone": str(zone)}
    layout["yaxis"] |= {"title": title("Runs"), "tickformat": ",d"}
    highest = max([rate for rate in rates if rate is not None] + [(budget or 0) * 100, 1.0])
    layout["yaxis2"] = value_axis() | {
        "title": title("Error rate, %"),
        "overlaying": "y",
        "tickmode": "auto",
        "side": "right",
        "showgrid": False,
        "ticksuffix": " %",
        "range": [0, min(100.0, highest * 1.15)],
    }
    if budget is not None:
        layout["shapes"] = [_budget_line(budget)]
        layout["annotations"] = [_budget_label(budget)]
    return {"data": [*bars, line], "layout": layout}


def legend_of(figure: Mapping[str, Any]) -> list[LegendEntry]:
    """The legend, for the page to draw: the same words, aligned with the title. One series needs none."""
    entries = [
        LegendEntry(
            name=trace["name"],
            role=trace["meta"]["role"],
            kind="bar" if trace["type"] == "bar" else "line",
            hatched="pattern" in trace.get("marker", {}),
        )
        for trace in figure["data"]
    ]
    return entries if len(entries) > 1 else []


def table_of(figure: Mapping[str, Any]) -> Table:
    """The numbers behind the chart, one row per point in time, as a reader without the picture needs them."""
    traces = figure["data"]
    heads = [f"Time, {figure['layout']['meta']['zone']}"] + [trace["name"] for trace in traces]
    columns = [_cells(trace) for trace in traces]
    times = [datetime.fromisoformat(x).strftime("%d %b, %H:%M").lstrip("0") for x in traces[0]["x"]] if traces else []
    return Table(heads, [[time, *cells] for time, cells in zip(times, zip(*columns, strict=True), strict=True)])


def _cells(trace: Mapping[str, Any]) -> list[str]:
    if trace.get("yaxis") == "y2":
        return [percent(None if y is None else y / 100) for y in trace["y"]]
    return [number(y) for y in trace["y"]]


def _bar(times: list[str], points: Sequence[Point], kind: tuple[str, str, str, bool]) -> Figure:
    field, name, role, hatched = kind
    marker: Figure = {"line": {"width": 0}}
    if hatched:
        marker["pattern"] = {"shape": "/", "size": 5, "solidity": 0.35}
    return {
        "type": "bar",
        "name": name,
        "x": times,
        "y": [getattr(point, field) for point in points],
        "marker": marker,
        "hovertemplate": "%{y:,}",
        "meta": {"role": role},
    }


def title(text: str) -> Figure:
    return {"text": text, "standoff": 12, "font": {"size": 12}}


def value_axis() -> Figure:
    return {
        "rangemode": "tozero",
        "ticks": "",
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
        "nticks": 5,
        "automargin": True,
    }


def base_layout() -> Figure:
    """What all charts share: thin lines, no frame, room for the units, one hover box per moment."""
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
            "tickformat": "%H:%M\n%-d %b",
            "showgrid": False,
            "showline": True,
            "fixedrange": True,
            "automargin": True,
        },
        "yaxis": value_axis(),
    }


def _budget_line(budget: float) -> Figure:
    return {
        "type": "line",
        "name": "budget",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y2",
        "y0": budget * 100,
        "y1": budget * 100,
        "line": {"dash": "4px,3px", "width": 1},
    }


def _budget_label(budget: float) -> Figure:
    return {
        "name": "budget",
        "text": f"Budget {percent(budget, 1)}",
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "yref": "y2",
        "y": budget * 100,
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12},
    }
