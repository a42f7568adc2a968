"""What needs the reader: of the teams they hold a role in. A fixed number of queries. Never decides what they may do about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from governance.models import Change, Decision, Runbook
from governance.selectors.changes import waiting_for
from governance.selectors.dependency_reviews import Standing, due_of
from orchestration.ids import floor
from orchestration.models import Alert, Approval, Membership, Role, Run
from orchestration.selectors.alerts import waiting_for_teams
from orchestration.selectors.approvals import open_for
from orchestration.states import Compensation

#: Of each kind; the lists behind have all.
MOST = 5
#: An older failed compensation is in the list of runs; here it would stand for ever, since nothing marks it done.
LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Needs:
    """What waits, each kind in the order of urgency and at most MOST long."""

    alerts: list[Alert]
    questions: list[Approval]
    changes: list[Change]
    undone: list[Run]
    runbooks: list[Runbook]
    reviews: list[Standing]
    decisions: list[Decision]

    def __len__(self) -> int:
        kinds = (self.alerts, self.questions, self.changes, self.undone, self.runbooks, self.reviews, self.decisions)
        return sum(len(kind) for kind in kinds)


def needs_of(team_ids: Collection[int], *, person: Any, now: datetime, today: date) -> Needs:
    """Changes and approvals that wait for this person; alerts, failed compensations, stale runbooks, due reviews of
    dependencies and proposed decisions of these teams."""
    undone = Run.objects.filter(
        compensation=Compensation.FAILED, team_id__in=team_ids, pk__gte=floor(now - LOOK_BACK)
    ).select_related("workflow", "team")
    stale = stale_runbooks(today).filter(owner_id__in=team_ids).select_related("owner")
    proposed = Decision.objects.filter(status=Decision.Status.PROPOSED, owner_id__in=team_ids).select_related("owner")
    return Needs(
        alerts=waiting_for_teams(team_ids, MOST),
        questions=questions_for(person, MOST),
        changes=waiting_for(person)[:MOST],
        undone=list(undone.defer("input", "output").order_by("-pk")[:MOST]),
        runbooks=list(stale.defer("body", "front_matter").order_by("review_by", "slug")[:MOST]),
        reviews=due_of(team_ids, today)[:MOST],
        decisions=list(proposed.defer("body", "front_matter").order_by("updated_at")[:MOST]),
    )


def questions_for(person: Any, most: int) -> list[Approval]:
    """Approvals that this person may decide, the oldest first: of teams they review for, of runs that others started."""
    teams = Membership.objects.filter(user=person, role=Role.APPROVER).values_list("team_id", flat=True)
    return open_for(list(teams), not_started_by=person.pk, most=most)


def stale_runbooks(today: date) -> QuerySet[Runbook]:
    """Active ones whose review date has passed, of all teams."""
    return Runbook.objects.filter(status=Runbook.Status.ACTIVE, review_by__lt=today)
