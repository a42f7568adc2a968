"""Live panels: the fragment when it changed, 204 when it did not. The page that holds a panel renders the same template."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from orchestration import clock
from orchestration.models import Team
from portal.dashboards.panels import runs_and_errors_panel
from portal.dashboards.periods import DEFAULT, PERIODS, Period
from portal.selectors.example_data import example_until
from portal.selectors.people import find_team


@login_required
@require_GET
def runs_and_errors(request: HttpRequest) -> HttpResponse:
    """The panel of Home."""
    context = runs_and_errors_context(chosen_period(request.GET), chosen_team(request.GET))
    if request.GET.get("seen") == context["panel"].mark:
        return HttpResponse(status=204)
    return render(request, "home/chart.html", context)


def runs_and_errors_context(period: Period, team: Team | None) -> dict[str, Any]:
    """What templates/home/chart.html wants."""
    panel = runs_and_errors_panel(period=period, now=clock.now(), team=team)
    scope = {"team": team.name} if team else {}
    poll = urlencode({**scope, "period": period.key, "seen": panel.mark})
    return {
        "panel": panel,
        "example_until": example_until(period.since(clock.now())),
        "panel_url": f"{reverse('panel-runs-and-errors')}?{poll}",
        "period": period,
        "periods": [
            (item, f"{reverse('home')}?{urlencode({**scope, 'period': item.key})}#runs-and-errors")
            for item in PERIODS.values()
        ],
    }


def chosen_period(query: QueryDict) -> Period:
    """The period in the URL; anything else is the default, which the page shows as chosen."""
    return PERIODS.get(query.get("period", ""), DEFAULT)


def chosen_team(query: QueryDict) -> Team | None:
    """The team in the URL, None for all. Raises NotFound, which suggests."""
    name = query.get("team", "")
    return find_team(name) if name else None
