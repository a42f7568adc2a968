"""Goals: the objectives in force and what is slow for each dependency, as counting needs them. Never counts."""

from __future__ import annotations

from collections import defaultdict

from orchestration.models import Dependency, Objective, Series
from orchestration.selectors.guards import read
from orchestration.telemetry.counting import Goal, Goals, Key
from orchestration.telemetry.outcomes import stamp


def goals() -> Goals:
    """Those in force at this moment. Two queries."""
    runs: dict[str, list[Goal]] = defaultdict(list)
    steps: dict[tuple[str, str], list[Goal]] = defaultdict(list)
    calls: dict[str, list[Goal]] = defaultdict(list)
    for objective in Objective.objects.filter(retired_at=None):
        goal = _goal(objective)
        if objective.dependency:
            calls[objective.dependency].append(goal)
        elif objective.step:
            steps[objective.workflow, objective.step].append(goal)
        else:
            runs[objective.workflow].append(goal)
    documents = Dependency.objects.values_list("name", "document")
    slow = {name: read(document.get("spec") or {}).breaker.slow_after for name, document in documents}
    return Goals(runs, steps, calls, {name: round(limit * 1e6) for name, limit in slow.items() if limit is not None})


def _goal(objective: Objective) -> Goal:
    return Goal(
        Key(Series.Kind.OBJECTIVE, label=str(objective.pk)),
        objective.indicator == Objective.Indicator.LATENCY,
        round((objective.threshold or 0.0) * 1e6),
        objective.degraded_is_bad,
        stamp(objective.since),
    )
