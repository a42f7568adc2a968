"""How one wants to be told: which kinds, where, and when the digest comes. Owns the form; one's own choices only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.inbox.choices import WEEKDAYS
from portal.inbox.sources import sources
from portal.middleware.reader import actor_of
from portal.models import NotificationChoice
from portal.selectors.inbox import choices_for
from portal.services.inbox import choose


class PreferencesForm(forms.Form):
    """Kinds by place, and the digest's time."""

    shown = forms.MultipleChoiceField(required=False, label="In the inbox")
    mailed = forms.MultipleChoiceField(required=False, label="In the digest")
    digest = forms.ChoiceField(label="Digest by e-mail", choices=NotificationChoice.Digest.choices)
    weekday = forms.TypedChoiceField(label="On", coerce=int, choices=list(enumerate(WEEKDAYS)))
    hour = forms.TypedChoiceField(label="From", coerce=int, choices=[(hour, f"{hour:02d}:00") for hour in range(24)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("shown", "mailed"):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = list(sources.words.items())


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """The form."""
    user, words = actor_of(request).user, sources.words
    chosen = choices_for(user)
    initial = {
        "shown": [kind for kind in words if kind not in chosen.hidden],
        "mailed": [kind for kind in words if kind not in chosen.unmailed],
        "digest": chosen.digest, "weekday": chosen.weekday, "hour": chosen.hour,
    }  # fmt: skip
    form = PreferencesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        choose(
            user=user, hidden=words.keys() - set(values["shown"]), unmailed=words.keys() - set(values["mailed"]),
            digest=values["digest"], weekday=values["weekday"], hour=values["hour"], actor=user, reason="changed by the person",
        )  # fmt: skip
        messages.success(request, "Your choice is saved.")
        return redirect("preferences")
    bound = request.method == "POST"
    shown = set(request.POST.getlist("shown") if bound else form.get_initial_for_field(form.fields["shown"], "shown"))
    mailed = set(
        request.POST.getlist("mailed") if bound else form.get_initial_for_field(form.fields["mailed"], "mailed")
    )
    context = {
        "nav": "account",
        "form": form,
        "kinds": [(kind, word, kind in shown, kind in mailed) for kind, word in words.items()],
        "sends_mail": settings.PLUMBLINE.mail is not None,
        "zone": user.time_zone or "UTC",
        "has_address": bool(user.email),
    }
    return render(request, "account/preferences.html", context, status=422 if form.errors else 200)
