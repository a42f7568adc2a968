"""Reads of patterns, and which workflows use each now. Never writes."""

from __future__ import annotations

from governance.models import Pattern
from governance.patterns.usage import uses
from governance.selectors.documents import Page, checked_filter, cut, page_size, words_match
from orchestration.errors import InvalidInput, NotFound
from orchestration.models import Dependency, WorkflowVersion


def find_pattern(slug: str) -> Pattern:
    """By slug. Raises NotFound."""
    found = Pattern.objects.select_related("owner").filter(slug=slug).first() if slug.isascii() else None
    if found is None:
        raise NotFound(f"there is no pattern {slug[:80]!r}")
    return found


def pattern_page(*, status: str = "", q: str = "", cursor: str = "", limit: int = 50) -> Page[Pattern]:
    """A page by name, without the texts. Raises InvalidInput for a cursor that is none."""
    rows = Pattern.objects.select_related("owner").filter(
        words_match(checked_filter("q", q), "title", "summary", "body")
    )
    if status:
        rows = rows.filter(status=status)
    if cursor:
        if not cursor.isascii() or not cursor.isprintable():
            raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
        rows = rows.filter(slug__gt=cursor)
    size = page_size(limit)
    items, more = cut(list(rows.defer("body").order_by("slug")[: size + 1]), size)
    return Page(items, items[-1].slug if more else None)


def used_by() -> dict[str, list[str]]:
    """Pattern → workflows whose highest active version uses it. Two queries; it reads every such manifest, so share it."""
    newest = dict(
        WorkflowVersion.objects.filter(state=WorkflowVersion.State.ACTIVE)
        .order_by("precedence")
        .values_list("workflow__name", "pk")
    )
    specs = {row.name: row.spec for row in Dependency.objects.all()}
    found: dict[str, list[str]] = {}
    rows = WorkflowVersion.objects.filter(pk__in=newest.values()).order_by("workflow__name")
    for name, canonical in rows.values_list("workflow__name", "canonical").iterator():
        for pattern in uses(canonical, specs):
            found.setdefault(pattern, []).append(name)
    return found
