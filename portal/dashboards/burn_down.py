"""The burn-down of a budget as a plain figure: bad events by the day, and what they left of it. Pure; never queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from fractions import Fraction

from portal.dashboards import layout as shared
from portal.dashboards.figures import Line, bar, trace
from portal.dashboards.layout import Figure, counts, shares

#: Up to as many are ticked one by one.
FEW = 6
Spent = Sequence[tuple[datetime, int, Fraction]]
BAD, LEFT = counts("Bad events"), shares("Budget left")


def burn_down(points: Spent, *, zone: tzinfo = UTC) -> Figure:
    """`points`: when a day begins, its bad events, the share of the budget that is left at its end."""
    times = [at for at, _, _ in points]
    written = shared.written([at.replace(microsecond=0) for at in times], zone)
    left = [float(share) for _, _, share in points]
    bars = bar("Bad events", "fail-mark", written, [bad for _, bad, _ in points], BAD)
    line = trace(Line("Budget left", "series-1", left), written, LEFT) | {"yaxis": "y2"}
    layout = shared.layout(times)
    layout["meta"] = {"head": f"Time, {zone}"}
    layout["xaxis"] |= {"tickformat": "%-d %b"}
    layout["yaxis"] = shared.value_axis(BAD)
    if max((bad for _, bad, _ in points), default=0) < FEW:
        layout["yaxis"] |= {"dtick": 1, "tickmode": "linear"}  # or ticks between whole numbers are written as these
    layout["yaxis2"] = shared.value_axis(LEFT) | {
        "overlaying": "y", "tickmode": "auto", "side": "right", "showgrid": False, "rangemode": "normal",
        "range": [min(0.0, *line["y"]) if left else 0.0, 105.0],
    }  # fmt: skip
    return {"data": [bars, line], "layout": layout}
