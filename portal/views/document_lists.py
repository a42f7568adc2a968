"""What the lists of decisions and runbooks share: filters that live in the URL and can be taken off one by one.

Owns that. Never queries: the selectors judge what a filter may say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

WORDS = {
    "q": "text",
    "workflow": "workflow",
    "dependency": "dependency",
    "status": "status",
    "owner": "owner",
    "bulk": "bulk change",
}


@dataclass(frozen=True, slots=True)
class Applied:
    """One filter in force, and the URL query without it."""

    word: str
    value: str
    without: str


def given(request: HttpRequest, names: Sequence[str]) -> dict[str, str]:
    """The filters that are not empty. U+0000 stands in no name and no text, so it is dropped rather than argued with."""
    found = {name: request.GET.get(name, "").replace("\x00", "").strip()[:200] for name in names}
    return {name: value for name, value in found.items() if value}


def clean_url(request: HttpRequest, names: Sequence[str]) -> str:
    """The same address without the fields that a form sent empty, so that it can be shared; empty if it is clean."""
    if not any(name in request.GET and not request.GET.get(name, "").strip() for name in names):
        return ""
    kept = given(request, names)
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def applied(filters: Mapping[str, str]) -> list[Applied]:
    """Each filter in force, with the query that takes it off."""
    return [
        Applied(
            WORDS.get(name, name),
            value.replace("_", " "),
            urlencode({other: kept for other, kept in filters.items() if other != name}),
        )
        for name, value in filters.items()
    ]


def sentence(filters: Mapping[str, str]) -> str:
    """`status accepted, owner checkout`, for an empty list to name."""
    return ", ".join(f"{item.word} {item.value}" for item in applied(filters))


def next_url(filters: Mapping[str, str], cursor: str | None) -> str:
    """The following page's query, empty at the end."""
    return f"?{urlencode({**filters, 'cursor': cursor})}" if cursor else ""


def offered(known: Iterable[str], chosen: str | None) -> list[str]:
    """What a select offers: what is in force is always among it."""
    names = list(known)
    return names if not chosen or chosen in names else [chosen, *names]
