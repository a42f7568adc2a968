"""One's own API tokens: make one (shown once, in the answer to the form and nowhere else), revoke one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from orchestration.errors import PlumblineError
from orchestration.models import Team
from portal.middleware.reader import actor_of
from portal.models import User
from portal.selectors import people
from portal.services import tokens
from portal.views.account import token_words
from portal.views.people_forms import ReasonForm, TokenForm


@login_required
@never_cache
def new_token(request: HttpRequest) -> HttpResponse:
    """The form. The secret stands in the answer to the POST: redirecting would mean to store it somewhere."""
    actor = actor_of(request)
    user = actor.user
    form = TokenForm(request.POST or None, verbs=tokens.grantable(actor), teams=_teams(user))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            token, secret = tokens.create_token(
                owner=user, name=values["name"], verbs=values["verbs"], team=form.chosen_team(),
                expires_in_days=values["expires_in_days"],
            )  # fmt: skip
        except PlumblineError as error:
            form.add_error(None, str(error))
        else:
            context = {"nav": "account", "token": token, "secret": secret, "may": token_words(token.verbs)}
            return render(request, "account/token_made.html", context)
    return render(
        request, "account/token_new.html", {"nav": "account", "form": form}, status=422 if form.errors else 200
    )


@login_required
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Ask, then revoke."""
    user = actor_of(request).user
    token = people.find_token(token_id, owner=user)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tokens.revoke_token(token=token, actor=user, reason=form.cleaned_data["reason"])
        messages.success(request, f"Token “{token.name}” is revoked.")
        return redirect("account")
    context = {
        "nav": "account",
        "title": f"Revoke token “{token.name}”",
        "consequence": "Whatever uses it is refused from now on. A revoked token can’t be brought back; make a new one.",
        "button": "Revoke",
        "danger": True,
        "form": form,
        "crumb": "Account",
        "back": reverse("account"),
    }
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)


def _teams(user: User) -> list[Team]:
    """Teams that a token can be bound to: one's own; of an admin, all."""
    rows = Team.objects.all() if user.is_admin else Team.objects.filter(memberships__user=user).distinct()
    return list(rows.order_by("name"))
