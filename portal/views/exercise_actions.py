"""What people do to exercises: start, answer an alert, tick a step, run its action, hand over, end.

Each ends on the exercise's page; what is refused is said there, at the step, with what was typed. Owns the flow and asks who may;
the rules are governance/services/exercises.py's and governance/playbooks'.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.models import Exercise, Runbook
from governance.playbooks.running import ask, perform, play_for
from governance.selectors.exercises import find_exercise
from governance.selectors.runbooks import find_runbook, runbook_of_alert
from governance.services import exercises as services
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Alert
from orchestration.selectors.alerts import find_alert
from portal.api.problems import STATUSES
from portal.exercise_permissions import require_act, require_start, require_work, taker
from portal.middleware.reader import actor_of
from portal.views.exercises import Reply, page

Act = Callable[[HttpRequest, Exercise, int], str]


@login_required
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """An exercise of this runbook."""
    return _start(request, find_runbook(slug), None)


@login_required
@require_POST
def respond(request: HttpRequest, number: int) -> HttpResponse:
    """The exercise of an alert's runbook; the one that is under way, if there is one."""
    alert = find_alert(number)
    found = runbook_of_alert(alert)
    if found is None:
        raise NotFound(f"alert {number} has no runbook; its objective names one")
    return _start(request, found, alert)


def _start(request: HttpRequest, runbook: Runbook, alert: Alert | None) -> HttpResponse:
    require_start(actor_of(request), runbook, alert)
    try:
        exercise, is_new = services.start_exercise(runbook=runbook, actor=request.user, alert=alert)
    except Conflict as error:
        messages.error(request, f"Not started: {error}.")
        return redirect("runbook", runbook.slug)
    if not is_new:
        messages.info(request, "This exercise is under way already for the alert.")
    return redirect("exercise", exercise.pk)


def action(act: Act) -> Callable[..., HttpResponse]:
    """A view that does this to an exercise, perhaps at a step of it."""

    @login_required
    @require_POST
    def view(request: HttpRequest, number: int, position: int = 0) -> HttpResponse:
        found = find_exercise(number)
        require_work(actor_of(request), found)
        try:
            said = act(request, found, position)
        except (Conflict, InvalidInput, NotFound) as error:
            text = f"{str(error)[:1].upper()}{str(error)[1:]}."
            status = STATUSES.get(type(error), (409, ""))[0]
            return page(request, find_exercise(number), Reply(text, position, request.POST.dict()), status)
        if said:
            messages.success(request, said)
        place = f"#step-{position}" if position else ""
        return redirect(f"{reverse('exercise', args=[number])}{place}")

    return view


@action
def tick(request: HttpRequest, found: Exercise, position: int) -> str:
    """How the step went."""
    seen = request.POST.get("seen", "")
    services.tick(
        exercise=found, position=position, what=request.POST.get("what", ""), note=request.POST.get("note", ""),
        evidence=request.POST.get("evidence", ""), actor=request.user,
        seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None,
    )  # fmt: skip
    return ""


@action
def act(request: HttpRequest, found: Exercise, position: int) -> str:
    """Run the step's action; the number of the try makes a second click the same click."""
    play, parameters = play_for(found, position)
    require_act(actor_of(request), play, parameters)
    attempt = request.POST.get("attempt", "")
    if not (attempt.isascii() and attempt.isdigit() and len(attempt) < 5):
        raise InvalidInput("the number of the try is missing; open the page again")
    asked, is_new = ask(exercise=found, position=position, attempt=int(attempt), actor=request.user)
    if not is_new:
        return "This try was asked for already."
    return perform(asked).outcome


@action
def hand_over(request: HttpRequest, found: Exercise, position: int) -> str:
    """To somebody who may go on with it; to oneself is to take it over."""
    name = request.POST.get("to", "") or request.user.get_username()
    to = taker(found, name)
    services.hand_over(exercise=found, to=to, note=request.POST.get("note", ""), actor=request.user)
    return "It is yours now." if to.pk == request.user.pk else f"{to.username} has it now."


@action
def end(request: HttpRequest, found: Exercise, position: int) -> str:
    """It is over."""
    state = request.POST.get("state", "")
    services.end(exercise=found, state=state, summary=request.POST.get("summary", ""), actor=request.user)
    return f"The exercise is {state}."
