"""What an answer that serves a deprecated version says in its head: Deprecation, Sunset and Link.

RFC 9745 (`Deprecation: @<unix seconds>`), RFC 8594 (`Sunset`, an HTTP date) and link relations deprecation, sunset and
successor-version. Owns the form of the three. Never decides what is deprecated.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import http_date


def say_ending(response: HttpResponse, version: Any, *, page: str, successor: str) -> HttpResponse:
    """The same response. `version`: of a contract or a workflow; `page`: where people read of it; `successor`: API path."""
    if version.state not in ("deprecated", "retired") or version.deprecated_at is None:
        return response
    response["Deprecation"] = f"@{int(version.deprecated_at.timestamp())}"
    links = [f'<{page}>; rel="deprecation"; type="text/html"']
    if version.sunset_at is not None:
        response["Sunset"] = http_date(version.sunset_at.timestamp())
        links.append(f'<{page}>; rel="sunset"; type="text/html"')
    if version.successor:
        links.append(f'<{successor}>; rel="successor-version"')
    response["Link"] = ", ".join(links)
    return response


def contract_ending(response: HttpResponse, name: str, version: Any) -> HttpResponse:
    """Of a contract version."""
    successor = f"/api/v1/contracts/{name}/versions/{version.successor}"
    return say_ending(response, version, page=reverse("contract", args=[name]), successor=successor)


def workflow_ending(response: HttpResponse, name: str, version: Any) -> HttpResponse:
    """Of a workflow version."""
    successor = f"/api/v1/workflows/{name}/versions/{version.successor}"
    return say_ending(response, version, page=reverse("workflow", args=[name]), successor=successor)
