"""Coupling between teams: workflows that call another team's dependencies or use another team's contracts. Never writes.

Read from the highest active version of each workflow, whose plans are kept in memory. Coupling is no fault: it is what two teams
must talk about before either changes something.
"""

from __future__ import annotations

from dataclasses import dataclass

from governance.models import Contract
from orchestration.engine.plans import plan_of
from orchestration.models import Dependency, Port, WorkflowVersion


@dataclass(frozen=True, slots=True)
class Tie:
    """A workflow of `team` relies on something of `other`. `noun`: dependency or contract."""

    workflow: str
    team: str
    noun: str
    name: str
    other: str
    where: tuple[str, ...]


def ties() -> list[Tie]:
    """All of them, by workflow. Four queries."""
    rows = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).order_by("precedence")
    newest = {name: (pk, team) for name, pk, team in rows.values_list("workflow__name", "pk", "workflow__owner__name")}
    owners = dict(Dependency.objects.values_list("name", "owner__name"))
    contract_owners = dict(Contract.objects.values_list("name", "owner__name"))
    ports: dict[int, dict[str, list[str]]] = {}
    for pk, step, contract in Port.objects.filter(version__in=[pk for pk, _ in newest.values()]).values_list(
        "version_id", "step", "contract"
    ):
        ports.setdefault(pk, {}).setdefault(contract, []).append(step or "the workflow itself")
    found = []
    for workflow, (pk, team) in sorted(newest.items()):
        for name, steps in sorted(_calls(pk).items()):
            if owners.get(name, team) != team:
                found.append(Tie(workflow, team, "dependency", name, owners[name], tuple(steps)))
        for name, steps in sorted(ports.get(pk, {}).items()):
            if contract_owners.get(name, team) != team:
                where = tuple(dict.fromkeys(steps))
                found.append(Tie(workflow, team, "contract", name, contract_owners[name], where))
    return found


def _calls(version_id: int) -> dict[str, list[str]]:
    """Dependency → the steps that call it, or whose way back does."""
    found: dict[str, list[str]] = {}
    for step in plan_of(version_id).steps.values():
        for action in (step, step.compensate):
            if action is not None and action.dependency and step.name not in found.setdefault(action.dependency, []):
                found[action.dependency].append(step.name)
    return found
