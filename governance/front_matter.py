"""A Markdown file's front matter: split from the body and read as YAML, with the limits that manifests have.

Owns the split and the reading of plain values. Pure: never touches the database, never executes a tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from orchestration.manifest.nodes import plain
from orchestration.manifest.reading import read
from orchestration.manifest.values import JSON

MAX_FRONT_MATTER = 16_000
_FENCE = re.compile(r"---[ \t]*\n(.*?\n|)---[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"# +(.+?)(?: +#+)? *(?:\n|\Z)")
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,62}")


class Unreadable(ValueError):
    """The file can't be loaded as it stands; the message names place and remedy."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A file in two: what its front matter says, and the Markdown below."""

    values: Mapping[str, JSON]
    body: str


def split(text: str, source: str) -> Parts:
    """Front matter and body; a file without front matter is all body. Raises Unreadable."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    match = _FENCE.match(text)
    if match is None:
        return Parts({}, text)
    head = match[1]
    if len(head) > MAX_FRONT_MATTER:
        raise Unreadable(f"{source}: the front matter is longer than {MAX_FRONT_MATTER:,} characters; shorten it")
    documents, problems = read(head, source)
    if problems:
        first = problems[0]
        # The fence is line 1 of the file.
        raise Unreadable(f"{source}:{first.line + 1}:{first.column}: {first.message}")
    values = plain(documents[0]) if documents else {}
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise Unreadable(f"{source}:2:1: the front matter must be `key: value` lines between two lines of ---")
    return Parts(values, text[match.end() :])


def take_title(body: str) -> tuple[str, str]:
    """The body's leading `# Title` (empty for none), and the rest: a page shows the title as its own heading."""
    stripped = body.lstrip()
    match = _TITLE.match(stripped)
    return (match[1].strip(), stripped[match.end() :].lstrip("\n")) if match else ("", body.lstrip("\n"))


def names(values: Mapping[str, JSON], key: str, source: str) -> tuple[str, ...]:
    """A list of names; one bare name counts as a list of one. Raises Unreadable."""
    value = values.get(key)
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name for name in listed):
        raise Unreadable(f"{source}: {key} must be a list of names such as [order-fulfilment]")
    return tuple(dict.fromkeys(str(name) for name in listed))


def word(values: Mapping[str, JSON], key: str, source: str) -> str:
    """A text, trimmed; empty when absent. Raises Unreadable."""
    value = values.get(key)
    if value is None:
        return ""
    if isinstance(value, list | dict | bool):
        raise Unreadable(f"{source}: {key} must be a text")
    return str(value).strip()


def day(values: Mapping[str, JSON], key: str, source: str) -> date | None:
    """A date as YYYY-MM-DD; None when absent. Raises Unreadable."""
    text = word(values, key, source)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Unreadable(f"{source}: {key} is {text[:40]!r}; write the date as 2026-11-30") from None


def slug_of(stem: str, source: str) -> str:
    """A file's name as slug. Raises Unreadable for one that no manifest could name."""
    if not _SLUG.fullmatch(stem):
        raise Unreadable(
            f"{source}: {stem[:60]!r} can't be a name; use lower-case letters, digits and hyphens, a letter first, "
            "at most 63, as in payments-slow.md"
        )
    return stem


def others(values: Mapping[str, JSON], known: frozenset[str]) -> dict[str, JSON]:
    """What the file says beyond the known keys: kept, so that nothing is lost."""
    return {key: value for key, value in values.items() if key not in known}
