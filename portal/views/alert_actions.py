"""What a person does to an alert: acknowledge, resolve, silence. Each ends on the page again; what is refused is said there.

Owns who may ask for what: operators of the alert's team. The rules are orchestration/services/alert_actions.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.manifest import parse_duration
from orchestration.models import Alert
from orchestration.selectors.alerts import find_alert, find_silence
from orchestration.selectors.budgets import find_objective
from orchestration.services import alert_actions as services
from portal.api.problems import STATUSES
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.views.alerts import page

Action = Callable[[HttpRequest, Alert], str]


def action(act: Action) -> Callable[[HttpRequest, int], HttpResponse]:
    """A view that does this and says what came of it."""

    @login_required
    @require_POST
    def view(request: HttpRequest, number: int) -> HttpResponse:
        found = find_alert(number)
        actor_of(request).require(Verb.OPERATE, found.team)
        try:
            done = act(request, found)
        except (Conflict, InvalidInput) as error:
            return page(request, find_alert(number), problem=str(error), status=STATUSES[type(error)][0])
        messages.success(request, done)
        return redirect("alert", number)

    return view


@action
def acknowledge(request: HttpRequest, found: Alert) -> str:
    """Somebody is at it."""
    services.acknowledge(alert=found, person=request.user, reason=request.POST.get("reason", ""))
    return "You are at it: the escalation has stopped."


@action
def resolve(request: HttpRequest, found: Alert) -> str:
    """It is over."""
    services.resolve(alert=found, person=request.user, reason=request.POST.get("reason", ""))
    return "The alert is resolved."


@action
def silence(request: HttpRequest, found: Alert) -> str:
    """Nobody is told of this objective's alerts of this severity, or of both, for so long."""
    if found.objective is None:
        raise InvalidInput("an alert about a run has no objective that could be silenced; acknowledge or resolve it")
    actor_of(request).require(Verb.OPERATE, found.objective.owner)
    made = services.silence(
        objective=found.objective, severity=request.POST.get("severity", ""), person=request.user,
        reason=request.POST.get("reason", ""), ends_at=clock.now() + _length(request),
    )  # fmt: skip
    return f"Silent until {made.ends_at:%Y-%m-%d %H:%M} UTC."


@login_required
@require_POST
def silence_objective(request: HttpRequest, name: str) -> HttpResponse:
    """The same before anything burns: for work that is planned."""
    found = find_objective(name)
    actor_of(request).require(Verb.OPERATE, found.owner)
    try:
        made = services.silence(
            objective=found, severity=request.POST.get("severity", ""), person=request.user,
            reason=request.POST.get("reason", ""), ends_at=clock.now() + _length(request),
        )  # fmt: skip
    except InvalidInput as error:
        messages.error(request, f"Not silenced: {error}")
    else:
        messages.success(request, f"Silent until {made.ends_at:%Y-%m-%d %H:%M} UTC.")
    return redirect("objective", found.name)


@login_required
@require_POST
def end_silence(request: HttpRequest, number: int) -> HttpResponse:
    """People are told again."""
    found = find_silence(number)
    actor_of(request).require(Verb.OPERATE, found.objective.owner)
    try:
        services.end_silence(silence=found, person=request.user, reason=request.POST.get("reason", ""))
    except (Conflict, InvalidInput) as error:
        messages.error(request, f"Not ended: {error}")
    else:
        messages.success(request, "The silence has ended.")
    return redirect("objective", found.objective.name)


def _length(request: HttpRequest) -> timedelta:
    """Such as 2h. Raises InvalidInput."""
    text = request.POST.get("length", "").replace(" ", "")
    try:
        return timedelta(seconds=parse_duration(text))
    except ValueError as error:
        raise InvalidInput(f"how long: {error}") from None
