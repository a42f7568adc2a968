"""`make bench-dashboards`: the dashboards with ten million step executions behind them, while outcomes arrive and people look.

Twice in one go, PostgreSQL with ten million and SQLite with one: fills and counts (month.py), compares rollups with rows
(truth.py), then starts web and control worker as the supervisor does, lets outcomes arrive (arriving.py) and 20 readers ask for a page
every three seconds. A page's time is that from request to last byte on the loopback: the server's, and the queue before it.
Writes build/bench-dashboards.json; exits with 1 where a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests.bench.orders import ROOT
from tests.bench.report import machine
from tests.bench.systems import OURS
from tests.servers import Broker, Throwaway, free_port, installed_binaries

TARGET = Path("build/bench-dashboards.json")
READERS, EVERY = 20, 3.0
PAGES = {
    "home": "/",
    "workflow": "/workflows/flow-07/",
    "dependency": "/dependencies/service-3/?period=28d",
    "explore": "/explore/?what=step&workflow=flow-07&measure=p95&period=28d",
}
#: Bar for p95 in ms, by database.
BARS = {"postgresql": 100.0, "sqlite": 150.0}


def main() -> int:
    """0 when every bar is met."""
    parser = argparse.ArgumentParser(prog="make bench-dashboards")
    parser.add_argument("--steps", type=int, default=10_000_000, help="step executions in PostgreSQL; 0 leaves it out")
    parser.add_argument("--sqlite-steps", type=int, default=1_000_000)
    parser.add_argument("--postgresql", metavar="URL", help="a database that tests.bench.month has filled before")
    parser.add_argument("--seconds", type=float, default=90.0, help="for which people look")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="plumbline-month-", dir="/tmp"))
    folder.chmod(0o711)
    found: dict[str, Any] = {"machine": machine()}
    try:
        for kind, steps in (("postgresql", options.steps), ("sqlite", options.sqlite_steps)):
            if steps:
                given = options.postgresql if kind == "postgresql" else None
                found[kind] = measure(kind, folder / kind, steps, options.seconds, given)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    first = found.get("postgresql") or found["sqlite"]
    found |= {name: first[name] for name in ("pages", "percentile_error", "budget_error", "speedup_over_rows")}
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(found, indent=2) + "\n")
    return report(found)


def measure(kind: str, folder: Path, steps: int, seconds: float, given: str | None) -> dict[str, Any]:
    """One database; `given`: its address, where it is filled already."""
    with ExitStack() as stack:
        variables = _servers(kind, folder, stack, given)
        facts = _month(variables, 0 if given else steps)
        port = free_port()
        _serve(variables, folder, port, stack)
        warm = _look(port, facts["cookie"], 5.0)
        assert not warm["failures"], warm["failures"]
        writer = _start([sys.executable, "-m", "tests.bench.arriving"], variables, folder / "arriving.log", stack)
        time.sleep(5.0)
        looked = _look(port, facts.pop("cookie"), seconds)
        arrived = [int(line) for line in (folder / "arriving.log").read_text().split()]
        assert writer.poll() is None, "the outcomes stopped arriving"
        return {"steps": steps, **facts, **looked, "outcomes_a_second": round(arrived[-1] / (seconds + 5), 1)}


def _servers(kind: str, folder: Path, stack: ExitStack, given: str | None) -> dict[str, str]:
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    variables |= {"PLUMBLINE_DATA_DIR": str(folder), "PLUMBLINE_RUN_RETENTION_DAYS": "0"}
    broker = stack.enter_context(Broker(tcp=kind == "postgresql"))
    variables["BROKER_URL"] = broker.url
    if given:
        variables["DATABASE_URL"] = given
    elif kind == "postgresql":
        binaries = installed_binaries()
        assert binaries is not None, "no PostgreSQL binaries on this machine"
        variables["DATABASE_URL"] = stack.enter_context(Throwaway(binaries, folder / "server")).url
    return variables


def _month(variables: dict[str, str], steps: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.month", "--steps", str(steps)]
    output = subprocess.run(command, env=variables, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def _serve(variables: dict[str, str], folder: Path, port: int, stack: ExitStack) -> None:
    """Web, control worker and beat, by the supervisor's own command lines."""
    script = (
        "import json, django; django.setup()\n"
        "from portal.supervisor.plan import Options, children\n"
        f"print(json.dumps([[c.name, c.command] for c in children(Options('127.0.0.1', {port}, None, None))]))"
    )
    settings = {**variables, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    told = subprocess.run(
        [sys.executable, "-c", script], env=settings, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    for name, command in json.loads(told.stdout.splitlines()[-1]):
        if name in {"web", "control", "beat"}:
            _start(command, variables, folder / f"{name}.log", stack)
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=1).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError("the web process does not answer")


def _start(command: list[str], variables: dict[str, str], log: Path, stack: ExitStack) -> subprocess.Popen[bytes]:
    output = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(command, env=variables, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)

    def end() -> None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(end)
    return process


def _look(port: int, cookie: str, seconds: float) -> dict[str, Any]:
    """What the readers waited for: by page the quantiles in ms, and what failed."""
    times: dict[str, list[float]] = {name: [] for name in PAGES}
    failures: list[str] = []
    ends = time.monotonic() + seconds

    def read(number: int) -> None:
        rng = random.Random(number)
        names = list(PAGES)
        time.sleep(rng.uniform(0, EVERY))
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies={"sessionid": cookie}, timeout=30) as client:
            for turn in range(10_000):
                name = names[(number + turn) % len(names)]
                began = time.perf_counter()
                answer = client.get(PAGES[name])
                times[name].append((time.perf_counter() - began) * 1000)
                if answer.status_code != 200:
                    failures.append(f"{name}: {answer.status_code}")
                pause = EVERY - (time.perf_counter() - began)
                if time.monotonic() + pause > ends:
                    return
                time.sleep(max(pause, 0))

    threads = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pages = {
        name: {"p50_ms": _quantile(each, 0.5), "p95_ms": _quantile(each, 0.95), "requests": len(each)}
        for name, each in times.items()
        if each
    }
    return {"pages": pages, "failures": failures}


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 1)


