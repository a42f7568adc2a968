"""A runbook in a file: front matter above, Markdown below. Owns the reading. Pure, never writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from governance.front_matter import day, names, others, slug_of, split, take_title, word
from orchestration.manifest.values import JSON

STATUSES = ("draft", "active", "retired")
_KNOWN = frozenset({"title", "owner", "workflows", "dependencies", "review_by", "auto_start"})


@dataclass(frozen=True, slots=True)
class RunbookFile:
    """What a file says; `notices` are what the reader should know."""

    slug: str
    title: str
    status: str
    owner: str
    workflows: tuple[str, ...]
    dependencies: tuple[str, ...]
    review_by: date | None
    body: str
    rest: dict[str, JSON]
    notices: tuple[str, ...]


def parse(stem: str, text: str) -> RunbookFile:
    """The file `stem`.md. Raises Unreadable; a status in other words is kept and becomes active with a notice."""
    source = f"{stem}.md"
    parts = split(text, source)
    slug = slug_of(stem, source)
    heading, body = take_title(parts.body)
    raw = word(parts.values, "status", source)
    known = raw.lower() in STATUSES
    notices = () if known or not raw else (f"{source}: status {raw[:60]!r} is none of ours: kept, shown as active",)
    return RunbookFile(
        slug=slug,
        title=word(parts.values, "title", source) or heading or slug.replace("-", " ").capitalize(),
        status=raw.lower() if known else "active",
        owner=word(parts.values, "owner", source),
        workflows=names(parts.values, "workflows", source),
        dependencies=names(parts.values, "dependencies", source),
        review_by=day(parts.values, "review_by", source),
        body=body,
        rest=others(parts.values, _KNOWN | {"status"} if known else _KNOWN),
        notices=notices,
    )
