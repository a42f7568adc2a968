"""Measured impact: what a change of a contract touches, from the runs that there really were. Never writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from governance.selectors.api_uses import ApiUse
from orchestration import clock
from orchestration.ids import floor
from orchestration.models import Port, Run

#: Runs of one workflow are counted so far: beyond it the exact number decides nothing.
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Use:
    """One workflow that uses the contract: in which steps, and how many runs it had; `many`: at least so many."""

    workflow: str
    team: str
    versions: tuple[str, ...]
    steps: tuple[str, ...]
    day: int
    month: int

    @property
    def many(self) -> bool:
        """Whether counting stopped."""
        return self.month >= MOST


def impact(ports: Iterable[ApiUse | Port]) -> list[Use]:
    """For each workflow with a live port, busiest first; a call of an API is one too."""
    now = clock.now()
    by_workflow: dict[int, list[ApiUse | Port]] = {}
    for port in ports:
        by_workflow.setdefault(port.version.workflow_id, []).append(port)
    found = []
    for workflow_id, mine in by_workflow.items():
        workflow = mine[0].version.workflow
        versions = dict.fromkeys(port.version.version for port in mine)
        steps = dict.fromkeys(f"{port.step or workflow.name} {port.direction}" for port in mine)
        month = _runs(workflow_id, now - timedelta(days=28))
        day = _runs(workflow_id, now - timedelta(days=1)) if month else 0
        found.append(Use(workflow.name, workflow.owner.name, tuple(versions), tuple(steps), day, month))
    return sorted(found, key=lambda use: (-use.month, use.workflow))


def _runs(workflow_id: int, since: object) -> int:
    rows = Run.objects.filter(workflow_id=workflow_id, pk__gte=floor(since)).order_by()  # type: ignore[arg-type]
    return rows.values("pk")[:MOST].count()
