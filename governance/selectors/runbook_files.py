"""Runbooks as files: the path and text of each, byte for byte as it came while nobody edited it here.

Owns that text. Never writes, and never reads a disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from governance.models import Runbook, RunbookOrigin
from governance.runbooks import ParsedRunbook, parse, render
from governance.runbooks.structure import Facts
from governance.runbooks.writing import head_of
from orchestration.models import Dependency, Workflow


def export_runbooks(runbooks: Iterable[Runbook]) -> list[tuple[str, str]]:
    """Path and text of each. Two queries beside what came prefetched."""
    found = list(runbooks)
    origins = {row.runbook_id: row for row in RunbookOrigin.objects.filter(runbook__in=found)}
    return [(_path(row, origins.get(row.pk)), text_of(row, origins.get(row.pk))) for row in found]


def text_of(runbook: Runbook, origin: RunbookOrigin | None) -> str:
    """The file: as it came, or with what was edited here, in the words that it came in."""
    if origin is not None and origin.revision == runbook.revision:
        return origin.text
    facts = _facts_of(runbook)
    if origin is None:
        return head_of(facts, runbook.front_matter) + runbook.body
    read = parse(origin.text, origin.path)
    body = origin.text[len(read.head) :]
    facts = _with_unknown(facts, read.facts)
    if read.facts.status is None and facts.status == Runbook.Status.ACTIVE:
        facts = replace(facts, status=None)
    if not read.facts.title and facts.title == title_of(read):
        facts = replace(facts, title="")
    if not read.facts.owner:
        facts = replace(facts, owner="")
    kept = body if plain(body) == runbook.body else runbook.body
    return render(replace(read, facts=facts, rest=dict(runbook.front_matter), sections=())) + kept


def title_of(read: ParsedRunbook) -> str:
    """Its title, or one made of its name."""
    return read.facts.title or read.slug.replace("-", " ").capitalize()


def plain(body: str) -> str:
    """A text as it is stored, with the line ends of every system alike."""
    return body.replace("\r\n", "\n").replace("\r", "\n")


def _facts_of(runbook: Runbook) -> Facts:
    links = list(runbook.links.all())
    return Facts(
        title=runbook.title, status=runbook.status, owner=runbook.owner.name,
        workflows=tuple(sorted(link.workflow.name for link in links if link.workflow)),
        dependencies=tuple(sorted(link.dependency.name for link in links if link.dependency)),
        review_by=runbook.review_by, auto_start=runbook.auto_start,
    )  # fmt: skip


def _with_unknown(now: Facts, read: Facts) -> Facts:
    """Links in the order of the file, with those to what is not here: the file may be of more than this installation."""

    def merged(here: Sequence[str], there: Sequence[str], model: Any) -> tuple[str, ...]:
        known = set(model._default_manager.filter(name__in=there).values_list("name", flat=True))
        kept = [name for name in there if name in here or name not in known]
        return (*kept, *(name for name in here if name not in kept))

    return replace(
        now, workflows=merged(now.workflows, read.workflows, Workflow),
        dependencies=merged(now.dependencies, read.dependencies, Dependency),
    )  # fmt: skip


def _path(runbook: Runbook, origin: RunbookOrigin | None) -> str:
    return origin.path if origin is not None else f"{runbook.slug}.md"
