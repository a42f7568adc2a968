"""Steps in time: bars, waits and bands as percentages of the width, ready for a template.

Owns the geometry, the ticks and which labels fit. Never reads a clock: a bar that is still going on ends where its
caller says that now is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from portal.presentation.quantities import duration
from portal.presentation.words import Tone

Kind = Literal["fail", "ok", "wait", "park", "comp", "run"]
LEGEND: dict[str, str] = {
    "fail": "failed attempt", "ok": "succeeded", "run": "running", "wait": "backoff", "park": "parked",
    "comp": "compensation",
}  # fmt: skip
#: A bar is never thinner than this, or a fast step would not be seen beside a slow one.
THINNEST = 0.4
_STEPS = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 2_592_000,
)  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """Seconds since the run started. The label stands in the bar if it fits, the title is its tooltip."""

    kind: Kind
    start: float
    end: float
    label: str = ""
    title: str = ""


@dataclass(frozen=True)
class Band:
    """A stretch behind all rows, such as the time in which a breaker was open."""

    start: float
    end: float
    title: str


@dataclass(frozen=True)
class GanttRow:
    """`heading` starts a new part above the row, such as the compensation."""

    name: str
    tone: Tone
    icon: str
    word: str
    bars: Sequence[Bar] = ()
    duration: float | None = None
    href: str = ""
    selected: bool = False
    heading: str = ""


@dataclass(frozen=True)
class Mark:
    kind: Kind
    x: str
    width: str
    end: str
    middle: str
    label: str
    title: str


@dataclass(frozen=True)
class Tick:
    x: str
    label: str
    anchor: str
    narrow: bool
    first: bool


@dataclass(frozen=True)
class DrawnBand:
    x: str
    width: str
    title: str


@dataclass(frozen=True)
class DrawnRow:
    name: str
    tone: Tone
    icon: str
    word: str
    href: str
    selected: bool
    heading: str
    duration: float | None
    marks: list[Mark]
    spoken: str


@dataclass(frozen=True)
class Gantt:
    rows: list[DrawnRow]
    ticks: list[Tick]
    bands: list[DrawnBand]
    legend: list[tuple[str, str]] = field(default_factory=list)


def build(rows: Sequence[GanttRow], total: float, *, bands: Sequence[Band] = (), ticks: int = 6) -> Gantt:
    """Lay the rows out over `total` seconds, rounded up to the next tick."""
    step = next((s for s in _STEPS if total / s <= ticks), _STEPS[-1] * math.ceil(total / _STEPS[-1] / ticks))
    count = max(1, math.ceil(total / step - 1e-9))
    span = count * step
    kinds = {bar.kind for row in rows for bar in row.bars}
    legend: list[tuple[str, str]] = [(kind, word) for kind, word in LEGEND.items() if kind in kinds]
    legend += [("band", title) for title in dict.fromkeys(band.title for band in bands)]
    return Gantt(
        rows=[_row(row, span) for row in rows],
        ticks=[_tick(index, count, step) for index in range(count + 1)],
        bands=[_band(band, span) for band in bands],
        legend=legend,
    )


def _share(seconds: float, span: float) -> float:
    """In percent, inside the picture whatever the clocks of two machines say."""
    return min(100.0, max(0.0, seconds / span * 100))


def _row(row: GanttRow, span: float) -> DrawnRow:
    titles = [bar.title for bar in row.bars if bar.title]
    return DrawnRow(
        row.name, row.tone, row.icon, row.word, row.href, row.selected, row.heading, row.duration,
        marks=[_mark(bar, span) for bar in row.bars],
        spoken="; ".join(titles),
    )  # fmt: skip


def _mark(bar: Bar, span: float) -> Mark:
    start = min(_share(bar.start, span), 100 - THINNEST)
    width = max(THINNEST, _share(bar.end, span) - start)
    fits = width >= 3 + 1.5 * len(bar.label)
    return Mark(
        kind=bar.kind,
        x=f"{start:.2f}%",
        width=f"{width:.2f}%",
        end=f"{start + width:.2f}%",
        middle=f"{start + width / 2:.2f}%",
        label=bar.label if fits else "",
        title=bar.title,
    )


def _tick(index: int, count: int, step: float) -> Tick:
    every = 1 if count <= 3 else 2
    last = index == count
    # every second tick is labelled; the last one always, and then never the one right before it
    labelled = last or (index % every == 0 and not (every == 2 and index == count - 1))
    seconds = index * step
    return Tick(
        x=f"{index / count * 100:.2f}%",
        label=("0 s" if index == 0 else duration(round(seconds, 1))) if labelled else "",
        anchor="start" if index == 0 else "end" if last else "middle",
        narrow=index == 0 or last or (every == 2 and count > 3 and index == 2),
        first=index == 0,
    )


def _band(band: Band, span: float) -> DrawnBand:
    start = _share(band.start, span)
    return DrawnBand(f"{start:.2f}%", f"{max(THINNEST, _share(band.end, span) - start):.2f}%", band.title)
