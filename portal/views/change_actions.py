"""What a person does to a change: vote, comment, waive, schedule, apply, withdraw, break the glass.

Each is a POST that ends on the change's page again; what the gate refuses is shown there, and nothing typed is lost. Owns who may
ask for what. The rules of the gate are governance/gate's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from governance.gate import commenting, glass, settling, waiving
from governance.gate.opening import Rollout
from governance.gate.reviewing import review
from governance.gate.subjects import subject_of
from governance.models import Change, Waiver
from governance.selectors.changes import find_change
from governance.services.documents import find_team
from orchestration.errors import Conflict, Forbidden, InvalidInput, NotFound
from portal.api.problems import STATUSES
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.views.changes import page

Action = Callable[[HttpRequest, Change], str]


def action(act: Action) -> Callable[[HttpRequest, int], HttpResponse]:
    """A view that does this and says what came of it."""

    @login_required
    @require_POST
    def view(request: HttpRequest, number: int) -> HttpResponse:
        found = find_change(number)
        try:
            done = act(request, found)
        except (Conflict, InvalidInput, Forbidden) as error:
            return page(request, find_change(number), problem=str(error), status=STATUSES[type(error)][0])
        messages.success(request, done)
        return redirect("change", number)

    return view


@action
def vote(request: HttpRequest, found: Change) -> str:
    """Approve, request changes or reject, for one team; bound to what the page showed."""
    team = find_team(request.POST.get("team", ""))
    after = review(
        change=found, person=request.user, team=team, vote=request.POST.get("vote", ""),
        reason=request.POST.get("reason", ""), seen=request.POST.get("seen", ""),
    )  # fmt: skip
    if after.state == Change.State.APPLIED:
        return f"{after.object} is {subject_of(after.kind).done}."
    if after.content_hash != request.POST.get("seen"):
        return "It was judged again and came out differently: the reviews begin anew."
    if after.state in (Change.State.APPROVED, Change.State.SCHEDULED):
        return f"Your review for {team.name} counts, and it is approved."
    return f"Your review for {team.name} counts."


@action
def comment(request: HttpRequest, found: Change) -> str:
    """Say something about the change, or about a finding of it."""
    commenting.comment(
        change=found, person=request.user, text=request.POST.get("text", ""), finding=request.POST.get("finding", ""),
        parent=_number(request, "parent"),
    )  # fmt: skip
    return "Your comment stands."


@action
def waive(request: HttpRequest, found: Change) -> str:
    """Accept a finding for a team until a date."""
    team = find_team(request.POST.get("team", ""))
    waiving.waive(
        change=found, person=request.user, team=team, fingerprint=request.POST.get("finding", ""),
        reason=request.POST.get("reason", ""), expires_at=_moment(request, "until"), seen=request.POST.get("seen", ""),
    )  # fmt: skip
    return f"{team.name} has waived the finding."


@action
def end_waiver(request: HttpRequest, found: Change) -> str:
    """End a waiver now; for approvers of the team that gave it."""
    given = Waiver.objects.select_related("team").filter(pk=_number(request, "waiver") or 0).first()
    if given is None:
        raise NotFound("no such waiver")
    actor_of(request).require(Verb.REVIEW, given.team)
    waiving.revoke(waiver=given, person=request.user, reason=request.POST.get("reason", ""))
    return "The waiver has ended."


@action
def withdraw(request: HttpRequest, found: Change) -> str:
    """Take it back; for the maintainers of the owner."""
    actor_of(request).require(Verb.MAINTAIN, found.owner)
    settling.withdraw(change=found, person=request.user, reason=request.POST.get("reason", ""))
    return f"Change {found.pk} is withdrawn."


@action
def schedule(request: HttpRequest, found: Change) -> str:
    """When it is done once it is approved."""
    actor_of(request).require(Verb.MAINTAIN, found.owner)
    way = request.POST.get("rollout", "")
    rollout = Rollout(way, _moment(request, "apply_at") if way == Change.Rollout.SCHEDULED else None)
    settling.reschedule(change=found, person=request.user, reason=request.POST.get("reason", ""), rollout=rollout)
    return "The rollout is changed."


@action
def apply(request: HttpRequest, found: Change) -> str:
    """Do what is approved."""
    actor_of(request).require(Verb.MAINTAIN, found.owner)
    after = settling.apply_now(change=found, person=request.user, reason=request.POST.get("reason", ""))
    if after.state != Change.State.APPLIED:
        return "It was judged again and came out differently: the reviews begin anew."
    return f"{after.object} is {subject_of(after.kind).done}."


@action
def ask_glass(request: HttpRequest, found: Change) -> str:
    """The first of two people who break the glass."""
    actor = actor_of(request)
    if not actor.may(Verb.REVIEW, found.owner):
        actor.require(Verb.MAINTAIN, found.owner)
    glass.ask_to_break(
        change=found, person=request.user, reason=request.POST.get("reason", ""), expires_at=_moment(request, "until"),
        seen=request.POST.get("seen", ""),
    )  # fmt: skip
    return "Asked. A second person, an approver of the owning team, must confirm."


@action
def break_glass(request: HttpRequest, found: Change) -> str:
    """The second of two: it is done now."""
    after = glass.break_glass(
        change=found, person=request.user, reason=request.POST.get("reason", ""), seen=request.POST.get("seen", "")
    )
    return f"{after.object} is {subject_of(after.kind).done} without its reviews; they must be made up for."


def _number(request: HttpRequest, name: str) -> int | None:
    """A row's number, of at most as many digits as a database keeps; None for anything else."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _moment(request: HttpRequest, name: str) -> datetime:
    """A date, or a date and time, in the reader's zone. Raises InvalidInput."""
    text: Any = request.POST.get(name, "")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text[:40]!r} is no date; write it as 2027-01-31") from None
    return found if found.tzinfo else timezone.make_aware(found)
