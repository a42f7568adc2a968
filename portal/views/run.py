"""One run: its page, the drawer of a step, the live fragments of both, and stopping and retrying it."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from governance.selectors.postmortems import postmortem_from
from governance.selectors.runbooks import runbooks_of
from orchestration import clock
from orchestration.engine.payloads import load
from orchestration.engine.plans import retry_policy, start_to_close
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.ids import short
from orchestration.limits import DEFAULT_START_TO_CLOSE
from orchestration.models import Dependency, StepRun
from orchestration.selectors.events import awaited_by
from orchestration.selectors.runs import RunDetail, find_run, run_detail
from orchestration.selectors.sentences import conclusion, consequence
from orchestration.selectors.waits import ITEMS_PAGE, children_of, items_of
from orchestration.services import runs as services
from orchestration.states import RESULT_BAD, RunStatus, StepStatus, WaitingKind
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import failure_modes, plan_graph, run_gantt, run_step, run_timeline, run_waits
from portal.presentation import runs as words
from portal.presentation.dependency_pages import failure_modes as declared_modes
from portal.presentation.masking import hide_errors_within
from portal.presentation.origins import origin_of
from portal.presentation.words import Look
from portal.views.shapes import canonical_of, shape

#: Stops htmx's polling: nothing can change any more.
STOP_POLLING = 286
#: Parts that show the telling lines first, and everything with `=all`.
WIDENED = ("steps", "events")


@login_required
@require_GET
def run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """The page, or its live part."""
    return _page(request, run_detail(run_id, payloads_of=""))


@login_required
@require_GET
def step(request: HttpRequest, run_id: uuid.UUID, name: str) -> HttpResponse:
    """The page with the drawer of one step, or the live part of either."""
    detail = run_detail(run_id, payloads_of=name)
    if name not in detail.plan.steps:
        known = ", ".join(detail.plan.order[:10])
        raise NotFound(f"run {detail.run.short_id} has no step {name[:63]!r}; its version has {known}")
    return _page(request, detail, name)


@login_required
@require_POST
def cancel(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Stop at the next step boundary and compensate."""
    return act(request, run_id, "cancel", services.cancel_run, "is being cancelled")


