"""One's own delegations: let somebody vote in one's place for a time, and end that. Owns the form; the rules are the gate's."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from governance.gate.delegating import LONGEST, delegate, end_delegation
from governance.models import Delegation
from orchestration.errors import NotFound, PlumblineError
from orchestration.models import Role, Team
from portal.middleware.reader import actor_of
from portal.models import User
from portal.views.people_forms import ReasonForm


class DelegationForm(ReasonForm):
    """To whom, for which team, until when."""

    team = forms.ChoiceField(label="Team", help_text="Teams of which you are approver.")
    person = forms.ChoiceField(label="To", help_text="They vote in your place; each of you counts once.")
    last_day = forms.DateField(
        label="Last day", widget=forms.DateInput({"type": "date"}), help_text=f"Within {LONGEST.days} days."
    )

    def __init__(self, *args: Any, teams: list[Team], people: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, values in (("team", [team.name for team in teams]), ("person", people)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(value, value) for value in values]
        self.order_fields(["team", "person", "last_day", "reason"])


@login_required
def new_delegation(request: HttpRequest) -> HttpResponse:
    """The form."""
    user = actor_of(request).user
    teams = list(Team.objects.filter(memberships__user=user, memberships__role=Role.APPROVER).order_by("name"))
    people = User.objects.filter(is_active=True).exclude(pk=user.pk).order_by("username")
    form = DelegationForm(request.POST or None, teams=teams, people=list(people.values_list("username", flat=True)))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        ends = timezone.make_aware(datetime.combine(values["last_day"], time.max))
        try:
            made = delegate(
                team=next(team for team in teams if team.name == values["team"]), giver=user,
                taker=people.get(username=values["person"]), reason=values["reason"], ends_at=ends,
            )  # fmt: skip
        except PlumblineError as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        else:
            messages.success(request, f"{made.taker} votes for {made.team.name} in your place.")
            return redirect("account")
    context = {
        "title": "Delegate your vote",
        "consequence": "For changes that wait while you are away. You may still vote yourself, as long as they have not.",
        "button": "Delegate",
    }
    return _page(request, form, context)


@login_required
def end(request: HttpRequest, number: int) -> HttpResponse:
    """Ask, then end it."""
    user = actor_of(request).user
    held = Delegation.objects.select_related("taker", "team").filter(pk=number, giver=user).first()
    if held is None:
        raise NotFound("you gave no such delegation")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            end_delegation(delegation=held, person=user, reason=form.cleaned_data["reason"])
        except PlumblineError as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        else:
            messages.success(request, "The delegation has ended.")
            return redirect("account")
    context = {
        "title": f"End the delegation to {held.taker}",
        "consequence": f"They can’t vote for {held.team.name} in your place any more. Votes given so far stay.",
        "button": "End it",
        "danger": True,
    }
    return _page(request, form, context)


def _page(request: HttpRequest, form: forms.Form, context: dict[str, Any]) -> HttpResponse:
    around = {"nav": "account", "form": form, "crumb": "Account", "back": reverse("account")}
    return render(request, "admin/action.html", around | context, status=422 if form.errors else 200)
