"""`make bench-scale`: what a step costs with ten million finished steps in the tables, beside empty ones, in one run.

Two installations of Plumbline on PostgreSQL, one of them filled (fill.py), are measured in turn; then two on SQLite with
fewer rows. Then the plans of the sweeper's statements on both, and whether anything read a large table from end to end
while runs were done. Prints, and writes build/bench-scale.json; exits with 1 where a large table was read whole. Needs
about 12 GB of disk for the default of a million runs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from tests.bench import account
from tests.bench.fill import RUN, STEP, fill
from tests.bench.orders import ROOT
from tests.bench.payload import STEPS
from tests.bench.report import CPU, RATE, SINGLE, machine
from tests.bench.systems import System

TARGET = Path("build/bench-scale.json")
SINGLES = 30
#: Bytes of disk that a step takes, with its indexes, the log and the room that making an index needs.
BYTES_PER_STEP = 1_500


def main() -> int:
    """0 unless a large table was read from end to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(prog="make bench-scale")
    parser.add_argument("--runs", type=int, default=1_000_000, help="runs of ten steps in PostgreSQL; 0 leaves it out")
    parser.add_argument("--sqlite-runs", type=int, default=150_000, help="the same in SQLite")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=400, help="runs in one measurement")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="plumbline-scale-", dir="/tmp"))
    folder.chmod(0o711)
    found = {}
    try:
        for kind, runs in (("plumbline", options.runs), ("plumbline-embedded", options.sqlite_runs)):
            need = runs * STEPS * BYTES_PER_STEP
            if shutil.disk_usage(folder).free < need:
                sys.exit(f"{need / 2**30:.0f} GiB of disk are needed in {folder}; ask for fewer --runs")
            if runs:
                found[kind] = compare(kind, folder, runs, options.rounds, options.batch)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps({"machine": machine(), **found}, indent=2) + "\n")
    print(f"written to {TARGET}")
    return int(any(each["read_whole"] for each in found.values()))


def compare(kind: str, folder: Path, runs: int, rounds: int, batch: int) -> dict[str, Any]:
    """One database, empty and full."""
    with ExitStack() as stack:
        sides = {name: stack.enter_context(System(f"{kind}-{name}", folder, kind=kind)) for name in ("empty", "full")}
        steps = _fill(sides["full"], runs)
        values: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in sides}
        before = _whole_reads(sides["full"])
        for number in range(rounds + 1):
            for name, side in sides.items():
                print(f"round {number} of {rounds}: {side.name}", file=sys.stderr, flush=True)
                for metric, value in _one(side, batch).items() if number else ():
                    values[name][metric].append(value)
        read_whole = {table: count - before[table] for table, count in _whole_reads(sides["full"]).items()}
        plans = {name: _plans(side) for name, side in sides.items()}
    medians = {
        name: {metric: statistics.median(each) for metric, each in found.items()} for name, found in values.items()
    }
    ratios = {metric: round(medians["full"][metric] / medians["empty"][metric], 3) for metric in medians["empty"]}
    _show(kind, steps, medians, ratios, plans, read_whole)
    whole = any(count for count in read_whole.values()) or any(each["whole"] for each in plans["full"])
    return {
        "steps": steps, "medians": medians, "values": values, "full_vs_empty": ratios, "plans": plans,
        "sequential_scans": read_whole, "read_whole": whole,
    }  # fmt: skip


def _fill(system: System, runs: int) -> int:
    """One run by the engine itself, then its copies while nothing runs."""
    system.ask("single")
    system.stop_side()
    began = time.monotonic()
    if system.link is not None:
        steps = fill(system.link, runs)
    else:
        with closing(sqlite3.connect(system.folder / "plumbline.sqlite3")) as link:
            steps = fill(link, runs)
    print(f"{system.name}: {steps:,} steps in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    system.start_side()
    return steps


def _one(system: System, runs: int) -> dict[str, float]:
    cpu = account.cpu_of(system.roots)
    seconds = system.ask("batch", runs)[0]
    cpu = account.cpu_of(system.roots) - cpu
    singles = system.ask("single", SINGLES)
    steps = runs * STEPS
    return {RATE: steps / seconds, CPU: cpu / steps * 1000, SINGLE: statistics.median(singles) * 1000}


def _whole_reads(system: System) -> dict[str, int]:
    """How often PostgreSQL has read a large table from end to end."""
    if system.link is None:
        return {}
    sql = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY(%s)"
    return {name: int(count) for name, count in system.link.execute(sql, [[RUN, STEP]]).fetchall()}


def _plans(system: System) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.bench.plans"]
    output = subprocess.run(command, env=system.variables, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found: list[dict[str, Any]] = json.loads(output.stdout.splitlines()[-1])
    return found


def _show(
    kind: str, steps: int, medians: Any, ratios: dict[str, float], plans: dict[str, list[dict[str, Any]]], whole: Any
) -> None:
    print(f"\n{kind}, {steps:,} finished steps beside none")
    for metric, ratio in ratios.items():
        empty, full = medians["empty"][metric], medians["full"][metric]
        print(f"{metric:<24} empty {empty:>9.2f}   full {full:>9.2f}   ratio {ratio:.3f}")
    print(f"large tables read whole while runs were done: {whole}")
    for empty, full in zip(plans["empty"], plans["full"], strict=False):
        print(f"\n{full['sql'][:160]}")
        if full["pages"] is not None:
            print(f"  pages {empty['pages']} → {full['pages']}, ms {empty['milliseconds']} → {full['milliseconds']}")
        for line in full["plan"]:
            print(f"  {line}")


if __name__ == "__main__":
    sys.exit(main())
