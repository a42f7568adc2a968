"""What changed under a runbook since somebody looked at it or went through it: versions of its workflows and their contracts.

Such a runbook is stale whatever its review date says. A handful of queries, however long the list. Never writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.models import ContractVersion, Runbook
from governance.selectors.exercises import last_completed
from governance.selectors.runbooks import About
from orchestration.models import Port, WorkflowVersion

#: More are not listed: one is enough to look at the text again.
MOST = 200
_LIVE = ("active", "deprecated")


@dataclass(frozen=True, slots=True)
class Change:
    """A version that came after the last look. `kind`: workflow or contract."""

    kind: str
    name: str
    version: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Standing:
    """When it was last gone through, when somebody last vouched for it in any way, and what changed since."""

    exercised_at: datetime | None
    looked_at: datetime
    changes: tuple[Change, ...]


def standings(found: Sequence[Runbook], about: Mapping[int, About]) -> dict[int, Standing]:
    """By primary key."""
    exercised = last_completed([row.pk for row in found])
    looked = {row.pk: max(filter(None, (row.reviewed_at or row.created_at, exercised.get(row.pk)))) for row in found}
    since = min(looked.values(), default=None)
    names = {name for row in found for name in about[row.pk].workflows}
    if since is None or not names:
        return {row.pk: Standing(exercised.get(row.pk), looked[row.pk], ()) for row in found}
    used = _contracts_of(names)
    flows = _new_versions(names, since)
    contracts = _new_contracts({name for some in used.values() for name in some}, since)
    result = {}
    for row in found:
        own = about[row.pk].workflows
        wanted = {contract for name in own for contract in used.get(name, ())}
        changes = [change for change in flows if change.name in own]
        changes += [change for change in contracts if change.name in wanted]
        newer = sorted((one for one in changes if one.at > looked[row.pk]), key=lambda one: one.at, reverse=True)
        result[row.pk] = Standing(exercised.get(row.pk), looked[row.pk], tuple(newer))
    return result


def standing(runbook: Runbook, about: About) -> Standing:
    """Of one."""
    return standings([runbook], {runbook.pk: about})[runbook.pk]


def _contracts_of(names: set[str]) -> dict[str, set[str]]:
    """Workflow → the contracts that its active versions use."""
    rows = Port.objects.filter(version__workflow__name__in=names, version__state=WorkflowVersion.State.ACTIVE)
    found: dict[str, set[str]] = {}
    for workflow, contract in rows.values_list("version__workflow__name", "contract").distinct():
        found.setdefault(workflow, set()).add(contract)
    return found


def _new_versions(names: set[str], since: datetime) -> list[Change]:
    rows = WorkflowVersion.objects.filter(workflow__name__in=names, state__in=_LIVE, published_at__gt=since)
    told = rows.order_by("-published_at").values_list("workflow__name", "version", "published_at")[:MOST]
    return [Change("workflow", name, version, at) for name, version, at in told]


def _new_contracts(names: set[str], since: datetime) -> list[Change]:
    rows = ContractVersion.objects.filter(contract__name__in=names, state__in=_LIVE, published_at__gt=since)
    told = rows.order_by("-published_at").values_list("contract__name", "version", "published_at")[:MOST]
    return [Change("contract", name, version, at) for name, version, at in told]
