"""Approvals: the list, one's page with what it is about, and the decision, which only a person of the team takes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from governance.services.approving import decide_approval
from orchestration.engine.payloads import load
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Approval, Team
from orchestration.selectors.approvals import (
    OPEN,
    STATES,
    ApprovalFilter,
    approvals,
    find_approval,
    open_for,
    question_of,
    waits_still,
)
from portal.approval_permissions import require_decide, why_not
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import approval_words as words
from portal.presentation import runs as run_words
from portal.views import document_lists as lists
from portal.views.keyset import keyset_page

FILTERS = ("state", "team", "workflow")
#: Open ones for the reader, above the list.
MOST_MINE = 50


@login_required
@require_GET
def list_approvals(request: HttpRequest) -> HttpResponse:
    """What waits for the reader first, then all of them, newest first."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    state = given.get("state", "")
    known = state if state in STATES else ""
    wanted = ApprovalFilter(state=known, team=given.get("team", ""), workflow=given.get("workflow", ""))
    page = keyset_page(approvals(wanted), request)
    teams = [team.pk for team in actor_of(request).teams_with(Verb.REVIEW)]
    mine = open_for(teams, not_started_by=request.user.pk, most=MOST_MINE) if not given and page.is_first else []
    context = {
        "nav": "approvals",
        "mine": [_row(one) for one in mine],
        "rows": [_row(one) for one in page.rows],
        "problem": page.problem,
        "given": given,
        "is_first": page.is_first,
        "applied": lists.applied(given),
        "states": [(OPEN, "Open"), *((one, one.capitalize()) for one in STATES[1:])],
        "teams": lists.offered(Team.objects.values_list("name", flat=True), given.get("team")),
        "next_url": lists.next_url(given, page.next),
    }
    return render(request, "approvals/list.html", context, status=422 if page.problem else 200)


@login_required
@require_GET
def approval(request: HttpRequest, number: int) -> HttpResponse:
    """One."""
    return _page(request, find_approval(number))


@login_required
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Approve or reject. Who comes second is told who decided."""
    found = find_approval(number)
    require_decide(actor_of(request), found)
    try:
        decided = decide_approval(
            approval=found, person=request.user, decision=request.POST.get("decision", ""),
            comment=request.POST.get("comment", ""),
        )  # fmt: skip
    except (Conflict, InvalidInput) as error:
        status = 409 if isinstance(error, Conflict) else 422
        return _page(request, find_approval(number), problem=_sentence(str(error)), status=status)
    after = "and the run goes on" if decided.decision == Approval.Decision.APPROVED else "and the run is told"
    messages.success(request, f"You {decided.decision} it, {after}.")
    return redirect("approval", number)


def _page(request: HttpRequest, found: Approval, *, problem: str = "", status: int = 200) -> HttpResponse:
    actor, question = actor_of(request), question_of(found)
    is_open = waits_still(found)
    refusal = why_not(actor, found) if is_open else ""
    sees = actor.may(Verb.SEE_PAYLOADS, found.run.team_id) or actor.may(Verb.SEE_PAYLOADS, found.team_id)
    context: dict[str, Any] = {
        "nav": "approvals",
        "approval": found,
        "run": found.run,
        "title": words.title(found),
        "look": words.LOOK[found.decision],
        "is_open": is_open,
        "intent": question.planned.intent,
        "before": [
            (step, run_words.look_of_step(step), load(step.input), load(step.output)) for step in question.before
        ],
        "masked": not sees,
        "on_yes": words.on_yes(question),
        "on_no": words.on_no(question),
        "on_timeout": words.on_timeout(found),
        "who": words.who(found),
        "refusal": _sentence(refusal) if refusal else "",
        "may_decide": is_open and not refusal,
        "problem": problem,
        "comment": request.POST.get("comment", ""),
    }
    return render(request, "approvals/approval.html", context, status=status)


def _row(one: Approval) -> dict[str, Any]:
    return {"approval": one, "look": words.LOOK[one.decision], "who": words.who(one)}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
