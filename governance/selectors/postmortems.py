"""Reads of postmortems. Never writes. A list costs a fixed number of queries, however long it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from governance.models import ActionItem, Contract, Postmortem, PostmortemLink
from governance.selectors.documents import Page, checked_filter, cut, page_size, words_match
from orchestration.errors import InvalidInput, NotFound
from orchestration.models import Dependency, Workflow


@dataclass(frozen=True, slots=True)
class PostmortemFilter:
    """What a list asks for; empty strings ask for nothing."""

    status: str = ""
    severity: str = ""
    owner: str = ""
    workflow: str = ""
    dependency: str = ""
    q: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """The other end: names of what a postmortem is about."""

    workflows: list[str]
    dependencies: list[str]


def find_postmortem(number: int) -> Postmortem:
    """By number. Raises NotFound."""
    rows = Postmortem.objects.select_related("owner")
    rows = rows.prefetch_related("links__workflow", "links__dependency", "links__contract")
    found = rows.filter(number=number).first()
    if found is None:
        raise NotFound(f"there is no postmortem {number}")
    return found


def postmortems(wanted: PostmortemFilter, *, cursor: str = "", limit: int = 50) -> Page[Postmortem]:
    """A page, newest number first, without the texts, each with `open_actions`. Raises InvalidInput for a filter that is none."""
    rows = filtered(wanted).annotate(open_actions=Count("actions", filter=Q(actions__state=ActionItem.State.OPEN)))
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
        rows = rows.filter(number__lt=int(cursor))
    size = page_size(limit)
    items, more = cut(list[Postmortem](rows.order_by("-number")[: size + 1]), size)
    return Page(items, str(items[-1].number) if more else None)


def filtered(wanted: PostmortemFilter) -> QuerySet[Postmortem]:
    """Those that fit, unordered, with the names that a row shows."""
    for name, value, known in (
        ("status", wanted.status, Postmortem.Status.values),
        ("severity", wanted.severity, Postmortem.Severity.values),
    ):
        if value and value not in known:
            raise InvalidInput(f"{name} {value[:40]!r} is no {name} of a postmortem; use one of {', '.join(known)}")
    rows = Postmortem.objects.select_related("owner").defer("body", "frozen")
    rows = rows.prefetch_related("links__workflow", "links__dependency")
    given = {"status": wanted.status, "severity": wanted.severity, "owner__name": checked_filter("owner", wanted.owner)}
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    for relation in ("workflow", "dependency"):
        name = checked_filter(relation, getattr(wanted, relation))
        if name:
            rows = rows.filter(pk__in=Postmortem.objects.filter(**{f"links__{relation}__name": name}).values("pk"))
    query = checked_filter("q", wanted.q)
    fits = words_match(query, "title", "body")
    if query.isascii() and query.isdigit() and len(query) < 10:
        fits |= Q(number=int(query))
    return rows.filter(fits)


def about(postmortem: Postmortem) -> About:
    """What it is about; no query beside the prefetched links."""
    links = list(postmortem.links.all())
    return About(
        sorted(link.workflow.name for link in links if link.workflow),
        sorted(link.dependency.name for link in links if link.dependency),
    )


def postmortem_from(source: str) -> Postmortem | None:
    """The one that was begun from `alert 12`, or `run 0198…`."""
    return Postmortem.objects.filter(source=source).defer("body", "frozen").first()


def postmortems_of(about: Workflow | Dependency, limit: int = 20) -> list[Postmortem]:
    """Those about a workflow or a dependency, newest first."""
    name = {"workflow" if isinstance(about, Workflow) else "dependency": about.name}
    return list(filtered(PostmortemFilter(**name)).order_by("-number")[:limit])


def postmortems_of_contract(contract: Contract, limit: int = 20) -> list[Postmortem]:
    """Those linked to a contract, newest first."""
    linked = PostmortemLink.objects.filter(contract=contract).values("postmortem")
    return list(filtered(PostmortemFilter()).filter(pk__in=linked).order_by("-number")[:limit])


def open_actions(team_ids: Collection[int]) -> list[ActionItem]:
    """What these teams have still to do, the soonest due first."""
    rows = ActionItem.objects.filter(owner_id__in=team_ids, state=ActionItem.State.OPEN)
    rows = rows.select_related("owner", "person", "postmortem").defer("postmortem__body", "postmortem__frozen")
    return list(rows.order_by("due", "pk"))


def find_action(pk: int) -> ActionItem:
    """By number. Raises NotFound."""
    found = ActionItem.objects.select_related("postmortem__owner", "owner", "person").filter(pk=pk).first()
    if found is None:
        raise NotFound(f"there is no action {pk}")
    return found
