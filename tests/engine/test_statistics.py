"""Plans follow young tables as they grow: orchestration/services/statistics.py."""

from __future__ import annotations

import pytest
from django.db import connection

from orchestration.models import Run, StepRun
from orchestration.services.runs import start_runs
from orchestration.services.statistics import FEWEST, freshen
from tests.engine.conducting import wait_for
from tests.engine.harness import echo, publish

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="it is PostgreSQL's"),
]


def known_rows(table: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return cursor.fetchone()[0]


def test_a_table_that_has_doubled_is_analysed_and_then_left_alone():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orchestration_run, orchestration_steprun")
    start_runs(version=publish({"a": echo(1)}), inputs=[{}] * (2 * FEWEST))
    found: set[str] = set()
    wait_for(lambda: found.update(freshen()) or {"orchestration_run", "orchestration_steprun"} <= found, "the counts")
    assert known_rows("orchestration_run") == Run.objects.count()
    assert known_rows("orchestration_steprun") == StepRun.objects.count()
    assert freshen() == [], "nothing has changed since"


def test_a_foreign_key_is_checked_by_its_index_however_early_the_session_began():
    version = publish({"a": echo(1)})
    start_runs(version=version, inputs=[{}])  # the check of steps' runs is planned, on a table of one row
    start_runs(version=version, inputs=[{}] * (2 * FEWEST))
    wait_for(lambda: "orchestration_run" in freshen(), "the counts")
    before = scans("orchestration_run")
    start_runs(version=version, inputs=[{}] * 50)
    wait_for(lambda: scans("orchestration_run")[1] >= before[1] + 50, "the counts")
    assert scans("orchestration_run")[0] - before[0] < 50, "the table was read whole for each step"


def scans(table: str) -> tuple[int, int]:
    """How often the table was read whole, and by an index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname = %s", [table])
        return cursor.fetchone()
