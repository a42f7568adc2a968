"""Pause and resume a workflow: one page that says what it does to new runs and to open ones.

Owns that form. Never decides what a pause means: services/pauses.py does.
"""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Run
from orchestration.selectors.workflows import find_workflow
from orchestration.services import pauses
from orchestration.states import RunStatus
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.views.document_forms import ReasonForm


class PauseForm(ReasonForm):
    """Why, and whether its open runs are paused too."""

    open_runs = forms.BooleanField(
        label="Pause its open runs as well", required=False,
        help_text="Each ends what runs at this moment and begins nothing new. They are resumed one by one.",
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "POST"])
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """The form; with a POST, pause it or let it go on."""
    workflow = find_workflow(name)
    actor_of(request).require(Verb.OPERATE, workflow.owner)
    is_paused = workflow.paused_at is not None
    form: ReasonForm = ReasonForm() if is_paused else PauseForm()
    if request.method == "POST":
        resumes = request.POST.get("do") == "resume"
        form = ReasonForm(request.POST) if resumes else PauseForm(request.POST)
        if form.is_valid():
            try:
                messages.success(request, _resume(request, name, form) if resumes else _pause(request, name, form))
                return redirect("workflow", name)
            except (Conflict, InvalidInput) as error:
                form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    open_runs = Run.objects.filter(workflow=workflow, status__in=(RunStatus.RUNNING, RunStatus.WAITING)).count()
    context = {"nav": "workflows", "workflow": workflow, "form": form, "is_paused": is_paused, "open_runs": open_runs}
    return render(request, "workflows/pause.html", context, status=422 if form.is_bound else 200)


def _pause(request: HttpRequest, name: str, form: ReasonForm) -> str:
    reason = form.cleaned_data["reason"]
    workflow = pauses.pause_workflow(name=name, actor=request.user, reason=reason)
    if not form.cleaned_data["open_runs"]:
        return f"{name} is paused: no new run of it begins."
    count = pauses.pause_open_runs(workflow=workflow, actor=request.user, reason=reason)
    return f"{name} is paused, and {count:,} open {'run' if count == 1 else 'runs'} with it."


def _resume(request: HttpRequest, name: str, form: ReasonForm) -> str:
    pauses.resume_workflow(name=name, actor=request.user, reason=form.cleaned_data["reason"])
    return f"{name} takes new runs again. Runs that are paused stay so until they are resumed."
