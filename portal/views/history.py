"""The history of any governed object, and restoring a revision of it. Documents have pages of their own.

Owns the flow of the two pages. What an object is, who may read it and how it is written again is portal/history's.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from governance.selectors.documents import Page
from orchestration.errors import Forbidden, InvalidInput, InvalidManifest, PlumblineError
from orchestration.manifest import Problem
from portal.api.problems import STATUSES
from portal.history.reading import Revision, Subject, find, find_row, revisions
from portal.history.restoring import may_restore, newest, require_restorable, restore, would_change
from portal.middleware.reader import actor_of
from portal.presentation.history_words import changes, entries
from portal.views.people_forms import ReasonForm

PER_PAGE = 20


@login_required
@require_GET
def history(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Its revisions, newest first; `?revision=` shows one of them alone, however long it is."""
    subject = find(actor_of(request), kind, key)
    alone = _number(request, "revision")
    if alone is not None:
        find_row(subject, alone)
        page: Page[Revision] = Page(revisions(subject, cursor=str(alone + 1), limit=1).items, None)
    else:
        page = revisions(subject, cursor=request.GET.get("cursor", ""), limit=PER_PAGE)
    context = {
        **_frame(subject),
        "entries": entries(subject.kind, page.items),
        "alone": alone,
        "cursor": request.GET.get("cursor", ""),
        "newest": newest(subject),
        "may_restore": may_restore(actor_of(request), subject),
        "next_url": f"?cursor={page.next}" if page.next else "",
    }
    return render(request, "history/history.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def restore_revision(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Show what would change, ask why, then write the revision again as the newest one."""
    actor = actor_of(request)
    subject = find(actor, kind, key)
    require_restorable(actor, subject)
    revision = _number(request, "revision")
    if revision is None:
        raise InvalidInput("choose a revision to restore on the history page")
    row = find_row(subject, revision)
    form = ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                restored = restore(
                    subject=subject, revision=revision, seen=_number(request, "seen") or 0, actor=actor,
                    reason=form.cleaned_data["reason"],
                )  # fmt: skip
            except Forbidden:
                raise
            except PlumblineError as error:
                status = STATUSES[type(error)][0]
                for fault in _faults(error):
                    form.add_error(None, f"{fault[:1].upper()}{fault[1:]}.")
                subject = find(actor, kind, key)  # as it is now: that is what the page compares with
            else:
                messages.success(request, f"{restored.name} is as it was then, as a new revision.")
                return redirect(restored.kind.url(restored.row))
    deltas, longs = changes(subject.kind, *would_change(subject, row))
    context = {**_frame(subject), "form": form, "row": row, "deltas": deltas, "longs": longs, "newest": newest(subject)}
    return render(request, "history/restore.html", context, status=status)


def _faults(error: PlumblineError) -> list[str]:
    """Of a manifest each with its field: the line is of a text that nobody sees."""
    if isinstance(error, InvalidManifest):
        return [f"{one.path}: {one.message}" for one in error.problems if isinstance(one, Problem)]
    return [str(error)]


def _frame(subject: Subject) -> dict[str, Any]:
    kind, label, nav = subject.kind, *subject.kind.within
    return {
        "nav": nav,
        "kind": kind,
        "noun": kind.noun,
        "name": subject.name,
        "list": (label, reverse(nav)),
        "page_url": kind.page(subject.current) if subject.current is not None else "",
        "history_url": kind.url(subject.row),
        "restore_url": reverse("history-restore", args=[kind.slug, kind.key_of(subject.row)]),
        "is_deleted": subject.current is None,
    }


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name) or request.GET.get(name) or ""
    if text and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInput(f"{name} is {text[:40]!r}, which is no revision; choose one on the history page")
    return int(text) if text else None
