"""Reads of runbooks. Never writes. A list costs a fixed number of queries, however long it is."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from governance.models import Contract, Runbook, RunbookLink
from governance.runbooks.freshness import SOON, Freshness, freshness
from governance.selectors.documents import (
    Page,
    checked_filter,
    cut,
    dependency_mentions,
    of_failure_modes,
    page_size,
    words_match,
    workflow_mentions,
)
from orchestration.errors import InvalidInput, NotFound
from orchestration.models import Alert, Dependency, Run, Workflow


@dataclass(frozen=True, slots=True)
class RunbookFilter:
    """What a list asks for; empty strings ask for nothing."""

    status: str = ""
    owner: str = ""
    workflow: str = ""
    dependency: str = ""
    freshness: str = ""
    q: str = ""


def today() -> datetime.date:
    """The day on which freshness is judged: UTC's, the same for every reader."""
    return timezone.now().date()


def freshness_of(runbook: Runbook) -> Freshness:
    """How the runbook stands to its review date today."""
    return freshness(runbook.review_by, today())


def find_runbook(slug: str) -> Runbook:
    """By slug. Raises NotFound."""
    rows = Runbook.objects.select_related("owner")
    rows = rows.prefetch_related("links__workflow", "links__dependency", "links__contract")
    found = rows.filter(slug=slug).first() if slug.isascii() else None
    if found is None:
        raise NotFound(f"there is no runbook {slug[:80]!r}")
    return found


def runbooks(wanted: RunbookFilter, *, cursor: str = "", limit: int = 50) -> Page[Runbook]:
    """A page by slug, without the bodies. Raises InvalidInput for a status or freshness that is none."""
    rows = filtered(wanted)
    if cursor:
        rows = rows.filter(slug__gt=checked_filter("cursor", cursor))
    size = page_size(limit)
    items, more = cut(list(rows.order_by("slug")[: size + 1]), size)
    return Page(items, items[-1].slug if more else None)


def filtered(wanted: RunbookFilter) -> QuerySet[Runbook]:
    """The runbooks that fit, unordered, with the names that a row shows."""
    _check("status", wanted.status, Runbook.Status.values)
    _check("freshness", wanted.freshness, list(Freshness))
    rows = Runbook.objects.select_related("owner").defer("body", "front_matter")
    rows = rows.prefetch_related("links__workflow", "links__dependency")
    owner, workflow = checked_filter("owner", wanted.owner), checked_filter("workflow", wanted.workflow)
    dependency, query = checked_filter("dependency", wanted.dependency), checked_filter("q", wanted.q)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.freshness:
        rows = rows.filter(_fresh(Freshness(wanted.freshness)))
    if owner:
        rows = rows.filter(owner__name=owner)
    if workflow:
        rows = rows.filter(_about("workflow", workflow))
    if dependency:
        rows = rows.filter(_about("dependency", dependency))
    return rows.filter(words_match(query, "title", "body", "slug"))


def _check(name: str, value: str, known: list[str]) -> None:
    if value and value not in known:
        raise InvalidInput(f"{name} {value[:40]!r} is no {name} of a runbook; use one of {', '.join(known)}")


def _about(relation: str, name: str) -> Q:
    """Linked on the runbook's page, or named by the manifest."""
    mentions = workflow_mentions([name]) if relation == "workflow" else dependency_mentions([name])
    named = [slug for mention in mentions for slug in mention.runbooks]
    linked = Runbook.objects.filter(**{f"links__{relation}__name": name}).values("pk")
    return Q(pk__in=linked) | Q(slug__in=named)


def _fresh(wanted: Freshness) -> Q:
    """governance.runbooks.freshness as a condition; a test holds the two together."""
    day = today()
    soon = day + SOON
    return {
        Freshness.STALE: Q(review_by__lt=day),
        Freshness.DUE: Q(review_by__gte=day, review_by__lte=soon),
        Freshness.FRESH: Q(review_by__gt=soon),
        Freshness.NO_REVIEW_DATE: Q(review_by__isnull=True),
    }[wanted]


def runbooks_of(workflow: Workflow) -> list[Runbook]:
    """The runbooks about a workflow: linked on their page, or named by its highest active manifest."""
    return list(filtered(RunbookFilter(workflow=workflow.name)).order_by("slug"))


def runbooks_of_dependency(dependency: Dependency) -> list[Runbook]:
    """The runbooks about a dependency: linked on their page, or named by one of its failure modes."""
    return list(filtered(RunbookFilter(dependency=dependency.name)).order_by("slug"))


def runbooks_of_contract(contract: Contract) -> list[Runbook]:
    """The runbooks that are linked to a contract."""
    linked = RunbookLink.objects.filter(contract=contract).values("runbook")
    return list(filtered(RunbookFilter()).filter(pk__in=linked).order_by("slug"))


def stale_runbooks(limit: int = 50) -> list[Runbook]:
    """Active runbooks past their review date, the longest past first."""
    rows = filtered(RunbookFilter(status=Runbook.Status.ACTIVE, freshness=Freshness.STALE))
    return list(rows.order_by("review_by", "slug")[:limit])


def runbook_of_alert(alert: Alert) -> Runbook | None:
    """That of its objective; of a dependency's, the one that its failure modes name first; of a run, its version's."""
    objective = alert.objective
    slug = objective.runbook if objective else ""
    if objective and objective.dependency and not slug:
        slug = next((slug for slug in _named_by(objective.dependency)), "")
    if alert.run_id:
        said = Run.objects.filter(pk=alert.run_id).values_list("version__canonical", flat=True).first() or {}
        slug = said.get("metadata", {}).get("runbook", "")
    return Runbook.objects.select_related("owner").filter(slug=slug).first() if slug else None


def _named_by(dependency: str) -> list[str]:
    found = Dependency.objects.filter(name=dependency).first()
    return list(of_failure_modes(found)) if found else []


@dataclass(frozen=True, slots=True)
class About:
    """The other end: names of what a runbook is about."""

    workflows: list[str]
    dependencies: list[str]


def about(runbook: Runbook) -> About:
    """What a runbook is about."""
    return about_by([runbook])[runbook.pk]


def about_by(found: Sequence[Runbook]) -> dict[int, About]:
    """The same for the rows of a list, by primary key, in two queries beside the prefetched links."""
    workflows, dependencies = workflow_mentions(), dependency_mentions()
    names = {}
    for row in found:
        links = list(row.links.all())
        flows = {link.workflow.name for link in links if link.workflow}
        services = {link.dependency.name for link in links if link.dependency}
        flows |= {mention.name for mention in workflows if row.slug in mention.runbooks}
        services |= {mention.name for mention in dependencies if row.slug in mention.runbooks}
        names[row.pk] = About(sorted(flows), sorted(services))
    return names
