"""Is it a document of the standard? Held to the standard's own JSON Schema, every fault with its place.

Owns that check and what of a document is asked for by name. Never compares.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import jsonschema_rs

from governance.contracts.vocabulary import InvalidSchema

#: Documents of before version 3 are laid out otherwise, though the schema knows their numbers.
READ = "v3."
WRITTEN = "v3.1.0"
MOST_FAULTS = 5
APPROVERS = ("firstLevelApprovers", "secondLevelApprovers")


def check_odcs(document: Any) -> None:
    """Raises InvalidSchema with the places that are not as the standard has them."""
    if not isinstance(document, Mapping):
        raise InvalidSchema("a data contract is a mapping with apiVersion, kind, id, version and status")
    version = document.get("apiVersion")
    if isinstance(version, str) and not version.startswith(READ):
        raise InvalidSchema(f"/apiVersion: {version[:20]!r} is not read; bring the document to {WRITTEN} of ODCS")
    faults = [f"{error_place(error)}: {error.message[:200]}" for error in _validator().iter_errors(document)]
    if faults:
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise InvalidSchema(f"not as ODCS {WRITTEN} has it: {'; '.join(sorted(faults)[:MOST_FAULTS])}{more}")


def error_place(error: Any) -> str:
    return "".join(f"/{part}" for part in error.instance_path) or "/"


def listed(owner: Any, name: str) -> list[dict[str, Any]]:
    """The mappings of a list that may not be there."""
    found = owner.get(name) if isinstance(owner, Mapping) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def approvers(document: Any) -> Iterator[tuple[str, str]]:
    """Names of who approves a role, and the role."""
    for role in listed(document, "roles"):
        for level in APPROVERS:
            for name in str(role.get(level) or "").replace(";", ",").split(","):
                if name.strip():
                    yield name.strip(), str(role.get("role"))


@functools.cache
def _validator() -> Any:
    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    return jsonschema_rs.Draft201909Validator(json.loads(text), validate_formats=False)
