"""Statistics: tables of runs that are still young are analysed while they grow, so that no plan outlives its table.

A plan that PostgreSQL makes on a nearly empty table reads the whole of it, and is kept: that of a foreign key's check for as
long as the session lives, once for each row that is written. Autovacuum would put it right within a minute or more, in
which a table may grow by thousands of rows. An analysis makes every session plan anew. Owns when; never touches a row,
and leaves large tables to autovacuum.
"""

from __future__ import annotations

from django.db import connection

from orchestration.models import Attempt, Payload, Run, RunEvent, StepRun

#: A table is analysed when as many of its rows have changed as it had, but not for less.
FEWEST = 200
#: Rows from which on autovacuum is early enough, since a plan made at half the size is no other.
GROWN = 200_000

_YOUNG = """
SELECT s.relname FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE s.relid = ANY(%s::regclass[]) AND c.reltuples < %s AND s.n_mod_since_analyze >= GREATEST(%s, c.reltuples)
"""


def freshen() -> list[str]:
    """Analyse what has grown; the tables. Harmless when doubled, and where the role does not own the tables: a warning."""
    if connection.vendor != "postgresql":
        return []
    tables = [model._meta.db_table for model in (Run, StepRun, Attempt, RunEvent, Payload)]
    with connection.cursor() as cursor:
        cursor.execute(_YOUNG, [tables, GROWN, FEWEST])
        grown = [name for (name,) in cursor.fetchall()]
        for name in grown:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(name)}")
    return grown
