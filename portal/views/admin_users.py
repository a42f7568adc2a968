"""Users: list, invite, and what an admin can do to one, each on a page that says what it will do and asks why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from orchestration.errors import NotFound, PlumblineError
from portal.middleware.reader import actor_of
from portal.models import User
from portal.permissions import Verb
from portal.selectors import people
from portal.services import teams, tokens, users
from portal.views.account import token_words
from portal.views.people_forms import ROLE_HINTS, InviteForm, ReasonForm, TeamRoleForm

STATES = (("", "Everybody"), ("active", "Active"), ("deactivated", "Deactivated"), ("admins", "Admins"))


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do to a user: its words, its service, and whether a one-time link comes of it."""

    title: str
    consequence: str
    button: str
    done: str
    run: Callable[..., User]
    danger: bool = False
    gives_link: bool = False


ACTIONS = {
    "deactivate": Action(
        "Deactivate {name}",
        "{name} is signed out everywhere and can’t sign in; {tokens} revoked for good. Roles stay, and count again after "
        "a reactivation, which asks for a new password.",
        "Deactivate", "{name} is deactivated.", users.deactivate_user, danger=True,
    ),
    "reactivate": Action(
        "Reactivate {name}",
        "{name} can sign in again, with the roles held before. You get a one-time link to hand over, to set a new password.",
        "Reactivate", "{name} is active again.", users.reactivate_user, gives_link=True,
    ),
    "reset": Action(
        "Reset the password of {name}",
        "The password stops working and every session ends. You get a one-time link to hand over, to set a new password. "
        "Links made before stop working.",
        "Reset password", "The password of {name} is reset.", users.reset_password, danger=True, gives_link=True,
    ),
    "make-admin": Action(
        "Make {name} an admin",
        "An admin may do everything for all teams but review: users, teams, tokens of others and policies, too.",
        "Make an admin", "{name} is an admin.", users.make_admin,
    ),
    "unmake-admin": Action(
        "Take the admin role from {name}",
        "{name} keeps the roles in teams, and no longer administers users and teams.",
        "Take the role away", "{name} is no longer an admin.", users.unmake_admin, danger=True,
    ),
}  # fmt: skip


@login_required
def user_list(request: HttpRequest) -> HttpResponse:
    """Everybody, by name; filters live in the URL."""
    actor_of(request).require(Verb.ADMINISTER)
    search, state = request.GET.get("q", "").strip()[:150], request.GET.get("state", "")
    state = state if state in dict(STATES) else ""
    found, after = people.users(search=search, state=state, after=request.GET.get("after", "")[:150])
    query = {"q": search, "state": state, "after": after}
    context = {
        "nav": "admin-users",
        "tab": "users",
        "people": [{"user": user, "look": people.user_look(user), "roles": _grouped(user)} for user in found],
        "search": search,
        "state": state,
        "states": STATES,
        "next_url": f"?{urlencode({key: value for key, value in query.items() if value})}" if after else "",
    }
    return render(request, "admin/users.html", context)


@login_required
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    """A new user, and the link to hand over."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = users.invite_user(actor=actor.user, **form.cleaned_data)
        except PlumblineError as error:
            form.add_error("username", str(error))
        else:
            return _link_page(request, user, f"{user.username} is invited.")
    return render(
        request, "admin/invite.html", {"nav": "admin-users", "form": form}, status=422 if form.errors else 200
    )


@login_required
def user_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """One person: state, roles, tokens, history."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    user = people.find_user(user_id)
    context = {
        "nav": "admin-users",
        "person": user,
        "look": people.user_look(user),
        "is_self": user.pk == actor.user.pk,
        "roles": [{"membership": row, "may": ROLE_HINTS[row.role]} for row in people.roles_of(user)],
        "tokens": [{"token": token, "may": token_words(token.verbs)} for token in people.tokens_of(user)],
        "history": people.user_history(user),
    }
    return render(request, "admin/user.html", context)


