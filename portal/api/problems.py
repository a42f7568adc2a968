"""Errors as problem+json (RFC 9457). Owns the mapping from the product's errors to HTTP; never leaks a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from rest_framework.exceptions import APIException, NotAuthenticated, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from orchestration.errors import Conflict, Forbidden, InvalidInput, InvalidManifest, NotFound, PlumblineError, TooLarge
from orchestration.manifest import Problem

STATUSES: Mapping[type[PlumblineError], tuple[int, str]] = {
    NotFound: (404, "Not found"),
    Conflict: (409, "Conflict"),
    Forbidden: (403, "Not permitted"),
    TooLarge: (413, "Too large"),
    InvalidInput: (422, "Invalid input"),
    InvalidManifest: (422, "Invalid manifest"),
}


class PreconditionFailed(PlumblineError):
    """If-Match names another revision than the current one."""

    code = "precondition_failed"


def problem(status: int, title: str, detail: str, code: str, **extra: Any) -> dict[str, Any]:
    """The body. `code` is stable for programs; `detail` is for people."""
    return {
        "type": f"urn:plumbline:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **extra,
    }


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None lets an unexpected error be a 500, logged with its traceback."""
    if isinstance(error, PlumblineError):
        body = _ours(error)
    elif isinstance(error, Http404):
        body = problem(404, "Not found", str(error) or "nothing is here", "not_found")
    elif isinstance(error, PermissionDenied):
        body = problem(403, "Not permitted", str(error) or "not permitted", "forbidden")
    elif isinstance(error, ValidationError):
        body = problem(
            400, "Invalid request", _sentence(error.detail), "invalid_request", errors=error.get_full_details()
        )
    elif isinstance(error, APIException):
        code = "not_authenticated" if isinstance(error, NotAuthenticated) else str(error.get_codes())
        body = problem(error.status_code, str(error.default_detail).rstrip("."), str(error.detail), code)
    else:
        return None
    set_rollback()
    body = _writable(body)
    response = Response(body, status=body["status"], content_type="application/problem+json")
    for name in ("auth_header", "wait"):
        value = getattr(error, name, None)
        if value is not None:
            response["WWW-Authenticate" if name == "auth_header" else "Retry-After"] = str(value)
    return response


def not_found(request: object, exception: object = None) -> JsonResponse:
    """For API paths that are no endpoint."""
    body = problem(404, "Not found", "no such endpoint; see /api/v1/docs", "not_found")
    return JsonResponse(body, status=404, content_type="application/problem+json")


def _ours(error: PlumblineError) -> dict[str, Any]:
    if isinstance(error, PreconditionFailed):
        return problem(412, "Changed meanwhile", str(error), error.code)
    # A particular conflict is a conflict.
    status, title = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), (400, "Bad request"))
    extra: dict[str, Any] = {}
    if isinstance(error, InvalidManifest):
        extra["problems"] = [item.as_dict() for item in error.problems if isinstance(item, Problem)]
    if isinstance(error, InvalidInput) and error.violations:
        extra["violations"] = [{"pointer": item.pointer, "message": item.message} for item in error.violations]
    return problem(status, title, str(error), error.code, **extra)


def _writable(value: Any) -> Any:
    """Without halves of surrogate pairs: a refusal that quotes one could not be written itself."""
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_writable(item) for item in value]
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _sentence(detail: Any, place: str = "") -> str:
    """The first fault of a validation error, with its field."""
    if isinstance(detail, dict) and detail:
        key, value = next(iter(detail.items()))
        return _sentence(value, f"{place}.{key}".lstrip("."))
    if isinstance(detail, list) and detail:
        return _sentence(detail[0], place)
    return f"{place}: {detail}" if place and place != "non_field_errors" else str(detail)
