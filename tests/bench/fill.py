"""Fills a database with finished runs, by SQL: copies of one run that the engine itself has done, with ids of their own.

Every table that hangs on a run is copied with it. Runs lie one second apart, back from now, older than any run that
comes after. Owns the statements for both databases. Nothing of the product may run on the database meanwhile.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

#: Runs by one statement: its rows come out in the order in which real runs would have written them.
CHUNK = 20_000
RUN, STEP = "orchestration_run", "orchestration_steprun"
#: What hangs on a run or on a step: table, and the column that says on which.
HANGING = {"orchestration_runevent": "run_id", "orchestration_attempt": "step_id"}
TABLES = (RUN, STEP, *HANGING)

Link = psycopg.Connection[Any] | sqlite3.Connection


def fill(link: Link, runs: int) -> int:
    """So many more finished runs; how many steps there are then. Statistics are fresh afterwards."""
    if isinstance(link, psycopg.Connection):
        with _quick(link):
            _copy(link, runs)
        link.execute("VACUUM (ANALYZE)")
        link.execute("CHECKPOINT")
    else:
        _copy(link, runs)
        link.execute("ANALYZE")
        link.commit()
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return _number(link, f"SELECT count(*) FROM {STEP}")


def _copy(link: Link, runs: int) -> None:
    postgres = isinstance(link, psycopg.Connection)
    newest = (
        f"SELECT r.id FROM {RUN} r JOIN orchestration_workflow w ON w.id = r.workflow_id WHERE w.name = 'bench-chain'"
    )
    link.execute(
        f"CREATE TEMPORARY TABLE one_run AS SELECT * FROM {RUN} WHERE id IN ({newest} ORDER BY r.id DESC LIMIT 1)"
    )
    ranked = (
        f"SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM {STEP} WHERE run_id IN (SELECT id FROM one_run)"
    )
    link.execute(f"CREATE TEMPORARY TABLE its_steps AS {ranked}")
    steps = _number(link, "SELECT count(*) FROM its_steps")
    first = _number(link, f"SELECT max(id) + 1 FROM {STEP}")
    step_id = f"{first} + (n - 1) * {steps}"
    made = {RUN: {"id": _id(postgres), "idempotency_key": "NULL"}}
    made[STEP] = {"id": f"{step_id} + t.place", "run_id": _id(postgres)}
    sources = {RUN: "one_run t", STEP: "its_steps t"}
    for table, column in HANGING.items():
        of_step = column == "step_id"
        made[table] = {column: f"{step_id} + s.place" if of_step else _id(postgres)}
        join = "its_steps s ON s.id" if of_step else "one_run s ON s.id"
        sources[table] = f"{table} t JOIN {join} = t.{column}"
    for begin in range(1, runs + 1, CHUNK):
        span = _span(postgres, begin, min(begin + CHUNK - 1, runs))
        for table in TABLES:
            link.execute(_insert(link, table, made[table], sources[table], span, runs))
        link.commit()
        print(f"{min(begin + CHUNK - 1, runs):,} of {runs:,} runs", file=sys.stderr, flush=True)
    if postgres:
        link.execute(f"SELECT setval(pg_get_serial_sequence('{STEP}', 'id'), (SELECT max(id) FROM {STEP}))")


def _insert(link: Link, table: str, made: dict[str, str], source: str, span: str, runs: int) -> str:
    values = {}
    for name, kind in _columns(link, table):
        if name == "id" and "id" not in made:
            continue  # the database counts
        values[name] = made.get(name) or (
            _earlier(link, name, runs) if kind.startswith(("timestamp", "datetime")) else f"t.{name}"
        )
    place = ", t.place" if table == STEP else ""
    return f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {span}, {source} ORDER BY n{place}"


def _columns(link: Link, table: str) -> list[tuple[str, str]]:
    if isinstance(link, psycopg.Connection):
        sql = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
        return link.execute(sql, [table]).fetchall()
    return [(row[1], row[2].lower()) for row in link.execute(f"PRAGMA table_info({table})")]


def _earlier(link: Link, column: str, runs: int) -> str:
    if isinstance(link, psycopg.Connection):
        return f"t.{column} - ({runs} - n) * interval '1 second'"
    return f"strftime('%Y-%m-%d %H:%M:%f', t.{column}, '-' || ({runs} - n) || ' seconds')"


def _id(postgres: bool) -> str:
    """A UUIDv7 of the year 2024, growing with n."""
    if postgres:
        return "('0190' || lpad(to_hex(n), 8, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid"
    return "'0190' || printf('%08x', n) || '70008000' || printf('%012x', n)"


def _span(postgres: bool, begin: int, end: int) -> str:
    if postgres:
        return f"generate_series({begin}, {end}) AS n"
    return f"(WITH RECURSIVE s(n) AS (SELECT {begin} UNION ALL SELECT n + 1 FROM s WHERE n < {end}) SELECT n FROM s) AS span"


def _number(link: Link, sql: str) -> int:
    row = link.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def _quick(link: psycopg.Connection[Any]) -> Iterator[None]:
    """Without foreign keys being asked and without indexes, which are made again at the end."""
    indexes = link.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN"
        " (SELECT conname FROM pg_constraint)", [list(TABLES)],
    ).fetchall()  # fmt: skip
    for setting in ("session_replication_role = replica", "synchronous_commit = off", "maintenance_work_mem = '512MB'"):
        link.execute(f"SET {setting}")
    for name, _ in indexes:
        link.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in indexes:
        link.execute(definition)