@login_required
@require_POST
def terminate(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """End now and compensate nothing."""
    return act(request, run_id, "terminate", services.terminate_run, "was terminated")


@login_required
@require_POST
def retry(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Start the linked run and show it."""
    old = find_run(run_id)
    actor = actor_of(request)
    actor.require(Verb.OPERATE, old.team)
    # The new run is of the workflow's present owner, who may be another team by now.
    actor.require(Verb.OPERATE, old.workflow.owner)
    try:
        # One key per run retried: a second click, of whoever, leads to the same new run.
        new, created = services.retry_run(run=old, actor=actor.user, key=f"retry-{old.pk}")
    except Conflict as error:
        messages.error(request, _sentence(str(error)))
        return redirect("run", run_id=old.pk)
    word = "started" if created else "was started already"
    messages.success(request, f"Run {new.short_id} {word}, as a retry of run {old.short_id}.")
    return redirect("run", run_id=new.pk)


def act(request: HttpRequest, run_id: uuid.UUID, action: str, service: Any, done: str) -> HttpResponse:
    """Do what wants nothing but a reason, and show the run again; without a reason, with what is missing."""
    found = find_run(run_id)
    actor = actor_of(request)
    actor.require(Verb.OPERATE, found.team)
    reason = request.POST.get("reason", "")
    try:
        service(run_id=found.pk, actor=actor.user, reason=reason)
    except InvalidInput as error:
        problem = {"action": action, "reason": reason, "message": _sentence(str(error))}
        return _page(request, run_detail(run_id, payloads_of=""), problem=problem)
    except Conflict as error:
        messages.error(request, _sentence(str(error)))
        return redirect("run", run_id=found.pk)
    messages.success(request, f"Run {found.short_id} {done}.")
    return redirect("run", run_id=found.pk)


def _page(
    request: HttpRequest, detail: RunDetail, selected: str = "", problem: dict[str, str] | None = None
) -> HttpResponse:
    now = clock.now()
    if not actor_of(request).may(Verb.SEE_PAYLOADS, detail.run.team):
        hide_errors_within(detail)
    is_open = detail.run.status != RunStatus.FINISHED
    signature = _signature(detail, now, selected)
    live = request.GET.get("live") if request.headers.get("HX-Request") else None
    if live == signature and is_open:
        return HttpResponse(status=204)
    wide = "".join(f"&{name}=all" for name in WIDENED if request.GET.get(name) == "all")
    context = {
        "signature": signature,
        "is_open": is_open,
        "path": reverse("run-step", args=[detail.run.pk, selected])
        if selected
        else reverse("run", args=[detail.run.pk]),
        "nav": "runs",
        "wide": wide,
    }
    if live is not None and request.GET.get("part") == "step" and selected:
        context |= _drawer(request, detail, selected)
        return render(request, "runs/step_live.html", context, status=200 if context["step_is_open"] else STOP_POLLING)
    context |= _main(request, detail, selected, now)
    if live is not None:
        return render(request, "runs/run_live.html", context, status=200 if is_open else STOP_POLLING)
    if selected:
        context |= _drawer(request, detail, selected)
    context["problem"] = problem
    return render(request, "runs/run.html", context, status=422 if problem else 200)


def _main(request: HttpRequest, detail: RunDetail, selected: str, now: Any) -> dict[str, Any]:
    found, actor = detail.run, actor_of(request)
    drawn = shape(found.version)
    looks = words.looks_of(detail)
    no_retry = services.why_not_retry(found)
    may = actor.may(Verb.OPERATE, found.team)
    actions = words.actions(detail, may_operate=may, no_retry=no_retry)
    awaited = awaited_by(found.pk) if may and _awaits(detail) else []
    mark = _digest([[asdict(action) for action in actions], [(one.pk, one.type) for one in awaited]])

    names = list(detail.plan.order) if request.GET.get("steps") == "all" else run_gantt.telling(detail, selected)

    def href(name: str) -> str:
        return reverse("run-step", args=[found.pk, name])

    bad = found.result in RESULT_BAD or found.ending in RESULT_BAD
    failed = found.status == RunStatus.FINISHED and found.result in RESULT_BAD
    return {
        "postmortem": postmortem_from(f"run {found.pk}") if failed else None,
        "may_write": failed and actor.may(Verb.MAINTAIN, found.workflow.owner_id),
        "run": found,
        "origin": origin_of(found.origin),
        "detail": detail,
        "look": words.look_of(found),
        "parent_short": short(found.parent_step.run_id) if found.parent_step is not None else "",
        "conclusion": conclusion(detail),
        "consequence": consequence(detail),
        "leads": run_waits.leads(detail),
        "next_at": words.next_at(detail),
        "took": words.seconds(found.started_at, found.finished_at or now),
        "retried_as": detail.retried_as,
        **_called(detail, drawn if bad else None),
        "runbook": _runbook(detail, drawn) if bad else None,
        "gantt": run_gantt.draw(detail, href, now, selected, set(names)),
        "left_out": len(detail.plan.order) - len(names),
        "gantt_title": run_gantt.title(detail, now),
        "actions": actions,
        "awaited": awaited,
        "signal_key": uuid.uuid4(),
        "actions_mark": mark,
        "actions_same": request.GET.get("actions") == mark,
        "path_title": _path_title(detail, looks),
        "pathway": [(name, looks[name], href(name)) for name in drawn.order] if drawn.is_path else None,
        "diagram": None if drawn.is_path else plan_graph.draw(drawn, href, looks),
        "timeline": run_timeline.build(detail, everything=request.GET.get("events") == "all"),
    }


def _awaits(detail: RunDetail) -> bool:
    return any(
        step.status == StepStatus.WAITING and step.waiting_kind == WaitingKind.EVENT for step in detail.steps.values()
    )


def _drawer(request: HttpRequest, detail: RunDetail, name: str) -> dict[str, Any]:
    found = detail.run
    planned = detail.plan.steps[name]
    row = detail.steps.get(name)
    chosen = _item(request, detail, name) if planned.for_each is not None else None
    shown = chosen or row
    only_failed = request.GET.get("items") == "failed"
    items = items_of(found.pk, name, after=_number(request, "after"), failed=only_failed) if planned.for_each else []
    children = children_of([one.pk for one in items]) if planned.kind == "workflow" and items else {}
    declared = canonical_of(found.version_id)["spec"]["steps"][name]
    policy = retry_policy(planned)
    drawer = run_step.drawer(detail, name)
    return {
        "run": found,
        "drawer": drawer,
        "masked": not actor_of(request).may(Verb.SEE_PAYLOADS, found.team),
        "within": run_waits.within(detail, name, items, children, page=ITEMS_PAGE),
        "chosen": chosen.item if chosen is not None else 0,
        "only_failed": only_failed,
        "shown": shown,
        "input": load(shown.input) if shown is not None else None,
        "output": load(shown.output) if shown is not None else None,
        "called": run_step.called(planned, declared, policy, start_to_close(planned, DEFAULT_START_TO_CLOSE)),
        "step_is_open": drawer.is_open,
    }


def _item(request: HttpRequest, detail: RunDetail, name: str) -> StepRun | None:
    """The item that `?item=` names; None for another or none."""
    number = _number(request, "item")
    return StepRun.objects.filter(run_id=detail.run.pk, name=name, item=number).first() if number else None


def _number(request: HttpRequest, key: str) -> int:
    """A small whole number of the query; 0 for anything else."""
    text = request.GET.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _called(detail: RunDetail, drawn: plan_graph.Shape | None) -> dict[str, Any]:
    """The dependency that the failed step called, and which of its failure modes this looks like."""
    run = detail.run
    name = drawn.dependencies.get(run.failed_step, "") if drawn is not None else ""
    known = Dependency.objects.filter(name=name).first() if name else None
    modes = declared_modes(known.spec) if known is not None else []
    matching = failure_modes.matching(modes, run.error_type, run.error_message)
    return {"dependency": name, "failure_modes": matching, "declared": len(modes)}


def _runbook(detail: RunDetail, drawn: plan_graph.Shape) -> Any:
    """The runbook that the failed step or the workflow names, if there is one by that name; else any linked one."""
    linked = list(runbooks_of(detail.run.workflow))
    named = drawn.runbooks.get(detail.run.failed_step) or drawn.runbook
    return next((book for book in linked if book.slug == named), linked[0] if linked else None)


def _path_title(detail: RunDetail, looks: dict[str, Look]) -> str:
    total = len(looks)
    over = sum(look is not words.PENDING for look in looks.values())
    failed = detail.run.failed_step
    if failed in looks:
        return f"The path stopped at {failed}, step {list(looks).index(failed) + 1} of {total}"
    if detail.run.status == RunStatus.FINISHED:
        return f"The path through {total} steps"
    return f"{over} of {total} steps reached so far"


def _signature(detail: RunDetail, now: Any, selected: str) -> str:
    """Changes whenever the page would: with every state, and each second while something runs or is retried."""
    run = detail.run
    moving = any(
        step.status in {StepStatus.RUNNING, StepStatus.RETRYING} or step.compensation == "running"
        for step in detail.steps.values()
    )
    return _digest(
        [
            run.status,
            run.ending,
            run.result,
            run.compensation,
            len(detail.events),
            selected,
            int(now.timestamp()) if moving else 0,
        ]
        + [(step.name, step.status, step.fence, step.compensation) for step in detail.steps.values()]
        + [(step_id, str(counts)) for step_id, counts in detail.waits.items.items()]
        + [detail.retried_as.pk if detail.retried_as else None]
    )


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
