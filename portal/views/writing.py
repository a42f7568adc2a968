"""What the editor asks for while somebody writes: drafts kept, images taken in and shown, references suggested.

Thin: services and selectors do the work. Never shows a document.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from orchestration.errors import InvalidInput
from portal.middleware.reader import actor_of
from portal.permissions import Verb
from portal.selectors.references import suggestions
from portal.services import drafts, images

#: Nothing in an image may act, whatever a browser takes it for.
SANDBOX = "default-src 'none'; sandbox"
LONGEST_TYPED = 80


@login_required
@require_POST
def keep_draft(request: HttpRequest) -> HttpResponse:
    """Keep the form of `?place=`; says when, for the editor's status line."""
    fields = {name: request.POST.getlist(name) for name in request.POST}
    draft = drafts.keep(user=actor_of(request).user, place=request.GET.get("place", ""), fields=fields)
    return JsonResponse({"saved_at": draft.saved_at.isoformat()})


@login_required
@require_POST
def discard_draft(request: HttpRequest) -> HttpResponse:
    """Forget it, and back to the page it was for."""
    place = request.GET.get("place", "")
    drafts.discard(user=actor_of(request).user, place=place)
    inside = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return redirect(place if inside else reverse("home"))


@login_required
@require_POST
def upload_image(request: HttpRequest) -> HttpResponse:
    """Take an image in; its address, for the text."""
    actor = actor_of(request)
    if not actor.teams_with(Verb.MAINTAIN):
        actor.require(Verb.MAINTAIN)
    sent = request.FILES.get("image")
    if sent is None:
        raise InvalidInput("send the image as the file `image`")
    if sent.size is None or sent.size > images.LARGEST:
        raise InvalidInput(f"the image has {sent.size or 0:,} bytes; the limit is {images.LARGEST:,}. Make it smaller")
    stored = images.store(content=sent.read(), user=actor.user)
    return JsonResponse({"url": reverse("document-image", args=[stored.pk])}, status=201)


@login_required
@require_GET
@cache_control(private=True, max_age=31_536_000, immutable=True)
def document_image(request: HttpRequest, name: str) -> HttpResponse:
    """The image, as an image and nothing else."""
    found = images.image(name)
    headers = {"Content-Security-Policy": SANDBOX, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(found.content), content_type=found.content_type, headers=headers)


@login_required
@require_GET
def references(request: HttpRequest) -> HttpResponse:
    """Options for what somebody types after `[[`."""
    typed = "".join(char for char in request.GET.get("q", "")[:LONGEST_TYPED] if char.isprintable())
    return render(request, "knowledge/references.html", {"options": suggestions(typed)})
