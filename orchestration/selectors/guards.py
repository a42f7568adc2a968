"""What a dependency's manifest asks of admission: breaker, bulkhead, rate, probe. Read as often as its target is.

Owns the reading of those fields and their defaults: every dependency has a breaker, declared or not. Never decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestration.manifest import parse_duration, parse_rate
from orchestration.policies.breaker import Settings
from orchestration.selectors.targets import dependency_spec

PROBE_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that asks whether the service is well. Seconds."""

    path: str
    every: float
    timeout: float


@dataclass(frozen=True, slots=True)
class Guards:
    """All that stands before a call. `rate` in calls a second."""

    breaker: Settings = field(default_factory=Settings)
    fails_open: bool = False
    bulkhead: int | None = None
    rate: float | None = None
    probe: Probe | None = None


_NONE = Guards()
#: By name: the spec as it was read, which is replaced when it is read anew, and what it says.
_known: dict[str, tuple[dict[str, Any], Guards]] = {}


def guards_of(name: str) -> Guards:
    """The guards of a dependency; may be as old as selectors/targets.py lets a spec be."""
    spec = dependency_spec(name)
    if spec is None:
        return _NONE
    known = _known.get(name)
    if known is None or known[0] is not spec:
        known = _known[name] = (spec, read(spec))
    return known[1]


def read(spec: dict[str, Any]) -> Guards:
    """The guards that a dependency's spec declares, in its normal form."""
    declared: dict[str, Any] = spec.get("breaker") or {}
    default = Settings()
    settings = Settings(
        failure_rate=_percent(declared.get("failure_rate"), default.failure_rate),
        slow_rate=_percent(declared.get("slow_rate"), default.slow_rate),
        slow_after=_seconds(declared.get("slow_after")) or _latency(spec),
        minimum_calls=declared.get("minimum_calls", default.minimum_calls),
        open_for=_seconds(declared.get("open_for")) or default.open_for,
        half_open_calls=declared.get("half_open_calls", default.half_open_calls),
    )
    rate, bulkhead, probe = spec.get("rate_limit"), spec.get("bulkhead"), spec.get("probe")
    return Guards(
        settings,
        declared.get("on_open") == "fail",
        bulkhead["limit"] if bulkhead else None,
        parse_rate(rate) if rate else None,
        Probe(probe["path"], parse_duration(probe["every"]), _seconds(probe.get("timeout")) or PROBE_TIMEOUT)
        if probe
        else None,
    )


def _latency(spec: dict[str, Any]) -> float | None:
    """The strictest promise of its latency objectives: what takes longer than the highest quantile allows is slow."""
    latency = (spec.get("objectives") or {}).get("latency") or {}
    return max((parse_duration(text) for text in latency.values()), default=None)


def _seconds(text: str | None) -> float | None:
    return parse_duration(text) if text else None


def _percent(text: str | None, default: float) -> float:
    return float(text[:-1]) if text else default
