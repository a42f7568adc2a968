"""`python -m tests.bench.alerts`: what the alert rules do in 30 days × 40 seeds → build/bench-alerts.json.

Counts of each minute are drawn; the rules are those of orchestration/policies/burn.py, called with arrays of windows. A
healthy service spends half its budget; an outage makes 80 % of the events bad, once a day for two hours.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.policies import burn

DAYS, SEEDS = 30, 40
DAY = 24 * 60
RATES = (50, 200, 2_000, 20_000)
TARGETS = tuple(Decimal(text) for text in ("0.95", "0.99", "0.995", "0.999"))
OUTAGE, LASTS = 0.8, 120
#: An evaluation every half minute, and outcomes folded within seconds: a minute late, at worst, in whole minutes.
LATE = 1
OUT = Path("build/bench-alerts.json")
PAGE = burn.PAIRS[burn.Severity.PAGE]


@dataclass(frozen=True)
class Windows:
    """Counts of a window that ends with each minute."""

    total: Any
    bad: Any


def windows(total: Any, bad: Any, rules: Any = PAGE) -> dict[timedelta, Windows]:
    """Every window that the rules look at."""
    sums = [np.concatenate(([0], np.cumsum(one, dtype=np.int64))) for one in (total, bad)]
    found = {}
    for span in {span for rule in rules for span in rule.windows}:
        minutes = int(span.total_seconds()) // 60
        ends = np.arange(1, len(total) + 1)
        found[span] = Windows(*(one[ends] - one[np.maximum(ends - minutes, 0)] for one in sums))
    return found


def openings(total: Any, bad: Any, target: Decimal, rules: Any = PAGE) -> list[int]:
    """The minutes at which an alert opens: it fires, and none is open; it is over once every short window is clean."""
    counts = windows(total, bad, rules)
    fires = np.logical_or.reduce([rule.fires(target, counts) for rule in rules])
    clean = np.logical_and.reduce([rule.is_clean(target, counts) for rule in rules])
    found, at, size = [], 0, len(fires)
    while at < size and fires[at:].any():
        at += int(np.argmax(fires[at:]))
        found.append(at)
        left = clean[at:]
        if not left.any():
            break
        at += int(np.argmax(left))
    return found


def healthy(rate: int, target: Decimal, *, seeds: int = SEEDS, days: int = DAYS) -> float:
    """False pages a month of 30 days."""
    share, pages = float(burn.allowed(target)) / 2, 0
    for seed in range(seeds):
        draw = np.random.default_rng([seed, rate, int(target * 10_000)])
        total = draw.poisson(rate / DAY, days * DAY)
        pages += len(openings(total, draw.binomial(total, share), target))
    return pages / seeds * 30 / days


def outages(rate: int, target: Decimal, *, seeds: int = SEEDS, days: int = DAYS) -> list[float]:
    """Minutes until each outage is found, infinite where it is not. One a day, of two hours, at any time of the day."""
    share, found = float(burn.allowed(target)) / 2, []
    for seed in range(seeds):
        draw = np.random.default_rng([seed, rate, int(target * 10_000), 1])
        total = draw.poisson(rate / DAY, days * DAY)
        begins = [day * DAY + 400 + int(draw.integers(0, DAY - 800)) for day in range(days)]
        shares = np.full(days * DAY, share)
        for begin in begins:
            shares[begin : begin + LASTS] = OUTAGE
        bad = draw.binomial(total, shares)
        for begin in begins:  # each by itself: what was open before is no credit, and no blame
            opened = openings(total[begin - 400 : begin + LASTS], bad[begin - 400 : begin + LASTS], target)
            later = [minute - 400 + 1 + LATE for minute in opened if minute >= 400]
            found.append(float(min(later, default=float("inf"))))
    return found


def within(minutes: list[float], limit: float) -> float:
    """The share that was found in time."""
    return sum(one <= limit for one in minutes) / len(minutes)


def main() -> int:
    """Measure, write, say; 1 when a bar is not met."""
    report: dict[str, Any] = {"days": DAYS, "seeds": SEEDS, "false_pages_a_month": {}, "outages": {}, "refused": []}
    met = True
    for rate in RATES:
        for target in TARGETS:
            key = f"{rate} a day, {float(target) * 100:g} %"
            pages = report["false_pages_a_month"][key] = round(healthy(rate, target), 4)
            met &= pages <= 0.05
            if target < Decimal("0.99") or rate < 200:
                continue
            limit = 90 if rate == 200 else 20
            took = outages(rate, target)
            share = round(within(took, limit), 4)
            report["outages"][key] = {
                "found_within_min": limit, "share": share, "median_min": float(np.median(took)),
                "p95_min": float(np.quantile(took, 0.95, method="higher")),
            }  # fmt: skip
            met &= share >= 0.95
            print(key, pages, report["outages"][key])
    for severity in burn.Severity:
        report["refused"] += [
            f"{severity} at {text}: {burn.refusal(Decimal(text), severity)}"
            for text in ("0.5", "0.8", "0.9", "0.95")
            if burn.refusal(Decimal(text), severity)
        ]
    report["met"] = bool(met)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(report, indent=1) + "\n")
    print(f"{'met' if met else 'NOT met'}; {OUT}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
