"""A pattern in a file: front matter above, Markdown below; and the library that comes with the product. Pure, never writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from governance.front_matter import slug_of, split, take_title, word

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class PatternFile:
    """What a file says."""

    slug: str
    title: str
    summary: str
    body: str


def parse(stem: str, text: str) -> PatternFile:
    """The file `stem`.md. Raises Unreadable."""
    source = f"{stem}.md"
    parts = split(text, source)
    heading, body = take_title(parts.body)
    title = word(parts.values, "title", source) or heading or stem.replace("-", " ").capitalize()
    return PatternFile(slug_of(stem, source), title, word(parts.values, "summary", source), body)


def library() -> list[PatternFile]:
    """What comes with the product, by name."""
    return [parse(path.stem, path.read_text(encoding="utf-8")) for path in sorted(LIBRARY.glob("*.md"))]
