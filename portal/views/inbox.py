"""The inbox: what waits for the reader, the bell's count, and marking as read. What waits is decided elsewhere."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from portal.inbox.sources import sources
from portal.middleware.reader import actor_of
from portal.selectors.inbox import age, choices_for, inbox_of, unread_count
from portal.services.inbox import mark_read, mark_unread


@login_required
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """All that waits, unread first; `?kind=` shows one kind."""
    user, words = actor_of(request).user, sources.words
    waiting = inbox_of(user)
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in words else ""
    counted = {name: sum(one.item.kind == name for one in waiting) for name in words}
    hidden = choices_for(user).hidden
    context = {
        "nav": "inbox",
        "rows": [(one, age(one.item.since)) for one in waiting if not kind or one.item.kind == kind],
        "unread": sum(not one.is_read for one in waiting),
        "kind": kind,
        "kinds": [(name, words[name], count) for name, count in counted.items() if count or name == kind],
        "hidden": [words[name] for name in words if name in hidden],
    }
    return render(request, "inbox/inbox.html", context)


@login_required
@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """The number beside the bell, which each page asks for once it is there."""
    return render(request, "inbox/count.html", {"unread": unread_count(actor_of(request).user)})


@login_required
@require_POST
def mark(request: HttpRequest) -> HttpResponse:
    """One item as read, or with `unread` as not read."""
    user, key = actor_of(request).user, request.POST.get("key", "").replace("\x00", "")[:240]
    if "unread" in request.POST:
        mark_unread(user=user, key=key)
    else:
        mark_read(user=user, keys={key})
    return redirect("inbox")


@login_required
@require_POST
def mark_all(request: HttpRequest) -> HttpResponse:
    """Everything that waits at this moment."""
    done = mark_read(user=actor_of(request).user)
    messages.success(
        request, "Nothing waited." if not done else f"{done} {'item is' if done == 1 else 'items are'} marked as read."
    )
    return redirect("inbox")
