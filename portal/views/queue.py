"""The queue: which runs wait, for what, since when and in which place; and moving one. Never admits a run."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Team
from orchestration.selectors.queue import MOST_PAGES, Waiting, queue
from orchestration.selectors.runs import find_run
from orchestration.services.runs import MOST_PRIORITY, prioritize_run
from portal.middleware.reader import actor_of
from portal.permissions import Actor, Verb
from portal.presentation.queue_words import why
from portal.views import document_lists as lists

FILTERS = ("team", "workflow")


@login_required
@require_GET
def show_queue(request: HttpRequest) -> HttpResponse:
    """In the order of priority, then of age."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given, number = lists.given(request, FILTERS), _page_of(request)
    found = queue(team=given.get("team", ""), workflow=given.get("workflow", ""), page=number)
    actor = actor_of(request)
    more = found.has_more and number < MOST_PAGES
    context = {
        "nav": "queue",
        "queue": found,
        "rows": [_row(one, actor) for one in found.runs],
        "given": given,
        "applied": lists.applied(given),
        "is_first": number == 1,
        "teams": lists.offered(Team.objects.values_list("name", flat=True), given.get("team")),
        "next_url": f"?{urlencode({**given, 'page': number + 1})}" if more else "",
        "previous_url": f"?{urlencode({**given, 'page': number - 1})}" if number > 1 else "",
        "most": MOST_PRIORITY,
    }
    return render(request, "queue/queue.html", context)


@login_required
@require_POST
def prioritize(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Move a queued run before or behind the others of its team."""
    found = find_run(run_id)
    actor = actor_of(request)
    actor.require(Verb.OPERATE, found.team)
    try:
        text = request.POST.get("priority", "")
        priority = int(text) if text.removeprefix("-").isdecimal() and len(text) < 5 else MOST_PRIORITY + 1
        run = prioritize_run(run_id=found.pk, priority=priority, actor=actor.user)
    except InvalidInput:
        messages.error(request, f"A priority is a whole number from {-MOST_PRIORITY} to {MOST_PRIORITY}.")
    except Conflict as error:
        messages.error(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    else:
        messages.success(request, f"Run {run.short_id} has priority {run.priority}.")
    return redirect("queue")


def _row(one: Waiting, actor: Actor) -> dict[str, object]:
    team = one.run.team
    text = why(one, full=actor.may(Verb.SEE_PAYLOADS, team))
    return {"waiting": one, "why": f"{text[:1].upper()}{text[1:]}", "may": actor.may(Verb.OPERATE, team)}


def _page_of(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return min(max(int(text), 1), MOST_PAGES) if text.isdecimal() and len(text) < 5 else 1