@login_required
@never_cache
def act(request: HttpRequest, user_id: int, name: str) -> HttpResponse:
    """One of ACTIONS: what it will do, why, and the doing."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    action = ACTIONS.get(name)
    if action is None:
        raise NotFound(f"there is no action {name[:40]!r} on users; the page of the user has them all")
    user = people.find_user(user_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = action.run(user=user, actor=actor.user, reason=form.cleaned_data["reason"])
        except PlumblineError as error:
            form.add_error(None, str(error))
        else:
            done = action.done.format(name=user.username)
            if action.gives_link:
                return _link_page(request, user, done)
            messages.success(request, done)
            return redirect("admin-user", user.pk)
    live = len(people.live_tokens_of(user))
    words = {"name": user.username, "tokens": f"{live} API token{' is' if live == 1 else 's are'}"}
    return _ask(
        request, form, user, title=action.title.format(**words), consequence=action.consequence.format(**words),
        button=action.button, danger=action.danger,
    )  # fmt: skip


@login_required
def add_role(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a role in a team."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    user = people.find_user(user_id)
    form = TeamRoleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            given = teams.add_role(user=user, actor=actor.user, **form.cleaned_data)
        except PlumblineError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{user.username} is {given.role} of {given.team.name}.")
            return redirect("admin-user", user.pk)
    text = "The role counts at once, for web and API."
    if user.pk == actor.user.pk:
        text += " You give this role to yourself: the history says so."
    return _ask(request, form, user, title=f"Give {user.username} a role", consequence=text, button="Give role")


@login_required
def remove_role(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Take a role away."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    held = people.find_membership(membership_id)
    user = held.user
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        teams.remove_role(membership=held, actor=actor.user, reason=form.cleaned_data["reason"])
        messages.success(request, f"{user.username} is no longer {held.role} of {held.team.name}.")
        return redirect("admin-user", user.pk)
    title = f"Take {held.role} of {held.team.name} from {user.username}"
    text = (
        f"For {held.team.name}, {user.username} may no longer {ROLE_HINTS[held.role]}, unless another role allows it. "
        "Tokens lose it at once, too."
    )
    return _ask(request, form, user, title=title, consequence=text, button="Take the role away", danger=True)


@login_required
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke somebody's token."""
    actor = actor_of(request)
    actor.require(Verb.ADMINISTER)
    token = people.find_token(token_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tokens.revoke_token(token=token, actor=actor.user, reason=form.cleaned_data["reason"])
        messages.success(request, f"Token “{token.name}” of {token.user.username} is revoked.")
        return redirect("admin-user", token.user_id)
    title = f"Revoke token “{token.name}” of {token.user.username}"
    text = "Whatever uses it is refused from now on. It can’t be brought back."
    return _ask(request, form, token.user, title=title, consequence=text, button="Revoke", danger=True)


def _ask(
    request: HttpRequest,
    form: ReasonForm,
    user: User,
    *,
    title: str,
    consequence: str,
    button: str,
    danger: bool = False,
) -> HttpResponse:
    context = {
        "nav": "admin-users", "form": form, "title": title, "consequence": consequence, "button": button,
        "danger": danger, "crumb": user.username, "back": reverse("admin-user", args=[user.pk]), "admin": True,
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)


def _link_page(request: HttpRequest, user: User, done: str) -> HttpResponse:
    """The one-time link. Shown in the answer to the POST: it is stored nowhere, and a new one can always be made."""
    context = {
        "nav": "admin-users", "person": user, "done": done,
        "link": request.build_absolute_uri(users.one_time_path(user)),
    }  # fmt: skip
    return render(request, "admin/link.html", context)


def _grouped(user: User) -> list[dict[str, Any]]:
    """Roles by team, from the prefetched memberships."""
    grouped: dict[str, list[str]] = {}
    for membership in user.memberships.all():
        grouped.setdefault(membership.team.name, []).append(membership.role)
    return [{"team": team, "roles": ", ".join(sorted(roles))} for team, roles in sorted(grouped.items())]
