"""Changes: the list, and a page each as a reviewer sees it. What is done to one is in change_actions.py."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from governance.gate.subjects import kinds
from governance.models import Change
from governance.selectors.changes import changes, find_change, waiting_for
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.presentation import change_page, change_words
from portal.views import document_lists as lists

FILTERS = ("state", "team", "kind")
PER_PAGE = 50


@login_required
@require_GET
def list_changes(request: HttpRequest) -> HttpResponse:
    """Newest first; those that wait for the reader are marked."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given = lists.given(request, FILTERS)
    state, kind = given.get("state", ""), given.get("kind", "")
    found = changes(
        state=state if state in Change.State.values else "", team=given.get("team", ""), kind=kind if kind in kinds() else ""
    )  # fmt: skip
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    mine = {one.pk for one in waiting_for(request.user)}
    context = {
        "nav": "changes",
        "rows": [
            (change_words.CHANGE[one.state], change_words.VERDICT[one.verdict], one, one.pk in mine, change_words.KIND[one.kind])
            for one in page
        ],
        "page": page,
        "waiting": len(mine),
        "given": given,
        "states": [(value, change_words.CHANGE[value].word) for value in Change.State.values],
        "kinds": [(value, change_words.KIND[value]) for value in kinds()],
        "teams": lists.offered(Team.objects.values_list("name", flat=True), given.get("team")),
    }  # fmt: skip
    return render(request, "changes/list.html", context)


@login_required
@require_GET
def change(request: HttpRequest, number: int) -> HttpResponse:
    """One, from the verdict down to the votes."""
    return page(request, find_change(number))


def page(request: HttpRequest, found: Change, *, problem: str = "", status: int = 200) -> HttpResponse:
    """The page, with what was wrong with the last thing asked of it, and the words typed then."""
    context = change_page.context(found, actor_of(request))
    typed = {"problem": problem, "reason": request.POST.get("reason", ""), "typed": request.POST}
    return render(request, "changes/change.html", context | typed, status=status)
