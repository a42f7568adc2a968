"""Home: what is wrong, what needs the reader, how each workflow is. The page and its live parts, from the same templates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET

from governance.selectors.runbooks import today
from orchestration import clock
from orchestration.engine.plans import plan_of
from orchestration.models import Team
from orchestration.selectors.runs import OPEN
from portal.dashboards import conclusions
from portal.dashboards.panels import clock_time
from portal.dashboards.views import chosen_period, chosen_team, runs_and_errors_context
from portal.middleware.csp import allow_inline_style
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.quantities import number, percent
from portal.presentation.words import RUN_STATUS, Look, Tone, workflow_look
from portal.selectors.home import RULES, SHOWN, Health, workflow_health
from portal.selectors.needs import needs_of, stale_runbooks


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
        "tiles": _tiles(rows, team, now),
        "rows": [
            {"row": row, "look": look_of(row), "quiet": look_of(row).tone in {"ok", "unk"}} for row in rows[:SHOWN]
        ],
        "workflow_count": len(rows),
        "rules": RULES,
        "ceiling": max([rate for row in rows[:SHOWN] for rate in row.rates if rate is not None], default=0.0),
    }


def _tiles(rows: list[Health], team: Team | None, now: datetime) -> list[Tile]:
    scope = {"team": team.name} if team else {}
    failing = [row for row in rows if row.failing is not None]
    going, finished, bad = (sum(getattr(row, name) for row in rows) for name in ("open", "finished", "bad"))
    stale = stale_runbooks(today())
    stale_count = (stale.filter(owner=team) if team else stale).count()
    since = min((row.failing.since for row in failing if row.failing), default=None)
    return [
        Tile(
            "Failing workflows", "fail" if failing else "ok", "fail" if failing else "", len(failing), f"of {len(rows)}",
            f"since {clock_time(since)}" if since else "none fails now", _url("workflows", scope),
        ),
        Tile("Runs open now", "running", "", going, "", "queued, running or waiting", _url("runs", {**scope, "status": OPEN})),
        Tile(
            "Runs finished, 24\u00a0h", "fail" if failing else "runs", "fail" if failing else "", finished, "",
            f"{number(bad)} failed, {percent(bad / finished)}" if finished else "none has ended yet",
            _url("runs", {**scope, "since": "24h", "status": "finished"}),
        ),
        Tile(
            "Stale runbooks", "book", "warn" if stale_count else "", stale_count, "",
            "past their review date" if stale_count else "all within their review date",
            _url("runbooks", {"status": "active", "freshness": "stale"} | ({"owner": team.name} if team else {})),
        ),
    ]  # fmt: skip


def _url(name: str, query: dict[str, str]) -> str:
    return f"{reverse(name)}?{urlencode(query)}" if query else reverse(name)


def _dependency_of(row: Health, step: str) -> str:
    """What a step of the newest version calls; empty for a Python step, or one that is gone. Plans are kept in memory."""
    found = plan_of(row.version_id).steps.get(step) if row.version_id else None
    return (found.dependency or "") if found is not None else ""
