"""What the living diagram of a workflow needs: the version's shape, what was observed, and how the services called are."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from orchestration import clock
from orchestration.models import Workflow, WorkflowVersion
from orchestration.selectors.workflows import plan_for
from portal.dashboards.periods import PERIODS, Period
from portal.dashboards.views import chosen_period
from portal.presentation import living_diagram
from portal.presentation.words import health_look
from portal.selectors.dependency_health import dependency_health
from portal.selectors.example_data import example_until
from portal.selectors.observed import observed
from portal.views.shapes import shape

#: Minutes are too few, and six hours say little more than a day.
OFFERED = ("1h", "24h", "7d", "28d")


def living(request: HttpRequest, workflow: Workflow, version: WorkflowVersion) -> dict[str, Any]:
    """What templates/workflows/observed.html wants. Of a chosen version its own runs count, otherwise all."""
    now, period = clock.now(), chosen_period(request.GET)
    chosen = version.version if request.GET.get("version") else ""
    drawn, plan = shape(version), plan_for(version)
    seen = observed(workflow.name, period, now, chosen)
    well = dependency_health(now) if drawn.dependencies else {}
    states = {name: health_look(well[name].word) for name in set(drawn.dependencies.values()) & well.keys()}
    mark = hashlib.sha256(f"{seen}{sorted(states.items())}".encode()).hexdigest()[:16]
    scope = {"version": chosen} if chosen else {}
    poll = urlencode({**scope, "period": period.key, "seen": mark})
    return {
        "diagram": living_diagram.draw(drawn, plan, seen, states),
        "notes": living_diagram.notes(plan, seen),
        "observed_runs": seen.runs,
        "example_until": example_until(period.since(now), version.source),
        "observed_mark": mark,
        "observed_url": f"{reverse('workflow-observed', args=[workflow.name])}?{poll}",
        "period": period,
        "periods": [(item, f"?{urlencode({**scope, 'period': item.key})}") for item in _offered(period)],
    }


def _offered(period: Period) -> list[Period]:
    return [item for key, item in PERIODS.items() if key in OFFERED or key == period.key]
