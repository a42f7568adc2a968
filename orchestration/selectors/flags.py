"""Reads of flags: by name, who asks for them, and what they were for the latest runs. Never writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max

from orchestration.engine.plans import plan_of
from orchestration.errors import NotFound
from orchestration.models import Flag, RunFlag, WorkflowVersion
from orchestration.services.world import suggestion

#: The share is measured in so many of the latest runs that asked: a bound that holds however many there are.
RECENT_RUNS = 1_000


class Use(NamedTuple):
    """A step that asks for a flag, in the highest active version of its workflow."""

    workflow: str
    version: str
    step: str
    when_off: str


@dataclass(frozen=True, slots=True)
class Share:
    """Of the latest runs that asked, for how many it was on. `since`: when the first of them asked."""

    runs: int = 0
    on: int = 0
    since: datetime | None = None

    @property
    def part(self) -> float | None:
        """The share of runs for which it was on; None where nobody asked."""
        return self.on / self.runs if self.runs else None


def find_flag(name: str) -> Flag:
    """By name. Raises NotFound, which suggests."""
    flag = Flag.objects.select_related("owner").filter(name=name).first() if name.isprintable() else None
    if flag is None:
        known = Flag.objects.values_list("name", flat=True)
        raise NotFound(f"no flag {name[:80]!r}{suggestion(name[:80], known)}")
    return flag


def revision_of(flag: Flag) -> int:
    """The number of its newest revision: it grows with every apply and every switch."""
    newest = flag.history.order_by("-history_id").values_list("history_id", flat=True).first()
    return int(newest or 0)


def revisions() -> dict[str, int]:
    """The same of all flags by name, in one query."""
    return dict(Flag.history.order_by().values_list("name").annotate(newest=Max("history_id")))


def uses() -> dict[str, list[Use]]:
    """By flag, the steps that ask for it. One query; plans are kept in memory."""
    active = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).order_by("precedence")
    newest = {name: (version, pk) for name, version, pk in active.values_list("workflow__name", "version", "pk")}
    found: dict[str, list[Use]] = {}
    for workflow, (version, pk) in sorted(newest.items()):
        for step in plan_of(pk).steps.values():
            if step.flag is not None:
                use = Use(workflow, version, step.name, step.flag.when_off)
                found.setdefault(step.flag.key, []).append(use)
    return found


def share_of(name: str) -> Share:
    """What it was for the latest runs that asked. One query of at most RECENT_RUNS rows."""
    rows = list(RunFlag.objects.filter(name=name).order_by("-at").values_list("is_on", "at")[:RECENT_RUNS])
    return Share(len(rows), sum(is_on for is_on, _ in rows), rows[-1][1]) if rows else Share()
