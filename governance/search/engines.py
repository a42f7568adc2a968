"""How each database looks words up: PostgreSQL by columns it derives, SQLite by an FTS5 table that triggers keep in step.

Both are kept by the database itself, so whoever writes a row of SearchText, also a copy or a restore, can't forget them.
Owns their SQL and is the only place that knows of two databases. Never builds SQL of what somebody typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

from governance.search.query import Query, fts5, tsquery

TABLE, FTS = "governance_searchtext", "governance_searchfts"
#: Tables that SQLite keeps behind FTS: no models, and nothing that a backup or a move has to know of.
SHADOWS = frozenset({FTS, *(f"{FTS}_{part}" for part in ("data", "idx", "docsize", "config"))})
_COLUMNS = ("title_words", "heading_words", "body_words")
#: How much a word weighs in the title, a heading, the text.
_WEIGHTS = (10.0, 4.0, 1.0)

_POSTGRESQL = (
    f"""ALTER TABLE {TABLE}
      ADD COLUMN IF NOT EXISTS title_vector tsvector GENERATED ALWAYS AS (to_tsvector('simple', title_words)) STORED,
      ADD COLUMN IF NOT EXISTS vector tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', title_words), 'A') || setweight(to_tsvector('simple', heading_words), 'B')
        || setweight(to_tsvector('simple', body_words), 'D')) STORED""",
    # Long values live apart from the rows, so that counting what matched reads few pages.
    f"ALTER TABLE {TABLE} SET (toast_tuple_target = 128)",
    f"CREATE INDEX IF NOT EXISTS search_title_vector ON {TABLE} USING gin (title_vector)",
    f"CREATE INDEX IF NOT EXISTS search_vector ON {TABLE} USING gin (vector)",
)


def _into(values: str) -> str:
    return f"INSERT INTO {FTS} (rowid, {', '.join(_COLUMNS)}) VALUES ({values});"  # noqa: S608 - our own names


def _row(which: str) -> str:
    return ", ".join(f"{which}.{name}" for name in ("document_id", *_COLUMNS))


_OUT = f"INSERT INTO {FTS} ({FTS}, rowid, {', '.join(_COLUMNS)}) VALUES ('delete', {_row('old')});"  # noqa: S608
_SQLITE = (
    f"""CREATE VIRTUAL TABLE IF NOT EXISTS {FTS} USING fts5(
      {", ".join(_COLUMNS)}, content='{TABLE}', content_rowid='document_id', tokenize="unicode61 remove_diacritics 0",
      prefix='2 3')""",
    *(
        f"CREATE TRIGGER IF NOT EXISTS search_{event.lower()} AFTER {event} ON {TABLE} FOR EACH ROW BEGIN {body} END"
        for event, body in (
            ("INSERT", _into(_row("new"))),
            ("DELETE", _OUT),
            ("UPDATE", f"{_OUT} {_into(_row('new'))}"),
        )
    ),
)


def install(there: BaseDatabaseWrapper) -> None:
    """Put in place what looks words up, where the tables are there. Safe to repeat."""
    if TABLE not in there.introspection.table_names():
        return
    with there.cursor() as cursor:
        if there.vendor == "postgresql" and _has_vector(there, cursor):
            return  # to add a column that is there already would lock the table all the same
        for sql in _POSTGRESQL if there.vendor == "postgresql" else _SQLITE:
            cursor.execute(sql)


def _has_vector(there: BaseDatabaseWrapper, cursor: Any) -> bool:
    return any(column.name == "vector" for column in there.introspection.get_table_description(cursor, TABLE))


def renew() -> None:
    """Derive all of it anew from the rows: for SQLite, whose table is a second copy."""
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {FTS} ({FTS}) VALUES ('rebuild')")  # noqa: S608 - our own names


@contextmanager
def by_index() -> Iterator[None]:
    """Questions asked within are answered from indexes.

    PostgreSQL doesn't count what it costs to fetch the words of a row, which live apart from it; for a common word it would
    read those of every document, a hundred times slower. Nor does compiling such a plan pay.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")
        yield


def matching(query: Query, *, in_title: bool = False) -> RawSQL:
    """The ids of documents that answer the question; `in_title`: with nothing but the words of their titles."""
    sql, parameters = _wanted(query, in_title)
    if query.without:  # apart: within one question PostgreSQL would read the words of each document to be sure
        without, more = _wanted(query.unwanted, False)
        sql, parameters = f"{sql} EXCEPT {without}", [*parameters, *more]
    return RawSQL(sql, parameters)  # noqa: S611 - what was typed is in the parameters


def _wanted(query: Query, in_title: bool) -> tuple[str, list[str]]:
    if connection.vendor == "postgresql":
        column = "title_vector" if in_title else "vector"
        return f"SELECT document_id FROM {TABLE} WHERE {column} @@ %s::tsquery", [tsquery(query)]  # noqa: S608
    asked = f"{{title_words}} : ({fts5(query)})" if in_title else fts5(query)
    return f"SELECT rowid FROM {FTS} WHERE {FTS} MATCH %s", [asked]  # noqa: S608


def ranks(query: Query, ids: Sequence[int]) -> dict[int, float]:
    """How well each of these documents answers; more is better."""
    if not ids:
        return {}
    marks = ", ".join(["%s"] * len(ids))
    parameters: list[Any]
    if connection.vendor == "postgresql":
        asked = tsquery(query)
        sql = f"SELECT document_id, ts_rank('{{0.1, 0.1, 0.4, 1.0}}', vector, %s::tsquery, 1) FROM {TABLE} WHERE document_id IN ({marks})"  # noqa: S608, E501
        parameters = [asked, *ids]
    else:
        weights = ", ".join(map(str, _WEIGHTS))
        # The plus keeps SQLite from looking each id up with a search of its own.
        sql = f"SELECT rowid, -bm25({FTS}, {weights}) FROM {FTS} WHERE {FTS} MATCH %s AND +rowid IN ({marks})"  # noqa: S608
        parameters = [fts5(query), *ids]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return dict(cursor.fetchall())
