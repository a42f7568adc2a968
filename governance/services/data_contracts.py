"""Data contracts in and out: what an ODCS document says of itself, and any version of a contract as such a document.

Never judges: governance/contracts/odcs and the gate do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.contracts.formats import ODCS, OPENAPI, format_of
from governance.contracts.odcs.writing import Facts, document_of, with_facts
from governance.models import ContractVersion
from governance.services.document_imports import Standard
from orchestration.errors import Conflict


def export_odcs(version: ContractVersion) -> dict[str, Any]:
    """The document of a version. Raises Conflict for an API, which is no data."""
    contract, spec = version.contract, version.canonical["spec"]
    if format_of(spec) == OPENAPI:
        raise Conflict(f"{contract.name}@{version.version} describes an API, and a data contract describes data")
    sunset = version.sunset_at.date().isoformat() if version.sunset_at else ""
    facts = Facts(contract.name, version.version, version.state, contract.owner.name, contract.description, sunset)
    if format_of(spec) == ODCS:
        return with_facts(version.schema, facts)
    return document_of(version.schema, format_of(spec), facts)


def _described(value: Mapping[str, Any]) -> tuple[str, str, str]:
    """The document's name, else its data product's, else its id; its version and its purpose."""
    name = next(str(value[key]) for key in ("name", "dataProduct", "id") if value.get(key))
    described = value.get("description")
    purpose = described.get("purpose") if isinstance(described, Mapping) else None
    return name, str(value["version"]), str(purpose or "")


#: Who reads the data must be able to read what comes: the question that a new version is asked.
DATA_CONTRACTS = Standard(ODCS, "a data contract", "/version", _described, level="FORWARD")
