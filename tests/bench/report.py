"""The table on the terminal, and the same with the ratios as build/bench-engine.json.

A ratio is that of the medians over all rounds. Beside it stands the median of each round's own ratio: a machine that is
slower for half a minute slows both systems of a round, so that this one moves less from one run to the next.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TARGET = Path("build/bench-engine.json")

RATE, SINGLE, FAN = "steps/s", "10-step run p50, ms", "fan-out of 100 and join, ms"
CPU, MEMORY, WORKERS, WRITTEN = (
    "CPU s per 1,000 steps",
    "memory, MB",
    "memory without servers, MB",
    "bytes written per step",
)
#: Cores that processes of nobody here kept busy meanwhile: what is above 0.1 has disturbed the figures beside it.
OTHERS = "cores busy with other things"

#: Each ratio of ours to theirs: metric, our system, theirs.
RATIOS = {
    "steps_per_second_vs_celery_chain": (RATE, "plumbline", "celery"),
    "steps_per_second_vs_dbos": (RATE, "plumbline", "dbos"),
    "p50_vs_celery_chain": (SINGLE, "plumbline", "celery"),
    "fanout_vs_celery_chord": (FAN, "plumbline", "celery"),
    "cpu_per_step_vs_celery_chain": (CPU, "plumbline", "celery"),
    "embedded_steps_per_second_vs_dbos_sqlite": (RATE, "plumbline-embedded", "dbos-sqlite"),
    "writes_steps_per_second_vs_celery_chain": (RATE, "plumbline-writes", "celery"),
    "writes_steps_per_second_vs_dbos": (RATE, "plumbline-writes", "dbos"),
    "writes_p50_vs_celery_chain": (SINGLE, "plumbline-writes", "celery"),
    "p50_vs_celery_chain_unacknowledged": (SINGLE, "plumbline", "celery-unacked"),
    "p50_vs_dbos": (SINGLE, "plumbline", "dbos"),
    "fanout_vs_dbos": (FAN, "plumbline", "dbos"),
    "cpu_per_step_vs_dbos": (CPU, "plumbline", "dbos"),
    "bytes_per_step_vs_dbos": (WRITTEN, "plumbline", "dbos"),
    "embedded_p50_vs_celery_chain": (SINGLE, "plumbline-embedded", "celery"),
}

Found = Mapping[str, Mapping[str, Sequence[float]]]


def report(found: Found, databases: Mapping[str, str], facts: Mapping[str, str]) -> None:
    """Print, and write the file."""
    rows = [
        {"system": name, "database": databases[name], "metric": metric, **_summary(values)}
        for name, metrics in found.items()
        for metric, values in metrics.items()
    ]
    ratios = {name: ratio for name, parts in RATIOS.items() if (ratio := _ratio(found, *parts)) is not None}
    paired = {name: _paired(found, *RATIOS[name]) for name in ratios}
    for row in rows:
        print(
            f"{row['system']:<19}{row['database']:<20}{row['metric']:<29}"
            f"median {row['median']:>9,.2f}   min {row['min']:>9,.2f}   max {row['max']:>9,.2f}   n {row['n']}"
        )
    for name, ratio in ratios.items():
        print(f"{name:<42}{ratio:>7.2f}   median of the rounds' own {paired[name]:>7.2f}")
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(
        json.dumps({"machine": machine() | facts, "rows": rows, "ratios": ratios, "paired": paired}, indent=2) + "\n"
    )
    print(f"written to {TARGET}")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    with Path("/proc/cpuinfo").open() as lines:
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": os.cpu_count(), "processor": model, "memory_gib": round(memory, 1),
        "system": platform.platform(), "python": platform.python_version(),
    }  # fmt: skip


def _summary(values: Sequence[float]) -> dict[str, Any]:
    middle = statistics.median(values)
    return {"median": round(middle, 4), "min": round(min(values), 4), "max": round(max(values), 4), "n": len(values)}


def _ratio(found: Found, metric: str, ours: str, theirs: str) -> float | None:
    sides = [found.get(name, {}).get(metric) for name in (ours, theirs)]
    if not all(sides):
        return None
    return round(statistics.median(sides[0] or ()) / statistics.median(sides[1] or ()), 3)


def _paired(found: Found, metric: str, ours: str, theirs: str) -> float:
    """The median of the ratios of single rounds."""
    rounds = zip(found[ours][metric], found[theirs][metric], strict=True)
    return round(statistics.median(mine / other for mine, other in rounds), 3)
