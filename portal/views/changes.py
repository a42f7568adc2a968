"""Changes: the list, a page each as a reviewer sees it, and the votes. Thin: the rules are governance/services/changes.py's."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from governance.models import Change
from governance.selectors.changes import changes, counted, find_change, waiting_for
from governance.selectors.contracts import ports_of_contract
from governance.selectors.impact import impact
from governance.services.changes import OPEN, approvals, review, withdraw
from governance.services.documents import find_team
from orchestration.errors import Conflict, Forbidden, InvalidInput
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import change_words, payload_lines, textdiff
from portal.views import document_lists as lists

FILTERS = ("state", "team")
PER_PAGE = 50


@login_required
@require_GET
def list_changes(request: HttpRequest) -> HttpResponse:
    """Newest first; those that wait for the reader stand on top."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    state = given.get("state", "")
    found = changes(state=state if state in Change.State.values else "", team=given.get("team", ""))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    mine = {one.pk for one in waiting_for(request.user)}
    context = {
        "nav": "changes",
        "rows": [
            (change_words.CHANGE[one.state], change_words.VERDICT[one.verdict], one, one.pk in mine) for one in page
        ],
        "page": page,
        "waiting": len(mine),
        "given": given,
        "states": [(value, change_words.CHANGE[value].word) for value in Change.State.values],
        "teams": lists.offered(Team.objects.values_list("name", flat=True), given.get("team")),
    }
    return render(request, "changes/list.html", context)


@login_required
@require_GET
def change(request: HttpRequest, number: int) -> HttpResponse:
    """One, from the verdict down to the votes."""
    return _page(request, find_change(number))


@login_required
@require_POST
def vote(request: HttpRequest, number: int) -> HttpResponse:
    """Approve, request changes or reject, for one team; bound to what the page showed."""
    found = find_change(number)
    team = find_team(request.POST.get("team", ""))
    actor_of(request).require(Verb.REVIEW, team)
    try:
        after = review(
            change=found, person=request.user, team=team, vote=request.POST.get("vote", ""),
            reason=request.POST.get("reason", ""), seen=request.POST.get("seen", ""),
        )  # fmt: skip
    except (Conflict, InvalidInput, Forbidden) as error:
        return _page(
            request, find_change(number), problem=str(error), status=409 if isinstance(error, Conflict) else 422
        )
    words = (
        f"{after.version} is published."
        if after.state == Change.State.APPLIED
        else f"Your review for {team.name} counts."
    )
    messages.success(request, words)
    return redirect("change", number)


@login_required
@require_POST
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """Withdraw; for the maintainers of the contract's owner."""
    found = find_change(number)
    actor_of(request).require(Verb.MAINTAIN, found.version.contract.owner)
    try:
        withdraw(change=found, person=request.user, reason=request.POST.get("reason", ""))
    except (Conflict, InvalidInput) as error:
        return _page(request, find_change(number), problem=str(error), status=422)
    messages.success(request, f"Change {number} is withdrawn.")
    return redirect("change", number)


def _page(request: HttpRequest, found: Change, *, problem: str = "", status: int = 200) -> HttpResponse:
    report, old, new = found.report, found.base.version if found.base else "", found.version.version
    accepts, refuses = change_words.refused_by(report, old, new)
    texts = [json.dumps(one.schema, indent=2, ensure_ascii=False) if one else "" for one in (found.base, found.version)]
    uses = impact(ports_of_contract(found.version.contract.name))
    context = {
        "nav": "changes",
        "change": found,
        "title": change_words.title(found),
        "verdict": change_words.VERDICT[found.verdict],
        "state": change_words.CHANGE[found.state],
        "sentence": change_words.meaning(report, found.verdict, old, new),
        "findings": [(change_words.tone_of(one), one) for one in report["findings"]],
        "breaking": sum(bool(one["direction"]) for one in report["findings"]),
        "lines": payload_lines.lines(report["witness"], *report["complaint"]) if report["has_witness"] else [],
        "accepts": accepts,
        "refuses": refuses,
        "diff": textdiff.diff(texts[0], texts[1]),
        "uses": uses,
        "runs_day": sum(use.day for use in uses),
        "runs_month": sum(use.month for use in uses),
        "reviewers": _reviewers(found),
        "void": [one for one in found.reviews.all() if one.content_hash != found.content_hash],
        "mine": _mine(request, found),
        "may_withdraw": found.state in OPEN and actor_of(request).may(Verb.MAINTAIN, found.version.contract.owner),
        "problem": problem,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "changes/change.html", context, status=status)


def _reviewers(found: Change) -> list[dict[str, Any]]:
    """Each team that is asked, why, and what it said about the content as it is."""
    votes = approvals(found)
    owner = found.version.contract.owner_id
    rows = []
    for team in sorted(found.teams.all(), key=lambda one: (one.pk != owner, one.name)):
        said = votes.get(team.pk)
        look = change_words.VOTE[said.vote] if said else change_words.CHANGE["open"]
        why = "owns the contract" if team.pk == owner else "a workflow of its uses it"
        rows.append({"team": team, "look": look, "why": why, "review": said})
    return rows


def _mine(request: HttpRequest, found: Change) -> list[Team]:
    """Teams for which the reader can still vote."""
    if found.state != Change.State.OPEN or found.author_id == request.user.pk:
        return []
    reviews = counted(found)
    if any(one.person_id == request.user.pk for one in reviews):
        return []
    voted = {one.team_id for one in reviews}
    actor = actor_of(request)
    return [team for team in found.teams.all() if team.pk not in voted and actor.may(Verb.REVIEW, team)]
