"""Exercises: the list, and the page on which one is worked through. Never changes one: exercise_actions.py does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from governance.models import Exercise
from governance.playbooks.plays import play_of
from governance.selectors.documents import Page
from governance.selectors.exercises import StepView, entries_of, exercises, find_exercise, steps_of
from governance.selectors.runbooks import about_by
from orchestration import clock
from orchestration.errors import InvalidInput, PlumblineError
from portal.exercise_permissions import may_act, may_work, takers
from portal.middleware.reader import actor_of
from portal.permissions import Actor
from portal.presentation import exercise_words
from portal.presentation.document_html import document_html
from portal.presentation.words import Look
from portal.selectors.runbook_strip import Strip, strip
from portal.views import document_lists as lists

FILTERS = ("state", "runbook")
#: Actions whose effect is looked up ahead; more are shown without.
MOST_PREVIEWS = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """What was wrong with the last thing asked, the step at which (0: none of them), and the words typed then."""

    problem: str = ""
    at: int = 0
    typed: Mapping[str, Any] = field(default_factory=dict)


NO_REPLY = Reply()


@login_required
@require_GET
def list_exercises(request: HttpRequest) -> HttpResponse:
    """Newest first; filters in the URL, keyset pages."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given, cursor, problem = lists.given(request, FILTERS), request.GET.get("cursor", ""), ""
    try:
        page = exercises(state=given.get("state", ""), runbook=given.get("runbook", ""), cursor=cursor)
    except InvalidInput as error:
        page, problem = Page([], None), str(error)
    context = {
        "nav": "runbooks", "rows": [(exercise_words.look(one), one) for one in page.items], "problem": problem,
        "given": given, "is_first": not cursor, "applied": lists.applied(given), "sentence": lists.sentence(given),
        "states": [(value, look.word) for value, look in exercise_words.STATE.items()],
        "next_url": lists.next_url(given, page.next),
    }  # fmt: skip
    return render(request, "exercises/list.html", context, status=422 if problem else 200)


@login_required
@require_GET
def exercise(request: HttpRequest, number: int) -> HttpResponse:
    """One; for htmx its live parts alone, or 204 when they did not change."""
    found = find_exercise(number)
    if request.headers.get("HX-Request") and "seen" in request.GET:
        context = _live(found)
        if request.GET["seen"] == context["mark"]:
            return HttpResponse(status=204)
        return render(request, "exercises/live.html", {**context, "oob": True})
    return page(request, found)


def page(request: HttpRequest, found: Exercise, reply: Reply = NO_REPLY, status: int = 200) -> HttpResponse:
    """The page; a reply stands at its step."""
    live = _live(found)
    actor = actor_of(request)
    may = may_work(actor, found) and found.state == Exercise.State.RUNNING
    current = next((view.position for view in live["views"] if view.latest is None), 0)
    context = {
        **live,
        "nav": "runbooks",
        "crumb": f"Exercise {found.pk}",
        "look": exercise_words.look(found),
        "cards": _cards(
            live["views"], live["strip"], actor, reply, current=(reply.at or current) if may else 0, may=may
        ),
        "may_work": may,
        "is_over": found.state != Exercise.State.RUNNING,
        "takers": takers(found) if may else [],
        "is_mine": found.holder_id == actor.user.pk,
        "problem": reply.problem if not reply.at else "",
        "typed": reply.typed,
    }
    return render(request, "exercises/exercise.html", context, status=status)


def _live(found: Exercise) -> dict[str, Any]:
    """What changes while the page is open: the clock's bar, the strip, how each step stands, the log."""
    now, entries = clock.now(), entries_of(found)
    views = steps_of(found, entries)
    said = sum(view.latest is not None for view in views)
    seen = strip(found.runbook.slug, about_by([found.runbook])[found.runbook_id], now)
    elapsed = (found.ended_at or now) - found.started_at
    tries = [action.state for view in views for action in view.actions]
    facts = f"{found.state}{found.holder_id}{[entry.pk for entry in entries]}{tries}{elapsed.seconds // 5}{seen.mark}"
    mark = hashlib.sha256(facts.encode()).hexdigest()[:16]
    return {
        "exercise": found,
        "views": views,
        "states": [(view.position, _look(view)) for view in views],
        "said": said,
        "sentence": exercise_words.sentence(found, said, now),
        "elapsed": timedelta(seconds=round(elapsed.total_seconds())),
        "strip": seen,
        "log": [(exercise_words.entry_look(entry.what), entry) for entry in entries],
        "mark": mark,
        "live_url": f"{reverse('exercise', args=[found.pk])}?seen={mark}",
    }  # fmt: skip


def _look(view: StepView) -> Look:
    return exercise_words.entry_look(view.latest.what) if view.latest else exercise_words.OPEN_STEP


def _cards(
    views: Sequence[StepView], seen: Strip, actor: Actor, reply: Reply, *, current: int, may: bool
) -> list[dict[str, Any]]:
    """Each step as it is drawn."""
    cards, previews = [], 0
    for view in views:
        step, action = view.step, view.step.get("action")
        text = " ".join(str(step[name]) for name in ("do", "expect", "if_not"))
        text += " ".join(str(value) for value in (action or {}).get("parameters", {}).values())
        is_asked = reply.at == view.position
        card = {
            "view": view,
            "look": _look(view),
            "do": document_html(step["do"]),
            "expect": document_html(step["expect"]),
            "if_not": document_html(step["if_not"]),
            "things": [thing for thing in seen.things if thing.is_named_in(text)],
            "is_now": view.position == current,
            "is_done": view.latest is not None,
            "entries": [(exercise_words.entry_look(entry.what), entry) for entry in view.entries],
            "problem": reply.problem if is_asked else "",
            "typed": reply.typed if is_asked else {},
            "may": may,
        }
        if action:
            card["action"] = _action(view, actor, look_ahead=may and previews < MOST_PREVIEWS)
            previews += 1
        cards.append(card)
    return cards


def _action(view: StepView, actor: Actor, *, look_ahead: bool) -> dict[str, Any]:
    """A step's action: what it would do now, whether this reader may run it, and how its tries went."""
    action = view.step["action"]
    shown: dict[str, Any] = {
        "name": exercise_words.action_name(action["kind"]), "problem": action["problem"], "preview": "", "may": False,
        "tries": [(exercise_words.action_look(one), one) for one in view.actions],
    }  # fmt: skip
    if action["problem"] or not look_ahead:
        return shown
    try:
        play = play_of(action["kind"])
        shown["team"] = play.team(action["parameters"])
        shown["role"] = "maintainer" if play.need == "maintain" else "operator"
        shown["may"] = may_act(actor, play, action["parameters"])
        shown["preview"] = play.preview(action["parameters"], clock.now()).text
    except PlumblineError as error:
        shown["problem"] = str(error)
    return shown
