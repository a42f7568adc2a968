"""Governance's answers to the engine's hooks. Owns the registration; never imported by the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from governance.contracts import InvalidSchema
from governance.contracts.fields import Fields
from governance.contracts.formats import JSON_SCHEMA, WORDS
from governance.contracts.openapi.calling import contracted
from governance.contracts.validation import validator_of
from governance.contracts.workflows import Contracted, faults
from governance.gate.breakers import ForceBreaker
from governance.gate.contract_versions import PublishContract
from governance.gate.decisions import AcceptDecision
from governance.gate.dependency_rules import faults as dependency_faults
from governance.gate.endings import Deprecate, Retire
from governance.gate.glass import FollowUp
from governance.gate.releases import Releases, ReleaseWorkflow
from governance.gate.shelves import Contracts as ContractShelf
from governance.gate.shelves import Workflows as WorkflowShelf
from governance.gate.subjects import register as have_the_gate
from governance.selectors.api_uses import api_of
from governance.selectors.contracts import other_format, resolve, schema_of, spec_of
from governance.services import audit
from governance.services.alerting import Channels
from governance.services.approving import Asking
from governance.services.contracts import ContractApplier
from governance.services.emitting import Outbox
from governance.services.policies import GatePolicyApplier
from orchestration.errors import Violation
from orchestration.hooks import Agreed, PolicyFault, hooks
from orchestration.manifest import Finding, PortKey, calls
from orchestration.secrets import MASK


class Contracts:
    """The registry, as the engine asks it."""

    def resolve(self, name: str, range_: str, format: str = JSON_SCHEMA) -> str | None:
        """See orchestration.hooks.ContractHook."""
        return resolve(name, range_, format)

    def unusable(self, name: str, format: str = JSON_SCHEMA) -> str:
        """See orchestration.hooks.ContractHook."""
        words = other_format(name, format)
        wanted = "payloads of steps are JSON" if format == JSON_SCHEMA else f"an API is described in {WORDS[format]}"
        return f"its versions are in {words}, and {wanted}" if words else ""

    def validate(self, name: str, version: str, payload: Any, *, masked: bool = False) -> Sequence[Violation]:
        """See orchestration.hooks.ContractHook."""
        return validator_of(name, version, MASK if masked else None)(payload)

    def schema(self, name: str, version: str) -> Any:
        """See orchestration.hooks.ContractHook."""
        return schema_of(name, version)

    def field_faults(
        self, workflow: dict[str, Any], ports: Mapping[PortKey, Agreed], apis: Mapping[str, Agreed]
    ) -> Sequence[Finding]:
        """See orchestration.hooks.ContractHook."""
        offered = {dependency: api_of(agreed) for dependency, agreed in apis.items()}
        read: dict[tuple[str, str], Contracted | None] = {}
        for agreed in ports.values():
            if (agreed.name, agreed.version) not in read:
                read[agreed.name, agreed.version] = _contracted(agreed)
        known = {key: read[agreed.name, agreed.version] for key, agreed in ports.items()}
        asked = [(call, api) for call in calls(workflow) if (api := offered.get(call.dependency)) is not None]
        told = contracted(workflow, asked) | {key: found for key, found in known.items() if found is not None}
        return [*(fault for call, api in asked for fault in api.faults(call)), *faults(workflow, told)]


class Policies:
    """Gate policies, as the engine asks them."""

    def workflow_faults(
        self, canonical: Mapping[str, Any], name: str, owner: str, specs: Mapping[str, Mapping[str, Any]]
    ) -> Sequence[PolicyFault]:
        """See orchestration.hooks.PolicyHook."""
        return dependency_faults(canonical, name, owner, specs)


def _contracted(agreed: Agreed) -> Contracted | None:
    """None where it can't be read, which is said of the contract itself."""
    spec = agreed.spec or spec_of(agreed.name, agreed.version)
    if spec is None:
        return None
    try:
        fields = Fields(spec["schema"], spec.get("policy", "tolerant"))
    except InvalidSchema:
        return None
    return Contracted(f"{agreed.name}@{agreed.version}", fields)


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
    hooks.policies = Policies()
    hooks.alerts = Channels()
    hooks.approvals = Asking()
    hooks.events = Outbox()
    hooks.contracts = Contracts()
    hooks.releases = Releases()
    hooks.appliers["Contract"] = ContractApplier()
    hooks.appliers["GatePolicy"] = GatePolicyApplier()
    for subject in (PublishContract(), ReleaseWorkflow(), ForceBreaker(), AcceptDecision(), FollowUp()):
        have_the_gate(subject)
    for shelf in (ContractShelf(), WorkflowShelf()):
        have_the_gate(Deprecate(shelf))
        have_the_gate(Retire(shelf))
