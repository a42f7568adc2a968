"""The product's errors, raised in a page's view, as pages: the right 4xx, what is wrong, and what to do.

Owns the page and its words. Never answers for /api/, whose errors are problem+json, and never hides a fault of ours.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from orchestration.errors import Conflict, Forbidden, InvalidInput, InvalidManifest, NotFound, PlumblineError, TooLarge
from portal.api.problems import STATUSES, PreconditionFailed

API_PREFIX = "/api/"
TITLES: dict[type[PlumblineError], str] = {
    NotFound: "This is not here",
    Forbidden: "You may not do this",
    Conflict: "This can’t be done now",
    InvalidInput: "This can’t be read",
    InvalidManifest: "This manifest can’t be applied",
    TooLarge: "This is too large",
    PreconditionFailed: "Somebody else changed it meanwhile",
}
REMEDIES: dict[type[PlumblineError], str] = {
    NotFound: "Check the address, or look for it from Home.",
    Forbidden: "Account shows the roles you have.",
    Conflict: "Nothing was changed. Go back, and look at how things stand now.",
    TooLarge: "Nothing was changed. Go back, and send less at once.",
    PreconditionFailed: "Nothing was changed. Go back, reload the page, and make your change on the new revision.",
}
NOTHING_CHANGED = "Nothing was changed. Go back: what you entered is still in the form."


class ProblemsMiddleware:
    """Turns a PlumblineError that a page's view raised into a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page; None leaves any other error to Django."""
        if isinstance(error, DataError) and _asks_for_nul(request):
            error = NotFound("the address has the character U+0000, which nothing here is named with")
        if not isinstance(error, PlumblineError) or request.path.startswith(API_PREFIX):
            return None
        kind = type(error)
        details = [str(problem) for problem in error.problems] if isinstance(error, InvalidManifest) else []
        if isinstance(error, InvalidInput):
            details = [f"{violation.pointer or '/'}: {violation.message}" for violation in error.violations]
        context = {
            "title": TITLES.get(kind, "This can’t be done"),
            "sentence": "" if isinstance(error, InvalidManifest) else _sentence(str(error)),
            "remedy": REMEDIES.get(kind, NOTHING_CHANGED),
            "details": details,
        }
        status = 412 if kind is PreconditionFailed else STATUSES.get(kind, (400, ""))[0]
        return render(request, "problem.html", context, status=status)


def _asks_for_nul(request: HttpRequest) -> bool:
    """PostgreSQL, unlike SQLite, refuses to look for it."""
    return "\0" in request.path_info or any("\0" in value for values in request.GET.lists() for value in values[1])


def _sentence(text: str) -> str:
    """An error's message as a sentence of a page."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
