"""Control of one run: pause, resume, undo further, and the two pages that rerun it and edit the input of its failed step.

Each page says what will happen before it does. Owns those forms. Never decides what may be done: services do.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orchestration.engine.plans import plan_of, ports_of
from orchestration.errors import Conflict, InvalidInput, NotFound, TooLarge
from orchestration.models import Run
from orchestration.selectors.runs import find_run
from orchestration.services import input_edits, pauses, reruns
from orchestration.services.input_edits import editable_input, retry_with_input
from orchestration.services.reruns import Which, preview_rerun, rerun_run
from orchestration.services.runs import version_to_run
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import schema_values
from portal.views.document_forms import ReasonForm
from portal.views.run import act


class RerunForm(ReasonForm):
    """Why, and from where it was asked for."""

    step = forms.CharField(widget=forms.HiddenInput)
    version = forms.CharField(widget=forms.HiddenInput)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class EditForm(ReasonForm):
    """The input as JSON, and why it is another."""

    input = forms.CharField(
        label="Input", strip=False, widget=forms.Textarea({"rows": 14, "class": "input mono", "spellcheck": "false"})
    )
    field_order = ("input", "reason")


@login_required
@require_POST
def pause(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Begin nothing more of it."""
    return act(request, run_id, "pause", pauses.pause_run, "is paused")


@login_required
@require_POST
def resume(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Let it go on."""
    return act(request, run_id, "resume", pauses.resume_run, "goes on")


@login_required
@require_POST
def resume_compensation(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Try its failed compensation anew."""
    return act(request, run_id, "resume-compensation", pauses.resume_compensation, "is being undone further")


@login_required
@require_POST
def skip_compensation(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Take its failed compensation for done."""
    return act(request, run_id, "skip-compensation", pauses.skip_failed_compensation, "is being undone further")


@login_required
@require_http_methods(["GET", "POST"])
def rerun(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Choose a step and a version, see what would be done again, and do it."""
    run = find_run(run_id)
    _require(request, run, Verb.OPERATE)
    refusal = reruns.why_not_rerun(run)
    if refusal is not None:
        return _refused(request, run, refusal)
    if request.method == "POST":
        form = RerunForm(request.POST)
        if form.is_valid():
            answer = _rerun(request, run, form)
            if answer is not None:
                return answer
        return _rerun_page(request, run, form, request.POST.get("step", ""), request.POST.get("version", ""))
    which = request.GET.get("version", Which.ORIGINAL)
    step = request.GET.get("step") or run.failed_step
    form = RerunForm(initial={"step": step, "version": which, "key": uuid.uuid4().hex})
    return _rerun_page(request, run, form, step, which)


def _rerun(request: HttpRequest, run: Run, form: RerunForm) -> HttpResponse | None:
    given = form.cleaned_data
    try:
        new, created = rerun_run(
            run=run, from_step=given["step"], version=given["version"], actor=request.user, reason=given["reason"],
            key=f"rerun-{given['key']}",
        )  # fmt: skip
    except (Conflict, InvalidInput, NotFound, TooLarge) as error:
        form.add_error(None, _sentence(error))
        return None
    word = "started" if created else "was started already"
    messages.success(request, f"Run {new.short_id} {word}, as a rerun of run {run.short_id} from {given['step']}.")
    return redirect("run", run_id=new.pk)


def _rerun_page(request: HttpRequest, run: Run, form: RerunForm, step: str, which: str) -> HttpResponse:
    preview, problem = None, ""
    steps, latest = list(plan_of(run.version_id).order), None
    try:
        latest = version_to_run(workflow=run.workflow.name)
        if which == Which.LATEST:
            steps = list(plan_of(latest.pk).order)
    except (Conflict, NotFound):
        latest = None  # no version is active: only the original is offered
    if step:
        try:
            preview = preview_rerun(run=run, from_step=step, version=which or Which.ORIGINAL)
        except (Conflict, InvalidInput, NotFound, TooLarge) as error:
            problem = _sentence(error)
    context = {
        "nav": "runs", "run": run, "form": form, "step": step, "which": which, "steps": steps, "preview": preview,
        "problem": problem, "latest": latest if latest is not None and latest.pk != run.version_id else None,
    }  # fmt: skip
    return render(request, "runs/rerun.html", context, status=422 if form.is_bound or problem else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit_and_retry(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """The input that its failed step was given, to be changed; with a POST, the retry that is given it."""
    run = find_run(run_id)
    _require(request, run, Verb.OPERATE, Verb.SEE_PAYLOADS)
    # One key per run, as a plain retry has it: a second click leads to the same new run.
    key = f"retry-{run.pk}"
    known = run.retries.filter(idempotency_key=key).first()
    if request.method == "POST" and known is not None:
        messages.warning(request, f"Run {run.short_id} was retried already, as this run. Nothing was edited now.")
        return redirect("run", run_id=known.pk)
    refusal = input_edits.why_not_edit(run)
    if refusal is not None:
        return _refused(request, run, refusal)
    if request.method != "POST":
        text = json.dumps(editable_input(run), ensure_ascii=False, indent=2)
        return _edit_page(request, run, EditForm(initial={"input": text}))
    form = EditForm(request.POST)
    if form.is_valid():
        try:
            value = schema_values.json_value(form.cleaned_data["input"])
            new, _ = retry_with_input(
                run=run, input=value, actor=request.user, reason=form.cleaned_data["reason"], key=key
            )
        except (ValueError, InvalidInput, TooLarge) as error:
            form.add_error("input", _sentence(error))
        except Conflict as error:
            form.add_error(None, _sentence(error))
        else:
            messages.success(
                request, f"Run {new.short_id} started, as a retry of run {run.short_id} with another input."
            )
            return redirect("run", run_id=new.pk)
    return _edit_page(request, run, form)


def _edit_page(request: HttpRequest, run: Run, form: EditForm) -> HttpResponse:
    port = ports_of(run.version_id).get((run.failed_step, "input"))
    context = {"nav": "runs", "run": run, "form": form, "contract": f"{port[0]}@{port[1]}" if port else ""}
    return render(request, "runs/edit_and_retry.html", context, status=422 if form.is_bound else 200)


def _require(request: HttpRequest, run: Run, *verbs: Verb) -> None:
    """In the run's team, and in that of the workflow's present owner: the new run is theirs."""
    actor = actor_of(request)
    for verb in verbs:
        actor.require(verb, run.team)
        actor.require(verb, run.workflow.owner)


def _refused(request: HttpRequest, run: Run, refusal: str) -> HttpResponse:
    messages.error(request, _sentence(refusal))
    return redirect("run", run_id=run.pk)


def _sentence(text: Any) -> str:
    said = str(text)
    return f"{said[:1].upper()}{said[1:]}".rstrip(".") + "."
