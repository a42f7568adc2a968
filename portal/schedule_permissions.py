"""Who may make up for a range of a schedule, for the API and the page alike. Owns that one rule; never starts anything."""

from __future__ import annotations

from orchestration.models import Schedule, Workflow
from portal.permissions import Actor, Verb


def require_backfill(actor: Actor, schedule: Schedule) -> None:
    """Raise Forbidden unless the actor operates for the schedule's owner, and for that of the workflow which it starts."""
    actor.require(Verb.OPERATE, schedule.owner)
    workflow = Workflow.objects.select_related("owner").filter(name=schedule.workflow).first()
    if workflow is not None:
        actor.require(Verb.OPERATE, workflow.owner)


def may_backfill(actor: Actor, schedule: Schedule) -> bool:
    """Whether it would be permitted: for what a page offers."""
    teams = Workflow.objects.filter(name=schedule.workflow).values_list("owner_id", flat=True)
    return all(actor.may(Verb.OPERATE, team) for team in {schedule.owner_id, *teams})
