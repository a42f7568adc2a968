"""Saving a list as a view, renaming and deleting one. Opening one is its address, so there is no view of a view here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from governance.services.documents import find_team
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.models import SavedView
from portal.permissions import Verb
from portal.selectors.saved_views import find_view
from portal.services.saved_views import LONGEST_NAME, PAGES, delete_view, rename_view, require_change, save_view


class ViewForm(forms.Form):
    """A name, and for whom."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME, help_text="Such as: failed today, ours.")
    team = forms.ChoiceField(label="For", required=False)

    def __init__(self, *args: Any, teams: list[Team] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not teams:
            del self.fields["team"]
            return
        field = self.fields["team"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "me alone"), *((team.name, f"everyone in {team.name}") for team in teams)]


@login_required
@require_http_methods(["GET", "POST"])
def new_view(request: HttpRequest) -> HttpResponse:
    """Save the list `page` with the filters `query`."""
    given = request.POST if request.method == "POST" else request.GET
    page, query = given.get("page", ""), given.get("query", "")
    if page not in PAGES:
        raise NotFound("there is no such list to save a view of")
    actor = actor_of(request)
    teams = actor.teams_with(Verb.OPERATE)
    form = ViewForm(request.POST if request.method == "POST" else None, teams=teams)
    if request.method == "POST" and form.is_valid():
        try:
            team = find_team(name) if (name := request.POST.get("team", "")) else None
            if team is not None:
                actor.require(Verb.OPERATE, team)
            view = save_view(page=page, name=form.cleaned_data["name"], query=query, team=team, actor=actor.user)
        except (InvalidInput, Conflict) as error:
            form.add_error("name", f"{str(error)[:1].upper()}{str(error)[1:]}.")
        else:
            messages.success(request, f"{view.name} is saved, above the list.")
            return redirect(_address(view))
    context = {"form": form, "page": page, "query": query[:4000], "title": PAGES[page], "back": reverse(page)}
    return render(request, "views/new.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def edit_view(request: HttpRequest, number: int) -> HttpResponse:
    """Rename it."""
    actor = actor_of(request)
    view = find_view(actor, number)
    require_change(actor, view)
    form = ViewForm(request.POST or None, initial={"name": view.name})
    if request.method == "POST" and form.is_valid():
        try:
            rename_view(view=view, name=form.cleaned_data["name"], actor=actor.user)
        except (InvalidInput, Conflict) as error:
            form.add_error("name", f"{str(error)[:1].upper()}{str(error)[1:]}.")
        else:
            return redirect(_address(view))
    context = {"form": form, "view": view, "title": PAGES.get(view.page, view.page), "back": _address(view)}
    return render(request, "views/edit.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["POST"])
def remove_view(request: HttpRequest, number: int) -> HttpResponse:
    """Delete it and go to the list."""
    actor = actor_of(request)
    view = find_view(actor, number)
    require_change(actor, view)
    delete_view(view=view, actor=actor.user)
    messages.success(request, f"{view.name} is deleted. The list has what it had.")
    return redirect(view.page)


def _address(view: SavedView) -> str:
    return f"{reverse(view.page)}?{view.query}" if view.query else reverse(view.page)
