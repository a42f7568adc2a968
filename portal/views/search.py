"""The page of search: one field for everything, facets in the URL, pages. Owns no rule of what is found."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from governance.search.query import LONGEST
from governance.selectors.search import MOST, Found, Narrowed, search
from portal.middleware.reader import actor_of
from portal.presentation import search_page as look
from portal.selectors.finding import reader_of, run_named
from portal.views import document_lists as lists

NAMES = ("kind", "team", "status")


@login_required
@require_GET
def search_everything(request: HttpRequest) -> HttpResponse:
    """What answers `?q=`, best first; a pasted run id opens the run."""
    if clean := lists.clean_url(request, ("q", *NAMES)):
        return redirect(clean)
    text = request.GET.get("q", "").replace("\x00", "")[:LONGEST]
    run = run_named(text)
    if run is not None:
        return redirect("run", run_id=run.pk)
    given = ({"q": text} if text.strip() else {}) | lists.given(request, NAMES)
    number = _page(request.GET.get("page", ""))
    found = Found(asked=False)
    if text.strip():
        narrowed = Narrowed(**{name: given.get(name, "") for name in NAMES})
        offset = (number - 1) * look.PER_PAGE
        found = search(text, reader=reader_of(actor_of(request)), narrowed=narrowed, offset=offset, limit=look.PER_PAGE)
    context = {
        "nav": "search",
        "q": text,
        "given": given,
        "found": found,
        "rows": look.rows(found),
        "facets": look.facets(found, given),
        "summary": look.summary(found, number),
        "next_url": look.next_query(found, given, number),
        "previous_url": look.previous_query(given, number),
    }
    return render(request, "search/search.html", context)


def _page(text: str) -> int:
    """A page that there may be; the first for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        return 1
    return max(1, min(int(text), MOST // look.PER_PAGE))
