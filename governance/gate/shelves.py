"""The two shelves on which versions stand: contracts and workflows. Finds a version, who uses it, and whom its end hits.

Owns those reads, so that endings.py is written once. Never writes a version.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from governance.gate.subjects import each_once
from governance.models import ContractVersion
from governance.registry.references import referrers_of
from governance.registry.rules import forget
from governance.selectors.contracts import live_ports
from orchestration.errors import NotFound
from orchestration.models import Run, Team, WorkflowVersion
from orchestration.services.objective_sync import follow_workflow
from orchestration.states import RunStatus

Version = Any
"""A ContractVersion or a WorkflowVersion: both have state, deprecated_at, sunset_at, successor and retired_at."""


class Shelf(Protocol):
    """Versions of one noun."""

    noun: str

    def find(self, name: str, number: str) -> Version:
        """The version. Raises NotFound."""
        ...

    def active(self, name: str) -> list[str]:
        """The versions that one can move to, highest first."""
        ...

    def owner(self, version: Version) -> Team:
        """Whose it is."""
        ...

    def as_contract(self, version: Version) -> ContractVersion | None:
        """The version itself, where it is a contract's."""
        ...

    def hits(self, version: Version) -> tuple[tuple[Team, str], ...]:
        """The owner, and the teams that use this very version, each with why."""
        ...

    def in_use(self, version: Version) -> list[str]:
        """What still uses it, in words."""
        ...

    def follow(self, version: Version, actor: Any, reason: str) -> None:
        """Have what goes by the highest live version go by the one that is it now."""
        ...


class Contracts:
    """Contract versions."""

    noun = "contract"

    def find(self, name: str, number: str) -> ContractVersion:
        """See Shelf."""
        found = (
            ContractVersion.objects.select_related("contract__owner")
            .filter(contract__name=name, version=number)
            .first()
        )
        if found is None:
            raise NotFound(f"no version {number[:64]!r} of contract {name[:127]!r}")
        return found

    def active(self, name: str) -> list[str]:
        """See Shelf."""
        rows = ContractVersion.objects.filter(contract__name=name, state=ContractVersion.State.ACTIVE)
        return list(rows.order_by("-precedence").values_list("version", flat=True))

    def owner(self, version: ContractVersion) -> Team:
        """See Shelf."""
        return version.contract.owner

    def as_contract(self, version: ContractVersion) -> ContractVersion | None:
        """See Shelf."""
        return version

    def hits(self, version: ContractVersion) -> tuple[tuple[Team, str], ...]:
        """See Shelf."""
        ports = live_ports(version.contract.name).filter(resolved=version.version)
        users = [(port.version.workflow.owner, "a workflow of its uses this version") for port in ports]
        return each_once([(version.contract.owner, "owns the contract"), *users])

    def in_use(self, version: ContractVersion) -> list[str]:
        """See Shelf."""
        found: dict[str, str] = {}
        for port in live_ports(version.contract.name).filter(resolved=version.version):
            last = last_run(port.version.pk)
            used = f"last used {last:%Y-%m-%d %H:%M} UTC" if last else "never run"
            team = port.version.workflow.owner.name
            found.setdefault(str(port.version), f"{port.version} of team {team} ({used})")
        return [*found.values(), *referrers_of(version)]

    def follow(self, version: ContractVersion, actor: Any, reason: str) -> None:
        """What clients of the registry set for its subject, which goes with the last one. Ports are resolved when their workflow
        is published.
        """
        forget(version.contract, actor)


class Workflows:
    """Workflow versions."""

    noun = "workflow"

    def find(self, name: str, number: str) -> WorkflowVersion:
        """See Shelf."""
        found = (
            WorkflowVersion.objects.select_related("workflow__owner")
            .filter(workflow__name=name, version=number)
            .first()
        )
        if found is None:
            raise NotFound(f"no version {number[:64]!r} of workflow {name[:63]!r}")
        return found

    def active(self, name: str) -> list[str]:
        """See Shelf."""
        rows = WorkflowVersion.objects.filter(workflow__name=name, state=WorkflowVersion.State.ACTIVE)
        return list(rows.order_by("-precedence").values_list("version", flat=True))

    def owner(self, version: WorkflowVersion) -> Team:
        """See Shelf."""
        return version.workflow.owner

    def as_contract(self, version: WorkflowVersion) -> ContractVersion | None:
        """See Shelf."""
        return None

    def hits(self, version: WorkflowVersion) -> tuple[tuple[Team, str], ...]:
        """See Shelf."""
        return ((version.workflow.owner, "owns the workflow"),)

    def in_use(self, version: WorkflowVersion) -> list[str]:
        """See Shelf."""
        is_open = Run.objects.filter(version=version).exclude(status=RunStatus.FINISHED)
        count = is_open.order_by()[:1000].count()
        return [f"{count} open run{'' if count == 1 else 's'}"] if count else []

    def follow(self, version: WorkflowVersion, actor: Any, reason: str) -> None:
        """Its objectives."""
        follow_workflow(version.workflow, actor=actor, reason=reason)


def last_run(version_id: int) -> datetime | None:
    """When the newest run of a workflow version began."""
    return Run.objects.filter(version_id=version_id).order_by("-pk").values_list("created_at", flat=True).first()
