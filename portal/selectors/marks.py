"""What happened that a chart should show: releases, changes, reviews, breakers, alerts.

One bounded query for each kind of event. Owns which events concern what is drawn. Never draws: portal/dashboards/marks.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from governance.models import Change, DependencyReview, Review
from orchestration.models import Alert, BreakerTransition, WorkflowVersion
from orchestration.policies.breaker import State
from portal.dashboards.marks import Mark
from portal.presentation.words import breaker_look

#: Of each kind, the newest: more could not be told apart on a chart.
MOST = 50
VOTES = {"approve": "approved", "request_changes": "sent back", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a chart is about; None is everything, an empty collection nothing."""

    since: datetime
    workflows: Collection[str] | None = None
    dependencies: Collection[str] | None = None


def marks(scope: Scope) -> list[Mark]:
    """All events of the scope, in no order."""
    return [mark for provider in PROVIDERS for mark in provider(scope)]


def _releases(scope: Scope) -> list[Mark]:
    rows = WorkflowVersion.objects.filter(published_at__gte=scope.since, state=WorkflowVersion.State.ACTIVE)
    if scope.workflows is not None:
        rows = rows.filter(workflow__name__in=scope.workflows)
    newest = rows.order_by("-published_at").values_list("workflow__name", "version", "published_at")[:MOST]
    return [Mark(at, f"{name} {version} live", reverse("workflow", args=[name])) for name, version, at in newest]


def _changes(scope: Scope) -> list[Mark]:
    """Applied ones. A release that went through the gate is a mark already: its version."""
    rows = Change.objects.filter(decided_at__gte=scope.since, state=Change.State.APPLIED)
    rows = _about(rows.exclude(kind="workflow.release"), scope, "")
    newest = rows.order_by("-decided_at").values_list("pk", "name", "number", "decided_at")[:MOST]
    return [
        Mark(at, f"{f'{name} {number}'.strip()} (change {pk})", reverse("change", args=[pk]), "change")
        for pk, name, number, at in newest
        if at is not None
    ]


def _reviews(scope: Scope) -> list[Mark]:
    rows = _about(Review.objects.filter(at__gte=scope.since), scope, "change__")
    newest = rows.order_by("-at").values_list("change_id", "change__name", "team__name", "vote", "at")[:MOST]
    return [
        Mark(at, f"{name} {VOTES.get(vote, vote)} for {team}", reverse("change", args=[pk]), "review")
        for pk, name, team, vote, at in newest
    ]


def _sign_offs(scope: Scope) -> list[Mark]:
    """Reviews of dependencies."""
    rows = DependencyReview.objects.filter(signed_at__gte=scope.since)
    if scope.dependencies is not None:
        rows = rows.filter(dependency__name__in=scope.dependencies)
    newest = rows.order_by("-signed_at").values_list("dependency__name", "area", "signed_at")[:MOST]
    return [
        Mark(at, f"{name}: {area} reviewed", reverse("dependency", args=[name]), "review") for name, area, at in newest
    ]


def _about(rows: QuerySet[Any], scope: Scope, prefix: str) -> QuerySet[Any]:
    """Changes of the workflows, of the contracts they use, and of the dependencies."""
    if scope.workflows is None and scope.dependencies is None:
        return rows
    names = [*(scope.workflows or ()), *(scope.dependencies or ())]
    ports = WorkflowVersion.objects.filter(
        workflow__name__in=scope.workflows or (), state=WorkflowVersion.State.ACTIVE, ports__isnull=False
    ).values("ports__contract")
    wanted = Q(**{f"{prefix}name__in": names})
    if scope.workflows:
        wanted |= Q(**{f"{prefix}name__in": ports})
    return rows.filter(wanted)


def _breakers(scope: Scope) -> list[Mark]:
    """Openings and closings: half-open ones come and go too often to be seen apart."""
    rows = BreakerTransition.objects.filter(at__gte=scope.since).exclude(target=State.HALF_OPEN)
    rows = rows.exclude(source=State.HALF_OPEN, target=State.OPEN)
    if scope.dependencies is not None:
        rows = rows.filter(name__in=scope.dependencies)
    newest = rows.order_by("-at").values_list("name", "target", "at")[:MOST]
    return [
        Mark(at, f"{name}: breaker {breaker_look(target).word.lower()}", reverse("dependency", args=[name]), "breaker")
        for name, target, at in newest
    ]


def _alerts(scope: Scope) -> list[Mark]:
    rows = Alert.objects.filter(opened_at__gte=scope.since)
    if scope.workflows is not None or scope.dependencies is not None:
        of_workflow = Q(workflow__in=scope.workflows or ()) | Q(objective__workflow__in=scope.workflows or ())
        rows = rows.filter(of_workflow | Q(objective__dependency__in=scope.dependencies or ()))
    newest = rows.order_by("-opened_at").values_list("pk", "severity", "subject", "opened_at")[:MOST]
    return [
        Mark(at, f"{severity} of {subject}", reverse("alert", args=[pk]), "alert")
        for pk, severity, subject, at in newest
    ]


PROVIDERS: tuple[Callable[[Scope], list[Mark]], ...] = (
    _releases, _changes, _reviews, _sign_offs, _breakers, _alerts,
)  # fmt: skip
