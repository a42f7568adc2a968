"""The Content-Security-Policy header: scripts and styles from this portal alone. Never loosened for scripts.

Plotly sets style elements at run time, so a page that draws charts asks for inline styles by `request.csp_inline_style`.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'{style}; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def allow_inline_style(request: HttpRequest) -> None:
    """Called by views of pages with charts."""
    request.csp_inline_style = True  # type: ignore[attr-defined]


class ContentSecurityPolicyMiddleware:
    """Adds the header to every response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        style = " 'unsafe-inline'" if getattr(request, "csp_inline_style", False) else ""
        response.headers.setdefault("Content-Security-Policy", POLICY.format(style=style))
        return response
