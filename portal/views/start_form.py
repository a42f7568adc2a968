"""Start a run: a form made of the input contract, or its JSON as text. One key per form, so a double click starts once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from orchestration.engine.plans import ports_of
from orchestration.errors import Conflict, InvalidInput, NotFound, TooLarge, Violation
from orchestration.hooks import hooks
from orchestration.models import WorkflowVersion
from orchestration.selectors.workflows import find_workflow
from orchestration.services.runs import MOST_PRIORITY, start_run, version_to_run
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import schema_form, schema_values
from portal.presentation.schema_form import Field

#: Names of the form's own fields; those of the input begin with a slash.
FORM, JSON = "form", "json"


@dataclass(slots=True)
class State:
    """What the page shows: one of the two faces, with what was typed and what is wrong."""

    face: str
    key: str
    root: Field | None = None
    text: str = ""
    problems: list[tuple[str, str, str]] = field(default_factory=list)


@login_required
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, name: str) -> HttpResponse:
    """The form; a POST starts, or adds or removes a row."""
    workflow = find_workflow(name)
    actor_of(request).require(Verb.OPERATE, workflow.owner)
    version = version_to_run(workflow=name, version=request.GET.get("version") or None)
    if version.state != WorkflowVersion.State.ACTIVE:
        raise NotFound(
            f"version {version.version} of {name!r} is {version.state}; only an active version can be started here"
        )
    port = ports_of(version.pk).get(("", "input"))
    schema = hooks.contracts.schema(*port) if port else None
    can_form = isinstance(schema, dict) and schema_form.build(schema).kind == "group"
    face = JSON if not can_form or request.GET.get("as") == JSON else FORM
    if request.method == "POST":
        state = _submitted(request, version, schema, face)
        if isinstance(state, HttpResponse):
            return state
    else:
        state = _fresh(schema, face)
    context = {
        "nav": "workflows",
        "workflow": workflow,
        "version": version,
        "contract": f"{port[0]}@{port[1]}" if port else "",
        "state": state,
        "priority": request.POST.get("priority", "0")[:6],
        "most_priority": MOST_PRIORITY,
        "can_form": can_form,
        "query": f"version={version.version}&" if request.GET.get("version") else "",
    }
    return render(request, "workflows/start.html", context, status=422 if state.problems else 200)


def _fresh(schema: Any, face: str) -> State:
    key = uuid.uuid4().hex
    if face == FORM:
        return State(FORM, key, root=schema_form.build(schema))
    example = schema_form.example(schema) if schema is not None else {}
    return State(JSON, key, text=json.dumps(example, ensure_ascii=False, indent=2))


def _submitted(request: HttpRequest, version: WorkflowVersion, schema: Any, face: str) -> State | HttpResponse:
    key = request.POST.get("key", "")[:64] or uuid.uuid4().hex
    if face == JSON:
        text = request.POST.get("input", "")
        try:
            value = schema_values.json_value(text)
        except ValueError as error:
            return State(JSON, key, text=text, problems=[("input", "Input", str(error))])
        return _start(request, version, value, State(JSON, key, text=text))
    raw = {name: text for name, text in request.POST.items() if isinstance(text, str) and name.startswith("/")}
    if "drop-row" in request.POST or "add-row" in request.POST:
        raw = schema_values.without_row(raw, request.POST.get("drop-row", ""))
        root = schema_form.build(schema, raw=raw or {"": ""})
        _grow(schema, root, raw, request.POST.get("add-row", ""))
        return State(FORM, key, root=root)
    value, misread = schema_values.read(schema, raw)
    if misread:
        root = schema_form.build(schema, raw=raw)
        faults = [(one.pointer, one.message) for one in misread]
        faults += [(one.pointer, one.message) for one in _violations(version, value)]
        return State(FORM, key, root, problems=schema_form.place(root, faults))
    return _start(request, version, value, State(FORM, key, root=schema_form.build(schema, value)))


def _violations(version: WorkflowVersion, value: Any) -> Sequence[Violation]:
    """What the contract says besides, so that every fault is told at once."""
    contract, resolved = ports_of(version.pk)["", "input"]
    return hooks.contracts.validate(contract, resolved, value)


def _grow(schema: Any, root: Field, raw: dict[str, str], pointer: str) -> None:
    """One more empty row for the list at the pointer."""
    longer = schema_form.build(schema, raw=raw or {"": ""}, blank=1)
    rows = {item.pointer: item.children for item in schema_form.fields(longer)}
    for item in schema_form.fields(root):
        if item.pointer == pointer and item.kind == "rows":
            item.children = rows[pointer]


def _start(request: HttpRequest, version: WorkflowVersion, value: Any, state: State) -> State | HttpResponse:
    try:
        priority = int(request.POST.get("priority", "").strip()[:6] or 0)
    except ValueError:
        state.problems = [("priority", "Priority", f"it is a whole number from {-MOST_PRIORITY} to {MOST_PRIORITY}")]
        return state
    try:
        person = actor_of(request).user
        run, created = start_run(version=version, input=value, key=state.key, actor=person, priority=priority)
    except (InvalidInput, TooLarge) as error:
        faults = [(one.pointer, one.message) for one in getattr(error, "violations", ())] or [("", str(error))]
        if state.root is not None:
            state.problems = schema_form.place(state.root, faults)
        else:
            state.problems = [("input", pointer or "Input", message) for pointer, message in faults]
        return state
    except Conflict as error:
        # The form was sent before, with other values: its run exists. A fresh key makes the next submit a new run.
        state.key = uuid.uuid4().hex
        state.problems = [("start", "This form", f"{error}. It has a new key now: submit again to start another run")]
        return state
    word = "started" if created else "was started by this form already"
    messages.success(request, f"Run {run.short_id} of {version.workflow.name} {version.version} {word}.")
    return redirect("run", run_id=run.pk)
