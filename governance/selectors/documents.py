"""What decisions and runbooks share when they are read: filters, keyset pages, and what manifests say about them.

A manifest names documents by slug (`metadata.runbook`, `metadata.decisions`, a failure mode's `runbook`); such a name
is a link as good as one made on the document's own page, once the document exists. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Q

from governance.models import Decision, Postmortem, Runbook
from orchestration.errors import InvalidInput
from orchestration.models import Dependency, WorkflowVersion

MAX_PAGE = 200
#: More words in a search than this are not looked for.
MAX_WORDS = 8

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One keyset page. `next` is the cursor of the following one, None at the end."""

    items: list[Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class Mention:
    """What the highest active version of a workflow, or a dependency's manifest, says about documents."""

    name: str
    runbooks: frozenset[str]
    decisions: frozenset[str] = frozenset()


def workflow_mentions(names: Iterable[str] | None = None) -> list[Mention]:
    """Of each workflow (or of those named), by name. One query."""
    rows = WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE).order_by("precedence")
    if names is not None:
        rows = rows.filter(workflow__name__in=list(names))
    found: dict[str, Mention] = {}
    for name, metadata in rows.values_list("workflow__name", "canonical__metadata"):
        about = metadata if isinstance(metadata, dict) else {}
        runbook = about.get("runbook")
        found[name] = Mention(name, frozenset([runbook] if runbook else []), frozenset(about.get("decisions") or []))
    return [found[name] for name in sorted(found)]


def dependency_mentions(names: Iterable[str] | None = None) -> list[Mention]:
    """Of each dependency (or of those named), by name. One query."""
    rows = Dependency.objects.order_by("name")
    if names is not None:
        rows = rows.filter(name__in=list(names))
    return [Mention(row.name, frozenset(of_failure_modes(row))) for row in rows]


def contracts_of(document: Decision | Runbook | Postmortem) -> list[str]:
    """Names of the contracts that it is linked to; no query beside the prefetched links."""
    return sorted(link.contract.name for link in document.links.all() if link.contract)


def of_failure_modes(dependency: Dependency) -> Iterable[str]:
    """The runbooks that they name, in their order."""
    modes = dependency.spec.get("failure_modes")
    for mode in modes if isinstance(modes, list) else []:
        if isinstance(mode, dict) and mode.get("runbook"):
            yield str(mode["runbook"])


def checked_filter(name: str, text: str) -> str:
    """A filter's text, trimmed. Raises InvalidInput for what no database can compare."""
    if "\x00" in text:
        raise InvalidInput(f"the filter {name} has the character U+0000; remove it")
    return text.strip()[:200]


def words_match(query: str, *columns: str) -> Q:
    """Each word of the query stands in one of the columns."""
    wanted = Q()
    for word in query.split()[:MAX_WORDS]:
        anywhere = Q()
        for column in columns:
            anywhere |= Q(**{f"{column}__icontains": word})
        wanted &= anywhere
    return wanted


def cut(rows: list[Row], limit: int) -> tuple[list[Row], bool]:
    """The page out of `limit + 1` rows, and whether there are more."""
    return rows[:limit], len(rows) > limit


def page_size(limit: int) -> int:
    """The limit, within its bounds."""
    return max(1, min(limit, MAX_PAGE))
