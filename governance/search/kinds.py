"""The kinds of object that search finds: for each, what it says of one, where its page is, and whose writes renew it.

A new kind is one small class like those of catalogue.py and records.py, entered with `register`. Owns the registry. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Entry:
    """What search is to know of one object. `names` find it before all others; its title and key do so anyway.

    `restricted`: only people of its team find it. Everybody who signs in reads the rest. Payloads don't belong here.
    """

    kind: str
    key: str
    title: str
    updated_at: datetime
    body: str = ""
    headings: Sequence[str] = ()
    names: Sequence[str] = ()
    team: str = ""
    status: str = ""
    is_over: bool = False
    restricted: bool = False


class Kind:
    """One kind. `follows`: models whose rows are part of such an object, with the attribute that has its id."""

    name: ClassVar[str]
    #: What a filter and a result call it.
    word: ClassVar[str]
    icon: ClassVar[str]
    #: The URL's name; its one argument is the key.
    page: ClassVar[str]
    model: ClassVar[type[Model]]
    follows: ClassVar[Mapping[type[Model], str]] = {}

    def rows(self) -> QuerySet[Any]:
        """All of them, with what `entry` reads."""
        return self.model._default_manager.all()

    def key(self, row: Any) -> str:
        """Its name within the kind, as its page's address has it."""
        raise NotImplementedError

    def entry(self, row: Any) -> Entry:
        """What search is to know of it."""
        raise NotImplementedError

    def url(self, key: str) -> str:
        """Its page."""
        return reverse(self.page, args=[key])


@dataclass(slots=True)
class Registry:
    """The kinds, in the order in which equals are shown."""

    _kinds: dict[str, Kind] = field(default_factory=dict)

    def register(self, kind: type[Kind]) -> type[Kind]:
        """Enter a kind; usable as a decorator."""
        self._kinds[kind.name] = kind()
        return kind

    def forget(self, name: str) -> None:
        """Take one out: for tests that bring a kind of their own."""
        del self._kinds[name]

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds.values())

    def __contains__(self, name: str) -> bool:
        return name in self._kinds

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    @property
    def names(self) -> list[str]:
        """Of all kinds, in order."""
        return list(self._kinds)

    def concerned(self, row: Model) -> Iterator[tuple[Kind, Any]]:
        """Kinds of which this row is, or is a part, with the id of the object."""
        for kind in self:
            if type(row) is kind.model:
                yield kind, row.pk
            elif (attribute := kind.follows.get(type(row))) is not None:
                yield kind, getattr(row, attribute)


registry = Registry()
