"""The burn-down of a budget as a plain figure: bad events by the day, and what they left of it. Pure; never queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from fractions import Fraction

from portal.dashboards.figures import Figure, base_layout, title, value_axis

#: Up to as many are ticked one by one.
FEW = 6
Spent = Sequence[tuple[datetime, int, Fraction]]


def burn_down(points: Spent, *, zone: tzinfo = UTC) -> Figure:
    """`points`: when a day begins, its bad events, the share of the budget that is left at its end."""
    times = [at.astimezone(zone).replace(tzinfo=None, microsecond=0).isoformat() for at, _, _ in points]
    shares = [round(float(left) * 100, 3) for _, _, left in points]
    bars = {
        "type": "bar", "name": "Bad events", "x": times, "y": [bad for _, bad, _ in points],
        "marker": {"line": {"width": 0}}, "hovertemplate": "%{y:,}", "meta": {"role": "fail-mark"},
    }  # fmt: skip
    line = {
        "type": "scatter", "mode": "lines+markers" if len(points) == 1 else "lines", "name": "Budget left", "x": times,
        "y": shares, "yaxis": "y2", "line": {"width": 1.5}, "hovertemplate": "%{y:.1f} %", "meta": {"role": "series-1"},
    }  # fmt: skip
    layout = base_layout()
    layout["meta"] = {"zone": str(zone)}
    layout["xaxis"] |= {"tickformat": "%-d %b"}
    layout["yaxis"] |= {"title": title("Bad events"), "tickformat": ",d"}
    if max((bad for _, bad, _ in points), default=0) < FEW:
        layout["yaxis"] |= {"dtick": 1, "tickmode": "linear"}  # or ticks between whole numbers are written as these
    layout["yaxis2"] = value_axis() | {
        "title": title("Budget left, %"), "overlaying": "y", "tickmode": "auto", "side": "right", "showgrid": False,
        "ticksuffix": " %", "rangemode": "normal", "range": [min(0.0, *shares), 105.0] if shares else [0.0, 105.0],
    }  # fmt: skip
    return {"data": [bars, line], "layout": layout}
