"""A postmortem's text and its sections: the summary, several contributing factors, what went well, where we were lucky.

Owns which headings mean what, and what is missing before a postmortem can be published. Pure; never changes a text. There is no
section for one root cause: an incident has several contributing factors, and a heading that says otherwise is told so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SKELETON = """## Summary

{summary}

## Contributing factors

-\x20

## What went well

-\x20

## Where we were lucky

-\x20
"""
#: So many factors a published postmortem names at least.
FEWEST_FACTORS = 2
_NAMES = {
    "summary": "summary",
    "contributing factors": "factors",
    "factors": "factors",
    "what went well": "well",
    "where we were lucky": "lucky",
    "luck": "lucky",
}
_HEADING = re.compile(r"##[ \t]+(\S.*)")
_BELOW = re.compile(r"###[ \t]+(\S.*)")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:[ \t]+(.*))?")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_ROOT_CAUSE = re.compile(r"root[ -]causes?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sections:
    """What a text has. `factors`, `well` and `lucky` are their single points; `notices` are what the writer should know."""

    summary: str
    factors: tuple[str, ...]
    well: tuple[str, ...]
    lucky: tuple[str, ...]
    notices: tuple[str, ...]


def skeleton(summary: str = "") -> str:
    """A text to begin with."""
    return SKELETON.format(summary=summary)


def parse(body: str) -> Sections:
    """The sections of a text, whatever else stands in it. Of two with one name both count."""
    found: dict[str, list[str]] = {name: [] for name in _NAMES.values()}
    notices = []
    for heading, lines in _parts(body):
        if _ROOT_CAUSE.search(heading):
            notices.append(
                f"the heading {heading[:60]!r} looks for one cause; incidents have several contributing factors: name each"
            )
        name = _NAMES.get(heading.strip().rstrip(":").lower())
        if name is not None:
            found[name] += lines
    return Sections(
        "\n".join(found["summary"]).strip(), _points(found["factors"]), _points(found["well"]), _points(found["lucky"]),
        tuple(notices),
    )  # fmt: skip


def missing(sections: Sections) -> list[str]:
    """What must be there before it is published, each in words; empty when all is."""
    found = []
    if not sections.summary:
        found.append("the section Summary is empty; say in a few sentences what happened and whom it touched")
    if len(sections.factors) < FEWEST_FACTORS:
        found.append(
            f"{len(sections.factors)} of at least {FEWEST_FACTORS} contributing factors; write each as a list item below "
            "Contributing factors: what made it possible, what made it worse, what hid it"
        )
    return found


def _parts(body: str) -> Iterator[tuple[str, list[str]]]:
    """Each heading of the second level with the lines below it; what comes before the first has none. Code is no heading."""
    heading, lines, fence = "", list[str](), ""
    for line in body.replace("\r\n", "\n").split("\n"):
        opened = _FENCE.match(line)
        if opened and not fence:
            fence = opened[1][0] * 3
        elif opened and opened[1].startswith(fence):
            fence = ""
        match = None if fence else _HEADING.fullmatch(line)
        if match is None:
            lines.append(line)
            continue
        yield heading, lines
        heading, lines = _bare(match[1]), []
    yield heading, lines


def _bare(heading: str) -> str:
    """Without the marks that may close it. By hand: an expression with an optional end takes the square of the length."""
    text = heading.rstrip()
    bare = text.rstrip("#")
    return bare.rstrip() if bare != text and bare[-1:] in " \t" else text


def _points(lines: list[str]) -> tuple[str, ...]:
    """List items at the margin, or sections of the third level; a text without either is one point."""
    points: list[list[str]] = []
    before: list[str] = []
    for line in lines:
        item, below = _ITEM.fullmatch(line), _BELOW.fullmatch(line)
        if item or below:
            points.append([_bare(below[1]) if below else (item[1] if item else "") or ""])
        elif points:
            points[-1].append(line.strip())
        else:
            before.append(line)
    texts = ["\n".join(point).strip() for point in points] or ["\n".join(before).strip()]
    return tuple(text for text in texts if text)
