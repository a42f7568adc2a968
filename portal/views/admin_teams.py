"""Teams: list, make, describe, and who holds which role in one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from orchestration.errors import PlumblineError
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.selectors import people
from portal.services import teams
from portal.views.admin_webhooks import webhook_context
from portal.views.people_forms import MemberForm, TeamDescriptionForm, TeamForm


@login_required
def team_list(request: HttpRequest) -> HttpResponse:
    """Every team."""
    actor_of(request).require(Verb.ADMINISTER)
    return render(request, "admin/teams.html", {"nav": "admin-users", "tab": "teams", "teams": people.teams()})


@login_required
def new_team(request: HttpRequest) -> HttpResponse:
    """Make a team by hand; a manifest may take it over later."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = teams.create_team(actor=actor.user, **form.cleaned_data)
        except PlumblineError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"Team {team.name} is made.")
            return redirect("admin-team", team.name)
    context = {
        "nav": "admin-users", "form": form, "title": "New team", "button": "Make team", "admin": True,
        "consequence": "A team owns workflows, dependencies and documents; roles are held in it. It can’t be removed later.",
        "crumb": "Teams", "back": reverse("admin-teams"),
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)


@login_required
def team_page(request: HttpRequest, name: str) -> HttpResponse:
    """One team: description, members, webhooks, history."""
    actor_of(request).require(Verb.ADMINISTER)
    team = people.find_team(name)
    context = {
        "nav": "admin-users",
        "team": team,
        "members": people.members_of(team),
        "history": people.team_history(team),
        **webhook_context(team),
    }
    return render(request, "admin/team.html", context)


@login_required
def edit_team(request: HttpRequest, name: str) -> HttpResponse:
    """Change the description."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    team = people.find_team(name)
    form = TeamDescriptionForm(request.POST or None, initial={"description": team.description})
    if request.method == "POST" and form.is_valid():
        teams.describe_team(team=team, actor=actor.user, **form.cleaned_data)
        messages.success(request, f"Team {team.name} is described anew.")
        return redirect("admin-team", team.name)
    applied = (
        "It was applied from a manifest: applying that manifest again writes its own description."
        if team.document
        else ""
    )
    context = {
        "nav": "admin-users", "form": form, "title": f"Describe {team.name}", "button": "Save", "admin": True,
        "consequence": applied, "crumb": team.name, "back": reverse("admin-team", args=[team.name]),
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)


@login_required
def add_member(request: HttpRequest, name: str) -> HttpResponse:
    """Give somebody a role in this team."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    team = people.find_team(name)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            given = teams.add_role(team=team, actor=actor.user, **form.cleaned_data)
        except PlumblineError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{given.user.username} is {given.role} of {team.name}.")
            return redirect("admin-team", team.name)
    context = {
        "nav": "admin-users", "form": form, "title": f"Give a role in {team.name}", "button": "Give role", "admin": True,
        "consequence": "The role counts at once, for web and API. A role given to yourself is recorded as such.",
        "crumb": team.name, "back": reverse("admin-team", args=[team.name]),
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)
