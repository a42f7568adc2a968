"""A decision record in a file: MADR front matter above, Markdown below. Owns the reading. Pure, never writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from governance.front_matter import Unreadable, day, names, others, slug_of, split, take_title, word
from orchestration.manifest.values import JSON

STATUSES = ("draft", "proposed", "accepted", "rejected", "deprecated", "superseded")
_KNOWN = frozenset({"number", "title", "date", "owner", "workflows", "supersedes"})
_FILE = re.compile(r"(?:(\d{1,9})-)?(.+)")
_STATUS = re.compile(rf"({'|'.join(STATUSES)})(?: by (?:ADR[- ]?)?(\d{{1,9}}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """What a file says. `number` 0 asks the database for one; `notices` are what the reader should know."""

    number: int
    slug: str
    title: str
    status: str
    superseded_by: int
    date: date | None
    owner: str
    workflows: tuple[str, ...]
    supersedes: tuple[int, ...]
    body: str
    rest: dict[str, JSON]
    notices: tuple[str, ...]


def parse(stem: str, text: str) -> DecisionFile:
    """The file `stem`.md. Raises Unreadable; a status in other words is kept and becomes a draft with a notice."""
    source = f"{stem}.md"
    parts = split(text, source)
    named = _FILE.fullmatch(stem)
    slug = slug_of(named[2] if named else stem, source)
    heading, body = take_title(parts.body)
    title = word(parts.values, "title", source) or heading or slug.replace("-", " ").capitalize()
    raw = word(parts.values, "status", source)
    status = _STATUS.fullmatch(raw)
    rest = others(parts.values, _KNOWN | {"status"} if status else _KNOWN)
    notices = () if status or not raw else (f"{source}: status {raw[:60]!r} is none of ours: kept, shown as draft",)
    return DecisionFile(
        number=_number(parts.values.get("number"), named[1] if named else None, source),
        slug=slug,
        title=title,
        status=status[1].lower() if status else "draft",
        superseded_by=int(status[2]) if status and status[2] else 0,
        date=day(parts.values, "date", source),
        owner=word(parts.values, "owner", source),
        workflows=names(parts.values, "workflows", source),
        supersedes=_numbers(parts.values.get("supersedes"), source),
        body=body,
        rest=rest,
        notices=notices,
    )


def _number(value: JSON, of_name: str | None, source: str) -> int:
    if value is None:
        return int(of_name or 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**9:
        raise Unreadable(f"{source}: number must be a whole number from 1, such as 12")
    return value


def _numbers(value: JSON, source: str) -> tuple[int, ...]:
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(item, int) and not isinstance(item, bool) and 0 < item < 10**9 for item in listed):
        raise Unreadable(f"{source}: supersedes must be a list of numbers such as [1, 4]")
    return tuple(dict.fromkeys(item for item in listed if isinstance(item, int)))
