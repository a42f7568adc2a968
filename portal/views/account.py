"""Sign-in, one's own account, and one's own password. Never touches anybody else's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash, views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from governance.gate.delegating import given_by
from governance.gate.rolls import Rolls
from orchestration.models import Role
from portal.context import THEMES
from portal.middleware.reader import actor_of
from portal.models import User
from portal.permissions import WORDS, Verb
from portal.presentation.quantities import duration
from portal.selectors import people
from portal.selectors.sign_in import wait_before_next_try
from portal.services import users
from portal.services.example_people import read_sign_ins
from portal.sign_in import address_of
from portal.views.people_forms import ROLE_HINTS, ProfileForm

YEAR = 31_536_000


class SignInForm(AuthenticationForm):
    """Django's, and a refusal that says for how long."""

    throttled = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Sign-in name"

    def clean(self) -> dict[str, Any]:
        """Refuse a throttled try before the password is looked at."""
        address = address_of(self.request)
        wait = wait_before_next_try(self.cleaned_data.get("username", ""), address)
        if wait is not None:
            self.throttled = True
            seconds = max(60, round(wait.total_seconds() / 60) * 60)
            raise forms.ValidationError(
                f"Too many failed tries for this name or from this address. Wait {duration(seconds)}, then try again; "
                "an admin can give you a link to set a new password."
            )
        return super().clean()


class SignInView(views.LoginView):
    """Sign in. Offers the example accounts where an embedded installation has them."""

    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Adds `example_accounts`."""
        return super().get_context_data(**kwargs) | {"example_accounts": example_accounts()}

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """429 for a throttled try, for scripts and proxies; the page says how long to wait."""
        response = super().form_invalid(form)
        if isinstance(form, SignInForm) and form.throttled:
            response.status_code = 429
        return response


def example_accounts() -> list[dict[str, str]]:
    """Name, password and role of the example sign-ins; none outside the embedded mode, none when not loaded."""
    return read_sign_ins() if settings.PLUMBLINE.embedded else []


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Profile, theme, password, teams and tokens."""
    user = actor_of(request).user
    initial = {"name": user.get_full_name(), "email": user.email, "time_zone": user.time_zone}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        users.change_profile(user=user, actor=user, reason="changed by the person", **form.cleaned_data)
        messages.success(request, "Your profile is saved.")
        return redirect("account")
    roles = people.roles_of(user)
    context = {
        "nav": "account",
        "form": form,
        "approves": any(one.role == Role.APPROVER for one in roles),
        "given": given_by(user),
        "held": Rolls((), ()).lent_to(user),
        "roles": [{"membership": membership, "may": ROLE_HINTS[membership.role]} for membership in roles],
        "tokens": [{"token": token, "may": token_words(token.verbs)} for token in people.tokens_of(user)],
    }
    return render(request, "account/account.html", context, status=422 if form.errors else 200)


def token_words(verbs: list[str]) -> str:
    """What a token may do, in words; verbs of an older release are shown as they are."""
    known = {verb.value for verb in Verb}
    words = [WORDS[Verb(verb)] if verb in known else verb for verb in verbs]
    return "; ".join(words) or "read only"


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark or the system's, without script: the same cookie that theme.js writes."""
    chosen = request.POST.get("theme", "")
    target = request.POST.get("next", "")
    local = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Not redirect(target): it would take a word without a slash for the name of a URL, and fail.
    response = HttpResponseRedirect(target if local else reverse("account"))
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


class PasswordChange(views.PasswordChangeView):
    """Change one's own password; the history says so."""

    def form_valid(self, form: SetPasswordForm[User]) -> HttpResponse:
        """Save through the service, and stay signed in here only."""
        users.set_password(
            user=form.user, password=form.cleaned_data["new_password1"], actor=form.user,
            reason="changed by the person",
        )  # fmt: skip
        update_session_auth_hash(self.request, form.user)
        return redirect("password_change_done")


class SetPassword(views.PasswordResetConfirmView):
    """The one-time link of an invitation or reset. Django moves the token out of the address before showing the form."""

    template_name = "account/set_password.html"

    def form_valid(self, form: SetPasswordForm[User]) -> HttpResponse:
        """Save through the service; the link is used up by the new password."""
        users.set_password(
            user=form.user, password=form.cleaned_data["new_password1"], actor=form.user, reason="set by one-time link",
        )  # fmt: skip
        self.request.session.pop(views.INTERNAL_RESET_SESSION_TOKEN, None)
        messages.success(self.request, "Your password is set. Sign in with it.")
        return redirect("login")
