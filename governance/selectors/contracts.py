"""Reads of the contract registry. Never writes."""

from __future__ import annotations

from typing import Any

from governance.models import ContractVersion
from orchestration.versions import highest


def resolve(name: str, range_: str) -> str | None:
    """The highest active version of the contract that fits the npm range, or None."""
    active = ContractVersion.objects.filter(contract__name=name, state=ContractVersion.State.ACTIVE)
    return highest(active.values_list("version", flat=True), range_)


def schema_of(name: str, version: str) -> Any:
    """The schema of a version; None when there is no such version."""
    found = ContractVersion.objects.filter(contract__name=name, version=version)
    return found.values_list("schema", flat=True).first()
