"""Reads of decision records. Never writes. A list costs a fixed number of queries, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from governance.models import Contract, Decision, DecisionLink
from governance.selectors.documents import Page, checked_filter, cut, page_size, words_match, workflow_mentions
from orchestration.errors import InvalidInput, NotFound
from orchestration.models import Dependency, Workflow


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """What a list asks for; empty strings ask for nothing."""

    status: str = ""
    owner: str = ""
    workflow: str = ""
    q: str = ""


def find_decision(number: int) -> Decision:
    """By number. Raises NotFound."""
    rows = Decision.objects.select_related("owner", "superseded_by")
    rows = rows.prefetch_related("links__workflow", "links__dependency", "links__contract")
    found = rows.filter(number=number).first()
    if found is None:
        raise NotFound(f"there is no decision {number}")
    return found


def decisions(wanted: DecisionFilter, *, cursor: str = "", limit: int = 50) -> Page[Decision]:
    """A page, newest number first, without the bodies. Raises InvalidInput for a status or cursor that is none."""
    rows = filtered(wanted)
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 12):
            raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
        rows = rows.filter(number__lt=int(cursor))
    size = page_size(limit)
    items, more = cut(list(rows.order_by("-number")[: size + 1]), size)
    return Page(items, str(items[-1].number) if more else None)


def with_numbers(numbers: Sequence[int]) -> list[Decision]:
    """Those that there are of these, by number, without the bodies."""
    return list(filtered(DecisionFilter()).filter(number__in=numbers).order_by("number"))


def newest_decisions(limit: int) -> list[Decision]:
    """By number, without the bodies."""
    return list(filtered(DecisionFilter()).order_by("-number")[:limit])


def filtered(wanted: DecisionFilter) -> QuerySet[Decision]:
    """The records that fit, unordered, with the names that a row shows."""
    if wanted.status and wanted.status not in Decision.Status.values:
        known = ", ".join(Decision.Status.values)
        raise InvalidInput(f"status {wanted.status[:40]!r} is no status of a decision; use one of {known}")
    rows = Decision.objects.select_related("owner", "superseded_by").prefetch_related("links__workflow")
    rows = rows.defer("body", "front_matter", "superseded_by__body", "superseded_by__front_matter")
    owner, workflow = checked_filter("owner", wanted.owner), checked_filter("workflow", wanted.workflow)
    query = checked_filter("q", wanted.q)
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if owner:
        rows = rows.filter(owner__name=owner)
    if workflow:
        named = [slug for mention in workflow_mentions([workflow]) for slug in mention.decisions]
        linked = Decision.objects.filter(links__workflow__name=workflow).values("pk")
        rows = rows.filter(Q(pk__in=linked) | Q(slug__in=named))
    if query:
        fits = words_match(query, "title", "body", "slug")
        if query.isascii() and query.isdigit() and len(query) < 10:
            fits |= Q(number=int(query))
        rows = rows.filter(fits)
    return rows


def decisions_of(workflow: Workflow) -> list[Decision]:
    """The decisions that concern a workflow: linked on their page, or named by its highest active manifest."""
    return list(filtered(DecisionFilter(workflow=workflow.name)).order_by("-number"))


def decisions_about(thing: Dependency | Contract) -> list[Decision]:
    """The decisions that are linked to a dependency or a contract."""
    column = "dependency" if isinstance(thing, Dependency) else "contract"
    linked = DecisionLink.objects.filter(**{column: thing}).values("decision")
    return list(filtered(DecisionFilter()).filter(pk__in=linked).order_by("-number"))


def dependencies_of(decision: Decision) -> list[str]:
    """Names of the dependencies that it is linked to; no query beside the prefetched links."""
    return sorted(link.dependency.name for link in decision.links.all() if link.dependency)


def workflows_of(decision: Decision) -> list[str]:
    """The other end: names of the workflows that it concerns."""
    return workflows_by([decision])[decision.pk]


def workflows_by(found: Sequence[Decision]) -> dict[int, list[str]]:
    """The same for the rows of a list, by primary key, in one query beside the prefetched links."""
    mentions = workflow_mentions()
    names = {}
    for row in found:
        linked = {link.workflow.name for link in row.links.all() if link.workflow}
        names[row.pk] = sorted(linked | {mention.name for mention in mentions if row.slug in mention.decisions})
    return names


def superseded_numbers(decision: Decision) -> list[int]:
    """The numbers of the decisions that this one supersedes."""
    return list(decision.supersedes.order_by("number").values_list("number", flat=True))
