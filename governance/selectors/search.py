"""Reads of search: what answers a question, best first, with counts to narrow it by. Never writes.

Best first: who is called so; whose title begins so; who has all words in the title; who has them anywhere. Within each what is
in force comes before what is over, then how well it fits, then the newer. A page costs a fixed number of queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Left

from governance.models import SearchDocument, SearchName
from governance.search.engines import by_index, matching, ranks
from governance.search.excerpts import Piece, excerpt, marked, pattern
from governance.search.kinds import registry
from governance.search.query import Query, parse
from governance.search.words import words

#: As many are put in order; whoever looks further adds a word. Of each place words may stand in, the newest in force.
MOST = 500
#: Characters of a text in which an excerpt is looked for.
MOST_SHOWN = 20_000
#: Names among which one that was meant is looked for.
MOST_NAMES = 2_000


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks: teams whose restricted documents they may read; None for all teams."""

    teams: Collection[str] | None = ()


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the answer is narrowed to; empty strings narrow nothing."""

    kind: str = ""
    team: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One document that answers."""

    kind: str
    key: str
    title: list[Piece]
    excerpt: list[Piece]
    team: str
    status: str
    is_over: bool
    updated_at: datetime

    @property
    def url(self) -> str:
        """Its page."""
        return registry[self.kind].url(self.key)

    @property
    def name(self) -> str:
        """The title without marks."""
        return "".join(piece.text for piece in self.title)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of an answer. `facets`: by facet, how many there are of each value, the other facets being as they are.

    `loosened`: nothing has all of the words, these have some. `meant`: a name that may have been meant, when nothing answers.
    """

    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    facets: Mapping[str, list[tuple[str, int]]] = field(default_factory=dict)
    loosened: bool = False
    meant: str = ""
    asked: bool = True


def search(
    text: str, *, reader: Reader, narrowed: Narrowed = Narrowed(), offset: int = 0, limit: int = 20
) -> Found:  # fmt: skip
    """A page of what answers. Any text is a question; one without a word in it has no answer."""
    query = parse(text)
    if not query:
        return Found(asked=False)
    with by_index():
        return _answer(query, reader, narrowed, offset, limit)


def _answer(query: Query, reader: Reader, narrowed: Narrowed, offset: int, limit: int) -> Found:
    groups = _groups(query, reader)
    loosened = not groups and len(query.terms) > 1
    if loosened:
        query = query.loosened
        groups = _groups(query, reader)
    if not groups:
        return Found(meant=_meant(query, reader))
    facets = {name: _facet(groups, name, narrowed) for name in ("kind", "team", "status")}
    total = sum(count for group, count in groups.items() if _fits(group, narrowed))
    ids = _in_order(query, reader, narrowed)[offset : offset + limit] if total else []
    return Found(_hits(ids, query), total, facets, loosened)


def visible(reader: Reader) -> QuerySet[SearchDocument]:
    """What this reader may find."""
    rows = SearchDocument.objects.filter(kind__in=registry.names)
    if reader.teams is None:
        return rows
    return rows.filter(Q(restricted=False) | Q(team__in=list(reader.teams)))


Group = tuple[str, str, str]


def _groups(query: Query, reader: Reader) -> dict[Group, int]:
    """How many answer, by kind, team and status: every facet is a sum of these."""
    found = visible(reader).filter(pk__in=matching(query)).order_by().values_list("kind", "team", "status")
    return {(kind, team, status): count for kind, team, status, count in found.annotate(count=Count("pk"))}


def _fits(group: Group, narrowed: Narrowed, besides: str = "") -> bool:
    named = dict(zip(("kind", "team", "status"), group, strict=True))
    return all(
        name == besides or not getattr(narrowed, name) or getattr(narrowed, name) == value for name, value in named.items()
    )  # fmt: skip


def _facet(groups: Mapping[Group, int], name: str, narrowed: Narrowed) -> list[tuple[str, int]]:
    place = ("kind", "team", "status").index(name)
    counted: Counter[str] = Counter()
    for group, count in groups.items():
        if group[place] and _fits(group, narrowed, besides=name):
            counted[group[place]] += count
    if name == "kind":
        return [(kind, counted[kind]) for kind in registry.names if counted[kind]]
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))


def _in_order(query: Query, reader: Reader, narrowed: Narrowed) -> list[int]:
    rows = visible(reader).filter(**{name: value for name, value in _given(narrowed) if value})
    facts = ("pk", "kind", "title", "is_over", "updated_at")
    newest = rows.order_by("is_over", "-updated_at", "-pk").values_list(*facts)
    titled = [] if query.any_of else list(newest.filter(pk__in=matching(query, in_title=True))[:MOST])
    named = newest.filter(pk__in=SearchName.objects.filter(name=query.name).values("document"))
    called = list(named.filter(pk__in=matching(query))[:MOST])
    rest = list(newest.filter(pk__in=matching(query))[:MOST]) if len(titled) < MOST else []
    found = {row[0]: row for row in (*rest, *titled, *called)}
    tier = dict.fromkeys(found, 3) | {row[0]: 2 for row in titled} | {row[0]: 0 for row in called}
    fit = ranks(query, list(found))
    kinds = {kind: place for place, kind in enumerate(registry.names)}

    def order(row: tuple[Any, ...]) -> tuple[Any, ...]:
        pk, kind, title, is_over, updated_at = row
        place, alike, close = tier[pk], 0, -round(fit.get(pk, 0.0), 3)
        if place == 0:  # all are called so: the kind decides, then which is newer
            alike, close = kinds[kind], 0
        elif place == 2 and (called_so := " ".join(words(title))).startswith(query.name):
            place, alike, close = 1, kinds[kind], len(called_so)
        return place, is_over, alike, close, -updated_at.timestamp(), -pk

    return [row[0] for row in sorted(found.values(), key=order)][:MOST]


def _given(narrowed: Narrowed) -> Iterable[tuple[str, str]]:
    return (("kind", narrowed.kind), ("team", narrowed.team), ("status", narrowed.status))


def _hits(ids: list[int], query: Query) -> list[Hit]:
    sought = pattern(query)
    rows = {
        row.pk: row
        for row in SearchDocument.objects.filter(pk__in=ids).annotate(beginning=Left("text__shown", MOST_SHOWN))
    }
    return [
        Hit(
            row.kind, row.key, marked(row.title, sought), excerpt(row.beginning or "", sought), row.team, row.status,
            row.is_over, row.updated_at,
        )
        for row in (rows[pk] for pk in ids if pk in rows)
    ]  # fmt: skip


def _meant(query: Query, reader: Reader) -> str:
    """A name that is nearly what was asked for; of those alone that the reader may find."""
    names = SearchName.objects.filter(document__in=visible(reader), name__startswith=query.name[:1])
    known = names.order_by("name").values_list("name", flat=True).distinct()
    near = get_close_matches(query.name, list(known.filter(name__startswith=query.name[:2])[:MOST_NAMES]), 1, 0.7)
    return near[0] if near else ""
