"""Where the p95 goes, as a chart: one bar for each step, stacked by kind of time, and the sentence to conclude from it.

Never queries: orchestration/selectors/p95.py samples and splits.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.policies.critical_path import KINDS
from orchestration.selectors.p95 import Split, Where
from portal.dashboards import layout as shared
from portal.dashboards.conclusions import Sentence
from portal.dashboards.figures import bar
from portal.dashboards.layout import Figure, durations
from portal.dashboards.panels import Panel, panel
from portal.presentation.quantities import duration, number, percent

#: kind → (word, role, hatched)
LOOKS = {
    "queue": ("Queue", "series-4", False),
    "execution": ("Execution", "series-1", False),
    "retries": ("Retries", "warn-mark", False),
    "waits": ("Waits", "series-3", False),
    "parking": ("Parking", "series-3", True),
}
HINTS = {
    "queue": "It waits for a worker: more workers for its queue, or fewer runs at once.",
    "execution": "It is the work itself: what the step calls or computes.",
    "retries": "It is failed attempts and the delays between them: see why it fails.",
    "parking": "It was parked while the breaker of its dependency was open.",
}
#: Steps with a bar of their own; the rest is one.
MOST_STEPS = 12


def p95_panel(found: Split | None, period: str) -> Panel:
    """The chart; empty when nothing was measured."""
    if found is None:
        return panel(f"No run succeeded in the {period}", figure([]), is_empty=True)
    return panel(title(found), figure(found.steps), is_empty=False, note=sample(found))


def title(found: Split) -> str:
    """`Of a p95 of 2.4 s, charge takes 1.8 s (75 %), mostly retries`."""
    first = found.steps[0]
    kind = max(first.seconds, key=lambda name: first.seconds[name])
    share = first.total / found.mean if found.mean else None
    mostly = (
        f", mostly {LOOKS[kind][0].lower()}"
        if first.seconds[kind] < first.total * 0.98
        else f", all {LOOKS[kind][0].lower()}"
    )
    return f"Of a p95 of {duration(found.p95)}, {first.step} takes {duration(first.total)} ({percent(share)}){mostly}"


def advice(found: Split) -> Sentence:
    """Which step to improve first, and how much it would give."""
    at_work = [where for where in found.steps if where.seconds["waits"] < where.total / 2]
    best = max(at_work, key=lambda where: where.saved, default=None)
    if best is None or found.mean <= 0 or best.saved < 0.01 * found.mean:
        return Sentence(
            "No single step would make much of a difference.", f"Halving any gives less than 1 %.{_waits(found)}"
        )
    kind = max(HINTS, key=lambda name: best.seconds[name])
    gives = f"{duration(best.saved)} ({percent(best.saved / found.mean)})"
    return Sentence(
        f"Improve {best.step} first: half its time would take {gives} off these runs.", f"{HINTS[kind]}{_waits(found)}"
    )


def _waits(found: Split) -> str:
    """A declared wait is no fault, but who looks for the time should hear of it."""
    waited = max(found.steps, key=lambda where: where.seconds["waits"])
    share = waited.seconds["waits"] / found.mean if found.mean else 0.0
    return f" {percent(share)} of the time is the declared wait of {waited.step}." if share >= 0.1 else ""


def sample(found: Split) -> str:
    """How many runs, and which."""
    runs = f"{number(len(found.runs))} runs" if len(found.runs) > 1 else "one run"
    return (
        f"From the {runs} nearest the p95 among the newest {number(found.looked_through)} that succeeded, "
        "along the critical path of each"
    )


def figure(steps: Sequence[Where]) -> Figure:
    """Bars that lie, the longest on top; a kind that never occurred takes no place."""
    shown = list(steps[:MOST_STEPS])
    if rest := steps[MOST_STEPS:]:
        seconds = {kind: sum(where.seconds[kind] for where in rest) for kind in KINDS}
        shown.append(Where(f"{len(rest)} more", seconds, 0.0))
    unit = durations([where.total for where in shown])
    names = [where.step for where in shown]
    traces = []
    for kind in KINDS:
        word, role, hatched = LOOKS[kind]
        values = [where.seconds[kind] for where in shown]
        if not any(values):
            continue
        trace = bar(word, role, names, [float(f"{value:.4g}") for value in values], unit, hatched=hatched)
        trace |= {"orientation": "h", "x": trace["y"], "y": names, "hovertemplate": f"%{{x:,.4~g}}{unit.suffix}"}
        traces.append(trace)
    layout = shared.layout()
    layout["xaxis"] = shared.value_axis(unit) | {"showgrid": True}
    layout["yaxis"] = shared.axis() | {"type": "category", "autorange": "reversed", "showgrid": False}
    del layout["yaxis"]["rangemode"], layout["yaxis"]["nticks"]
    layout["hovermode"] = "y unified"
    layout["bargap"] = 0.45
    layout["height"] = 90 + 34 * max(1, len(shown))
    layout["meta"] = {"head": "Step"}
    return {"data": traces, "layout": layout}
