"""The pages of bulk changes: what would become of each document, then what became of it; and the chosen ones as files.

Thin: the bar's choice is read, services try it and do it. Who may is asked for each document by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from governance.models import BulkChange
from governance.selectors.bulk import bulk_by_key, files_of, find_bulk
from governance.services.bulk import CHANGED, Require, Target, begin, carry_out, checked, count, own_key, plan
from governance.services.bulk_nouns import Noun, Wanted, find_noun, read_wanted
from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput
from portal.downloads import zip_of
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import bulk_words
from portal.presentation.words import Look
from portal.views import bulk_bar
from portal.views.document_forms import ReasonForm

#: One that has not ended by then was broken off: a hundred documents take some seconds.
_PATIENCE = timedelta(minutes=1)


@login_required
@require_POST
def change(request: HttpRequest, kind: str) -> HttpResponseBase:
    """What would become of the chosen; with a key and a reason it is done."""
    noun, targets = find_noun(kind), checked(bulk_bar.chosen(request.POST))
    if "export" in request.POST:
        return _files(kind, targets)
    try:
        wanted = read_wanted(noun, *bulk_bar.asked(request.POST))
    except InvalidInput as error:
        return _choose_again(request, kind, targets, error)
    is_sent = "key" in request.POST
    form = ReasonForm(request.POST if is_sent else None)
    if is_sent and form.is_valid():
        key = own_key(request.user, str(_key(request)))
        try:
            bulk = begin(
                key=key, noun=noun, targets=targets, wanted=wanted, actor=request.user, reason=form.cleaned_data["reason"]
            )  # fmt: skip
        except Conflict:
            return _sent_before(request, key)
        carry_out(bulk, require=_require(request))
        return _to_result(request, bulk)
    return _confirm(request, form, noun, targets, wanted)


@login_required
@require_http_methods(["GET", "POST"])
def result(request: HttpRequest, number: int) -> HttpResponse:
    """What became of each. One that was broken off is gone on with by whoever asked for it."""
    bulk = find_bulk(number)
    is_own = bulk.person_id == request.user.pk
    if request.method == "POST":
        if not is_own:
            raise Forbidden(f"bulk change {bulk.pk} was asked for by {bulk.person}; only they go on with it")
        carry_out(bulk, require=_require(request))
        return redirect("bulk", bulk.pk)
    is_broken_off = bulk.ended_at is None and bulk.asked_at < clock.now() - _PATIENCE
    context = {
        **_frame(bulk.kind, request.GET.urlencode()),
        "bulk": bulk,
        "field": bulk_words.FIELDS[bulk.field],
        "value": bulk_words.value_word(bulk.kind, bulk.field, bulk.value),
        "rows": _rows(bulk.kind, bulk.field, bulk.value, bulk.lines, bulk_words.DONE),
        "sentence": bulk_words.done_sentence(bulk.lines),
        "changed": count(bulk.lines, CHANGED),
        "is_broken_off": is_broken_off,
        "may_go_on": is_own and is_broken_off,
    }
    return render(request, "knowledge/bulk_result.html", context)


def _choose_again(
    request: HttpRequest, kind: str, targets: Sequence[Target], error: InvalidInput
) -> HttpResponse:  # fmt: skip
    """What was chosen stays chosen. Who may do nothing to several has nothing to choose, and gets the error itself."""
    bar = bulk_bar.bar(request, kind, actor_of(request).teams_with(Verb.MAINTAIN))
    if bar is None or not (bar.owners or bar.statuses):
        raise error
    form = bulk_bar.ChoiceForm(bar, targets, request.POST)
    form.accuse(error)
    query = request.POST.get("query", "")
    title = f"Change {bulk_words.counted(kind, len(targets))}"
    context = {**_frame(kind, query), "form": form, "query": query, "title": title}
    return render(request, "knowledge/bulk_choice.html", context, status=422)


def _sent_before(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Somebody went back to a form that was sent, and sent it with something else: what it did is done."""
    bulk = bulk_by_key(key)
    if bulk is None:
        raise Conflict("the bulk change that this form asked for is gone; begin again on the list")
    messages.warning(request, "This form was sent before, and this came of it. Nothing more was changed now.")
    return _to_result(request, bulk)


def _to_result(request: HttpRequest, bulk: BulkChange) -> HttpResponse:
    return redirect(f"{reverse('bulk', args=[bulk.pk])}?{_query(request)}")


def _confirm(
    request: HttpRequest, form: ReasonForm, noun: Noun, targets: Iterable[Target], wanted: Wanted
) -> HttpResponse:  # fmt: skip
    lines = plan(
        noun=noun, targets=list(targets), wanted=wanted, require=_require(request), actor=request.user
    )  # fmt: skip
    going = [line for line in lines if line.outcome == CHANGED]
    value = bulk_words.value_word(noun.kind, wanted.field, wanted.value)
    context = {
        **_frame(noun.kind, request.POST.get("query", "")),
        "form": form,
        "key": _key(request),
        "do": request.POST.get("do", ""),
        "day": request.POST.get("day", ""),
        "query": request.POST.get("query", ""),
        "going": going,
        "title": f"Set the {bulk_words.FIELDS[wanted.field]} of {bulk_words.counted(noun.kind, len(lines))} to {value}",
        "button": f"Change {bulk_words.counted(noun.kind, len(going))}",
        "rows": _rows(noun.kind, wanted.field, wanted.value, map(asdict, lines), bulk_words.PLANNED),
        "sentence": bulk_words.planned_sentence(line.outcome for line in lines),
    }
    return render(request, "knowledge/bulk_confirm.html", context, status=422 if form.is_bound else 200)


def _rows(
    kind: str, field: str, value: str, lines: Iterable[Mapping[str, Any]], looks: Mapping[str, Look]
) -> list[dict[str, Any]]:  # fmt: skip
    after = bulk_words.value_word(kind, field, value)
    return [
        {
            **line,
            "look": looks[line["outcome"]],
            "url": reverse(kind, args=[line["key"]]) if line["title"] else "",
            "before": bulk_words.value_word(kind, field, line["was"]) if line["title"] else "",
            "after": after,
            "moves": line["outcome"] == CHANGED,
        }
        for line in lines
    ]


def _files(kind: str, targets: Iterable[Target]) -> FileResponse:
    return zip_of(files_of(kind, [target.key for target in targets]), f"{kind}s.zip")


def _frame(kind: str, query: str) -> dict[str, Any]:
    back = reverse(f"{kind}s")
    return {
        "nav": f"{kind}s",
        "kind": kind,
        "label": f"{kind}s".capitalize(),
        "back": f"{back}?{query}" if query else back,
    }


def _query(request: HttpRequest) -> str:
    """The list's own query, to go back to; it only ever stands behind that list's address."""
    query = request.POST.get("query", "")
    return query if query.isascii() and query.isprintable() else ""


def _key(request: HttpRequest) -> uuid.UUID:
    if "key" not in request.POST:
        return uuid.uuid4()
    try:
        return uuid.UUID(request.POST["key"])
    except ValueError:
        raise InvalidInput("the form's key is not one that the page gave out; begin again on the list") from None


def _require(request: HttpRequest) -> Require:
    actor = actor_of(request)
    return lambda team: actor.require(Verb.MAINTAIN, team)
