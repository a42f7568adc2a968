"""The dependency map: which workflow calls which service, and how that goes now. Reads only."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from orchestration import clock
from portal.dashboards.periods import PERIODS, Period
from portal.presentation import dependency_map
from portal.presentation.words import health_look
from portal.presentation.workflow_pages import look_of
from portal.selectors.callers import callers
from portal.selectors.dependencies import by_workflow
from portal.selectors.dependency_health import dependency_health
from portal.selectors.home import workflow_health

#: A map is about now; other periods are a click away.
DEFAULT = PERIODS["1h"]


@login_required
@require_GET
def dependency_map_page(request: HttpRequest) -> HttpResponse:
    """The page; for htmx the map alone, or 204 when it did not change."""
    period = PERIODS.get(request.GET.get("period", ""), DEFAULT)
    context = _drawn(period)
    if request.headers.get("HX-Request") and "seen" in request.GET:
        if request.GET["seen"] == context["mark"]:
            return HttpResponse(status=204)
        return render(request, "dependencies/map_live.html", context)
    return render(request, "dependencies/map.html", context | {"nav": "dependencies"})


def _drawn(period: Period) -> dict[str, Any]:
    now = clock.now()
    found = dependency_map.links(callers(), by_workflow(period, now))
    workflows = {row.name: look_of(row) for row in workflow_health(now=now)}
    dependencies = {name: health_look(health.word) for name, health in dependency_health(now).items()}
    sentence = dependency_map.sentence(found, period.words)
    facts = f"{sentence}{found}{workflows}{dependencies}"
    mark = hashlib.sha256(facts.encode()).hexdigest()[:16]
    here = reverse("dependency-map")
    return {
        "sentence": sentence,
        "links": [(link, dependency_map.said(link.calls)) for link in found],
        "diagram": dependency_map.draw(found, workflows, dependencies) if found else None,
        "period": period,
        "periods": [(item, f"{here}?period={item.key}") for item in PERIODS.values()],
        "mark": mark,
        "map_url": f"{here}?{urlencode({'period': period.key, 'seen': mark})}",
    }
