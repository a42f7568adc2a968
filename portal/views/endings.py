"""The end of a version, of a contract or a workflow: its deprecation, and its retirement.

Owns the pages of the two forms. What is asked goes through the gate (governance/gate/endings.py), whose rules are not repeated
here.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from governance.gate.opening import propose
from governance.gate.requirements import rules_for
from governance.gate.shelves import Contracts, Shelf, Workflows
from governance.gate.subjects import Object, subject_of
from governance.models import Change
from orchestration.errors import Conflict, InvalidInput
from orchestration.services.applying import Signature
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.views.contract_forms import DeprecateForm
from portal.views.document_forms import ReasonForm

SHELVES: dict[str, Shelf] = {"contract": Contracts(), "workflow": Workflows()}


@login_required
@require_http_methods(["GET", "POST"])
def deprecate(request: HttpRequest, noun: str, name: str, number: str) -> HttpResponse:
    """Give a version a sunset and a successor."""
    shelf, version = _own(request, noun, name, number)
    owner = shelf.owner(version)
    notice = rules_for(f"{noun}.deprecate", name, owner.name).notice
    active = [one for one in shelf.active(name) if one != number]
    initial = {
        "sunset": (version.sunset_at or timezone.now() + notice + timedelta(days=1)).date(),
        "successor": version.successor or (active[0] if active else ""),
    }
    form = DeprecateForm(request.POST or None, successors=active, notice=notice.days, initial=initial)
    if request.method == "POST" and form.is_valid():
        sunset = datetime.combine(form.cleaned_data["sunset"], time(), tzinfo=UTC)
        proposal = {"sunset_at": sunset.isoformat(), "successor": form.cleaned_data["successor"]}
        thing = Object(f"{noun}.deprecate", name, number, owner, shelf.as_contract(version), proposal)
        answer = _ask(request, thing, form)
        if answer is not None:
            return answer
    context = {
        "title": f"Deprecate {name} {number}",
        "consequence": "It stays usable until then; what serves it says so. Sooner than was promised asks those who use it.",
        "button": "Deprecate",
    }
    return _page(request, noun, name, form, context)


@login_required
@require_http_methods(["GET", "POST"])
def retire(request: HttpRequest, noun: str, name: str, number: str) -> HttpResponse:
    """Take a version out of use, once nothing live uses it."""
    shelf, version = _own(request, noun, name, number)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        thing = Object(f"{noun}.retire", name, number, shelf.owner(version), shelf.as_contract(version))
        answer = _ask(request, thing, form)
        if answer is not None:
            return answer
    context = {
        "title": f"Retire {name} {number}",
        "consequence": "Nothing can use it afterwards. It is refused while something live does.",
        "button": "Retire",
        "danger": True,
    }
    return _page(request, noun, name, form, context)


def _own(request: HttpRequest, noun: str, name: str, number: str) -> tuple[Shelf, Any]:
    shelf = SHELVES[noun]
    version = shelf.find(name, number)
    actor_of(request).require(Verb.MAINTAIN, shelf.owner(version))
    return shelf, version


def _ask(request: HttpRequest, thing: Object, form: ReasonForm) -> HttpResponse | None:
    """Put it to the gate; None when it was refused, which the form then says."""
    try:
        made = propose(thing, Signature(request.user, form.cleaned_data["reason"]))
    except (InvalidInput, Conflict) as error:
        form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return None
    if made.state == Change.State.APPLIED:
        messages.success(request, f"{made.object} is {subject_of(made.kind).done}.")
        return redirect(thing.kind.partition(".")[0], thing.name)
    messages.success(request, "It waits for its reviews.")
    return redirect("change", made.pk)


def _page(request: HttpRequest, noun: str, name: str, form: ReasonForm, context: dict[str, Any]) -> HttpResponse:
    around = {"nav": f"{noun}s", "form": form, "crumb": name, "back": reverse(noun, args=[name])}
    return render(request, "admin/action.html", around | context, status=422 if form.errors else 200)
