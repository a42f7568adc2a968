"""Flags: the list, and a page each with how it stands, who asks for it, and the form that switches it.

Owns the pages. Switching is orchestration/services/flags.py's; a flag without owner is an admin's.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Flag
from orchestration.selectors.flags import RECENT_RUNS, find_flag, revision_of, share_of, uses
from orchestration.services.flags import DECLARED, is_words, switch_flag
from portal.dashboards.shared import shared
from portal.history.reading import recent
from portal.history.registry import kind_of
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.presentation import flag_words
from portal.presentation.history_words import entries
from portal.views.document_forms import ReasonForm


class SwitchForm(ReasonForm):
    """Where to, and why. `seen` is the revision that the reader saw."""

    POSITIONS: ClassVar[list[tuple[str, str]]] = [
        ("on", "On, for every run"), ("off", "Off, for every run"), (DECLARED, "As its manifest declares"),
    ]  # fmt: skip
    to = forms.ChoiceField(label="To", choices=POSITIONS)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**63 - 1)
    field_order = ["to", "reason", "seen"]

    def __init__(self, flag: Flag, data: Any = None) -> None:
        super().__init__(data, initial={"seen": revision_of(flag)})
        if data is None:
            now = flag.switched or DECLARED
            self.fields["to"].choices = [one for one in self.POSITIONS if one[0] != now]  # type: ignore[attr-defined]


@login_required
@require_GET
def list_flags(request: HttpRequest) -> HttpResponse:
    """Every flag by name, those that are switched by hand first."""
    flags = sorted(Flag.objects.select_related("owner"), key=lambda flag: (not flag.switched, flag.name))
    asked = uses()
    rows = [(flag, flag_words.look(flag), flag_words.declared(flag), asked.get(flag.name, [])) for flag in flags]
    context = {"nav": "flags", "rows": rows, "sentence": flag_words.list_sentence(flags)}
    return render(request, "flags/list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def flag(request: HttpRequest, name: str) -> HttpResponse:
    """One flag; with a POST, switch it."""
    found = find_flag(name)
    actor = actor_of(request)
    if request.method == "POST":
        actor.require(Verb.SWITCH, found.owner)
        sent = request.POST.copy()
        form = SwitchForm(found, sent)
        if form.is_valid() and _switched(request, found, form):
            return redirect("flag", found.name)
        found = find_flag(name)
        sent["seen"] = str(revision_of(found))  # whoever sends it again has seen how it stands now
        return _page(request, found, form)
    return _page(request, found, SwitchForm(found))


def _switched(request: HttpRequest, found: Flag, form: SwitchForm) -> bool:
    """Whether it was; the form says why not."""
    given = form.cleaned_data
    try:
        switch_flag(
            name=found.name, to=given["to"], reason=given["reason"], actor=request.user, seen=given["seen"]
        )  # fmt: skip
    except (InvalidInput, Conflict) as error:
        form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return False
    messages.success(request, f"Flag {found.name} {is_words(given['to'])}.")
    return True


def _page(request: HttpRequest, found: Flag, form: SwitchForm) -> HttpResponse:
    share = shared(f"flag-share:{found.name}", lambda: share_of(found.name))
    context = {
        "nav": "flags", "flag": found, "look": flag_words.look(found), "sentence": flag_words.sentence(found),
        "declared": flag_words.declared(found), "key": flag_words.key(found), "share": share,
        "share_words": flag_words.share(share), "recent_runs": RECENT_RUNS, "form": form,
        "uses": [(use, flag_words.WHEN_OFF[use.when_off]) for use in uses().get(found.name, [])],
        "may": actor_of(request).may(Verb.SWITCH, found.owner),
        "history": entries(kind_of("flag"), recent("flag", found)),
    }  # fmt: skip
    return render(request, "flags/flag.html", context, status=422 if form.errors else 200)
