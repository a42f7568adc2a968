"""Small OpenAPI documents of the tests: one operation, to which each test says what is different."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "note": {"type": "string"}, "count": {"type": "integer"}},
}


def api(version: str = "3.1.0", *, schemas: Any = None, **operation: Any) -> Document:
    """An API with `POST /orders`, made up of these."""
    document: Document = {
        "openapi": version,
        "info": {"title": "Shop", "version": "1"},
        "paths": {"/orders": {"post": {"responses": {"201": {"description": "made"}}, **operation}}},
    }
    if schemas is not None:
        document["components"] = {"schemas": schemas}
    return document


def body(schema: Any, *, required: bool = True, media: str = "application/json") -> Document:
    return {"required": required, "content": {media: {"schema": schema}}}


def answer(schema: Any, *, media: str = "application/json", **more: Any) -> Document:
    return {"description": "made", "content": {media: {"schema": schema}}, **more}


def asking(schema: Any, **more: Any) -> Document:
    """An API whose one operation takes such a body."""
    return api(requestBody=body(schema), **more)


def answering(schema: Any, **more: Any) -> Document:
    """An API whose one operation gives such an answer."""
    return api(responses={"201": answer(schema)}, **more)


def with_parameter(schema: Any, *, name: str = "limit", place: str = "query", **more: Any) -> Document:
    return api(parameters=[{"name": name, "in": place, "schema": schema, **more}])


def order(**properties: Any) -> Document:
    """ORDER with other or more properties."""
    return {**ORDER, "properties": {**ORDER["properties"], **properties}}  # type: ignore[dict-item]


def with_header(**header: Any) -> Document:
    headers = {"X-Total": {"schema": {"type": "integer"}, **header}}
    return api(responses={"201": {"description": "made", "headers": headers}})


def secured(*alternatives: Document) -> Document:
    return {
        **api(security=list(alternatives)),
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}, "oauth": {"type": "oauth2"}}
        },
    }
