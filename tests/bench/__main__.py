"""`make bench`: steps per second and the latency of one run, side by side with a raw Celery chain, interleaved.

Two worker processes each. Prints a table and writes build/bench-engine.json. DATABASE_URL chooses the database.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROUNDS, RUNS, SINGLE = 3, 60, 10


def main() -> None:
    """Set up, measure, tear down."""
    folder = Path(tempfile.mkdtemp(prefix="plumbline-bench-", dir="/tmp"))
    broker = f"redis+socket://{folder / 'broker.sock'}"
    os.environ |= {
        "PLUMBLINE_DATA_DIR": str(folder), "BROKER_URL": broker, "BENCH_BROKER": broker, "CELERY_SKIP_CHECKS": "1",
        "PLUMBLINE_TASK_MODULES": "tests.bench.work", "DJANGO_SETTINGS_MODULE": "portal.settings",
    }  # fmt: skip
    processes: list[subprocess.Popen[bytes]] = []
    try:
        measure(folder, processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def measure(folder: Path, processes: list[subprocess.Popen[bytes]]) -> None:
    """Both sides in turn, after a warm-up of each."""
    import django

    django.setup()
    from portal.supervisor.plan import broker_binary

    socket = folder / "broker.sock"
    processes.append(
        spawn([broker_binary(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"])
    )
    while not socket.exists():
        time.sleep(0.05)
    version = prepare()
    for app, queue in (("portal", "steps"), ("tests.bench.work:raw", "raw")):
        for number in range(2):
            processes.append(spawn(worker(app, queue, number)))
    sides = {"plumbline": lambda count: plumbline(version, count), "celery chain": raw_chain}
    found: dict[str, dict[str, list[float]]] = {name: {"steps/s": [], "10-step run, ms": []} for name in sides}
    for round_ in range(ROUNDS + 1):
        for name, side in sides.items():
            seconds = side(RUNS)
            single = statistics.median(side(1) for _ in range(SINGLE))
            if round_:  # the first warms both up
                found[name]["steps/s"].append(RUNS * 10 / seconds)
                found[name]["10-step run, ms"].append(single * 1000)
    report(found)


def prepare() -> Any:
    """Migrate and publish the workflow."""
    from django.core.management import call_command

    from orchestration.models import Team, WorkflowVersion
    from orchestration.services.manifests import Document, Signature, apply
    from tests.bench.work import STEPS

    call_command("migrate", verbosity=0)
    Team.objects.get_or_create(name="bench")
    steps = "\n".join(
        f"    s{n}: {{python: bench.noop, effect: none{f', needs: [s{n - 1}]' if n else ''}}}" for n in range(STEPS)
    )
    head = "apiVersion: plumbline/v1\nkind: Workflow\nmetadata: {name: bench, version: 1.0.0, owner: bench}\nspec:\n  steps:\n"
    apply([Document(head + steps, "bench.yaml")], Signature(None, "benchmark"))
    return WorkflowVersion.objects.select_related("workflow").get(workflow__name="bench")


def plumbline(version: Any, count: int) -> float:
    """Seconds for `count` runs, submission included."""
    from orchestration.models import Run
    from orchestration.services.runs import start_run

    began = time.monotonic()
    ids = [start_run(version=version, input={})[0].pk for _ in range(count)]
    while Run.objects.filter(pk__in=ids, status="finished").count() < count:
        time.sleep(0.002)
    return time.monotonic() - began


def raw_chain(count: int) -> float:
    """The same with chains."""
    import redis

    from tests.bench.work import a_chain

    link = redis.Redis(unix_socket_path=os.environ["BENCH_BROKER"].removeprefix("redis+socket://"))
    counter = f"done-{time.monotonic_ns()}"
    began = time.monotonic()
    for _ in range(count):
        a_chain(counter).apply_async()
    while int(link.get(counter) or 0) < count:
        time.sleep(0.002)
    return time.monotonic() - began


def report(found: dict[str, dict[str, list[float]]]) -> None:
    """The table, and the same as JSON."""
    rows = []
    for name, metrics in found.items():
        for metric, values in metrics.items():
            row = {
                "system": name,
                "metric": metric,
                "median": statistics.median(values),
                "min": min(values),
                "max": max(values),
            }
            rows.append(row | {"n": len(values)})
            print(
                f"{name:<14} {metric:<18} median {row['median']:>8.1f}   min {row['min']:>8.1f}   max {row['max']:>8.1f}"
            )
    ours, theirs = found["plumbline"], found["celery chain"]
    ratios = {
        "steps_per_second_vs_celery_chain": statistics.median(ours["steps/s"]) / statistics.median(theirs["steps/s"]),
        "p50_vs_celery_chain": statistics.median(ours["10-step run, ms"])
        / statistics.median(theirs["10-step run, ms"]),
    }
    for name, ratio in ratios.items():
        print(f"{name} {ratio:.2f}")
    target = Path("build/bench-engine.json")
    target.parent.mkdir(exist_ok=True)
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "database": os.environ.get("DATABASE_URL", "sqlite")[:8],
    }
    target.write_text(json.dumps({"machine": machine, "rows": rows, "ratios": ratios}, indent=2) + "\n")


def worker(app: str, queue: str, number: int) -> list[str]:
    """A worker at its best settings."""
    return [
        sys.executable, "-m", "celery", "--quiet", "-A", app, "worker", "--pool", "threads", "-c", "4", "-Q", queue,
        "-n", f"{queue}{number}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR",
    ]  # fmt: skip


def spawn(command: list[str]) -> subprocess.Popen[bytes]:
    """A child without output."""
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
