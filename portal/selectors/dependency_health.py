"""How well every declared dependency is, in one word and why; shared by all readers for a moment.

Never decides: orchestration/policies/health.py does, from calls, breaker, probe, and the budget that burns fastest.
"""

from __future__ import annotations

from datetime import datetime

from orchestration.models import Dependency
from orchestration.policies.health import Health
from orchestration.selectors.breakers import health_of
from portal.dashboards.shared import shared
from portal.selectors.budget_glance import burn_by_dependency, glances

#: Worst first.
WORST_FIRST = ("isolated", "down", "degraded", "unknown", "healthy")


def dependency_health(now: datetime) -> dict[str, Health]:
    """Dependency → its health. A dozen queries at most, none while it is shared."""
    return shared("dependency-health", lambda: _measured(now))


def fresh_health(name: str, now: datetime) -> Health:
    """Of one, not shared: for whoever has just changed its breaker."""
    return health_of([name], now, burn_by_dependency(glances(now)))[name]


def order_of(health: Health) -> tuple[int, float]:
    """Sorts the worst first: by the word, within one by the score."""
    return WORST_FIRST.index(health.word), -health.score


def _measured(now: datetime) -> dict[str, Health]:
    names = list(Dependency.objects.values_list("name", flat=True))
    return health_of(names, now, burn_by_dependency(glances(now)))
