"""Dependencies as their pages tell them: what the manifest says, and what went wrong with calls lately.

Owns the words. Never queries, and never shows a resolved address or secret: only what the manifest declares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.manifest import parse_duration, retry_policy_of
from portal.presentation import step_words
from portal.presentation.quantities import duration, number, percent
from portal.presentation.words import Look

if TYPE_CHECKING:
    from portal.selectors.dependencies import Calls


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value from the manifest."""

    label: str
    value: str
    code: bool = False


def facts(spec: Mapping[str, Any], shared: Mapping[str, Any] | None) -> list[Fact]:
    """`shared` is the spec of the retry policy that the manifest names, if it does."""
    found = [Fact("Base URL", str(spec["base_url"]), code=True)] if spec.get("base_url") else []
    if isinstance(spec.get("authorization"), dict):
        found.append(Fact("Authorization", f"secret {spec['authorization'].get('secret', '')}"))
    retry = spec.get("retry")
    policy = retry if isinstance(retry, dict) else shared
    if policy is not None:
        found.append(
            Fact("Retry", step_words.retry(retry_policy_of(dict(policy)), retry if isinstance(retry, str) else None))
        )
    limits = spec.get("timeout")
    if isinstance(limits, dict) and limits:
        words = {"start_to_close": "per attempt", "schedule_to_close": "in all", "schedule_to_start": "to begin"}
        told = [f"{_seconds(limits[name])} {word}" for name, word in words.items() if limits.get(name)]
        found.append(Fact("Timeout", ", ".join(told)))
    objectives = spec.get("objectives")
    if isinstance(objectives, dict) and objectives.get("success"):
        found.append(Fact("Objective", f"{str(objectives['success']).rstrip('%')} % success"))
    return found


def failure_modes(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Mode, effect, response and runbook of each, as declared."""
    modes = spec.get("failure_modes")
    return [mode for mode in modes if isinstance(mode, dict)] if isinstance(modes, list) else []


def look(calls: Calls) -> Look:
    """Of one connection, by the share of its calls that failed; nothing called is not the same as nothing wrong."""
    share = calls.error_rate
    if share is None:
        return Look("unk", "unk", "Idle")
    if share >= 0.5:
        return Look("fail", "fail", "Failing")
    return Look("warn", "warn", "Some calls fail") if share >= 0.01 else Look("ok", "ok", "Answering")


def sentence(calls: Calls, errors: Sequence[tuple[str, int]]) -> str:
    """What the calls of the last 24 hours came to."""
    if not calls.n:
        return "No step called it in the last 24 h."
    if not calls.failed:
        answered = f"All {number(calls.n)} calls" if calls.n > 1 else "The one call"
        return f"{answered} of the last 24 h {'were' if calls.n > 1 else 'was'} answered."
    most = f", lately most often with {errors[0][0]}" if errors and errors[0][0] else ""
    return f"{number(calls.failed)} of {number(calls.n)} calls failed in the last 24 h ({percent(calls.error_rate)}){most}."


def _seconds(value: Any) -> str:
    return duration(parse_duration(value) if isinstance(value, str) else value)
