"""Dependencies: the list, and a page each with what is known now: who calls it, how, and what went wrong lately.

Never calls the service and never shows a resolved address or secret.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from governance.selectors.runbooks import freshness_of, runbooks_of_dependency
from orchestration import clock
from orchestration.engine.plans import plan_of
from orchestration.ids import floor
from orchestration.models import Attempt, Dependency, DependencyEnd, Run, StepRun, Team, WorkflowVersion
from orchestration.selectors.targets import retry_policy_spec
from orchestration.selectors.workflows import consumers_of, find_dependency
from orchestration.states import StepStatus
from portal.presentation import dependency_pages
from portal.presentation.history import changes
from portal.presentation.words import runbook_look

#: Attempts are looked at in the latest runs of the last day: a bound that holds however busy the day was.
RECENT_RUNS = 500
SHOWN = 15
#: Outcomes of an attempt that are no failed call.
NOT_FAILED = ("succeeded", "parked")
FILTERS = ("team", "q")

Consumers = list[tuple[WorkflowVersion, list[str]]]


@dataclass(frozen=True, slots=True)
class Recent:
    """What the latest calls came to: tries, failures by error, and the failed attempts that are shown."""

    tries: int
    failing: int
    errors: list[tuple[str, int]]
    attempts: list[Attempt]


@login_required
@require_GET
def list_dependencies(request: HttpRequest) -> HttpResponse:
    """Every dependency with the workflows that call it; team and q are filters in the URL."""
    given = {name: request.GET[name].strip() for name in FILTERS if request.GET.get(name, "").strip()}
    if any(name in FILTERS and name not in given for name in request.GET):
        return redirect(f"{reverse('dependencies')}{'?' + urlencode(given) if given else ''}")
    found = Dependency.objects.select_related("owner")
    if "team" in given:
        found = found.filter(owner__name=given["team"])
    words = given.get("q", "").lower().split()
    rows = [item for item in found if all(word in f"{item.name} {item.description}".lower() for word in words)]
    callers = _callers()
    teams = list(Team.objects.values_list("name", flat=True))
    context = {
        "nav": "dependencies",
        "rows": [(item, callers.get(item.name, []), str(item.spec.get("base_url", ""))) for item in rows],
        "given": given,
        "teams": teams if given.get("team", "") in {"", *teams} else [given["team"], *teams],
    }
    return render(request, "dependencies/list.html", context)


@login_required
@require_GET
def dependency(request: HttpRequest, name: str) -> HttpResponse:
    """One dependency."""
    found = find_dependency(name)
    consumers = consumers_of(name)
    recent = _recent(consumers)
    retry = found.spec.get("retry")
    books = list(runbooks_of_dependency(found))
    slugs = {book.slug for book in books}
    modes = [(mode, mode.get("runbook") in slugs) for mode in dependency_pages.failure_modes(found.spec)]
    history = list(found.history.select_related("history_user", "owner"))
    context = {
        "nav": "dependencies",
        "dependency": found,
        "end": DependencyEnd.objects.filter(dependency=found).first(),
        "look": dependency_pages.look(recent.failing, recent.tries),
        "sentence": dependency_pages.sentence(recent.failing, recent.tries, recent.errors),
        "facts": dependency_pages.facts(found.spec, retry_policy_spec(retry) if isinstance(retry, str) else None),
        "consumers": consumers,
        "recent": recent,
        "modes": modes,
        "runbooks": [(runbook_look(freshness_of(book)), book) for book in books],
        "entries": changes(history, ("owner", "description", "content_hash"), "Dependency"),
    }
    return render(request, "dependencies/dependency.html", context)


def _recent(consumers: Consumers) -> Recent:
    """Attempts of the steps that call it, in the latest runs of the last 24 hours."""
    steps = {(version.workflow_id, step) for version, names in consumers for step in names}
    since = floor(clock.now() - timedelta(hours=24))
    workflows = {workflow_id for workflow_id, _ in steps}
    runs = Run.objects.filter(workflow_id__in=workflows, pk__gte=since).order_by("-pk").values_list("pk", flat=True)
    ids = list(runs[:RECENT_RUNS])
    names = {step for _, step in steps}
    rows = Attempt.objects.filter(step__run_id__in=ids, step__name__in=names).exclude(outcome__in=NOT_FAILED)
    errors: Counter[str] = Counter()
    for workflow_id, step, error in rows.values_list("step__run__workflow_id", "step__name", "error_type"):
        if (workflow_id, step) in steps:
            errors[error] += 1
    # Of a success the step itself tells: at the first claim there is no attempt row (decision 19).
    fine = StepRun.objects.filter(run_id__in=ids, name__in=names, status=StepStatus.SUCCEEDED, reused_from=None)
    good = sum((workflow_id, step) in steps for workflow_id, step in fine.values_list("run__workflow_id", "name"))
    failed = rows.select_related("step__run__workflow").order_by("-finished_at")
    shown = failed.defer("step__input", "step__output", "step__run__input", "step__run__output")[:SHOWN]
    return Recent(errors.total() + good, errors.total(), errors.most_common(), list(shown))


def _callers() -> dict[str, list[str]]:
    """Dependency → workflows whose highest active version calls it."""
    latest: dict[int, tuple[int, str]] = {}
    active = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).order_by("precedence")
    for workflow_id, pk, name in active.values_list("workflow_id", "pk", "workflow__name"):
        latest[workflow_id] = (pk, name)
    callers: dict[str, list[str]] = {}
    for pk, name in sorted(latest.values(), key=lambda pair: pair[1]):
        plan = plan_of(pk)
        called = {step.dependency for step in plan.steps.values()}
        called |= {step.compensate.dependency for step in plan.steps.values() if step.compensate is not None}
        for dependency_name in called - {None}:
            callers.setdefault(str(dependency_name), []).append(name)
    return callers
