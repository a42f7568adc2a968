"""One of DBOS's two worker processes: workflows that are called in the process that runs them, which is its fastest way.

Runs in the environment of its own (dbos_environment.py). Obeys the lines of side.py, as the process above it does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy
from dbos import DBOS

from tests.bench.payload import RESULT, STEPS, WIDTH
from tests.bench.side import serve

THREADS = 4


@DBOS.step()
def step(value: Any) -> Any:
    return RESULT


@DBOS.step()
async def piece(value: Any) -> Any:
    return RESULT


@DBOS.workflow()
def chain(value: Any) -> Any:
    for _ in range(STEPS):
        value = step(value)
    return value


@DBOS.workflow()
async def fan(value: Any) -> Any:
    pieces = await asyncio.gather(*[piece(value) for _ in range(WIDTH)])
    return await piece(pieces)


class Worker:
    """Launched on the database that BENCH_DATABASE names."""

    def __init__(self) -> None:
        url = os.environ["BENCH_DATABASE"]
        if url.startswith("sqlite"):
            sqlalchemy.event.listen(sqlalchemy.Engine, "connect", _quick_and_safe)
        DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "executor_id": sys.argv[1]})
        DBOS.launch()
        self.threads = ThreadPoolExecutor(THREADS)
        self.loop = asyncio.new_event_loop()
        self.done = 0

    def batch(self, runs: int) -> None:
        self.done += sum(result == RESULT for result in self.threads.map(chain, [RESULT] * runs))

    def single(self) -> None:
        self.done += chain(RESULT) == RESULT

    def fan(self) -> None:
        self.done += self.loop.run_until_complete(fan(RESULT)) == RESULT

    def check(self) -> None:
        over = DBOS.list_workflows(status="SUCCESS", executor_id=sys.argv[1], load_input=False, load_output=False)
        assert len(over) == self.done, f"{self.done} workflows done here, {len(over)} in the database"

    def facts(self) -> dict[str, str]:
        from importlib.metadata import version

        return {name: version(name) for name in ("dbos", "sqlalchemy", "psycopg")}


def _quick_and_safe(connection: Any, record: Any) -> None:
    """SQLite's own faster settings, the same that Plumbline's embedded default has; DBOS leaves SQLite's defaults."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


if __name__ == "__main__":
    serve(Worker)
