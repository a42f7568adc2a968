"""Governance's answers to the engine's hooks. Owns the registration; never imported by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.contracts.validation import validator_of
from governance.gate.contract_versions import PublishContract
from governance.gate.endings import Deprecate, Retire
from governance.gate.glass import FollowUp
from governance.gate.releases import Releases, ReleaseWorkflow
from governance.gate.shelves import Contracts as ContractShelf
from governance.gate.shelves import Workflows as WorkflowShelf
from governance.gate.subjects import register as have_the_gate
from governance.selectors.contracts import resolve, schema_of
from governance.services.contracts import ContractApplier
from governance.services.policies import GatePolicyApplier
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


def register() -> None:
    """Answer from now on."""
    hooks.contracts = Contracts()
    hooks.releases = Releases()
    hooks.appliers["Contract"] = ContractApplier()
    hooks.appliers["GatePolicy"] = GatePolicyApplier()
    for subject in (PublishContract(), ReleaseWorkflow(), FollowUp()):
        have_the_gate(subject)
    for shelf in (ContractShelf(), WorkflowShelf()):
        have_the_gate(Deprecate(shelf))
        have_the_gate(Retire(shelf))
