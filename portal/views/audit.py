"""The audit log: a list with filters in the URL, and the same as files. Everyone signed in may read it. Never writes."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from governance.audit_export import FORMATS
from governance.selectors.audit import AuditFilter, entries, in_use, stream, verification
from governance.selectors.documents import Page
from orchestration.errors import InvalidInput
from portal.history.links import history_urls
from portal.middleware.reader import actor_of
from portal.presentation import audit_words
from portal.views import document_lists as lists

FILTERS = ("actor", "action", "kind", "name", "from", "to", "bulk")
PER_PAGE = 50
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


@login_required
@require_GET
def list_audit(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    if clean := lists.clean_url(request, FILTERS):
        return redirect(clean)
    given, problem = lists.given(request, FILTERS), ""
    try:
        page = entries(_wanted(given), cursor=request.GET.get("cursor", ""), limit=PER_PAGE)
    except InvalidInput as error:
        # The list still opens, with what was typed; nothing is shown, since a filter that is ignored would lie.
        problem, page = str(error), Page([], None)
    last = verification()
    histories = history_urls(actor_of(request), page.items)
    context = {
        "nav": "audit",
        "rows": [audit_words.row(entry, histories.get(entry.sequence, "")) for entry in page.items],
        "chain": audit_words.chain_look(last, timezone.now()),
        "broken": last.problem if last else "",
        "given": given,
        "applied": lists.applied(given),
        "sentence": lists.sentence(given),
        "problem": problem,
        "is_first": "cursor" not in request.GET,
        "next_url": lists.next_url(given, page.next),
        "actions": [
            (word, audit_words.action_look(word).word) for word in lists.offered(in_use("action"), given.get("action"))
        ],
        "kinds": lists.offered(in_use("object_kind"), given.get("kind")),
        "exports": [(form.upper(), _export_url(form, given)) for form in FORMATS],
    }
    return render(request, "audit/list.html", context, status=422 if problem else 200)


@login_required
@require_GET
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    """All that fits the filters, oldest first, sent as it is read."""
    lines = FORMATS[form](stream(_wanted(lists.given(request, FILTERS))))
    name = f"plumbline-audit-{timezone.now():%Y-%m-%d}.{form}"
    return StreamingHttpResponse(
        lines, content_type=TYPES[form], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _export_url(form: str, given: dict[str, str]) -> str:
    return f"{reverse(f'audit-{form}')}{'?' if given else ''}{urlencode(given)}"


def _wanted(given: dict[str, str]) -> AuditFilter:
    exact = {name: text for name, text in given.items() if name not in {"from", "to"}}
    return AuditFilter(**exact, since=_day("from", given, 0), until=_day("to", given, 1))


def _day(name: str, given: dict[str, str], later: int) -> datetime | None:
    """The beginning of that day in the reader's zone, or of the day after it; a moment is taken as it is."""
    if name not in given:
        return None
    try:
        moment = datetime.fromisoformat(given[name])
        if len(given[name]) <= len("2026-11-17"):
            moment = datetime.combine(moment.date() + timedelta(days=later), time.min)
        return moment if moment.tzinfo else timezone.make_aware(moment)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{name} {given[name][:40]!r} is no time; write 2026-11-17, or 2026-11-17T13:58") from None
