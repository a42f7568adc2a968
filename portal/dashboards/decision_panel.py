"""The p95 of the workflows that a decision concerns, by the day, with the decision's own day as a mark.

Never queries: portal/selectors/before_after.py does. Never claims a cause.
"""

from __future__ import annotations

from datetime import UTC, timedelta

from portal.dashboards.figures import Line, lines
from portal.dashboards.layout import durations
from portal.dashboards.marks import Mark, draw
from portal.dashboards.panels import Panel, panel
from portal.presentation.quantities import duration
from portal.selectors.before_after import BeforeAfter

ROLES = ("series-1", "series-2", "series-3", "series-4")


def p95_panel(found: BeforeAfter, label: str, url: str) -> Panel:
    """One line a workflow."""
    unit = durations([value for one in found.workflows for value in one.p95s])
    drawn = [Line(one.workflow, role, one.p95s) for one, role in zip(found.workflows, ROLES, strict=False)]
    figure = lines(found.times, drawn, unit, zone=UTC)
    mark = Mark(found.day, label, url, "change")
    end = found.times[-1] + timedelta(days=1)
    figure = draw(figure, [mark], begin=found.times[0], end=end, zone=UTC)
    return panel(_title(found), figure, is_empty=False)


def _title(found: BeforeAfter) -> str:
    one = found.workflows[0]
    if one.before.p95 is None or one.after.p95 is None:
        return f"p95 of {one.workflow}, by the day"
    return f"p95 of {one.workflow} was {duration(one.before.p95)} before and is {duration(one.after.p95)} since"
