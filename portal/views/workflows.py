"""The list of workflows: how each fared in the last 24 hours. Never starts or changes one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from orchestration import clock
from orchestration.models import Team
from orchestration.selectors.workflows import health
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.workflow_pages import catalogue_sentence, row
from portal.selectors.home import RULES, workflow_health

FILTERS = ("team", "q")


@login_required
@require_GET
def list_workflows(request: HttpRequest) -> HttpResponse:
    """The page; team and q are filters in the URL."""
    given = {name: request.GET[name].strip() for name in FILTERS if request.GET.get(name, "").strip()}
    if any(name in FILTERS and name not in given for name in request.GET):
        return redirect(f"{reverse('workflows')}{'?' + urlencode(given) if given else ''}")
    words = given.get("q", "").lower().split()
    teams = list(Team.objects.values_list("name", flat=True))
    started = {item.workflow.name: item for item in health(team=given.get("team", ""))}
    rows = [
        row(started[measured.name], measured)
        for measured in workflow_health(now=clock.now())
        if measured.name in started
        and all(word in f"{measured.name} {started[measured.name].workflow.description}".lower() for word in words)
    ]
    actor = actor_of(request)
    context = {
        "nav": "workflows",
        "rows": rows,
        "sentence": catalogue_sentence(rows),
        "rules": RULES,
        "given": given,
        "teams": teams if given.get("team", "") in {"", *teams} else [given["team"], *teams],
        "may_apply": actor.may(Verb.ADMINISTER) or bool(actor.teams_with(Verb.MAINTAIN)),
    }
    return render(request, "workflows/list.html", context)
