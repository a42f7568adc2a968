"""A small line without axes, 24 px high, on one baseline.

Owns its path. Never scales away what a row says: the baseline is zero, and a ceiling keeps rows comparable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 120, 24
_TOP, _BOTTOM = 1.5, 22.5


@dataclass(frozen=True)
class Sparkline:
    line: str
    base: str = f"M0 {HEIGHT - 0.5}H{WIDTH}"
    width: int = WIDTH
    height: int = HEIGHT


def build(values: Sequence[float | None], *, ceiling: float | None = None) -> Sparkline:
    """The path through the values, oldest first. A missing value is a gap, never a zero."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    top = max([*known, ceiling or 0.0, 0.0])
    step = WIDTH / max(1, len(values) - 1)
    path: list[str] = []
    drawing = False
    for index, value in enumerate(values):
        if value is None or not math.isfinite(value):
            drawing = False
            continue
        share = max(0.0, value) / top if top else 0.0
        x, y = index * step, _BOTTOM - share * (_BOTTOM - _TOP)
        path.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        if not drawing and _alone(values, index):
            path.append("h1.5")  # a value between two gaps would otherwise leave no ink
        drawing = True
    return Sparkline("".join(path))


def _alone(values: Sequence[float | None], index: int) -> bool:
    following = values[index + 1] if index + 1 < len(values) else None
    return following is None or not math.isfinite(following)
