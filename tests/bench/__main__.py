"""`make bench`: Plumbline beside a raw Celery chain and chord, and DBOS, interleaved; a table and build/bench-engine.json.

The work is that of payload.py. Each system has two worker processes and servers of its own; PostgreSQL writes as durably
as it does by default. A round asks one system after another for a batch (steps per second, with the submission inside
the clock, and what that cost in CPU and bytes), for single runs one after another, and for fans. The first round warms
up and is thrown away. `--only plumbline,celery --rounds 1` for a quick look; names: plumbline, celery, dbos,
plumbline-embedded, dbos-sqlite; and plumbline-writes, the same steps declared as if they had effects, so that each
waits for the commit of the one before it (docs/decisions/0018-steps-without-effects-run-ahead.md); and celery-unacked, the
chain without acknowledgement of messages, which nobody would dare: a killed worker then breaks its chains for ever.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from tests.bench import account
from tests.bench.payload import STEPS
from tests.bench.report import CPU, FAN, MEMORY, OTHERS, RATE, SINGLE, WORKERS, WRITTEN, report
from tests.bench.systems import KINDS, System

#: A batch is as many runs as last so long at the rate of the warm-up, so that slow and fast are measured alike.
SECONDS, FIRST_BATCH = 3.0, 60
SINGLES, FANS = 40, 5


def main() -> None:
    """Start all, measure in turn, report; whatever happens, nothing is left running."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default=os.environ.get("ONLY") or ",".join(KINDS), help="names, with commas")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 9))
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long a batch shall last")
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := set(names) - set(KINDS):
        parser.error(f"no system {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    folder = Path(tempfile.mkdtemp(prefix="plumbline-bench-", dir="/tmp"))
    folder.chmod(0o711)  # PostgreSQL runs as another user and must reach its own folder below
    try:
        with ExitStack() as stack:
            systems = []
            for name in names:
                systems.append(stack.enter_context(System(name, folder)))
                systems[-1].freeze()
            measure(systems, options.rounds, options.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(systems: list[System], rounds: int, seconds: float) -> None:
    """All rounds, and the report."""
    found: dict[str, dict[str, list[float]]] = {system.name: defaultdict(list) for system in systems}
    batches = {system.name: FIRST_BATCH for system in systems}
    for number in range(rounds + 1):
        for system in systems:
            print(f"round {number} of {rounds}: {system.name}", file=sys.stderr, flush=True)
            values = one(system, batches[system.name])
            batches[system.name] = max(FIRST_BATCH, round(values[RATE] * seconds / STEPS))
            for metric, value in values.items() if number else ():
                found[system.name][metric].append(value)
    facts = {f"{system.name}: {name}": value for system in systems for name, value in system.facts.items()}
    for system in systems:
        if system.link is not None:
            facts[f"{system.name}: postgresql"] = str(system.link.info.server_version / 10000)
    report(found, {system.name: system.kind.database for system in systems}, facts)


def one(system: System, runs: int) -> dict[str, float]:
    """One round of one system."""
    system.thaw()
    try:
        system.ask("single")
        cpu, written, all_busy = account.cpu_of(system.roots), system.written(), account.busy()
        batch = system.ask("batch", runs)[0]
        all_busy = account.busy() - all_busy
        cpu, written = account.cpu_of(system.roots) - cpu, system.written() - written
        singles, fans = system.ask("single", SINGLES), system.ask("fan", FANS)
        system.ask("check")
        steps = runs * STEPS
        return {
            RATE: steps / batch,
            SINGLE: statistics.median(singles) * 1000,
            FAN: statistics.median(fans) * 1000,
            CPU: cpu / steps * 1000,
            MEMORY: account.memory_of(system.roots),
            WORKERS: account.memory_of(system.roots[:1]),
            WRITTEN: written / steps,
            OTHERS: max(0.0, all_busy - cpu) / batch,
        }
    finally:
        system.freeze()


if __name__ == "__main__":
    main()
