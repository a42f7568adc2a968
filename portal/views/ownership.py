"""Who owns what: all teams with counts, and a page each with what it owns, what waits for it, and whom it is coupled to."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from governance.selectors import ownership as selectors
from governance.selectors.coupling import ties
from governance.selectors.runbooks import today
from orchestration.models import Membership, Role
from portal.dashboards.shared import shared
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation.onboarding import on_call
from portal.presentation.words import decision_look


@login_required
@require_GET
def list_teams(request: HttpRequest) -> HttpResponse:
    """Every team and how much it owns."""
    return render(request, "ownership/list.html", {"nav": "ownership", "rows": selectors.counts()})


@login_required
@require_GET
def team(request: HttpRequest, name: str) -> HttpResponse:
    """One."""
    found = selectors.find_team(name)
    every = shared("ties", ties)
    rows = Membership.objects.filter(team=found, user__is_active=True).select_related("user").order_by("user__username")
    people: dict[str, list[str]] = {}
    for row in rows:
        people.setdefault(row.role, []).append(row.user.get_username())
    owned = selectors.owned(found)
    context = {
        "nav": "ownership",
        "team": found,
        "may_read_history": found.pk in actor_of(request).roles() or actor_of(request).may(Verb.ADMINISTER),
        "owned": owned,
        "decisions": [(decision_look(one.status), one) for one in owned.decisions],
        "waiting": selectors.waiting(found, today()),
        "relies": [tie for tie in every if tie.team == name],
        "relied_on": [tie for tie in every if tie.other == name],
        "people": [(role.label, people[role]) for role in Role if role in people],
        "on_call": on_call(found.document),
    }
    return render(request, "ownership/team.html", context)
