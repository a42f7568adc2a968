"""Questions that the engine asks of whoever governs it. Governance answers by registering in its apps.py.

Owns the questions and the answers given when nobody is registered. Never imports governance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestration.errors import Violation
from orchestration.manifest import Finding, PortKey


@dataclass(frozen=True, slots=True)
class Agreed:
    """The contract version at a port. `spec`: its manifest's, where it comes with the same batch and isn't stored yet."""

    name: str
    version: str
    spec: dict[str, Any] | None = None


class ContractHook(Protocol):
    """What the engine wants to know of contracts."""

    def resolve(self, name: str, range_: str, format: str = "jsonschema") -> str | None:
        """The highest active version of the contract in that format that fits the npm range, or None."""
        ...

    def unusable(self, name: str, format: str = "jsonschema") -> str:
        """Why no version of a contract that is there can be used where that format is wanted; empty: that is not why."""
        ...

    def validate(self, name: str, version: str, payload: Any, *, masked: bool = False) -> Sequence[Violation]:
        """Every fault of the payload against that version; empty when it fits. `masked`: no message shows a value of it."""
        ...

    def schema(self, name: str, version: str) -> Any:
        """The schema of that version, for forms; None when unknown."""
        ...

    def field_faults(
        self, workflow: dict[str, Any], ports: Mapping[PortKey, Agreed], apis: Mapping[str, Agreed]
    ) -> Sequence[Finding]:
        """What the workflow, in its normal form, reads of payloads that can't have it, and gives that can't fit; and what it
        asks of services that they don't offer. `apis`: by dependency.
        """
        ...


class NoContracts:
    """Nobody governs: no contract exists."""

    def resolve(self, name: str, range_: str, format: str = "jsonschema") -> str | None:
        return None

    def unusable(self, name: str, format: str = "jsonschema") -> str:
        return ""

    def validate(self, name: str, version: str, payload: Any, *, masked: bool = False) -> Sequence[Violation]:
        return ()

    def schema(self, name: str, version: str) -> Any:
        return None

    def field_faults(
        self, workflow: dict[str, Any], ports: Mapping[PortKey, Agreed], apis: Mapping[str, Agreed]
    ) -> Sequence[Finding]:
        return ()


@dataclass(frozen=True, slots=True)
class Release:
    """A workflow version that is about to go live. `schemas`: of its input and output, where it names contracts for them."""

    name: str
    version: str
    owner: str
    canonical: dict[str, Any]
    content_hash: str
    schemas: dict[str, Any]


class ReleaseHook(Protocol):
    """Whether a workflow version may go live, and the asking where it may not yet."""

    def is_held(self, release: Release) -> bool:
        """Whether others must agree first."""
        ...

    def ask(self, release: Release, version: Any, signature: Any) -> None:
        """Ask them about this version (a WorkflowVersion, written as proposed)."""
        ...


class NoGate:
    """Nobody governs: everything may go live."""

    def is_held(self, release: Release) -> bool:
        return False

    def ask(self, release: Release, version: Any, signature: Any) -> None:
        raise AssertionError("nothing is held without a gate")


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """What a workflow has against a policy. `refuses`: it can't be applied so; otherwise it is told."""

    finding: Finding
    refuses: bool


class PolicyHook(Protocol):
    """What the installation asks of workflows beyond the rules that always hold."""

    def workflow_faults(
        self, canonical: Mapping[str, Any], name: str, owner: str, specs: Mapping[str, Mapping[str, Any]]
    ) -> Sequence[PolicyFault]:
        """Of a workflow in its normal form; `specs`: those of dependencies, by name."""
        ...


class NoPolicies:
    """Nobody governs: nothing is asked."""

    def workflow_faults(
        self, canonical: Mapping[str, Any], name: str, owner: str, specs: Mapping[str, Mapping[str, Any]]
    ) -> Sequence[PolicyFault]:
        return ()


class AuditHook(Protocol):
    """Who keeps the log of what was done to governed objects, and by whom."""

    def hold(self) -> None:
        """Lock the log until the transaction ends: the first lock of each that writes governed objects."""
        ...

    def record(
        self, *, action: str, kind: str, name: str, actor: Any, reason: str, before: Any = None, after: Any = None
    ) -> object:
        """Append one entry, in the caller's transaction."""
        ...


class NoAudit:
    """Nobody keeps a log."""

    def hold(self) -> None:
        """See AuditHook."""

    def record(self, **_: Any) -> None:
        """See AuditHook."""


class AlertHook(Protocol):
    """Who tells people of alerts, by the channels of their teams."""

    def tell(self, event: str, alert: Any, teams: Sequence[Any], **more: Any) -> None:
        """Tell the channels of these teams (Team rows) of an event of the alert (an Alert row), in the caller's transaction."""
        ...

    def mail(self, alert: Any, address: str) -> bool:
        """Write to an address, in the caller's transaction; False where this installation sends no mail."""
        ...


class NoChannels:
    """Nobody is told; the log has it all the same."""

    def tell(self, event: str, alert: Any, teams: Sequence[Any], **more: Any) -> None:
        """See AlertHook."""

    def mail(self, alert: Any, address: str) -> bool:
        return False


class ApprovalHook(Protocol):
    """Who tells a team that a run waits for its word."""

    def asked(self, approval: Any) -> None:
        """Tell the team of an Approval row, in the caller's transaction."""
        ...

    def decided(self, approval: Any) -> None:
        """Tell the team that somebody decided, or time did, in the caller's transaction."""
        ...


class NobodyTold:
    """Nobody is told; the page has it all the same."""

    def asked(self, approval: Any) -> None:
        """See ApprovalHook."""

    def decided(self, approval: Any) -> None:
        """See ApprovalHook."""


class EventHook(Protocol):
    """Who carries events that steps emit to the outside."""

    def emitted(self, event: Any) -> None:
        """Send an Event row to whoever subscribed to its type, in the caller's transaction: an outbox."""
        ...


class NoOutbox:
    """No event leaves."""

    def emitted(self, event: Any) -> None:
        """See EventHook."""


@dataclass(slots=True)
class Hooks:
    """The registered answers of this process."""

    contracts: ContractHook = field(default_factory=NoContracts)
    releases: ReleaseHook = field(default_factory=NoGate)
    audit: AuditHook = field(default_factory=NoAudit)
    policies: PolicyHook = field(default_factory=NoPolicies)
    alerts: AlertHook = field(default_factory=NoChannels)
    approvals: ApprovalHook = field(default_factory=NobodyTold)
    events: EventHook = field(default_factory=NoOutbox)
    #: Appliers of manifest kinds that live outside the engine: kind → applier (see services/manifests.py).
    appliers: dict[str, Any] = field(default_factory=dict)


hooks = Hooks()
