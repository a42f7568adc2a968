"""`python -m tests.bench.fairness`: how soon another team's single run starts while a noisy team has 5,000 runs queued.

Real workers on PostgreSQL and Redis of the benchmark's own. The quiet team's runs are started one at a time; each says by
this machine's clock when its first step began. That is measured while nothing else runs, and again while the noisy team's
queue is being worked off: once with steps that take 20 ms, and once with steps that do nothing, which keep every processor
busy. Also said: what the noisy team gets done with and without the other, and how many threads it uses.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.bench.systems import OURS
from tests.servers import Broker, Throwaway, installed_binaries

QUEUED, SINGLES, BAR = 5_000, 40, 2.0
#: Seconds over which the noisy team is watched alone, and pause between two runs of the quiet one.
ALONE, APART = 4.0, 0.05
#: The noisy team's workflows: steps of a run, and the function that each calls.
NOISY = {"naps": (5, "fair.nap"), "nothing": (10, "fair.nothing")}


def main() -> None:
    """Start all, measure, say it, and leave nothing running."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fairness")
    parser.add_argument("--queued", type=int, default=QUEUED)
    parser.add_argument("--singles", type=int, default=SINGLES)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="plumbline-fair-", dir="/tmp"))
    folder.chmod(0o711)  # PostgreSQL runs as another user and must reach its own folder below
    try:
        with ExitStack() as stack:
            _servers(stack, folder)
            sys.exit(0 if measure(options.queued, options.singles) else 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(queued: int, singles: int) -> bool:
    """All of it; whether the bar is met in both cases."""
    versions = _publish()
    from tests.bench.plumbline import start_workers

    children = start_workers()
    try:
        _single(versions["quiet"])
        met = [_beside(versions, name, queued, singles) for name in NOISY]
    finally:
        for child in children:
            child.signal(signal.SIGTERM)
    return all(met)


def _beside(versions: dict[str, Any], noisy: str, queued: int, singles: int) -> bool:
    from orchestration.models import Run
    from orchestration.services.runs import start_runs

    idle = _latencies(versions["quiet"], singles)
    for _ in range(0, queued, 500):
        start_runs(version=versions[noisy], inputs=[{}] * 500)
    mine = Run.objects.filter(version=versions[noisy])
    alone, threads = _watched(versions[noisy], ALONE)
    before, began = mine.filter(status="finished").count(), time.monotonic()
    loud = _latencies(versions["quiet"], singles)
    left = mine.filter(status="queued").count()
    together = (mine.filter(status="finished").count() - before) / (time.monotonic() - began)
    ratio = statistics.median(loud) / statistics.median(idle)
    met = "met" if ratio <= BAR else "not met"
    print(f"noisy team: {queued} runs of steps `{NOISY[noisy][1]}`; {left} still queued at the end")
    print(f"  quiet team's single run starts after, idle   {_words(idle)}")
    print(f"                                        beside {_words(loud)}")
    print(f"  ratio of medians {ratio:.2f}: the bar of {BAR:g}× is {met}")
    print(
        f"  noisy team alone {alone:.0f} runs/s with {threads:.1f} steps at work; beside {together:.0f} runs/s",
        flush=True,
    )
    if not left:
        print("  the queue was empty before the end: take more runs")
    _wait(lambda: not mine.exclude(status="finished").exists(), 300)
    return ratio <= BAR and bool(left)


def _watched(version: Any, seconds: float) -> tuple[float, float]:
    """Runs per second, and steps at work at a time."""
    from orchestration.models import Run, StepRun

    done = Run.objects.filter(version=version, status="finished")
    before, began, seen = done.count(), time.monotonic(), []
    while time.monotonic() - began < seconds:
        seen.append(StepRun.objects.filter(status="running", lease_until__isnull=False).count())
        time.sleep(0.1)
    return (done.count() - before) / (time.monotonic() - began), statistics.mean(seen)


def _latencies(version: Any, count: int) -> list[float]:
    found = []
    for _ in range(count):
        found.append(_single(version))
        time.sleep(APART)
    return found


def _single(version: Any) -> float:
    """Seconds from the start of a run to the beginning of its first step."""
    from orchestration.models import Run, StepRun
    from orchestration.services.runs import start_run

    asked = time.time()
    run, _ = start_run(version=version, input={})
    _wait(lambda: Run.objects.filter(pk=run.pk, status="finished").exists(), 60)
    return float(json.loads(StepRun.objects.get(run=run).output)) - asked


def _wait(over: Any, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not over():
        assert time.monotonic() < ends, "not over in time"
        time.sleep(0.002)


def _words(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"p50 {statistics.median(ordered) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms, most {ordered[-1] * 1000:.1f} ms"


def _publish() -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from orchestration.models import Team, WorkflowVersion
    from orchestration.services.manifests import Document, Signature, apply
    from tests.bench.fair_work import workflow

    for team in ("noisy", "quiet"):
        Team.objects.get_or_create(name=team)
    manifests = [workflow(name, "noisy", function, steps) for name, (steps, function) in NOISY.items()]
    manifests.append(workflow("quiet", "quiet", "fair.began", 1))
    apply([Document(json.dumps(each), "fair.yaml") for each in manifests], Signature(None, "benchmark"))
    return {version.workflow.name: version for version in WorkflowVersion.objects.select_related("workflow")}


def _servers(stack: ExitStack, folder: Path) -> None:
    """A database and a broker, and the settings that name them."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    binaries = installed_binaries()
    assert binaries is not None, "no PostgreSQL binaries on this machine"
    server = stack.enter_context(Throwaway(binaries, folder / "postgresql"))
    broker = stack.enter_context(Broker(tcp=True))
    data = folder / "data"
    data.mkdir()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "portal.settings", "PLUMBLINE_DATA_DIR": str(data), "BROKER_URL": broker.url,
        "DATABASE_URL": server.url, "PLUMBLINE_TASK_MODULES": "tests.bench.fair_work",
    }  # fmt: skip


if __name__ == "__main__":
    main()
