"""How the database does what the sweeper asks it every half second: one round of wake, each statement explained.

Runs as a process with the settings of the system whose database is looked at; prints JSON: for each statement its text,
its plan, the milliseconds and pages it took, and whether it reads a large table from end to end.
"""

from __future__ import annotations

import json
import os
from typing import Any

from tests.bench.fill import TABLES


def main() -> None:
    """Ask, explain, print."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    import django

    django.setup()
    from django.db import connection

    asked = statements()
    explain = _postgresql if connection.vendor == "postgresql" else _sqlite
    print(json.dumps([{"sql": sql, **explain(sql, parameters)} for sql, parameters in asked]))


def statements() -> list[tuple[str, Any]]:
    """What one round of wake asks of the large tables."""
    from django.db import connection

    from orchestration.engine.wake import wake

    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if any(f'FROM "{table}"' in sql or f'UPDATE "{table}"' in sql for table in TABLES):
            asked.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        wake()
    return asked


def _postgresql(sql: str, parameters: Any) -> dict[str, Any]:
    """Executed and undone, so that the figures are of what happened and not of what was expected."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", parameters)
        lines = [row[0] for row in cursor.fetchall()]
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", parameters)
        root = cursor.fetchone()[0]
        transaction.set_rollback(True)
    found = (json.loads(root) if isinstance(root, str) else root)[0]
    top = found["Plan"]
    return {
        "plan": lines, "milliseconds": found["Execution Time"],
        "pages": top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        "whole": any(f"Seq Scan on {table}" in line for line in lines for table in TABLES),
    }  # fmt: skip


def _sqlite(sql: str, parameters: Any) -> dict[str, Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        lines = [row[3] for row in cursor.fetchall()]
    whole = any(line.startswith(f"SCAN {table}") and "USING" not in line for line in lines for table in TABLES)
    return {"plan": lines, "milliseconds": None, "pages": None, "whole": whole}


if __name__ == "__main__":
    main()
