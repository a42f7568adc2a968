"""`python -m tests.bench.month`: 28 days of finished runs in a database, their rollups, and what these are worth.

Rows are written by COPY (SQLite: executemany), then `rebuild` counts them as it would any others. Prints one line of JSON: how far
quantiles and budgets from rollups are from those of the rows, and how much faster they come. Owns the data; the pages
are measured by tests/bench/dashboards.py.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np

WORKFLOWS, DEPENDENCIES, STEPS, CHUNK = 40, 8, 5, 20_000
PERIOD = timedelta(days=28)
FAILING, SLOW = 0.01, 0.03
RUN_COLUMNS = (
    "id", "workflow_id", "version_id", "team_id", "result", "created_at", "started_at", "finished_at", "trace_id",
    "failed_step", "error_type",
)  # fmt: skip
STEP_COLUMNS = ("id", "run_id", "name", "status", "ready_at", "started_at", "claimed_at", "finished_at", "error_type")
ATTEMPT_COLUMNS = ("step_id", "started_at", "finished_at")
#: Columns that are the same in every row.
SAME: dict[str, dict[str, Any]] = {
    "orchestration_run": {
        "status": "finished", "ending": "", "compensation": "none", "input": "{}", "input_hash": "", "output": "",
        "error_message": "",
    },
    "orchestration_steprun": {
        "item": 0, "waiting_kind": "", "attempt": 1, "losses": 0, "fence": 1, "worker_id": "", "idempotency_key": "",
        "input": "", "output": "null", "error_message": "", "effect": "none", "compensation": "none",
        "compensation_attempt": 0, "compensation_error": "",
    },
    "orchestration_attempt": {
        "phase": "forward", "number": 1, "outcome": "failed", "error_type": "http.503", "message": "", "worker_id": "",
        "fence": 1,
    },
}  # fmt: skip


def main() -> None:
    """Fill, count, compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.month")
    parser.add_argument("--steps", type=int, required=True, help="0 for a database that was filled before")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from orchestration import clock

    call_command("migrate", verbosity=0)
    cookie = world() if options.steps else reader()
    until = clock.now()
    took = rebuilt = 0.0
    if options.steps:
        took = _timed("filled", lambda: fill(options.steps // STEPS, until))
        rebuilt = _timed("rebuilt", lambda: call_command("rebuild_rollups", verbosity=0))
    from tests.bench.truth import compare

    found = {"fill_s": took, "rebuild_s": rebuilt, "cookie": cookie, **compare(until)}
    print(json.dumps(found), flush=True)


def world() -> str:
    """Teams, dependencies, workflows of two versions, objectives; the session of a reader."""
    import yaml
    from django.db import transaction

    from orchestration import clock
    from orchestration.models import Objective, Team
    from orchestration.services.governed import save
    from orchestration.services.manifests import Document, Signature, apply

    documents: list[dict[str, Any]] = [
        {"kind": "Team", "metadata": {"name": f"team-{n}"}, "spec": {}} for n in range(5)
    ]
    for n in range(DEPENDENCIES):
        spec = {"base_url": "http://127.0.0.1:9/", "objectives": {"latency": {"p95": "500ms"}}}
        documents.append(
            {"kind": "Dependency", "metadata": {"name": f"service-{n}", "owner": f"team-{n % 5}"}, "spec": spec}
        )
    text = "\n---\n".join(yaml.safe_dump({"apiVersion": "plumbline/v1", **one}) for one in documents)
    apply([Document(text, "world.yaml")], Signature(None, "a benchmark"))
    for version in ("1.0.0", "1.1.0"):
        text = "\n---\n".join(yaml.safe_dump(_workflow(n, version), sort_keys=False) for n in range(WORKFLOWS))
        apply([Document(text, "workflows.yaml")], Signature(None, "a benchmark"))
    since = clock.now() - PERIOD - timedelta(days=2)
    for n in range(WORKFLOWS):
        owner = Team.objects.get(name=f"team-{n % 5}")
        for indicator, threshold, target in (("success", None, "0.995"), ("latency", 2.0, "0.95")):
            one = Objective(
                name=f"bench-{n:02}-{indicator}", owner=owner, workflow=f"flow-{n:02}", indicator=indicator,
                threshold=threshold, target=target, since=since, page=False,
            )  # fmt: skip
            with transaction.atomic():
                save(one, actor=None, reason="a benchmark")
    return reader()


def reader() -> str:
    """The session of somebody who may see everything."""
    from django.test import Client

    from portal.models import User

    user, _ = User.objects.get_or_create(username="bench", is_superuser=True)
    client = Client()
    client.force_login(user)
    return str(client.cookies["sessionid"].value)


def _workflow(n: int, version: str) -> dict[str, Any]:
    steps: dict[str, Any] = {}
    for position in range(1, STEPS + 1):
        before = {"needs": [f"s{position - 1}"]} if position > 1 else {}
        if position in {2, 4}:
            name = f"service-{(n + position) % DEPENDENCIES}"
            steps[f"s{position}"] = {"http": {"path": f"/{version}"}, "dependency": name, "effect": "read", **before}
        else:
            steps[f"s{position}"] = {"value": {"of": version}, **before}
    metadata = {"name": f"flow-{n:02}", "version": version, "owner": f"team-{n % 5}", "description": "A benchmark's."}
    return {"apiVersion": "plumbline/v1", "kind": "Workflow", "metadata": metadata, "spec": {"steps": steps}}


def fill(runs: int, until: datetime) -> None:
    """So many runs, evenly over the period."""
    from django.db import connection

    from orchestration.models import Team, Workflow, WorkflowVersion

    owners = {team.pk: team for team in Team.objects.all()}
    flows = list(Workflow.objects.order_by("name"))
    versions = {(one.workflow_id, one.version): one.pk for one in WorkflowVersion.objects.all()}
    places = [
        (flow.pk, versions[flow.pk, "1.0.0"], versions[flow.pk, "1.1.0"], owners[flow.owner_id].pk) for flow in flows
    ]
    write = _copier if connection.vendor == "postgresql" else _inserter
    connection.ensure_connection()
    with write() as put:
        for start in range(0, runs, CHUNK):
            for table, columns, rows in _rows(places, start, min(CHUNK, runs - start), runs, until):
                put(table, columns, rows)
            print(f"{min(start + CHUNK, runs) * STEPS:,} of {runs * STEPS:,} steps", file=sys.stderr, flush=True)


def _rows(
    places: list[tuple[int, int, int, int]], start: int, count: int, runs: int, until: datetime
) -> Iterator[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
    rng = np.random.default_rng(start)
    first = np.datetime64((until - PERIOD).replace(tzinfo=None), "us")
    step = int(PERIOD / timedelta(microseconds=1)) // runs
    began = first + (np.arange(start, start + count) * step).astype("timedelta64[us]")
    waits = rng.lognormal(math.log(0.004), 0.8, (STEPS, count))
    takes = rng.lognormal(math.log(0.08), 0.7, (STEPS, count)) * np.where(rng.random((STEPS, count)) < SLOW, 12.0, 1.0)
    failed = rng.random(count) < FAILING
    ready, claimed, ended, at = [], [], [], began
    for position in range(STEPS):
        ready.append(at)
        claimed.append(at + (waits[position] * 1e6).astype("timedelta64[us]"))
        at = claimed[-1] + (takes[position] * 1e6).astype("timedelta64[us]")
        ended.append(at)
    texts = [[np.datetime_as_string(one, unit="us") for one in moments] for moments in (ready, claimed, ended)]
    began_text = np.datetime_as_string(began, unit="us")
    stamps = (began - np.datetime64("1970-01-01")).astype("timedelta64[ms]").astype(np.int64)
    run_rows, step_rows, tries = [], [], []
    for n in range(count):
        number = start + n
        workflow, old, new, team = places[number % WORKFLOWS]
        run_id = f"{stamps[n]:012x}7{number & 0xFFF:03x}8{number:015x}"
        bad = failed[n]
        last = 4 if bad else STEPS
        version = old if number < runs * 0.8 else new
        run_rows.append((
            run_id, workflow, version, team, "failed" if bad else "succeeded", began_text[n], began_text[n],
            texts[2][last - 1][n], run_id, "s4" if bad else "", "http.503" if bad else "",
        ))  # fmt: skip
        for position in range(last):
            mine = bad and position == last - 1
            pk = number * STEPS + position + 1
            begin, end = texts[1][position][n], texts[2][position][n]
            step_rows.append((
                pk, run_id, f"s{position + 1}", "failed" if mine else "succeeded", texts[0][position][n], begin, begin,
                end, "http.503" if mine else "",
            ))  # fmt: skip
            if mine:
                tries.append((pk, begin, end))
    yield "orchestration_run", RUN_COLUMNS, run_rows
    yield "orchestration_steprun", STEP_COLUMNS, step_rows
    yield "orchestration_attempt", ATTEMPT_COLUMNS, tries


Put = Callable[[str, tuple[str, ...], list[tuple[Any, ...]]], None]


class _copier:
    """PostgreSQL: COPY, without foreign keys being asked; statistics are fresh afterwards."""

    def __enter__(self) -> Put:
        from django.db import connection

        self.raw = connection.connection
        for setting in (
            "session_replication_role = replica",
            "synchronous_commit = off",
            "maintenance_work_mem = '512MB'",
        ):
            self.raw.execute(f"SET {setting}")
        self.indexes = self.raw.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN"
            " (SELECT conname FROM pg_constraint)", [list(SAME)],
        ).fetchall()  # fmt: skip
        for name, _ in self.indexes:
            self.raw.execute(f'DROP INDEX "{name}"')
        for table, same in SAME.items():
            for column, value in same.items():
                self.raw.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT '{value}'")
        return self.put

    def put(self, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        with self.raw.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            copy.write("".join("\t".join(map(str, row)) + "\n" for row in rows))

    def __exit__(self, *_: object) -> None:
        for _name, definition in self.indexes:
            self.raw.execute(definition)
        for table, same in SAME.items():
            for column in same:
                self.raw.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT")
            sequence = f"pg_get_serial_sequence('{table}', 'id')"
            if table != "orchestration_run":
                self.raw.execute(f"SELECT setval({sequence}, (SELECT coalesce(max(id), 1) FROM {table}))")
        self.raw.execute("SET session_replication_role = origin")
        self.raw.execute("SET synchronous_commit = on")
        self.raw.execute("VACUUM (ANALYZE)")
        self.raw.execute("CHECKPOINT")


class _inserter:
    """SQLite: executemany in one transaction for each batch."""

    def __enter__(self) -> Put:
        return self.put

    def put(self, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        from django.db import connection, transaction

        same = SAME[table]
        names = ", ".join([*columns, *same])
        marks = ", ".join(["?"] * (len(columns) + len(same)))
        moments = {place for place, name in enumerate(columns) if name.endswith("_at")}
        spaced = [
            (*(f"{v[:10]} {v[11:]}" if place in moments else v for place, v in enumerate(row)), *same.values())
            for row in rows
        ]
        with transaction.atomic():
            connection.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", spaced)

    def __exit__(self, *_: object) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _timed(word: str, act: Callable[[], Any]) -> float:
    began = time.monotonic()
    act()
    took = time.monotonic() - began
    print(f"{word} in {took:.0f} s", file=sys.stderr, flush=True)
    return round(took, 1)


if __name__ == "__main__":
    main()
