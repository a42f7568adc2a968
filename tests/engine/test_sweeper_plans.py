"""What the sweeper asks every half second is answered from the few open rows, however many are finished."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model

from orchestration import clock
from orchestration.engine.claim import claim
from orchestration.engine.wake import wake
from orchestration.engine.work import work
from orchestration.ids import new_id
from orchestration.models import Run, StepRun
from orchestration.services.runs import start_runs
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, settle_down, step, write

pytestmark = pytest.mark.django_db(transaction=True)

LARGE = ("orchestration_run", "orchestration_steprun")
#: Indexes that hold open rows alone: reading one of them from end to end is reading little.
SMALL = r"step_(ready|retrying|waiting|start_due|close_due|leased|compensating)|run_deadline"


def asked_of_large_tables() -> list[tuple[str, Any]]:
    """The statements of one round."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if any(f'"{table}"' in sql for table in LARGE):
            asked.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        wake()
    return asked


def plan(sql: str, parameters: Any) -> list[str]:
    word = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{word} {sql}", parameters)
        return [str(row[0] if connection.vendor == "postgresql" else row[3]).strip() for row in cursor.fetchall()]


def reads_whole(line: str) -> bool:
    scan = re.search(r"Seq Scan on (\w+)|^SCAN (\w+)", line)
    if scan is None or (scan[1] or scan[2]) not in LARGE:
        return False
    return re.search(rf"USING (COVERING )?INDEX ({SMALL})", line) is None


def many_finished_runs(runs: int = 1_000) -> None:
    """Copies of one that the engine itself has done."""
    names = [f"s{number}" for number in range(4)]
    one = settle_down(begin(publish({name: echo(1) for name in names}, name="past")))
    copies = [copied(one, id=new_id(one.created_at)) for _ in range(runs)]
    Run.objects.bulk_create(copies)
    StepRun.objects.bulk_create(copied(step, id=None, run_id=run.pk) for run in copies for step in one.steps.all())
    if connection.vendor == "postgresql":  # it does so by itself; SQLite never does
        connection.cursor().execute("ANALYZE")


def copied(row: Model, **columns: Any) -> Any:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**{**values, **columns})


def test_no_look_of_the_sweeper_reads_the_finished_rows():
    once_more = {"initial_interval": "1s", "jitter": "none"}
    steps = {
        "fails": echo(1, retry=once_more),
        "pauses": {"wait": {"for": "1s"}},
        "waits": echo(1, timeout={"schedule_to_start": "1s", "schedule_to_close": "1s"}),
        "lost": echo(1),
        "undone": write("undone"),
        "held": echo(1),
    }
    version = publish(steps, name="open", timeout="1h")
    many_finished_runs()
    for run in start_runs(version=version, inputs=[{}] * 3):
        tasks.failing["fails"] = 1
        for name in ("fails", "pauses", "undone"):
            work(step(run, name).pk)
        assert claim(step(run, "held").pk) is not None
    clock.advance(timedelta(seconds=20))
    asked = asked_of_large_tables()
    assert {"retrying", "waiting", "ready", "running"} <= {word for _, given in asked for word in given or ()}
    plans = {sql: plan(sql, parameters) for sql, parameters in asked if not sql.startswith("INSERT")}
    assert len(plans) > 20, "there was something to do for every look"
    assert {sql: lines for sql, lines in plans.items() if any(map(reads_whole, lines))} == {}


def test_a_round_with_nothing_to_do_writes_nothing_but_its_mark_and_reads_by_small_indexes():
    many_finished_runs()
    wake()
    asked = asked_of_large_tables()
    assert all(sql.startswith("SELECT") for sql, _ in asked), "a write would take its turn before SQLite"
    assert 8 <= len(asked) <= 14
    for sql, parameters in asked:
        lines = plan(sql, parameters)
        assert any(re.search(SMALL, line) for line in lines), lines
        assert not any(map(reads_whole, lines)), lines
