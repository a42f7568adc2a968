"""Questions that the engine asks of whoever governs it. Governance answers by registering in its apps.py.

Owns the questions and the answers given when nobody is registered. Never imports governance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from orchestration.errors import Violation


class ContractHook(Protocol):
    """What the engine wants to know of contracts."""

    def resolve(self, name: str, range_: str) -> str | None:
        """The highest active version of the contract that fits the npm range, or None."""
        ...

    def validate(self, name: str, version: str, payload: Any) -> Sequence[Violation]:
        """Every fault of the payload against that version; empty when it fits."""
        ...

    def schema(self, name: str, version: str) -> Any:
        """The schema of that version, for forms and field checks; None when unknown."""
        ...


class NoContracts:
    """Nobody governs: no contract exists."""

    def resolve(self, name: str, range_: str) -> str | None:
        return None

    def validate(self, name: str, version: str, payload: Any) -> Sequence[Violation]:
        return ()

    def schema(self, name: str, version: str) -> Any:
        return None


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


@dataclass(slots=True)
class Hooks:
    """The registered answers of this process."""

    contracts: ContractHook = field(default_factory=NoContracts)
    audit: AuditHook = field(default_factory=NoAudit)
    #: Appliers of manifest kinds that live outside the engine: kind → applier (see services/manifests.py).
    appliers: dict[str, Any] = field(default_factory=dict)


hooks = Hooks()
