"""The sign-off of a dependency's periodic review: a form of its own, for approvers of the team that owns it.

A sign-off is a judgement, as a review of a change is; so it takes the same role, and no token can give it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from governance.selectors.dependency_reviews import Standing, find_standing
from governance.selectors.runbooks import today
from governance.services.dependency_reviews import sign_off
from orchestration.errors import Conflict, InvalidInput
from orchestration.selectors.workflows import find_dependency
from portal.middleware.reader import actor_of
from portal.permissions import Verb


class SignOffForm(forms.Form):
    """What was found. `seen` is the sign-off that was the last when the form was opened."""

    findings = forms.CharField(
        label="Findings", max_length=2_000, widget=forms.Textarea({"rows": 6}),
        help_text="What you looked at, what you found, and what follows from it.",
        error_messages={"required": "Say what you looked at and found, for the next reviewer."},
    )  # fmt: skip
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


@login_required
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, name: str) -> HttpResponse:
    """The form of `?area=…`, and its answer."""
    dependency = find_dependency(name)
    actor_of(request).require(Verb.REVIEW, dependency.owner)
    standing = find_standing(dependency, request.GET.get("area", ""), today())
    initial = {"seen": standing.last.pk if standing.last is not None else None}
    form = SignOffForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _sign(request, standing, form):
        messages.success(request, f"{_words(standing)} is signed off.")
        return redirect("dependency", name=name)
    context = {
        "nav": "dependencies", "title": f"Review {standing.area} of {name}", "button": "Sign off", "form": form,
        "consequence": _consequence(standing), "crumb": name, "back": reverse("dependency", args=[name]),
    }  # fmt: skip
    return render(request, "admin/action.html", context, status=422 if form.errors else 200)


def _sign(request: HttpRequest, standing: Standing, form: SignOffForm) -> bool:
    """Whether it is signed; if not, the form says why."""
    given: dict[str, Any] = form.cleaned_data
    try:
        sign_off(
            dependency=standing.dependency, area=standing.area, findings=given["findings"], seen=given["seen"],
            person=request.user,
        )  # fmt: skip
    except (InvalidInput, Conflict) as error:
        form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return False
    return True


def _words(standing: Standing) -> str:
    return f"{standing.area[:1].upper()}{standing.area[1:]} of {standing.dependency.name}"


def _consequence(standing: Standing) -> str:
    last = standing.last
    before = (
        f"{last.person} signed it off last, on {last.signed_at:%-d %B %Y}." if last else "Nobody has signed it off yet."
    )
    return f"{before} It is due every {standing.every.days} days; your sign-off starts the next period, and stays in the history."
