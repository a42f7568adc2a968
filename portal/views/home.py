"""Home: what is wrong, what needs the reader, how each workflow is. The page and its live parts, from the same templates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET

from governance.models import Change
from governance.selectors.runbooks import today
from orchestration import clock
from orchestration.engine.plans import plan_of
from orchestration.models import Breaker, Dependency, Team
from orchestration.policies.breaker import State
from orchestration.selectors.budgets import BudgetState
from portal.dashboards import conclusions
from portal.dashboards.panels import clock_time
from portal.dashboards.views import chosen_period, chosen_team, runs_and_errors_context
from portal.middleware.csp import allow_inline_style
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.budget_meter import budget_meter
from portal.presentation.quantities import duration, number
from portal.presentation.runs import listed
from portal.presentation.words import RUN_STATUS, Look, Tone, workflow_look
from portal.selectors.budget_glance import TROUBLED, Glance, glances, worst_by_workflow
from portal.selectors.home import RULES, SHOWN, Health, workflow_health
from portal.selectors.needs import needs_of


@dataclass(frozen=True, slots=True)
class Tile:
    """One number, what it is of, and the list behind it."""

    label: str
    icon: str
    tone: Tone | str
    figure: int
    of: str
    note: str
    url: str


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The page; for htmx the parts that change, or 204 when they did not."""
    team = chosen_team(request.GET)
    context = _live(request, team)
    body = render_to_string("home/live.html", context, request=request)
    mark = hashlib.sha256(f"{context['sentence']}{body}".encode()).hexdigest()[:16]
    scope = {"team": team.name} if team else {}
    context |= {"body": body, "live_url": f"{reverse('home')}?{urlencode({**scope, 'seen': mark})}"}
    if request.headers.get("HX-Request") and "seen" in request.GET:
        if request.GET["seen"] == mark:
            return HttpResponse(status=204)
        return render(request, "home/fragment.html", context)
    allow_inline_style(request)
    context |= {"nav": "home", "team": team, "teams": list(Team.objects.values_list("name", flat=True))}
    context |= runs_and_errors_context(chosen_period(request.GET), team)
    return render(request, "home/home.html", context)


def look_of(row: Health) -> Look:
    """A workflow's state; one whose first runs are open is running."""
    return RUN_STATUS["running"] if row.state == "running" else workflow_look(row.state)


def _live(request: HttpRequest, team: Team | None) -> dict[str, Any]:
    now = clock.now()
    rows = workflow_health(now=now, team_id=team.pk if team else None)
    budgets = glances(now, team.pk if team else None)
    worst = worst_by_workflow(budgets if team is None else glances(now))
    actor = actor_of(request)
    mine = set(actor.roles())
    needs = needs_of(mine if team is None else mine & {team.pk}, person=request.user, now=now, today=today())
    sentence = conclusions.home(rows, dependency_of=_dependency_of, clock_time=clock_time)
    return {
        "sentence": sentence,
        "needs": needs,
        "has_teams": bool(mine),
        "editable": {pk for pk in mine if actor.may(Verb.MAINTAIN, pk)},
        "reviewing": {pk for pk in mine if actor.may(Verb.REVIEW, pk)},
        "tiles": _tiles(rows, budgets, team, now),
        "rows": [
            {
                "row": row,
                "look": look_of(row),
                "quiet": look_of(row).tone in {"ok", "unk"},
                "budget": budget_meter(worst.get(row.name)),
            }
            for row in rows[:SHOWN]
        ],
        "workflow_count": len(rows),
        "rules": RULES,
        "ceiling": max([rate for row in rows[:SHOWN] for rate in row.rates if rate is not None], default=0.0),
    }


def _tiles(rows: list[Health], budgets: list[Glance], team: Team | None, now: datetime) -> list[Tile]:
    scope = {"team": team.name} if team else {}
    return [_budgets(budgets, scope), _failing(rows, scope), _breakers(team), _approvals(team, scope, now)]


def _budgets(budgets: list[Glance], scope: dict[str, str]) -> Tile:
    troubled = [row for row in budgets if row.state in TROUBLED]
    spent = sum(row.state is BudgetState.SPENT for row in troubled)
    soonest = min((row.exhausts_in for row in troubled if row.exhausts_in is not None), default=None)
    note = f"{number(spent)} spent" if spent else "none burns too fast" if budgets else "no objective is declared yet"
    if troubled and not spent:
        note = f"soonest gone in {duration(soonest)}" if soonest else "burning faster than they may"
    tone = "fail" if spent else "warn" if troubled else ""
    of = f"of {number(len(budgets))}" if budgets else ""
    return Tile("Budgets burning", tone or "ok", tone, len(troubled), of, note, _url("objectives", scope))


def _failing(rows: list[Health], scope: dict[str, str]) -> Tile:
    failing = [row.failing for row in rows if row.failing is not None]
    since = min((one.since for one in failing), default=None)
    note = f"since {clock_time(since)}" if since else "none fails now"
    tone = "fail" if failing else ""
    return Tile(
        "Failing workflows", tone or "ok", tone, len(failing), f"of {len(rows)}", note, _url("workflows", scope)
    )


def _breakers(team: Team | None) -> Tile:
    """Of dependencies that are still declared: a row outlives the manifest."""
    declared = Dependency.objects.filter(owner=team) if team else Dependency.objects.all()
    names = list(declared.values_list("name", flat=True))
    opened = Breaker.objects.filter(name__in=names, state__in=[State.OPEN, State.FORCED_OPEN, State.HALF_OPEN])
    found = list(opened.order_by("name").values_list("name", flat=True))
    tone = "fail" if found else ""
    note = listed(found) if found else "all calls are let through"
    scope = {"team": team.name} if team else {}
    return Tile(
        "Open breakers",
        tone or "ok",
        tone,
        len(found),
        f"of {len(names)}",
        note,
        _url("dependencies", {**scope, "breaker": "open"} if found else scope),
    )


def _approvals(team: Team | None, scope: dict[str, str], now: datetime) -> Tile:
    waiting = Change.objects.filter(state=Change.State.OPEN)
    if team is not None:
        waiting = waiting.filter(teams=team)
    found = waiting.aggregate(count=Count("pk"), oldest=Min("opened_at"))
    note = f"the oldest for {duration(now - found['oldest'])}" if found["oldest"] else "no change waits for a review"
    return Tile("Waiting approvals", "wait", "", found["count"], "", note, _url("changes", {**scope, "state": "open"}))


def _url(name: str, query: dict[str, str]) -> str:
    return f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)


def _dependency_of(row: Health, step: str) -> str:
    """What a step of the newest version calls; empty for a Python step, or one that is gone. Plans are kept in memory."""
    found = plan_of(row.version_id).steps.get(step) if row.version_id else None
    return (found.dependency or "") if found is not None else ""
