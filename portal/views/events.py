"""Events: the list, one with who got it, and the signal that somebody sends to a run from its page."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from rest_framework.exceptions import ParseError

from orchestration.errors import Conflict, InvalidInput, TooLarge
from orchestration.models import Event
from orchestration.selectors.events import EventFilter, events, find_event, story_of
from orchestration.selectors.runs import find_run
from orchestration.services.events import signal
from portal.api.parsers import read_json
from portal.event_permissions import may_see
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.masking import hide_firings
from portal.presentation.words import Look
from portal.views import document_lists as lists
from portal.views.keyset import keyset_page

FILTERS = ("type", "source", "correlation")
GIVEN = Look("ok", "ok", "Given")
KEPT = Look("unk", "wait", "Kept")
UNROUTED = Look("unk", "running", "On its way")
EMITTED = Look("ok", "send", "Emitted")


@login_required
@require_GET
def list_events(request: HttpRequest) -> HttpResponse:
    """Newest first; filters in the URL, keyset pages."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    page = keyset_page(events(EventFilter(**given)), request)
    context = {
        "nav": "events",
        "rows": [(_look(one, was_given=one.was_given), one) for one in page.rows],
        "problem": page.problem,
        "given": given,
        "is_first": page.is_first,
        "applied": lists.applied(given),
        "next_url": lists.next_url(given, page.next),
    }
    return render(request, "events/list.html", context, status=422 if page.problem else 200)


@login_required
@require_GET
def event(request: HttpRequest, number: int) -> HttpResponse:
    """One: what it says, who got it, and what it started."""
    found = find_event(number)
    story = story_of(found)
    if masked := not may_see(actor_of(request), found, story):
        hide_firings(story.firings)
    context: dict[str, Any] = {
        "nav": "events",
        "event": found,
        "story": story,
        "look": _look(found, was_given=story.had > 0),
        "data": json.loads(found.data or "null"),
        "has_data": found.data not in {"", "null"},
        "masked": masked,
    }
    return render(request, "events/event.html", context)


@login_required
@require_POST
def send_signal(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """An event for this run alone, as the form on its page has it: a name, and data as JSON."""
    run = find_run(run_id)
    actor_of(request).require(Verb.OPERATE, run.team)
    text = request.POST.get("data", "").strip()
    try:
        data = _data(text)
        found, is_new = signal(
            run=run, name=request.POST.get("name", "").strip(), data=data, key=request.POST.get("key") or None,
            actor=request.user,
        )  # fmt: skip
    except (Conflict, InvalidInput, TooLarge) as error:
        messages.error(request, f"Not sent: {error}.")
    else:
        word = "Sent" if is_new else "It was sent already"
        messages.success(request, f"{word}: {found.type} for run {run.short_id}.")
    return redirect("run", run_id=run.pk)


def _data(text: str) -> Any:
    try:
        return read_json(text.encode(errors="replace")) if text else None
    except ParseError as error:
        raise InvalidInput(f"the data is {error.detail}") from None


def _look(one: Event, *, was_given: bool) -> Look:
    if one.routed_at is None:
        return UNROUTED
    if was_given:
        return GIVEN
    return EMITTED if one.emitted_by_id is not None else KEPT
