"""Keyset pages and the fields that several endpoints share. Owns the shape {"items": […], "next": cursor}."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from orchestration.errors import InvalidInput
from portal.permissions import Actor

MAX_LIMIT = 200
DEFAULT_LIMIT = 50


class PageQuery(serializers.Serializer[Any]):
    """Query parameters of every list."""

    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="rows per page")
    cursor = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="`next` of the page before"
    )


class ProblemShape(serializers.Serializer[Any]):
    """problem+json, RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()


def actor_of(request: Request) -> Actor:
    """Who calls: set by the token's or the session's authentication."""
    actor: Actor = request._request.actor  # type: ignore[attr-defined]
    return actor


def read_query(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The query parameters, checked. An unknown one is refused by name: a filter that is ignored would lie."""
    known = serializer().fields
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise InvalidInput(f"unknown parameter {unknown[0][:60]!r}; this list knows {', '.join(sorted(known))}")
    checked = serializer(data=request.query_params)
    checked.is_valid(raise_exception=True)
    values: dict[str, Any] = checked.validated_data
    return values


def read_body(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The JSON body, checked; unknown fields are refused by name."""
    if not isinstance(request.data, dict):
        raise InvalidInput("the body must be a JSON object")
    known = serializer().fields
    unknown = sorted(set(request.data) - set(known))
    if unknown:
        raise InvalidInput(f"unknown field {unknown[0][:60]!r}; this endpoint knows {', '.join(sorted(known))}")
    checked = serializer(data=request.data)
    checked.is_valid(raise_exception=True)
    values: dict[str, Any] = checked.validated_data
    return values


def page(items: Iterable[Any], show: Callable[[Any], dict[str, Any]], following: str | None = None) -> dict[str, Any]:
    """The body of a list."""
    return {"items": [show(item) for item in items], "next": following}


def numbered_page(rows: Any, query: dict[str, Any], show: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A keyset page of a list that is ordered by number, the newest first. Raises InvalidInput for a cursor of another list."""
    cursor = query["cursor"]
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise InvalidInput("the cursor is none of this list; take `next` of the page before")
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows[: query["limit"] + 1])
    more = len(found) > query["limit"]
    found = found[: query["limit"]]
    return page(found, show, str(found[-1].pk) if more else None)


def named_page(rows: Any, query: dict[str, Any], key: str, show: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A keyset page of a short list that is ordered by a unique text column `key`."""
    if query["cursor"]:
        rows = rows.filter(**{f"{key}__gt": query["cursor"]})
    found = list(rows.order_by(key)[: query["limit"] + 1])
    more = len(found) > query["limit"]
    found = found[: query["limit"]]
    return page(found, show, str(getattr(found[-1], key)) if more else None)
