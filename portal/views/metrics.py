"""/metrics for Prometheus: for the token of its own (PLUMBLINE_METRICS_TOKEN), any API token, or a sign-in. It has no payloads.

Owns who may read it. Never collects: orchestration/telemetry/metrics.py does.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.api.authentication import TokenAuthentication
from portal.models import User

REMEDY = "/metrics needs `Authorization: Bearer …` with PLUMBLINE_METRICS_TOKEN or an API token of the account page\n"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The text format."""
    if not _may_read(request):
        answer = HttpResponse(REMEDY, status=401, content_type="text/plain; charset=utf-8")
        answer["WWW-Authenticate"] = 'Bearer realm="plumbline"'
        return answer
    from orchestration.telemetry.metrics import CONTENT_TYPE, text

    return HttpResponse(text(), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def _may_read(request: HttpRequest) -> bool:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return isinstance(request.user, User)
    own = settings.PLUMBLINE.metrics_token
    if own and secrets.compare_digest(secret.strip().encode(), own.encode()):
        return True
    try:
        return TokenAuthentication().authenticate(Request(request)) is not None
    except AuthenticationFailed:
        return False
