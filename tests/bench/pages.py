"""`python -m tests.bench.pages`: server time of the run pages and the run list at scale, beside an empty page's.

Pages: a run of 100 steps cold (nothing cached in the process) and of 500 steps warm; the list over a million runs made
in bulk by SQL. DATABASE_URL chooses the database. Prints medians in milliseconds and query counts.
"""

from __future__ import annotations

import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 15
MILLION = 1_000_000


def main() -> None:
    """Build the data, measure, print."""
    os.environ.setdefault("PLUMBLINE_DATA_DIR", tempfile.mkdtemp(prefix="plumbline-pages-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.ALLOWED_HOSTS.append("testserver")
    call_command("migrate", verbosity=0)
    client, runs = world()
    show("a run of 100 steps, cold", [measure(client, f"/runs/{runs[100]}/", forget) for _ in range(5)])
    show("a run of 500 steps, warm", [measure(client, f"/runs/{runs[500]}/") for _ in range(ROUNDS)][1:])
    rows = fill()
    print(f"{rows:,} runs in the table")
    for query in (
        "",
        "?workflow=wide100",
        "?result=failed",
        "?workflow=wide100&result=failed",
        "?status=waiting",
        "?team=bench&since=24h",
    ):
        show(f"the run list {query}", [measure(client, f"/runs/{query}") for _ in range(ROUNDS)][1:])
    show("the API's list, last 200", [measure(client, "/api/v1/runs?limit=200") for _ in range(ROUNDS)][1:])
    show("home", [measure(client, "/") for _ in range(3)])
    show("the workflow list, for comparison", [measure(client, "/workflows/") for _ in range(ROUNDS)][1:])


def world() -> tuple[Any, dict[int, str]]:
    """A signed-in reader, and one finished run of each width."""
    from django.test import Client

    from orchestration.engine import publish as messages
    from orchestration.models import Team
    from portal.models import User
    from tests.engine.harness import begin, publish, pump

    messages.send = len  # type: ignore[assignment]
    Team.objects.get_or_create(name="bench")
    user, _ = User.objects.get_or_create(username="bench", is_superuser=True)
    client = Client()
    client.force_login(user)
    runs = {}
    for width in (100, 500):
        steps: dict[str, Any] = {"s0": {"value": {"text": "x" * 100}}}
        for number in range(1, width):
            steps[f"s{number}"] = {"value": f"${{{{ steps.s{(number - 1) // 3}.output }}}}"}
        run = begin(publish(steps, name=f"wide{width}", version=f"1.0.{secrets.randbelow(10**6)}"))
        pump()
        runs[width] = str(run.pk)
    return client, runs


def fill() -> int:
    """A million finished runs by one INSERT … SELECT, their ids ordered in time; statistics fresh afterwards."""
    from django.db import connection

    from orchestration.models import Run

    template = Run.objects.order_by("-pk").values().first()
    assert template is not None
    columns = [field.column for field in Run._meta.concrete_fields]
    postgres = connection.vendor == "postgresql"
    number = "n" if postgres else "value"
    made = {
        "id": f"('019a' || lpad(to_hex({number}), 8, '0') || '70008000' || lpad(to_hex({number}), 12, '0'))::uuid"
        if postgres
        else f"'019a' || printf('%08x', {number}) || '70008000' || printf('%012x', {number})",
        "result": f"CASE WHEN {number} % 50 = 0 THEN 'failed' ELSE 'succeeded' END",
        "idempotency_key": "NULL",
    }
    for column in ("created_at", "started_at", "finished_at"):  # one a second, back from now
        back = f"({MILLION} - {number})"
        made[column] = (
            f"r.{column} - {back} * interval '1 second'"
            if postgres
            else f"strftime('%Y-%m-%d %H:%M:%f', r.{column}, '-' || {back} || ' seconds')"
        )
    source = (
        f"generate_series(1, {MILLION}) AS n" if postgres
        else f"(WITH RECURSIVE s(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM s WHERE value < {MILLION}) SELECT value FROM s)"
    )  # fmt: skip
    select = ", ".join(made.get(column, f"r.{column}") for column in columns)
    pk = template["id"]
    quoted = f"'{pk}'" if postgres else f"'{pk.hex}'"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO orchestration_run ({', '.join(columns)}) SELECT {select} FROM {source}, orchestration_run r WHERE r.id = {quoted}"
        )
        cursor.execute("ANALYZE")
    return Run.objects.count()


def measure(client: Any, path: str, before: Callable[[], None] | None = None) -> tuple[float, int]:
    """Milliseconds in the server, and queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    if before is not None:
        before()
    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        answer = client.get(path)
        seconds = time.perf_counter() - began
    assert answer.status_code == 200, (path, answer.status_code)
    return seconds * 1000, len(queries)


def forget() -> None:
    """As in a process that has served nothing of this run yet: plans, ports and layouts are compiled anew."""
    import gc
    from functools import _lru_cache_wrapper

    for found in gc.get_objects():
        if type(found) is _lru_cache_wrapper and getattr(found, "__module__", "").split(".")[0] in {
            "orchestration",
            "portal",
            "governance",
        }:
            found.cache_clear()


def show(name: str, found: list[tuple[float, int]]) -> None:
    """One line."""
    times = [milliseconds for milliseconds, _ in found]
    print(f"{name:<48} median {statistics.median(times):7.1f} ms   max {max(times):7.1f} ms   {found[-1][1]} queries")


if __name__ == "__main__":
    main()
