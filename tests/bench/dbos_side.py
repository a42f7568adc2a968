"""DBOS's side: two processes that call their own workflows. A batch is shared between them; one run is one's own.

Nothing has to be looked for: the call of a workflow returns when it is over. What was tried, in one run on PostgreSQL on
a busy machine (so compare them with each other only), steps per second: called directly from 1, 2, 4, 8, 16 threads of
each process 230, 199, 220, 202, 204; start_workflow 175; async workflows, 1, 4, 16 at a time, 144, 155, 156; a queue
polled every 50 ms 156. On SQLite with four threads 164, with write-ahead logging 324. A fan of a hundred takes 754 ms as
steps gathered in an async workflow and 2,050 ms as child workflows. So: direct calls, threads, write-ahead logging,
gathered steps.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.bench.orders import Obeying
from tests.bench.side import serve

PROCESSES = 2


class Workflows:
    """Two workers below this process."""

    def __init__(self) -> None:
        folder = Path(os.environ["PLUMBLINE_DATA_DIR"])
        variables = {
            **os.environ,
            "BENCH_DATABASE": os.environ.get("DATABASE_URL", f"sqlite:///{folder / 'dbos.sqlite'}"),
        }
        self.workers = []
        for number in range(PROCESSES):
            command = [sys.executable, "-m", "tests.bench.dbos_work", f"worker{number}"]
            worker = Obeying(command, variables, folder / f"worker{number}.log")
            self.versions = worker.facts()  # the first has made the tables when the second begins
            self.workers.append(worker)

    def batch(self, runs: int) -> None:
        shares = [runs // PROCESSES, runs - runs // PROCESSES]
        for worker, share in zip(self.workers, shares, strict=True):
            worker.order("batch", share)
        for worker in self.workers:
            worker.seconds()

    def single(self) -> None:
        self._one("single")

    def fan(self) -> None:
        self._one("fan")

    def check(self) -> None:
        for worker in self.workers:
            worker.order("check", 1)
            worker.seconds()

    def facts(self) -> dict[str, str]:
        return self.versions

    def _one(self, what: str) -> None:
        self.workers[0].order(what, 1)
        self.workers[0].seconds()


if __name__ == "__main__":
    serve(Workflows)
