"""Explore: any series over any period, in the URL. The page and the CSV of exactly what it draws. Reads only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from orchestration import clock
from orchestration.models import Workflow
from portal.dashboards.explore_panel import as_csv, explore_panel, measure_word
from portal.dashboards.periods import PERIODS
from portal.dashboards.shared import shared
from portal.middleware.csp import allow_inline_style
from portal.presentation.explore_form import BY_WORDS, MEASURE_WORDS, PREVIOUS, WHAT, Wanted, read, url_query
from portal.selectors.callers import callers
from portal.selectors.example_data import example_until
from portal.selectors.explore import Explored, choices
from portal.selectors.explore import explore as explore_series
from portal.selectors.marks import Scope, marks


@login_required
@require_GET
def explore(request: HttpRequest) -> HttpResponse:
    """The page. A parameter that can't be used is named, with status 400, and the rest is drawn."""
    allow_inline_style(request)
    now = clock.now()
    wanted, faults = read(request.GET.dict(), timezone.get_current_timezone(), now)
    found = _explored(wanted, now)
    context = {
        "nav": "explore",
        "wanted": wanted,
        "faults": faults,
        "panel": explore_panel(wanted, found, _marks(wanted, now), now),
        "form": _form(wanted),
        "csv_url": f"{reverse('explore-csv')}?{url_query(wanted)}",
        "example_until": example_until(wanted.span(now)[0]),
    }
    return render(request, "explore/explore.html", context, status=400 if faults else 200)


@login_required
@require_GET
def explore_csv(request: HttpRequest) -> HttpResponse:
    """The numbers that the page draws for the same query."""
    now = clock.now()
    wanted, faults = read(request.GET.dict(), timezone.get_current_timezone(), now)
    if faults:
        said = "\n".join(f"{fault.name}: {fault.text}" for fault in faults)
        return HttpResponse(said + "\n", status=400, content_type="text/plain; charset=utf-8")
    name = f"{wanted.what}-{wanted.measure}-{now:%Y%m%dT%H%M}Z.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(as_csv(wanted, _explored(wanted, now)), content_type="text/csv; charset=utf-8", headers=headers)


def _explored(wanted: Wanted, now: datetime) -> Explored:
    return shared(f"explore:{url_query(wanted)}", lambda: explore_series(wanted, now))


def _marks(wanted: Wanted, now: datetime) -> Any:
    """Of what the lines are about: a workflow with the services it calls, a team's workflows, or everything."""
    since, chosen = wanted.span(now)[0], wanted.filters
    workflows: list[str] | None = [chosen["workflow"]] if "workflow" in chosen else None
    dependencies: list[str] | None = [chosen["dependency"]] if "dependency" in chosen else None
    if "team" in chosen and workflows is None:
        workflows = list(Workflow.objects.filter(owner__name=chosen["team"]).values_list("name", flat=True))
    if workflows is not None and dependencies is None:
        dependencies = [name for name, by in callers().items() if set(workflows) & by.keys()]
    if dependencies is not None and workflows is None:
        workflows = []
    return shared(
        f"explore-marks:{since:%Y%m%d%H%M}:{workflows}:{dependencies}",
        lambda: marks(Scope(since, workflows, dependencies)),
    )


def _form(wanted: Wanted) -> dict[str, Any]:
    """Tabs, selects and what they offer. Another `what` keeps whatever of the choice fits it."""
    kind, offered = WHAT[wanted.what], choices(wanted)
    zone = timezone.get_current_timezone()
    here = reverse("explore")
    return {
        "tabs": [(key, what.word, f"{here}?{url_query(wanted, what=key)}") for key, what in WHAT.items()],
        "by": [(key, BY_WORDS[key]) for key in kind.by],
        "measures": [
            (key, measure_word(wanted) if key == wanted.measure else MEASURE_WORDS[key]) for key in kind.measures
        ],
        "filters": [
            (name, BY_WORDS[name], wanted.filters.get(name, ""), getattr(offered, name))
            for name in kind.filters
            if name in {"workflow", "dependency", "team", "objective"} or "workflow" in wanted.filters
        ],
        "periods": list(PERIODS.values()),
        "compare": [("", "Nothing"), (PREVIOUS, "The period before")]
        + [
            (version, f"Version {version}")
            for version in offered.version
            if "version" in kind.filters and "version" in wanted.filters and version != wanted.filters["version"]
        ],
        "since": "" if wanted.since is None else f"{wanted.since.astimezone(zone):%Y-%m-%dT%H:%M}",
        "until": "" if wanted.until is None else f"{wanted.until.astimezone(zone):%Y-%m-%dT%H:%M}",
        "reset": f"{here}?what={wanted.what}",
    }
