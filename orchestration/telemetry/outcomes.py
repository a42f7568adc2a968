"""Outcomes: what a transaction of the engine brought to an end, written with it in one small row, to be counted later.

A batch is JSON, a list of rows; telemetry/fold.py counts it and deletes it in one transaction. So an outcome is counted
exactly once, whatever is killed and however late a commit comes: there is no watermark that it could miss. The hot path
hands its text to the statement that records (engine/statements.py); everything else calls `note`.

    ["s", version, step, status, at, took, waited, retries, last]   a step ended
    ["t", version, step, phase, outcome, at, took, error, retried]  a try that has an Attempt row ended
    ["r", version, result, at, took]                                a run ended

Times are microseconds since 1970, durations microseconds or null. `last`: how long the only try of a step took that
succeeded at its first claim, which has no Attempt row (decision 19). Owns this form, and what is counted at all: no
skipped and no cancelled step, nothing reused from an earlier run. Never reads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from orchestration.models import OutcomeBatch
from orchestration.states import RunResult, StepStatus

Row = list[Any]
MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Steps that ended in one of these are counted.
COUNTED = frozenset({StepStatus.SUCCEEDED, StepStatus.DEGRADED, StepStatus.FAILED, StepStatus.TIMED_OUT})


class Ended(Protocol):
    """What an outcome needs of a step, as its row has it: HeldStep, NewStep and StepRun all do."""

    @property
    def name(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def ready_at(self) -> datetime | None: ...
    @property
    def claimed_at(self) -> datetime | None: ...


def step_row(version_id: int, step: Ended, status: str, at: datetime, *, began: datetime | None, plain: bool) -> Row:
    """A step that ended. `began`: its first claim; `plain`: it succeeded at that, so its only try has no row."""
    return [
        "s", version_id, step.name, status, stamp(at), _between(began, at), _waited(step.ready_at, step.claimed_at),
        max(step.attempt - 1, 0), _between(began, at) if plain else None,
    ]  # fmt: skip


def try_row(
    version_id: int, step: str, phase: str, outcome: str, *, began: datetime, at: datetime, error: str, retried: bool
) -> Row:
    """A try that has an Attempt row."""
    return ["t", version_id, step, phase, outcome, stamp(at), _between(began, at), error, int(retried)]


def run_row(version_id: int, result: RunResult | str, *, began: datetime, at: datetime) -> Row:
    """A run that ended."""
    return ["r", version_id, str(result), stamp(at), _between(began, at)]


def text_of(rows: Sequence[Row]) -> str:
    """As a batch holds them."""
    return json.dumps(rows, separators=(",", ":"))


def note(rows: Sequence[Row]) -> None:
    """Write them in the caller's transaction."""
    if rows:
        OutcomeBatch.objects.create(data=text_of(rows))


def stamp(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // MICROSECOND


def _between(begin: datetime | None, end: datetime) -> int | None:
    """Microseconds; clocks of two processes may differ by some, and nothing takes less than none."""
    return max((end - begin) // MICROSECOND, 0) if begin is not None else None


def _waited(ready: datetime | None, claimed: datetime | None) -> int | None:
    """How long the last try waited for a worker; None for one that never began."""
    if ready is None or claimed is None or claimed < ready:
        return None
    return (claimed - ready) // MICROSECOND
