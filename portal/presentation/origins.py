"""What started a run where nobody did, as pages say it. Owns the words and where they lead; never queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

_PAGES = {
    "schedule": ("By schedule", "schedule"),
    "backfill": ("By backfill of", "schedule"),
    "trigger": ("By trigger", "trigger"),
}


@dataclass(frozen=True, slots=True)
class Origin:
    """A label, the name of what started it, and that one's page."""

    word: str
    name: str
    url: str


def origin_of(text: str) -> Origin | None:
    """Of a run's `origin`, such as schedule:nightly; None for what has no page."""
    kind, _, name = text.partition(":")
    if kind not in _PAGES or not name:
        return None
    word, page = _PAGES[kind]
    return Origin(word, name, reverse(page, args=[name]))
