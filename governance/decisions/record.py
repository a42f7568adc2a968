"""What a decision's file says, whatever its style. Owns the shape. Never reads a text."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.manifest.values import JSON

STATUSES = ("draft", "proposed", "accepted", "rejected", "deprecated", "superseded")
#: Each kind of link, and what it is from the other end.
INVERSE = {
    "supersedes": "superseded_by",
    "superseded_by": "supersedes",
    "amends": "amended_by",
    "amended_by": "amends",
    "relates": "relates",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One record speaks of another: by number, by file, or only by words."""

    kind: str
    number: int | None
    file: str
    """As written, without fragment: relative to the record's own folder, or a URL."""
    text: str
    words: str = ""
    """The verb as written, such as `Clarifies`."""
    below: bool = False
    """It stands in a sentence below the header: too little to take a silent record for accepted."""


@dataclass(frozen=True, slots=True)
class ParsedDecision:
    """A record. Everything the file has is here: what was understood in fields, all of it in `source`."""

    path: str
    source: str
    number: int | None = None
    title: str = ""
    status: str | None = None
    """One of STATUSES; None where the file says none, or one that is none of ours."""
    raw_status: str = ""
    date: datetime.date | None = None
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By role, in MADR's words: decision-makers, consulted, informed, authors, reviewers, …"""
    links: tuple[Link, ...] = ()
    body: str = ""
    """The text below the title, without the lines that the fields above fully tell."""
    front_matter: Mapping[str, JSON] = field(default_factory=dict)
    style: str = "plain"
    is_record: bool = True
    reason: str = ""
    """Why it is no record."""
    warnings: tuple[str, ...] = ()
