"""Action items of a postmortem: added and changed by who maintains it, closed and dropped by the team that is to do it.

Owns who may. What is evidence, and that nothing closes without it, is governance/services/action_items.py's.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from governance.models import ActionItem
from governance.selectors.evidence import verdict_of
from governance.selectors.postmortems import find_action, find_postmortem
from governance.services.action_items import add_action, change_action, close_action, drop_action
from governance.services.documents import find_team
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.postmortem_page import check_words
from portal.views.document_forms import ReasonForm, accuse
from portal.views.postmortem_forms import ActionForm, CloseForm


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, number: int) -> HttpResponse:
    """Another thing to do."""
    postmortem = find_postmortem(number)
    actor_of(request).require(Verb.MAINTAIN, postmortem.owner)
    form = ActionForm(request.POST or None, initial={"owner": postmortem.owner.name}, is_new=True)
    if request.method == "POST" and form.is_valid():
        try:
            add_action(postmortem=postmortem, actor=request.user, **_values(form))
            return _back(number)
        except InvalidInput as error:
            accuse(form, error)
    return _asks(request, number, form, "A new action", "Add it")


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an open one."""
    item = find_action(pk)
    actor_of(request).require(Verb.MAINTAIN, item.postmortem.owner)
    initial = {
        "text": item.text, "owner": item.owner.name, "person": item.person.get_username() if item.person else "",
        "due": item.due, "check": item.check_kind, "target": item.target, "days": item.days,
    }  # fmt: skip
    form = ActionForm(request.POST or None, initial=initial, is_new=False)
    if request.method == "POST" and form.is_valid():
        try:
            change_action(item=item, actor=request.user, reason=form.cleaned_data["reason"], **_values(form))
            return _back(item.postmortem.number)
        except (InvalidInput, Conflict) as error:
            _blame(form, error)
    return _asks(request, item.postmortem.number, form, "Edit the action", "Save")


@login_required
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Done, if its evidence is there."""
    item = find_action(pk)
    actor_of(request).require(Verb.MAINTAIN, item.owner)
    form: forms.Form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            close_action(item=item, actor=request.user, **form.cleaned_data)
            messages.success(request, "Done, and the evidence is kept with it.")
            return _back(item.postmortem.number)
        except (InvalidInput, Conflict) as error:
            _blame(form, error)
    said = f"{item.text} It can be closed when {check_words(item)}."
    if item.check_kind != ActionItem.Check.CONFIRMED:
        said += f" Now: {verdict_of(item, clock.now()).said}."
    return _asks(request, item.postmortem.number, form, "Close the action", "Close it", consequence=said)


@login_required
@require_http_methods(["GET", "POST"])
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Not to be done after all."""
    item = find_action(pk)
    actor_of(request).require(Verb.MAINTAIN, item.postmortem.owner)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            drop_action(item=item, actor=request.user, reason=form.cleaned_data["reason"])
            return _back(item.postmortem.number)
        except (InvalidInput, Conflict) as error:
            _blame(form, error)
    return _asks(request, item.postmortem.number, form, "Drop the action", "Drop it", consequence=item.text)


def _values(form: ActionForm) -> dict[str, Any]:
    given = form.cleaned_data
    names = ("text", "person", "due", "check", "target", "days")
    return {"owner": find_team(given["owner"]), **{name: given[name] for name in names}}


def _back(number: int) -> HttpResponse:
    return redirect(f"{reverse('postmortem', args=[number])}#actions")


def _blame(form: forms.Form, error: InvalidInput | Conflict) -> None:
    if isinstance(error, InvalidInput):
        accuse(form, error)
    else:
        form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")


def _asks(
    request: HttpRequest, number: int, form: forms.Form, title: str, button: str, *, consequence: str = ""
) -> HttpResponse:
    context = {
        "nav": "postmortems", "title": title, "button": button, "form": form, "consequence": consequence,
        "crumb": f"Postmortem {number}", "back": reverse("postmortem", args=[number]),
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)
