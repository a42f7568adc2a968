"""Manifests of tests whose matter is another: their writes say that they need no undoing, since publishing asks."""

from __future__ import annotations

from typing import Any

#: Kinds that may write unless they say otherwise.
_WRITING = ("python", "celery", "workflow", "emit")
#: What stands in a step that needs no undoing.
NO_UNDOING: dict[str, Any] = {"compensate": {"none": "a test"}}


def said(steps: dict[str, Any]) -> dict[str, Any]:
    """The steps, with a reason where one may write and says nothing of its undoing."""
    return {name: {**body, **NO_UNDOING} if _is_unsaid(body) else body for name, body in steps.items()}


def _is_unsaid(body: Any) -> bool:
    if not isinstance(body, dict) or "compensate" in body or body.get("effect") in {"none", "read"}:
        return False
    http = body.get("http")
    posts = isinstance(http, dict) and http.get("method", "GET") not in {"GET", "HEAD", "OPTIONS"}
    return posts or body.get("effect") == "write" or any(kind in body for kind in _WRITING)
