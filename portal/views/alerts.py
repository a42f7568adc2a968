"""Alerts: the list, and a page each with what burns, since when, and what was done about it. Never changes one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from governance.selectors.exercises import exercises_for
from governance.selectors.postmortems import postmortem_from
from governance.selectors.runbooks import runbook_of_alert
from orchestration import clock
from orchestration.errors import InvalidInput
from orchestration.models import Alert, Team
from orchestration.policies.burn import Severity
from orchestration.selectors import budgets
from orchestration.selectors.alerts import AlertFilter, AlertPage, alerts, events_of, find_alert, silences_of
from orchestration.services.alerts import is_hushed
from portal.exercise_permissions import may_start
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import exercise_words, objective_words
from portal.views import document_lists as lists

FILTERS = ("state", "severity", "team", "workflow")
STATES = [("unresolved", "Not resolved"), *((state.value, state.label) for state in Alert.State)]


@login_required
@require_GET
def list_alerts(request: HttpRequest) -> HttpResponse:
    """Newest first; filters in the URL, keyset pages."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    cursor, problem = request.GET.get("cursor", ""), ""
    try:
        page = alerts(_filter(given), cursor=cursor)
    except InvalidInput as error:
        page, problem = AlertPage([], None), str(error)
    context = {
        "nav": "alerts",
        "rows": [_row(one) for one in page.items],
        "problem": problem,
        "given": given,
        "is_first": not cursor,
        "applied": lists.applied(given),
        "states": STATES,
        "severities": [severity.value for severity in Severity],
        "teams": lists.offered(Team.objects.values_list("name", flat=True), given.get("team")),
        "next_url": lists.next_url(given, page.next),
    }
    return render(request, "alerts/list.html", context, status=422 if problem else 200)


@login_required
@require_GET
def alert(request: HttpRequest, number: int) -> HttpResponse:
    """One."""
    return page(request, find_alert(number))


def page(request: HttpRequest, found: Alert, *, problem: str = "", status: int = 200) -> HttpResponse:
    """The page, with what was wrong with the last thing asked of it, and the words typed then."""
    now, objective = clock.now(), found.objective
    budget = budgets.budget_of(objective, now) if objective else None
    is_open = found.resolved_at is None
    runbook = runbook_of_alert(found)
    may = actor_of(request).may(Verb.OPERATE, found.team)
    context = {
        "nav": "alerts",
        "alert": found,
        "title": objective_words.alert_title(found),
        "look": objective_words.ALERT[Alert.State(found.state)],
        "severity": objective_words.severity_look(found.severity),
        "sentence": objective_words.alert_sentence(found, now),
        "row": objective_words.row(budget) if budget else None,
        "runs_url": objective_words.failed_runs_url(found),
        "runbook": runbook,
        "exercises": [(exercise_words.look(one), one) for one in exercises_for(found)],
        "may_respond": runbook is not None and may_start(actor_of(request), runbook, found),
        "postmortem": postmortem_from(f"alert {found.pk}"),
        "may_write": actor_of(request).may(Verb.MAINTAIN, found.team),
        "events": [(objective_words.EVENT[one.what], one) for one in events_of(found)],
        "silences": list(silences_of(objective.pk, now)) if objective else [],
        "is_hushed": is_open and is_hushed(found),
        "may_acknowledge": may and found.state == Alert.State.OPEN,
        "may_resolve": may and is_open,
        "may_silence": may and objective is not None and objective.retired_at is None,
        "lacks_role": is_open and not may,
        "problem": problem,
        "typed": request.POST,
    }
    return render(request, "alerts/alert.html", context, status=status)


def _filter(given: dict[str, str]) -> AlertFilter:
    """What is no state or severity finds nothing, and is shown as the filter in force."""
    return AlertFilter(**given)


def _row(one: Alert) -> dict[str, Any]:
    return {
        "alert": one,
        "look": objective_words.ALERT[Alert.State(one.state)],
        "severity": objective_words.severity_look(one.severity),
    }
