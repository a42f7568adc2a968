"""What a structured runbook is made of. Each part keeps the text that it was read from, so that nothing is lost.

Owns the shapes. Never reads or writes text: reading.py and writing.py do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from governance.runbooks.actions import Action
from orchestration.manifest.values import JSON

STATUSES = ("draft", "active", "retired")
#: The headings that most teams use for the runbook of an alert.
KINDS = ("meaning", "impact", "diagnosis", "mitigation")


@dataclass(frozen=True, slots=True)
class Warning:
    """Something that its reader should know, with the line where it stands, from 1."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown between steps, as it stands."""

    raw: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step: what to do, what to expect, and where to go on if not. `number` counts through the whole runbook, from 1."""

    number: int
    #: As it is written in its list.
    marker: str
    do: str
    expect: str
    if_not: str
    action: Action | None
    #: Where it begins, from 1.
    line: int
    raw: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it; the first one may have no heading. `kind`: one of KINDS, or empty."""

    title: str
    level: int
    kind: str
    line: int
    raw: str
    blocks: tuple[Prose | Step, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps in order."""
        return tuple(block for block in self.blocks if isinstance(block, Step))


@dataclass(frozen=True, slots=True)
class Facts:
    """What front matter and title say."""

    title: str = ""
    status: str | None = None
    owner: str = ""
    workflows: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    review_by: date | None = None
    #: At most so many exercises an hour may be started by alerts; None: none.
    auto_start: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedRunbook:
    """A runbook as its file says it. `slug` is empty where the path gives none."""

    path: str
    slug: str
    facts: Facts
    raw_status: str
    #: What the front matter says beyond the facts.
    rest: dict[str, JSON]
    #: Front matter, title and the empty lines around them, as they stand.
    head: str
    sections: tuple[Section, ...]
    warnings: tuple[Warning, ...] = field(default=())

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for section in self.sections for step in section.steps)
