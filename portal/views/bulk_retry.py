"""Bulk retry of the runs that a list shows: what would be retried, the job that does it, and how far it is.

Owns these pages. What can be retried, and the job itself, are services/bulk_retry.py's.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from orchestration import clock
from orchestration.errors import Conflict, Forbidden, InvalidInput, NotFound
from orchestration.models import BulkRetry, BulkRetryItem
from orchestration.services import bulk_retry as services
from portal.middleware.reader import actor_of
from portal.permissions import Actor, Verb
from portal.presentation import run_filters
from portal.presentation.masking import hide_errors
from portal.presentation.runs import row
from portal.presentation.words import Look
from portal.views.document_forms import ReasonForm

#: So many of a job's runs are shown, those that were refused first.
SHOWN = 200
LOOKS = {
    "pending": Look("unk", "wait", "Not yet"),
    "retried": Look("ok", "retry", "Retried"),
    "refused": Look("fail", "stop", "Refused"),
    "cancelled": Look("unk", "none", "Left out"),
}
JOB_LOOKS = {
    "running": Look("unk", "running", "Running"),
    "done": Look("ok", "ok", "Done"),
    "cancelled": Look("unk", "stop", "Cancelled"),
}


class ConfirmForm(ReasonForm):
    """Why, and one key for each form, so that a double click begins one job."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)


@login_required
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """What of the filtered list can be retried; with a POST, retry it."""
    teams = teams_of(actor_of(request))
    query = request.GET
    form = ConfirmForm(request.POST) if request.method == "POST" else ConfirmForm(initial={"key": uuid.uuid4().hex})
    given: dict[str, str] = {}
    seen, problem = None, ""
    try:
        given, wanted = run_filters.read(query, clock.now())
        if form.is_bound and form.is_valid():
            job = services.begin(wanted=wanted, words=given, teams=teams, actor=request.user, **form.cleaned_data)
            return redirect("bulk-retry-job", job.pk)
        seen = services.preview(wanted=wanted, teams=teams)
    except InvalidInput as error:
        problem = f"{str(error)[:1].upper()}{str(error)[1:]}."
    now, actor = clock.now(), actor_of(request)
    sample = list(seen.sample) if seen else []
    hide_errors(run for run in sample if run.error_message and not actor.may(Verb.SEE_PAYLOADS, run.team_id))
    context = {
        "nav": "runs", "form": form, "seen": seen, "problem": problem, "query": urlencode(given),
        "sentence": run_filters.sentence(given), "rows": [row(run, now) for run in sample],
    }  # fmt: skip
    return render(request, "runs/bulk_retry.html", context, status=422 if problem or form.is_bound else 200)


@login_required
@require_GET
def job(request: HttpRequest, number: int) -> HttpResponse:
    """How far it is, and what became of its runs."""
    return _page(request, find_job(number), ReasonForm())


@login_required
@require_POST
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    """Retry no more of them."""
    found = find_job(number)
    require_job(actor_of(request), found)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    try:
        services.cancel(job_id=found.pk, actor=request.user, reason=form.cleaned_data["reason"])
    except Conflict as error:
        messages.error(request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    return redirect("bulk-retry-job", found.pk)


def teams_of(actor: Actor) -> set[int] | None:
    """Whose runs they may retry; None: everybody's. Raises Forbidden for somebody who may retry none."""
    if actor.may(Verb.OPERATE):
        return None
    teams = {team.pk for team in actor.teams_with(Verb.OPERATE)}
    if not teams:
        raise Forbidden("retrying runs needs the role operator or maintainer in a team; ask one of its maintainers")
    return teams


def find_job(number: int) -> BulkRetry:
    """Raises NotFound."""
    found = BulkRetry.objects.select_related("actor", "cancelled_by").filter(pk=number).first()
    if found is None:
        raise NotFound(f"no bulk retry {number}")
    return found


def require_job(actor: Actor, found: BulkRetry) -> None:
    """Who asked for a job may cancel it, and admins. Raises Forbidden."""
    if found.actor_id != actor.user.pk and not actor.may(Verb.OPERATE):
        raise Forbidden(
            f"bulk retry {found.pk} was asked for by {found.actor or 'nobody'}; only they and admins cancel it"
        )
    if actor.token is not None and Verb.OPERATE not in actor.token.verbs:
        raise Forbidden("the token does not carry the verb operate; make one that does")


def _page(request: HttpRequest, found: BulkRetry, form: ReasonForm) -> HttpResponse:
    actor, counts = actor_of(request), services.progress(found)
    over = counts["retried"] + counts["refused"]
    context: dict[str, Any] = {
        "nav": "runs", "job": found, "form": form, "counts": counts, "over": over, "look": JOB_LOOKS[found.state],
        "rows": [(LOOKS[item.state], item) for item in _telling(found)], "shown": min(SHOWN, found.total),
        "sentence": run_filters.sentence(found.filter), "query": urlencode(found.filter),
        "may_cancel": found.state == "running" and (found.actor_id == actor.user.pk or actor.may(Verb.OPERATE)),
    }  # fmt: skip
    return render(request, "runs/bulk_retry_job.html", context, status=422 if form.is_bound else 200)


def _telling(found: BulkRetry) -> list[BulkRetryItem]:
    """What was refused, then what was retried last, then what is still to come."""
    rows: list[BulkRetryItem] = []
    for state, order in (("refused", "pk"), ("retried", "-pk"), ("pending", "pk"), ("cancelled", "pk")):
        rows += found.items.filter(state=state).order_by(order)[: SHOWN - len(rows)]
        if len(rows) >= SHOWN:
            break
    return rows
