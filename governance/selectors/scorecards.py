"""Scorecards of workflows: the facts that the rules judge, read for many at once in a fixed number of queries. Never writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Sum

from governance.models import ContractVersion, Runbook, ScoreWaiver
from governance.runbooks.freshness import Freshness
from governance.scorecards.rules import RECENT, Facts, Score, score
from governance.selectors.dependency_reviews import standings
from governance.selectors.documents import workflow_mentions
from governance.selectors.exercises import last_completed
from orchestration.engine.plans import plan_of
from orchestration.manifest import Plan
from orchestration.models import Dependency, Membership, Port, Role, RollupDay, Series, Workflow, WorkflowVersion
from orchestration.selectors import budgets

LONG_AGO = datetime.min.replace(tzinfo=UTC)
_OVER = (ContractVersion.State.DEPRECATED, ContractVersion.State.RETIRED)


@dataclass(frozen=True, slots=True)
class _Book:
    """A runbook that is about a workflow, and when it was gone through last."""

    slug: str
    exercised_at: datetime | None


def scores(now: datetime, names: Collection[str] | None = None) -> list[Score]:
    """Of every workflow that has an active version (or of those named), by name."""
    plans = _plans(names)
    flows = {one.name: one for one in Workflow.objects.select_related("owner").filter(name__in=plans)}
    calls = {name: _called(plan) for name, (_, plan) in plans.items()}
    maintainers = _maintainers()
    books, budget, reviews = _books(plans), _budgets(plans, now), _reviews(calls, now)
    ports, retried = _ports([pk for pk, _ in plans.values()]), _retried(plans, now)
    waived = waivers(now, plans)
    found = []
    for name in sorted(flows):
        pk, plan = plans[name]
        book, (objectives, spent) = books.get(name), budget.get(name, (0, ()))
        writes = [step for step in plan.steps.values() if step.effect == "write"]
        used, ended = ports.get(pk, (0, ()))
        facts = Facts(
            team=flows[name].owner.name, maintainers=maintainers[flows[name].owner_id],
            runbook=book.slug if book else "", exercised_at=book.exercised_at if book else None,
            writes=len(writes), for_good=tuple(step.name for step in writes if step.compensate is None),
            objectives=objectives, spent=spent, calls=calls[name],
            unasked=tuple(one for one in calls[name] if one not in reviews),
            overdue=tuple(area for one in calls[name] for area in reviews.get(one, ())),
            contracts=used, ended=ended, retried=retried.get(name, 0),
        )  # fmt: skip
        found.append(score(name, facts, {one.check_key: one.expires_at for one in waived.get(name, ())}, now))
    return found


def waivers(now: datetime, names: Collection[str] | None = None) -> dict[str, list[ScoreWaiver]]:
    """Workflow → what holds now, the one that ends last at the end."""
    rows = ScoreWaiver.objects.filter(expires_at__gt=now).select_related("workflow", "person").order_by("expires_at")
    if names is not None:
        rows = rows.filter(workflow__name__in=names)
    found: dict[str, list[ScoreWaiver]] = {}
    for row in rows:
        found.setdefault(row.workflow.name, []).append(row)
    return found


def _plans(names: Collection[str] | None) -> dict[str, tuple[int, Plan]]:
    """Workflow → id and plan of its highest active version; plans are kept in memory."""
    rows = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).order_by("precedence")
    if names is not None:
        rows = rows.filter(workflow__name__in=names)
    newest = dict(rows.values_list("workflow__name", "pk"))
    return {name: (pk, plan_of(pk)) for name, pk in newest.items()}


def _called(plan: Plan) -> tuple[str, ...]:
    actions = [action for step in plan.steps.values() for action in (step, step.compensate) if action is not None]
    return tuple(sorted({action.dependency for action in actions if action.dependency}))


def _maintainers() -> Counter[int]:
    """Team id → active people who may maintain what it owns."""
    rows = Membership.objects.filter(role=Role.MAINTAINER, user__is_active=True).values("team_id").order_by()
    return Counter({row["team_id"]: row["people"] for row in rows.annotate(people=Count("user", distinct=True))})


def _books(names: Collection[str]) -> dict[str, _Book]:
    """Workflow → of the runbooks about it, the one that its manifest names, else the one that was gone through last."""
    rows = Runbook.objects.filter(status=Runbook.Status.ACTIVE).defer("body", "front_matter")
    active = {row.slug: row for row in rows.prefetch_related("links__workflow")}
    when = last_completed([row.pk for row in active.values()])
    found: dict[str, _Book] = {}
    for row in sorted(active.values(), key=lambda one: when.get(one.pk, LONG_AGO)):
        for link in row.links.all():
            if link.workflow and link.workflow.name in names:
                found[link.workflow.name] = _Book(row.slug, when.get(row.pk))
    for mention in workflow_mentions(names):
        for slug in mention.runbooks & active.keys():
            found[mention.name] = _Book(slug, when.get(active[slug].pk))
    return found


def _budgets(names: Collection[str], now: datetime) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Workflow → how many objectives it and its steps have, and which budgets are spent."""
    wanted = budgets.objectives().filter(workflow__in=names)
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for one in budgets.budgets(wanted, now):
        count, spent = found.get(one.objective.workflow, (0, ()))
        if one.state == budgets.BudgetState.SPENT:
            spent = (*spent, one.objective.name)
        found[one.objective.workflow] = (count + 1, spent)
    return found


def _reviews(calls: Mapping[str, tuple[str, ...]], now: datetime) -> dict[str, list[str]]:
    """Dependency that asks for reviews → its areas that are overdue."""
    called = Dependency.objects.filter(name__in={one for names in calls.values() for one in names})
    found: dict[str, list[str]] = {}
    for standing in standings(called, now.date()):
        late = found.setdefault(standing.dependency.name, [])
        if standing.state == Freshness.STALE:
            late.append(f"{standing.area} of {standing.dependency.name}")
    return found


def _ports(versions: Collection[int]) -> dict[int, tuple[int, tuple[str, ...]]]:
    """Version id → how many contract versions it uses, and which of them are deprecated or retired."""
    rows = list(Port.objects.filter(version__in=versions).values_list("version_id", "contract", "resolved"))
    over = ContractVersion.objects.filter(state__in=_OVER, contract__name__in={contract for _, contract, _ in rows})
    ended = set(over.values_list("contract__name", "version"))
    used: dict[int, set[tuple[str, str]]] = {}
    for version, contract, resolved in rows:
        used.setdefault(version, set()).add((contract, resolved))
    return {
        version: (len(pairs), tuple(sorted(f"{name}@{number}" for name, number in pairs & ended)))
        for version, pairs in used.items()
    }


def _retried(names: Collection[str], now: datetime) -> dict[str, int]:
    """Workflow → tries that were repeated lately, by day rows: a retry has a series of its own only where it happened."""
    rows = RollupDay.objects.filter(
        series__kind=Series.Kind.RETRY, series__workflow__in=names, ts__gte=now - RECENT
    ).values("series__workflow")
    return {row["series__workflow"]: row["total"] for row in rows.annotate(total=Sum("n")).order_by()}
