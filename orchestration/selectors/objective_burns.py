"""Of each objective, what is left of its budget and how fast it burns, as other tools are told. Reads rollups alone.

remaining = 1 - bad / (B * total) over the objective's window, burn = (bad / total) / B over each alerting window, B = 1 - target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from orchestration.models import Objective, Series
from orchestration.selectors.series import Span, total

#: Those of the multiwindow rules, by the words that Prometheus has for them.
WINDOWS: Mapping[str, timedelta] = {
    "5m": timedelta(minutes=5), "30m": timedelta(minutes=30), "1h": timedelta(hours=1), "2h": timedelta(hours=2),
    "6h": timedelta(hours=6), "1d": timedelta(days=1), "3d": timedelta(days=3),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Burning:
    """One objective's. Without any event nothing is spent and nothing burns."""

    name: str
    remaining: float
    rates: Mapping[str, float]


def burns(objectives: Sequence[Objective], now: datetime) -> list[Burning]:
    """In the order given; a few queries for all of them."""
    rows = Series.objects.filter(kind=Series.Kind.OBJECTIVE, label__in=[str(one.pk) for one in objectives])
    series = {int(label): pk for pk, label in rows.values_list("pk", "label")}
    spans = {*WINDOWS.values(), *(timedelta(days=one.window_days) for one in objectives)}
    counted = {span: total(series.values(), now - span, now, hist=False) for span in spans} if series else {}

    def burn(objective: Objective, span: timedelta) -> float:
        events = counted.get(span, {}).get(series.get(objective.pk, 0), Span())
        return float(Fraction(events.slo_bad, events.n) / (1 - Fraction(objective.target))) if events.n else 0.0

    return [
        Burning(
            one.name, 1 - burn(one, timedelta(days=one.window_days)),
            {word: burn(one, span) for word, span in WINDOWS.items()},
        )
        for one in objectives
    ]  # fmt: skip
