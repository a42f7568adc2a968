"""What a person does to a schedule or trigger: pause, resume, make up for a range. Each ends on its page again.

Owns who may ask for what: operators of the owner, and for a backfill those of the workflow's owner too. The rules are
orchestration/services/schedules.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Backfill, Schedule
from orchestration.selectors import schedules as selectors
from orchestration.services import schedules as services
from portal.api.problems import STATUSES
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import schedule_words as words
from portal.schedule_permissions import require_backfill
from portal.views.document_forms import ReasonForm
from portal.views.postmortem_forms import moment_field
from portal.views.schedules import schedule_page, trigger_page


class BackfillForm(ReasonForm):
    """A range in the reader's zone, how it is worked off, and why."""

    starts_at = moment_field("From", "In your time zone. A tick at this moment is included.")
    ends_at = moment_field("To", "In your time zone, and not in the future. A tick at this moment is included.")
    order = forms.ChoiceField(
        choices=[("oldest_first", "Oldest first"), ("newest_first", "Newest first")], label="Order"
    )
    max_parallel = forms.IntegerField(
        label="Runs at a time", min_value=1, max_value=services.MOST_PARALLEL, initial=1,
        help_text="The next tick starts when one of these is over.",
    )  # fmt: skip
    field_order = ["starts_at", "ends_at", "order", "max_parallel", "reason"]

    def asked(self) -> services.Range:
        """The range, once the form is valid."""
        given = self.cleaned_data
        return services.Range(given["starts_at"], given["ends_at"], given["max_parallel"], given["order"])


def _switch(kind: str, act: Callable[..., None], done: str) -> Callable[[HttpRequest, str], HttpResponse]:
    """A view that pauses or resumes one of them."""
    find: Callable[[str], Any] = getattr(selectors, f"find_{kind}")
    page: Callable[..., HttpResponse] = schedule_page if kind == "schedule" else trigger_page

    @login_required
    @require_POST
    def view(request: HttpRequest, name: str) -> HttpResponse:
        found = find(name)
        actor_of(request).require(Verb.OPERATE, found.owner)
        try:
            act(thing=found, actor=request.user, reason=request.POST.get("reason", ""))
        except (Conflict, InvalidInput) as error:
            return page(request, find(name), problem=str(error), status=STATUSES[type(error)][0])
        messages.success(request, f"{found.name} {done}")
        return redirect(kind, name)

    return view


pause_schedule = _switch("schedule", services.pause, "is paused: it starts nothing until it is resumed.")
resume_schedule = _switch("schedule", services.resume, "goes on.")
pause_trigger = _switch("trigger", services.pause, "is paused: events start nothing by it until it is resumed.")
resume_trigger = _switch("trigger", services.resume, "goes on.")


@login_required
@require_http_methods(["GET", "POST"])
def backfill(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a range; at first what it would start is shown, then it is started."""
    found = selectors.find_schedule(name)
    require_backfill(actor_of(request), found)
    form = BackfillForm(request.POST) if request.method == "POST" else BackfillForm()
    shown: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            shown = _preview(found, form)
            # What is started is what was shown, whatever was typed since, and however the schedule was changed.
            if request.POST.get("do") == "start" and request.POST.get("seen") == shown["seen"]:
                made = _start(request, found, form)
                messages.success(request, f"Backfill {made.pk} starts {made.ticks:,} {_runs(made.ticks)}.")
                return redirect("schedule", found.name)
        except InvalidInput as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    context = {"nav": "schedules", "schedule": found, "form": form, "preview": shown, "zone": words.zone_of(found.spec)}
    return render(request, "schedules/backfill.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def cancel_backfill(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Start no more of its ticks."""
    schedule = selectors.find_schedule(name)
    actor_of(request).require(Verb.OPERATE, schedule.owner)
    found = selectors.find_backfill(schedule, number)
    try:
        services.cancel_backfill(backfill=found, actor=request.user, reason=request.POST.get("reason", ""))
    except (Conflict, InvalidInput) as error:
        return schedule_page(request, schedule, problem=str(error), status=STATUSES[type(error)][0])
    messages.success(request, f"Backfill {found.pk} is cancelled; runs that it started go on.")
    return redirect("schedule", name)


def _preview(schedule: Schedule, form: BackfillForm) -> dict[str, Any]:
    """Raises InvalidInput."""
    ticks = services.preview(schedule=schedule, asked=form.asked())
    first, last = (words.local(tick, schedule.spec) for tick in (ticks[0], ticks[-1]))
    return {
        "count": len(ticks), "runs": _runs(len(ticks)), "first": first, "last": last, "seen": f"{len(ticks)} {first} {last}",
    }  # fmt: skip


def _start(request: HttpRequest, schedule: Schedule, form: BackfillForm) -> Backfill:
    return services.start_backfill(
        schedule=schedule, asked=form.asked(), actor=request.user, reason=form.cleaned_data["reason"]
    )


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"
