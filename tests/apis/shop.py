"""An API as teams write it, and workflows that call it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tests.governance.gatehouse import manifest
from tests.undoing import NO_UNDOING

PAYMENTS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Payments API", "version": "1.0.0", "description": "Charges and their refunds."},
    "paths": {
        "/charges": {
            "post": {
                "operationId": "charge",
                "summary": "Charge a card",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewCharge"}}},
                },
                "responses": {
                    "201": {
                        "description": "charged",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Charge"}}},
                    },
                    "402": {"description": "declined"},
                },
            },
            "get": {
                "summary": "List charges",
                "parameters": [
                    {"name": "order", "in": "query", "required": True, "schema": {"type": "string"}},
                    {"name": "X-Tenant", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {"200": {"description": "all of them"}},
            },
        },
        "/charges/{id}": {
            "get": {"summary": "One charge", "responses": {"200": {"description": "it"}}},
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        },
        "/charges/latest": {"get": {"deprecated": True, "responses": {"200": {"description": "it"}}}},
        "/charges/{id}/refund": {
            "post": {"summary": "Give it back", "responses": {"204": {"description": "done"}}},
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        },
        "/imports": {
            "post": {
                "requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}},
                "responses": {"202": {"description": "taken"}},
            }
        },
    },
    "components": {
        "schemas": {
            "NewCharge": {
                "type": "object",
                "required": ["order", "amount"],
                "properties": {
                    "order": {"type": "string"},
                    "amount": {"type": "integer"},
                    "id": {"type": "string", "readOnly": True},
                },
            },
            "Charge": {
                "type": "object",
                "required": ["id", "status"],
                "properties": {"id": {"type": "string"}, "status": {"enum": ["captured", "declined"]}},
            },
        }
    },
}


def changed(**paths: Any) -> dict[str, Any]:
    """The API with other paths, or without those that are None."""
    document = deepcopy(PAYMENTS)
    for path, item in paths.items():
        if item is None:
            del document["paths"][path]
        else:
            document["paths"][path] = item
    return document


def api(version: str, document: dict[str, Any], owner: str = "payments") -> str:
    metadata = {"name": "payments-api", "version": version, "owner": owner}
    return manifest("Contract", metadata, {"format": "openapi", "schema": document})


def dependency(api: str | None = "payments-api@^1") -> str:
    spec = {"base_url": "http://127.0.0.1:1/v1"} | ({"api": api} if api else {})
    return manifest("Dependency", {"name": "payments", "owner": "payments"}, spec)


def charging(
    steps: dict[str, Any] | None = None, *, version: str = "1.0.0", name: str = "ship", owner: str = "checkout"
) -> str:
    """A workflow whose steps call the payments service."""
    good = {"http": {"method": "POST", "path": "/charges", "json": {"order": "o-1", "amount": 5}}}
    told = {
        step: {"dependency": "payments", "effect": "write", **NO_UNDOING, **said}
        for step, said in (steps or {"charge": good}).items()
    }
    return manifest("Workflow", {"name": name, "version": version, "owner": owner}, {"steps": told})
