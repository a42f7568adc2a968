"""Steps of escalation: who hears of an alert, and after how long without an answer. Pure.

Owns how a team's manifest is read into steps, and which of them are due. Never tells anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orchestration.manifest import parse_duration


@dataclass(frozen=True, slots=True)
class Step:
    """So long after the alert began to be told, this one hears of it: a team, an e-mail address, or a name of the receivers'."""

    after: timedelta
    notify: str

    @property
    def is_address(self) -> bool:
        """Whether it is somebody's e-mail address."""
        return "@" in self.notify


def steps_of(document: Mapping[str, Any] | None) -> list[Step]:
    """As a Team's manifest declares them, the soonest first."""
    declared = ((document or {}).get("spec") or {}).get("escalation") or []
    found = [Step(timedelta(seconds=parse_duration(one["after"])), one["notify"]) for one in declared]
    return sorted(found, key=lambda step: step.after)


def due(steps: Sequence[Step], taken: int, began: datetime, now: datetime) -> tuple[list[Step], datetime | None]:
    """The steps to take now, of which the first `taken` were taken already, and when the next one is due."""
    left = list(steps[taken:])
    ready = [step for step in left if began + step.after <= now]
    rest = left[len(ready) :]
    return ready, began + rest[0].after if rest else None
