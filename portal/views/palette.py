"""The list of the palette, which static/js/palette.js asks for while somebody types. Owns nothing but the request."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.middleware.reader import actor_of
from portal.selectors.palette import commands


@login_required
@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """What `?q=` means, best first."""
    return render(
        request, "components/palette_list.html", {"commands": commands(actor_of(request), request.GET.get("q", ""))}
    )