def report(found: dict[str, Any]) -> int:
    """Print; 1 where a bar is missed."""
    missed = []
    for kind, bar in BARS.items():
        if kind not in found:
            continue
        one = found[kind]
        print(
            f"\n{kind}: {one['steps']:,} steps, {one['outcomes_a_second']} outcomes/s, rebuilt in {one['rebuild_s']} s"
        )
        for name, page in one["pages"].items():
            print(
                f"  {name:<12} p50 {page['p50_ms']:>7.1f} ms   p95 {page['p95_ms']:>7.1f} ms   {page['requests']} requests"
            )
            if page["p95_ms"] > bar:
                missed.append(f"{kind} {name}: p95 {page['p95_ms']} ms, bar {bar:g}")
        print(f"  quantiles off by {one['percentile_error']:.4%}, budgets by {one['budget_error']} events")
        print(
            f"  {one['speedup_over_rows']:.0f}× faster than from rows ({', '.join(f'{r:.0f}' for r in one['speedups'])})"
        )
        missed += [f"{kind}: {len(one['failures'])} requests failed"] if one["failures"] else []
        missed += (
            [f"{kind}: percentiles off by {one['percentile_error']:.3%}"] if one["percentile_error"] > 0.01 else []
        )
        missed += [f"{kind}: budgets off by {one['budget_error']}"] if one["budget_error"] else []
        if kind == "postgresql" and one["speedup_over_rows"] < 100:
            missed.append(f"{kind}: {one['speedup_over_rows']:.0f}× over rows, bar 100")
    print("\n".join(["", *(f"MISSED {line}" for line in missed)]) if missed else "\nevery bar is met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
