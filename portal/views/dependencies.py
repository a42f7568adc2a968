"""Dependencies: the list, and a page each with what is known now: how calls go, who makes them, what went wrong lately.

Never calls the service and never shows a resolved address or secret.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from governance.selectors.decisions import decisions_about
from governance.selectors.dependency_reviews import standings_of
from governance.selectors.postmortems import about, postmortems_of
from governance.selectors.runbooks import runbooks_of_dependency, today
from orchestration import clock
from orchestration.ids import floor
from orchestration.models import Attempt, Breaker, Dependency, DependencyEnd, Run, Team, WorkflowVersion
from orchestration.policies.breaker import State
from orchestration.policies.faults import fault_of
from orchestration.policies.health import Health, Word
from orchestration.selectors.breakers import latest_transitions, view
from orchestration.selectors.guards import guards_of
from orchestration.selectors.targets import retry_policy_spec
from orchestration.selectors.workflows import consumers_of, find_dependency
from portal.dashboards.dependency_panel import charts
from portal.dashboards.periods import PERIODS, Period
from portal.dashboards.shared import shared
from portal.dashboards.views import chosen_period
from portal.history.reading import recent
from portal.history.registry import kind_of
from portal.middleware.csp import allow_inline_style
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import dependency_pages
from portal.presentation.history_words import entries
from portal.presentation.words import (
    breaker_look,
    decision_look,
    health_look,
    postmortem_look,
    review_look,
    severity_look,
)
from portal.selectors.callers import callers
from portal.selectors.dependencies import Calls, by_caller, last_day
from portal.selectors.dependency_health import dependency_health, order_of
from portal.selectors.example_data import example_until
from portal.selectors.runbook_rows import runbook_rows

#: Failed attempts are looked for in the latest runs of the last day: a bound that holds however busy the day was.
RECENT_RUNS = 500
SHOWN = 15
FILTERS = ("team", "breaker", "q")

#: Moves of the breaker that the page shows; all are on the breaker's own.
MOVES = 5
#: Of one that was declared a moment ago.
UNKNOWN = Health(Word.UNKNOWN, "it was declared just now", 0.0)

Consumers = list[tuple[WorkflowVersion, list[str]]]


@login_required
@require_GET
def list_dependencies(request: HttpRequest) -> HttpResponse:
    """Every dependency with how its calls went and who makes them; team and q are filters in the URL."""
    given = {name: request.GET[name].strip() for name in FILTERS if request.GET.get(name, "").strip()}
    if any(name in FILTERS and name not in given for name in request.GET):
        return redirect(f"{reverse('dependencies')}{'?' + urlencode(given) if given else ''}")
    found = Dependency.objects.select_related("owner")
    if "team" in given:
        found = found.filter(owner__name=given["team"])
    if "breaker" in given:
        opened = [State.OPEN, State.FORCED_OPEN, State.HALF_OPEN] if given["breaker"] == "open" else [given["breaker"]]
        found = found.filter(name__in=Breaker.objects.filter(state__in=opened).values("name"))
    words = given.get("q", "").lower().split()
    items = [item for item in found if all(word in f"{item.name} {item.description}".lower() for word in words)]
    measured, workflows = last_day(clock.now()), callers()
    well = dependency_health(clock.now())
    rows = [
        (item, well.get(item.name, UNKNOWN), measured.get(item.name, Calls()), sorted(workflows.get(item.name, {})))
        for item in items
    ]
    rows.sort(key=lambda row: (*order_of(row[1]), row[0].name))
    teams = list(Team.objects.values_list("name", flat=True))
    context = {
        "nav": "dependencies",
        "rows": [(item, health_look(health.word), health, calls, names) for item, health, calls, names in rows],
        "sentence": dependency_pages.list_sentence([(item.name, health) for item, health, _, _ in rows]),
        "ceiling": max([rate for _, _, calls, _ in rows for rate in calls.rates if rate is not None], default=0.0),
        "given": given,
        "teams": teams if given.get("team", "") in {"", *teams} else [given["team"], *teams],
    }
    return render(request, "dependencies/list.html", context)


@login_required
@require_GET
def dependency(request: HttpRequest, name: str) -> HttpResponse:
    """One dependency."""
    allow_inline_style(request)
    found, consumers, now = find_dependency(name), _consumers(name), clock.now()
    period = chosen_period(request.GET)
    failed = shared(f"failed:{name}", lambda: _failed(consumers))
    errors = Counter(attempt.error_type for attempt in failed).most_common()
    calls, well = last_day(now).get(name, Calls()), dependency_health(now).get(name, UNKNOWN)
    retry = found.spec.get("retry")
    books = list(runbooks_of_dependency(found))
    slugs = {book.slug for book in books}
    context = {
        "nav": "dependencies",
        "dependency": found,
        "end": DependencyEnd.objects.filter(dependency=found).first(),
        "look": health_look(well.word),
        "sentence": dependency_pages.sentence(calls, [one for one in errors if fault_of(one[0])]),
        "facts": dependency_pages.facts(found.spec, retry_policy_spec(retry) if isinstance(retry, str) else None),
        "api": str(found.spec["api"]).split("@") if found.spec.get("api") else None,
        "well": well,
        "calls": calls,
        "failed": failed[:SHOWN],
        "errors": errors,
        "sampled": RECENT_RUNS,
        "modes": [(mode, mode.get("runbook") in slugs) for mode in dependency_pages.failure_modes(found.spec)],
        "reviews": [(review_look(one.state, never=one.last is None), one) for one in standings_of(found, today())],
        "may_review": actor_of(request).may(Verb.REVIEW, found.owner),
        "runbooks": runbook_rows(books),
        "decisions": [(decision_look(one.status), one) for one in decisions_about(found)],
        "postmortems": [
            (postmortem_look(one.status), severity_look(one.severity), one, about(one)) for one in postmortems_of(found)
        ],
        "history": entries(kind_of("dependency"), recent("dependency", found)),
        "consumers": consumers,
    }
    return render(request, "dependencies/dependency.html", context | _health(found, consumers, period, now))


@login_required
@require_GET
def health(request: HttpRequest, name: str) -> HttpResponse:
    """The live part of the page: charts and consumers, or 204 when nothing in them changed."""
    found, now = find_dependency(name), clock.now()
    context = _health(found, _consumers(name), chosen_period(request.GET), now)
    if request.GET.get("seen") == context["mark"]:
        return HttpResponse(status=204)
    return render(request, "dependencies/health.html", context)


def _health(found: Dependency, consumers: Consumers, period: Period, now: datetime) -> dict[str, Any]:
    """What templates/dependencies/health.html wants."""
    names = [version.workflow.name for version, _ in consumers]
    drawn = charts(found.name, period, now, consumers=names, threshold=guards_of(found.name).breaker.slow_after)
    measured = by_caller(period, now, found.name)
    rows = [
        (version, step, measured.get((version.workflow.name, step), Calls()))
        for version, steps in consumers
        for step in steps
    ]
    breaker, moves = view(found.name), latest_transitions(found.name, MOVES)
    facts = f"{breaker}{[move.pk for move in moves]}"
    facts += f"{[chart.panel.mark for chart in drawn]}{[(str(version), step, calls) for version, step, calls in rows]}"
    mark = hashlib.sha256(facts.encode()).hexdigest()[:16]
    here = reverse("dependency", args=[found.name])
    poll = urlencode({"period": period.key, "seen": mark})
    return {
        "dependency": found,
        "example_until": example_until(period.since(now), found.source),
        "charts": drawn,
        "is_empty": all(chart.panel.is_empty for chart in drawn),
        "callers": rows,
        "breaker": breaker,
        "breaker_look": breaker_look(breaker.state),
        "moves": [(breaker_look(move.target), move) for move in moves],
        "mark": mark,
        "period": period,
        "periods": [(item, f"{here}?period={item.key}#health") for item in PERIODS.values()],
        "health_url": f"{reverse('dependency-health', args=[found.name])}?{poll}",
    }


def _consumers(name: str) -> Consumers:
    """Who calls it; shared, since every version's plan is looked through."""
    return shared(f"consumers:{name}", lambda: consumers_of(name))


def _failed(consumers: Consumers) -> list[Attempt]:
    """Failed attempts of the steps that call it, in the latest runs of the last 24 hours, newest first."""
    steps = {(version.workflow_id, step) for version, names in consumers for step in names}
    since = floor(clock.now() - timedelta(hours=24))
    workflows = {workflow_id for workflow_id, _ in steps}
    runs = Run.objects.filter(workflow_id__in=workflows, pk__gte=since).order_by("-pk").values_list("pk", flat=True)
    rows = Attempt.objects.filter(step__run_id__in=list(runs[:RECENT_RUNS]), step__name__in={step for _, step in steps})
    rows = rows.exclude(outcome__in=["succeeded", "parked"]).select_related("step__run__workflow")
    newest = rows.order_by("-finished_at").defer(
        "step__input", "step__output", "step__run__input", "step__run__output"
    )[: SHOWN * 10]
    return [one for one in newest if (one.step.run.workflow_id, one.step.name) in steps]
