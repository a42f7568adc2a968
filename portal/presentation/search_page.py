"""The page of search: facets as links, and how a result is shown. Owns addresses and words; never queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from governance.search.kinds import registry
from governance.selectors.search import MOST, Found, Hit

PER_PAGE = 20
#: Values of a facet that are offered; what is chosen is always among them.
MOST_VALUES = 10
FACETS = {"kind": "Kind", "team": "Team", "status": "Status"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet. `query` chooses it, or takes it off where it is chosen."""

    word: str
    count: int | None
    query: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet and its values."""

    word: str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Row:
    """A result with the look of its kind."""

    hit: Hit
    icon: str
    word: str
    status: str


def rows(found: Found) -> list[Row]:
    """The results of a page."""
    return [
        Row(hit, registry[hit.kind].icon, registry[hit.kind].word, hit.status.replace("_", " ")) for hit in found.hits
    ]


def facets(found: Found, given: Mapping[str, str]) -> list[Facet]:
    """What the answer can be narrowed by. One with a single value narrows nothing, unless it is what was chosen."""
    offered = []
    for name, word in FACETS.items():
        values, chosen = list(found.facets.get(name, ())), given.get(name, "")
        shown = values[:MOST_VALUES]
        if chosen and chosen not in dict(shown):
            shown.append((chosen, dict(values).get(chosen, 0)))
        if len(values) < 2 and not chosen:
            continue
        offered.append(Facet(word, [_choice(name, value, count, given) for value, count in shown]))
    return offered


def _choice(name: str, value: str, count: int, given: Mapping[str, str]) -> Choice:
    chosen = given.get(name) == value
    others = {key: kept for key, kept in given.items() if key != name}
    word = registry[value].word if name == "kind" and value in registry else value.replace("_", " ")
    return Choice(word, count, urlencode(others if chosen else {**others, name: value}), chosen)


def next_query(found: Found, given: Mapping[str, str], page: int) -> str:
    """The following page's query, empty at the end."""
    more = min(found.total, MOST) > page * PER_PAGE
    return f"?{urlencode({**given, 'page': page + 1})}" if more else ""


def previous_query(given: Mapping[str, str], page: int) -> str:
    """The page's before this one, empty at the first."""
    if page < 2:
        return ""
    return f"?{urlencode({**given, 'page': page - 1} if page > 2 else given)}"


def summary(found: Found, page: int) -> str:
    """`41 to 60 of 1,204`; beyond what is put in order, that it ends there."""
    if not found.hits:
        return ""
    first = (page - 1) * PER_PAGE + 1
    text = f"{first} to {first + len(found.hits) - 1} of {found.total:,}"
    return f"{text}; the first {MOST} are put in order, add a word to see others" if found.total > MOST else text
