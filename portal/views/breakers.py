"""The breaker of a dependency: how it stands, its history, and the two forms that force it or let it go.

Owns the page. What is asked goes through the gate (governance/gate/breakers.py), whose rules are not repeated here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from governance.gate.breakers import FORCE, proposal
from governance.gate.opening import propose
from governance.gate.subjects import Object
from governance.models import Change
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Dependency
from orchestration.policies.breaker import FORCED, LONGEST_OPEN
from orchestration.selectors.breakers import BreakerView, latest_transitions, view
from orchestration.selectors.workflows import find_dependency
from orchestration.services import breakers
from orchestration.services.applying import Signature
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.words import breaker_look, health_look
from portal.selectors.dependency_health import fresh_health
from portal.views.document_forms import ReasonForm


class ForceForm(ReasonForm):
    """A state, for how long, and why."""

    STATES: ClassVar[list[tuple[str, str]]] = [
        ("forced_open", "Forced open: nothing is called, steps wait or fall back"),
        ("metrics_only", "Measuring only: everything is called, and counted"),
        ("disabled", "Disabled: everything is called, nothing is counted"),
    ]
    HOURS: ClassVar[list[tuple[str, str]]] = [
        ("1", "1 hour"), ("4", "4 hours"), ("24", "1 day"), ("72", "3 days"), ("168", "7 days"),
    ]  # fmt: skip
    state = forms.ChoiceField(choices=STATES, label="State")
    hours = forms.ChoiceField(choices=HOURS, label="For", help_text="Then it decides by itself again.")
    field_order = ["state", "hours", "reason"]


@login_required
@require_http_methods(["GET", "POST"])
def breaker(request: HttpRequest, name: str) -> HttpResponse:
    """How it stands; with a POST, force it or let it go."""
    found = find_dependency(name)
    may = actor_of(request).may(Verb.SWITCH, found.owner)
    if request.method != "POST":
        return _page(request, found, ForceForm(), may=may)
    actor_of(request).require(Verb.SWITCH, found.owner)
    releases = request.POST.get("do") == "release"
    form: forms.Form = ReasonForm(request.POST) if releases else ForceForm(request.POST)
    if form.is_valid():
        answer = _release(request, found, form) if releases else _force(request, found, form)
        if answer is not None:
            return answer
    return _page(request, found, form, may=may)


def _force(request: HttpRequest, found: Dependency, form: forms.Form) -> HttpResponse | None:
    """Put it to the gate; None when it was refused, which the form then says."""
    given = form.cleaned_data
    try:
        # A minute less than the longest: the clock goes on between here and the check.
        until = timezone.now() + timedelta(hours=int(given["hours"])) - timedelta(minutes=1)
        thing = Object(FORCE, found.name, given["state"], found.owner, None, proposal(given["state"], until))
        change = propose(thing, Signature(request.user, given["reason"]))
    except (InvalidInput, Conflict) as error:
        _say(form, error)
        return None
    if change.state != Change.State.APPLIED:
        messages.success(request, "It waits for its reviews.")
        return redirect("change", change.pk)
    messages.success(request, f"The breaker of {found.name} is {breaker_look(given['state']).word.lower()}.")
    return redirect("dependency-breaker", found.name)


def _release(request: HttpRequest, found: Dependency, form: forms.Form) -> HttpResponse | None:
    try:
        breakers.release(name=found.name, reason=form.cleaned_data["reason"], actor=request.user)
    except (InvalidInput, Conflict) as error:
        _say(form, error)
        return None
    messages.success(request, f"The breaker of {found.name} decides by itself again.")
    return redirect("dependency-breaker", found.name)


def _say(form: forms.Form, error: Exception) -> None:
    form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")


def _page(request: HttpRequest, found: Dependency, form: forms.Form, *, may: bool) -> HttpResponse:
    seen = view(found.name)
    health = fresh_health(found.name, clock.now())
    context = {
        "nav": "dependencies", "dependency": found, "breaker": seen, "look": breaker_look(seen.state), "health": health,
        "health_look": health_look(health.word), "facts": _facts(seen), "is_forced": seen.state in FORCED, "form": form,
        "may": may, "history": [(breaker_look(one.target), one) for one in latest_transitions(found.name)],
    }  # fmt: skip
    return render(request, "dependencies/breaker.html", context, status=422 if form.errors else 200)


def _facts(seen: BreakerView) -> list[tuple[str, Any]]:
    settings, window = seen.guards.breaker, seen.window
    facts: list[tuple[str, Any]] = [
        ("Calls in the last minute", f"{window.calls:,}, of them {window.bad:,} failed and {window.slow:,} slow"),
        ("Opens at", f"{settings.failure_rate:g} % failed, of {settings.minimum_calls:,} calls or more"),
        (
            "Stays open for",
            f"{settings.open_for:g} s, twice as long each time, up to {LONGEST_OPEN * settings.open_for:g} s",
        ),
        ("Trial calls", f"{settings.half_open_calls:,}"),
        ("While open, steps", "fail at once" if seen.guards.fails_open else "wait without a worker, or fall back"),
    ]
    if settings.slow_after is not None:
        facts.insert(2, ("Or at", f"{settings.slow_rate:g} % slower than {settings.slow_after:g} s"))
    if seen.guards.bulkhead is not None:
        facts.append(("Bulkhead", f"{seen.in_use:,} of {seen.guards.bulkhead:,} calls under way"))
    if seen.guards.rate is not None:
        facts.append(("Rate limit", f"{seen.guards.rate:g} calls a second"))
    if seen.parked:
        facts.append(
            ("Steps that wait", ", ".join(f"{n:,} for the {kind.replace('_', ' ')}" for kind, n in seen.parked.items()))
        )
    if seen.guards.probe is not None:
        facts.append(("Probe", _probe(seen)))
    return facts


def _probe(seen: BreakerView) -> str:
    if seen.probed_at is None:
        return "not asked yet"
    at = f"{seen.probed_at:%H:%M:%S} UTC"
    if not seen.probe_failures:
        return f"answered in {(seen.probe_seconds or 0.0) * 1000:.0f} ms at {at}"
    times = "time" if seen.probe_failures == 1 else "times"
    return f"failed {seen.probe_failures:,} {times} in a row, last at {at}: {seen.probe_error}"
