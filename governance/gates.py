"""Governance's answers to the engine's hooks. Owns the registration; never imported by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.contracts.validation import validator_of
from governance.selectors.contracts import resolve, schema_of
from governance.services import audit
from governance.services.contracts import ContractApplier
from orchestration.errors import Violation
from orchestration.hooks import hooks


class Contracts:
    """The registry, as the engine asks it."""

    def resolve(self, name: str, range_: str) -> str | None:
        """See orchestration.hooks.ContractHook."""
        return resolve(name, range_)

    def validate(self, name: str, version: str, payload: Any) -> Sequence[Violation]:
        """See orchestration.hooks.ContractHook."""
        return validator_of(name, version)(payload)

    def schema(self, name: str, version: str) -> Any:
        """See orchestration.hooks.ContractHook."""
        return schema_of(name, version)


class Audit:
    """The log, as the engine asks for it."""

    def hold(self) -> None:
        """See orchestration.hooks.AuditHook."""
        audit.hold()

    def record(self, **facts: Any) -> object:
        """See orchestration.hooks.AuditHook."""
        return audit.record(**facts)


def register() -> None:
    """Answer from now on."""
    hooks.audit = Audit()
    hooks.contracts = Contracts()
    hooks.appliers["Contract"] = ContractApplier()
