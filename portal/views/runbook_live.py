"""The live strip of a runbook's page, and the same facts at the steps that name a thing. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from governance.models import Runbook
from governance.runbooks import parse
from governance.selectors.runbooks import About, about_by, find_runbook
from orchestration import clock
from portal.selectors.runbook_strip import Strip, Thing, strip


@login_required
@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """The strip and the slots of the steps; 204 when nothing of them changed."""
    found = find_runbook(slug)
    context = live_context(found, about_by([found])[found.pk])
    if request.GET.get("seen") == context["strip"].mark:
        return HttpResponse(status=204)
    return render(request, "runbooks/live.html", {**context, "oob": True})


def live_context(found: Runbook, about: About) -> dict[str, Any]:
    """What templates/runbooks/live.html wants."""
    seen = strip(found.slug, about, clock.now())
    url = f"{reverse('runbook-live', args=[found.slug])}?seen={seen.mark}"
    return {"strip": seen, "strip_url": url, "slots": slots(found.body, seen)}


def slots(body: str, seen: Strip) -> dict[int, list[Thing]]:
    """Line of a step → the things that it names."""
    steps = parse(body).steps
    named = {step.line: [thing for thing in seen.things if thing.is_named_in(step.raw)] for step in steps}
    return {line: things for line, things in named.items() if things}


def slot_html(found: Mapping[int, list[Thing]]) -> dict[int, SafeString]:
    """The slots as the first page draws them."""
    return {
        line: SafeString(render_to_string("runbooks/slot.html", {"line": line, "things": things}))
        for line, things in found.items()
    }
