"""What a team owns, and what waits for it. A fixed number of queries, however much there is. Never writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from governance.models import ActionItem, Change, Contract, Decision, Pattern, Postmortem, Runbook
from governance.selectors.dependency_reviews import Standing, due_of
from governance.selectors.postmortems import open_actions
from orchestration.errors import NotFound
from orchestration.models import Alert, Dependency, Objective, Team, Workflow
from orchestration.selectors.alerts import waiting_for_teams

#: Of each kind; the lists behind have all.
MOST = 100
_WAITING = (Change.State.OPEN, Change.State.CHANGES_REQUESTED)


@dataclass(frozen=True, slots=True)
class Owned:
    """Everything of one team."""

    workflows: list[Workflow]
    contracts: list[Contract]
    dependencies: list[Dependency]
    objectives: list[Objective]
    decisions: list[Decision]
    runbooks: list[Runbook]
    postmortems: list[Postmortem]
    patterns: list[Pattern]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What somebody of the team should look at."""

    alerts: list[Alert]
    changes: list[Change]
    runbooks: list[Runbook]
    reviews: list[Standing]
    actions: list[ActionItem]

    def __len__(self) -> int:
        return sum(len(kind) for kind in (self.alerts, self.changes, self.runbooks, self.reviews, self.actions))


def find_team(name: str) -> Team:
    """By name. Raises NotFound."""
    found = Team.objects.filter(name=name).first() if name.isascii() else None
    if found is None:
        raise NotFound(f"there is no team {name[:63]!r}")
    return found


def owned(team: Team) -> Owned:
    """By name or number."""
    text = ("body", "front_matter")
    return Owned(
        list(Workflow.objects.filter(owner=team)[:MOST]),
        list(Contract.objects.filter(owner=team)[:MOST]),
        list(Dependency.objects.filter(owner=team).defer("document")[:MOST]),
        list(Objective.objects.filter(owner=team, retired_at=None)[:MOST]),
        list(Decision.objects.filter(owner=team).defer(*text)[:MOST]),
        list(Runbook.objects.filter(owner=team).defer(*text)[:MOST]),
        list(Postmortem.objects.filter(owner=team).defer("body", "frozen")[:MOST]),
        list(Pattern.objects.filter(owner=team).defer("body")[:MOST]),
    )


def waiting(team: Team, today: date) -> Waiting:
    """What is open of the team now, each kind in the order of urgency."""
    asked = Change.objects.filter(state__in=_WAITING, requests__team=team).select_related("base").defer("proposal")
    stale = Runbook.objects.filter(status=Runbook.Status.ACTIVE, review_by__lt=today, owner=team)
    return Waiting(
        waiting_for_teams([team.pk], MOST),
        list(asked.order_by("expires_at")[:MOST]),
        list(stale.defer("body", "front_matter").order_by("review_by")[:MOST]),
        due_of([team.pk], today),
        open_actions([team.pk]),
    )


def counts() -> list[tuple[Team, dict[str, int]]]:
    """Of every team how much it owns, by kind. One query a kind."""
    kinds: dict[str, dict[int, int]] = {}
    for model in (Workflow, Contract, Dependency, Decision, Runbook, Objective):
        rows = model._default_manager.values("owner_id").order_by().annotate(count=Count("pk"))
        kinds[model.__name__.lower()] = {row["owner_id"]: row["count"] for row in rows}
    return [(team, {kind: found.get(team.pk, 0) for kind, found in kinds.items()}) for team in Team.objects.all()]
