"""What a worker's thread borrows works, also after PostgreSQL has dropped every connection of the pool; a quick task keeps it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection

from tests.processes.children import ROOT, Processes

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="connections to a file are not pooled"),
]

#: A process that shares connections as a worker does; `backend()` says which it borrowed, `drop()` has the server end it.
PREAMBLE = """
import os, time
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()
import psycopg
from django.conf import settings
from django.db import connection
from orchestration import pooled
from orchestration.patience import outlast
pooled.share_connections()

def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]

def drop(pid):
    told = settings.DATABASES["default"]
    with psycopg.connect(dbname=told["NAME"], user=told["USER"], password=told["PASSWORD"] or None,
                         host=told["HOST"], port=told["PORT"] or None, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
            time.sleep(0.01)
"""


def says(processes: Processes, script: str) -> list[str]:
    """What a process of that script prints."""
    command = [sys.executable, "-c", PREAMBLE + script]
    done = subprocess.run(command, env=processes.environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_connection_that_rested_and_died_meanwhile_is_replaced_before_anybody_uses_it(processes: Processes):
    first, second = says(processes, """
pooled.TRUSTED = 0.0
first = backend()
pooled.give_back()
drop(first)
print(first, backend())
""")  # fmt: skip
    assert first != second


def test_one_given_back_a_moment_ago_is_borrowed_unseen_and_if_it_died_meanwhile_the_act_is_done_again(
    processes: Processes,
):
    first, failures, second = says(processes, """
pooled.TRUSTED = 60.0
first, tries = backend(), []
pooled.give_back()
drop(first)
def act():
    tries.append(1)
    return backend()
second = outlast(act)
print(first, len(tries) - 1, second)
""")  # fmt: skip
    assert (failures, first != second) == ("1", True), "nobody looked, so the first try failed, and it was not the last"


def test_before_a_task_that_was_slow_its_thread_gives_its_connection_back_and_before_a_quick_one_it_keeps_it(
    processes: Processes,
):
    held = says(processes, """
from dataclasses import dataclass
from orchestration.steps import python
from orchestration.steps.registry import task

python.QUICK = 1.0  # a machine that is busy with something else must not make a quick task slow
seen, takes = [], [0.0, 0.0, 1.1, 0.0]

@task("test.pace")
def pace(data, context):
    seen.append(connection.connection is not None)
    time.sleep(takes[len(seen) - 1])

@dataclass
class Call:
    body: dict
    dependency = None
    run_id = step = idempotency_key = ""
    attempt = 1
    writes = False
    heartbeat = assure = staticmethod(lambda: None)

for _ in takes:
    backend()
    python.run(Call({"task": "test.pace"}))
print(*seen)
""")  # fmt: skip
    assert held == ["False", "True", "True", "False"], "not known yet, quick, slow for once, known as slow"
