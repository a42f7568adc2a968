"""The list of runs: filters in the URL, keyset pages, and the first page live."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from orchestration import clock
from orchestration.errors import InvalidInput
from orchestration.models import Team, Workflow
from orchestration.selectors.runs import OPEN, Page, runs
from orchestration.states import Compensation, RunResult, RunStatus
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import run_filters
from portal.presentation.masking import hide_errors
from portal.presentation.runs import row
from portal.presentation.words import RESULT, RUN_STATUS

PER_PAGE = 50
SINCE = (("1h", "last hour"), ("24h", "last 24 hours"), ("7d", "last 7 days"))


@login_required
@require_GET
def list_runs(request: HttpRequest) -> HttpResponse:
    """The page, or the live table when htmx polls it."""
    if _has_empty(request):
        return redirect(_clean(request))
    now = clock.now()
    problem = ""
    try:
        given, wanted = run_filters.read(request.GET, now)
        page = runs(wanted, cursor=request.GET.get("cursor", ""), limit=PER_PAGE)
    except InvalidInput as error:
        # The list still opens, with what was typed; nothing is shown, since a filter that is ignored would lie.
        given = {name: request.GET[name] for name in run_filters.NAMES if request.GET.get(name)}
        problem, page = f"{str(error)[:1].upper()}{str(error)[1:]}.", Page([], None)
    mark, actor = _mark(page), actor_of(request)
    hide_errors(run for run in page.items if run.error_message and not actor.may(Verb.SEE_PAYLOADS, run.team_id))
    context: dict[str, Any] = {
        "nav": "runs",
        "rows": [row(run, now) for run in page.items],
        "mark": mark,
        "is_first": "cursor" not in request.GET and not problem,
        "query": urlencode(given),
        "next_url": f"?{urlencode({**given, 'cursor': page.next})}" if page.next else "",
        "given": given,
        "applied": run_filters.applied(given),
        "sentence": run_filters.sentence(given),
        "problem": problem,
        "may_retry": actor.may_somewhere(Verb.OPERATE),
    }
    if request.headers.get("HX-Request") and "live" in request.GET:
        if request.GET["live"] == mark:
            return HttpResponse(status=204)
        return render(request, "runs/list_live.html", context)
    return render(request, "runs/list.html", context | _choices(given), status=422 if problem else 200)


def _choices(given: dict[str, str]) -> dict[str, Any]:
    """What the selects of the filter bar offer; what is in force is always among it."""
    since = (
        [*SINCE, (given["since"], given["since"])] if given.get("since") not in {None, *dict(SINCE)} else list(SINCE)
    )
    return {
        "workflows": _names(Workflow.objects.values_list("name", flat=True), given.get("workflow")),
        "teams": _names(Team.objects.values_list("name", flat=True), given.get("team")),
        "statuses": [(OPEN, "Open")]
        + [(str(word), RUN_STATUS[word].word if word in RUN_STATUS else "Finished") for word in RunStatus],
        "results": [(str(word), RESULT[word].word) for word in RunResult if word],
        "compensations": [(str(word), str(word).capitalize()) for word in Compensation],
        "since": since,
    }


def _names(known: Any, given: str | None) -> list[str]:
    names = list(known)
    return names if given is None or given in names else [given, *names]


def _mark(page: Page) -> str:
    """Changes when a row does. A run that is open changes with time too: its row says how long it takes."""
    facts = [(run.pk, run.status, run.ending, run.result, run.compensation) for run in page.items]
    moving = int(clock.now().timestamp()) if any(run.finished_at is None for run in page.items) else 0
    return hashlib.sha256(repr((facts, moving)).encode()).hexdigest()[:16]


def _has_empty(request: HttpRequest) -> bool:
    return any(name in run_filters.NAMES and not value.strip() for name, value in request.GET.dict().items())


def _clean(request: HttpRequest) -> str:
    """The same address without the fields that were left empty, so that it can be shared."""
    kept = {name: value for name, value in request.GET.dict().items() if value.strip()}
    return f"{reverse('runs')}?{urlencode(kept)}" if kept else reverse("runs")
