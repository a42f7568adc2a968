"""What an OpenAPI document says of itself. Never judges one: governance/contracts/openapi and the gate do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.contracts.formats import OPENAPI
from governance.services.document_imports import Standard
from orchestration.errors import InvalidInput


def _described(value: Mapping[str, Any]) -> tuple[str, str, str]:
    """Its title, version and summary, else the first paragraph of its description."""
    info = value.get("info")
    if not isinstance(info, Mapping) or not info.get("title"):
        raise InvalidInput("/info/title: the document has no title; add one")
    text = str(info.get("summary") or info.get("description") or "").strip().partition("\n\n")[0]
    return str(info["title"]), str(info.get("version") or ""), text


APIS = Standard(OPENAPI, "an API", "/info/version", _described)
