"""What is done to a postmortem beside its text: begun from an alert or a run, lines of its timeline marked, noted and added.

Owns who may: maintainers of the team that owns it. The rules are in governance/services.
"""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from governance.models import Postmortem
from governance.selectors.incident_lines import timeline
from governance.selectors.postmortems import find_postmortem
from governance.services.drafting import from_alert, from_run
from governance.services.timelines import add_line, mark_line, remove_line
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.selectors.alerts import find_alert
from orchestration.selectors.runs import find_run
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.views.document_forms import ReasonForm, accuse
from portal.views.postmortem_forms import LineForm, NoteForm


@login_required
@require_POST
def of_alert(request: HttpRequest, number: int) -> HttpResponse:
    """A draft about an alert, filled in; the one that there is, if somebody was first."""
    alert = find_alert(number)
    actor_of(request).require(Verb.MAINTAIN, alert.team)
    return _begun(request, from_alert(alert=alert, actor=request.user))


@login_required
@require_POST
def of_run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """The same about a failed run."""
    run = find_run(run_id)
    actor_of(request).require(Verb.MAINTAIN, run.workflow.owner)
    try:
        return _begun(request, from_run(run=run, actor=request.user))
    except Conflict as error:
        messages.error(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return redirect("run", run_id=run.pk)


@login_required
@require_POST
def mark(request: HttpRequest, number: int) -> HttpResponse:
    """Pin or hide a line, or let it be as it is; its note stays."""
    found, key = _mine(request, number), request.POST.get("key", "")
    line = next((one for one in timeline(found).lines if one.key == key), None)
    try:
        shown = request.POST.get("shown", "")
        mark_line(postmortem=found, key=key, shown=shown, note=line.note if line else "", actor=request.user)
    except (Conflict, InvalidInput, NotFound) as error:
        messages.error(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    more = "?hidden" if request.POST.get("all") else ""
    return redirect(f"{reverse('postmortem', args=[number])}{more}#timeline")


@login_required
@require_http_methods(["GET", "POST"])
def note(request: HttpRequest, number: int) -> HttpResponse:
    """A note on a line: `?key=…`."""
    found, key = _mine(request, number), request.GET.get("key", "")
    line = next((one for one in timeline(found).lines if one.key == key), None)
    if line is None:
        raise NotFound(f"{found} has no such line; look at its timeline again")
    form = NoteForm(request.POST or None, initial={"shown": line.shown, "note": line.note})
    if request.method == "POST" and form.is_valid():
        try:
            mark_line(postmortem=found, key=key, actor=request.user, **form.cleaned_data)
            return redirect(f"{reverse('postmortem', args=[number])}#timeline")
        except (InvalidInput, Conflict) as error:
            _blame(form, error)
    return _asks(request, found, form, "A note on a line", "Save", consequence=line.text)


@login_required
@require_http_methods(["GET", "POST"])
def new_line(request: HttpRequest, number: int) -> HttpResponse:
    """A line of one's own."""
    found = _mine(request, number)
    form = LineForm(request.POST or None, initial={"at": found.began_at})
    if request.method == "POST" and form.is_valid():
        try:
            add_line(postmortem=found, actor=request.user, **form.cleaned_data)
            return redirect(f"{reverse('postmortem', args=[number])}#timeline")
        except (InvalidInput, Conflict) as error:
            _blame(form, error)
    return _asks(request, found, form, "A line of the timeline", "Add it")


@login_required
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Take back a line that somebody wrote: `?key=…`."""
    found = _mine(request, number)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            remove_line(postmortem=found, key=request.GET.get("key", ""), actor=request.user, reason=reason)
            return redirect(f"{reverse('postmortem', args=[number])}#timeline")
        except (InvalidInput, Conflict, NotFound) as error:
            _blame(form, error)
    return _asks(request, found, form, "Take a line back", "Take it back", consequence="The history keeps it.")


def _mine(request: HttpRequest, number: int) -> Postmortem:
    found = find_postmortem(number)
    actor_of(request).require(Verb.MAINTAIN, found.owner)
    return found


def _begun(request: HttpRequest, postmortem: Postmortem) -> HttpResponse:
    if postmortem.revision == 1:
        messages.success(request, "A draft, with window, timeline and figures. Edit it to tell what happened.")
    return redirect("postmortem", number=postmortem.number)


def _blame(form: forms.Form, error: InvalidInput | Conflict | NotFound) -> None:
    if isinstance(error, InvalidInput):
        accuse(form, error)
    else:
        form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")


def _asks(
    request: HttpRequest, found: Postmortem, form: forms.Form, title: str, button: str, *, consequence: str = ""
) -> HttpResponse:
    context = {
        "nav": "postmortems", "title": title, "button": button, "form": form, "consequence": consequence,
        "crumb": f"Postmortem {found.number}", "back": reverse("postmortem", args=[found.number]),
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)
