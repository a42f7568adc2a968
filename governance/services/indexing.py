"""Keeping search in step: each write of an object that can be found renews what search knows of it, in the same transaction.

Owns those writes and the making anew of all of it. Never decides what is said of an object: its kind does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from governance.models import SearchDocument, SearchName, SearchText
from governance.search import engines
from governance.search.kinds import Entry, Kind, registry
from governance.search.words import joined, words
from orchestration.services.governed import hold

#: Characters of a text that are looked up. Longer ones exist, but their end is not what they are about.
MOST_TEXT = 100_000
#: Bytes of folded words of one place: PostgreSQL takes 1 MB of lexemes, positions apart.
MOST_BYTES = 400_000
#: Rows of one transaction while all is made anew: writers wait behind it.
BATCH = 200
_FACTS = ("title", "team", "status", "is_over", "restricted", "updated_at")
_TEXTS = ("title_words", "heading_words", "body_words", "shown")


def connect() -> None:
    """Follow the writes of every registered kind."""
    for kind in registry:
        for model in (kind.model, *kind.follows):
            post_save.connect(_saved, sender=model, dispatch_uid=f"governance.search.{model._meta.label}")
            post_delete.connect(_deleted, sender=model, dispatch_uid=f"governance.search.{model._meta.label}")


def after_migrate(using: str, plan: Sequence[Any] = (), **_: Any) -> None:
    """After `migrate`: SQLite makes a table anew to alter it, and its triggers go with the old one; and what was there before
    there was search is made known to it. On a database that has been moved aside (another alias) only the first."""
    there = connections[using]
    engines.install(there)
    forward = bool(plan) and not any(backwards for _migration, backwards in plan)
    if forward and using == DEFAULT_DB_ALIAS and engines.TABLE in there.introspection.table_names():
        anything = any(kind.model._default_manager.exists() for kind in registry)
        if anything and not SearchDocument.objects.exists():
            rebuild()


def write(entries: Sequence[Entry]) -> None:
    """Make search know these, and nothing older of them. Two that write the same at once: the later one stays."""
    if not entries:
        return
    with transaction.atomic():
        rows = [
            SearchDocument(kind=one.kind, key=one.key, **{name: getattr(one, name) for name in _FACTS}) for one in entries
        ]  # fmt: skip
        for row in rows:
            row.title = row.title.replace("\x00", "")[:300]
        SearchDocument.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["kind", "key"], update_fields=list(_FACTS)
        )
        texts = [_text(row, one) for row, one in zip(rows, entries, strict=True)]
        SearchText.objects.bulk_create(
            texts, update_conflicts=True, unique_fields=["document"], update_fields=list(_TEXTS)
        )
        SearchName.objects.filter(document__in=[row.pk for row in rows]).delete()
        SearchName.objects.bulk_create(
            SearchName(document=row, name=name)
            for row, one in zip(rows, entries, strict=True)
            for name in _names(one)
        )  # fmt: skip


def forget(kind: str, keys: Iterable[str]) -> None:
    """Make search know nothing of these any more."""
    SearchDocument.objects.filter(kind=kind, key__in=list(keys)).delete()


def rebuild(said: Callable[[str, int], object] = lambda _kind, _count: None) -> int:
    """Make all of it anew from the objects; how many there are. Writers wait for a batch at most; safe to end and repeat."""
    total = 0
    for kind in registry:
        known = set(SearchDocument.objects.filter(kind=kind.name).values_list("key", flat=True))
        seen, last = set[str](), None
        while batch := _batch(kind, last, known - seen):
            seen.update(kind.key(row) for row in batch)
            last = batch[-1].pk
            said(kind.word, len(seen))
        total += len(seen)
    SearchDocument.objects.exclude(kind__in=registry.names).delete()
    engines.renew()
    return total


def _batch(kind: Kind, last: Any, unseen: set[str]) -> list[Any]:
    """The next rows, known to search when this returns; behind the last of them, what was not seen is forgotten.

    Nobody writes governed objects meanwhile, so none is known as it was before, and none that came meanwhile is forgotten.
    """
    with transaction.atomic():
        hold()
        rows = kind.rows().order_by("pk")
        batch = list((rows if last is None else rows.filter(pk__gt=last))[:BATCH])
        write([kind.entry(row) for row in batch])
        if not batch:
            gone = sorted(unseen)
            for start in range(0, len(gone), BATCH):
                forget(kind.name, gone[start : start + BATCH])
    return batch


def _saved(instance: Model, **_: Any) -> None:
    for kind, pk in registry.concerned(instance):
        row = kind.rows().filter(pk=pk).first()
        if row is not None:
            write([kind.entry(row)])


def _deleted(instance: Model, **_: Any) -> None:
    for kind, pk in registry.concerned(instance):
        if type(instance) is kind.model:
            forget(kind.name, [kind.key(instance)])
        elif (row := kind.rows().filter(pk=pk).first()) is not None:
            write([kind.entry(row)])


def _text(row: SearchDocument, entry: Entry) -> SearchText:
    body = entry.body[:MOST_TEXT].replace("\x00", "")
    return SearchText(
        document=row, title_words=joined([entry.title]), heading_words=_within(joined([*_names(entry), *entry.headings])),
        body_words=_within(joined([body])), shown=body,
    )  # fmt: skip


def _within(text: str) -> str:
    """As much of it as PostgreSQL keeps in one place (1 MB of lexemes, whatever letters unfolded into)."""
    return text.encode()[:MOST_BYTES].decode(errors="ignore")


def _names(entry: Entry) -> list[str]:
    """Its names as they are compared, each once."""
    cut = (" ".join(words(name))[:300] for name in (entry.title, entry.key, *entry.names))
    return [name for name in dict.fromkeys(cut) if name]
