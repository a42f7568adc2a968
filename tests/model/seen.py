"""What can be seen of a run: read from the database, or told by the model, in one shape so that the two can be compared.

Owns that shape, and what must hold of any two looks at the engine whatever the model says. Never changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from orchestration.engine.payloads import load
from orchestration.models import WorkflowVersion
from tests.model.model import Run
from tests.model.rows import BAD, DOUBT, GOOD, OPEN, Row

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
OVER = {*GOOD, *BAD, "skipped", "cancelled"}
View = dict[str, Any]


class Difference(AssertionError):
    """The engine did what the model does not allow."""


@dataclass
class Seen:
    """One look: the runs by id, the step's run and name by its row's id, fences, and what transactional steps wrote."""

    runs: dict[str, View] = field(default_factory=dict)
    ids: dict[int, tuple[str, str]] = field(default_factory=dict)
    fences: dict[int, int] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)


RUN = {
    "status": "status", "ending": "ending", "result": "result", "compensation": "compensation",
    "failed_step": "failed_step", "error": "error_type", "output": "output",
}  # fmt: skip
STEP = {
    "status": "status", "key": "idempotency_key", "effect": "effect", "attempt": "attempt", "losses": "losses",
    "output": "output", "error": "error_type", "undo": "compensation", "undo_attempt": "compensation_attempt",
    "held": "lease_until", "due": "not_before",
}  # fmt: skip
#: Bare SQL, since these run after every rule: through the ORM the looking would take longer than the engine.
_RUNS = f"SELECT id, {', '.join(RUN.values())} FROM orchestration_run WHERE version_id = %s"
_STEPS = f"""
    SELECT id, run_id, name, fence, {", ".join(STEP.values())} FROM orchestration_steprun
    WHERE run_id IN (SELECT id FROM orchestration_run WHERE version_id = %s) ORDER BY id"""
_ATTEMPTS = """
    SELECT step_id, phase, number, outcome FROM orchestration_attempt WHERE step_id IN (
        SELECT id FROM orchestration_steprun WHERE run_id IN (SELECT id FROM orchestration_run WHERE version_id = %s)
    ) ORDER BY id"""
_MARKS = "SELECT name FROM orchestration_enginemark WHERE name LIKE '%%/s_' AND %s IS NOT NULL"


def see(version: WorkflowVersion) -> Seen:
    """Everything there is of this workflow's runs."""
    seen, views = Seen(), dict[int, View]()
    for run_id, *row in _rows(_RUNS, version):
        view = dict(zip(RUN, row, strict=True))
        seen.runs[str(UUID(str(run_id)))] = view | {"output": load(view["output"]), "steps": {}}
    for step_id, run_id, name, fence, *row in _rows(_STEPS, version):
        run, view = str(UUID(str(run_id))), dict(zip(STEP, row, strict=True))
        view |= {"output": load(view["output"]), "held": view["held"] is not None, "history": ()}
        view["due"] = _milliseconds(view["due"]) if _waits(view["status"], view["undo"]) else None
        views[step_id] = seen.runs[run]["steps"][name] = view
        seen.ids[step_id], seen.fences[step_id] = (run, name), fence
    for step_id, *attempt in _rows(_ATTEMPTS, version):
        views[step_id]["history"] += (tuple(attempt),)
    seen.marks = {name for (name,) in _rows(_MARKS, version)}
    return seen


def _rows(sql: str, version: WorkflowVersion) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [version.pk])
        return cursor.fetchall()


def view_of(run: Run) -> View:
    """The same of a run of the model."""
    return {
        "status": run.status, "ending": run.ending, "result": run.result, "compensation": run.compensation,
        "failed_step": run.failed_step, "error": run.error, "output": run.output,
        "steps": {name: _view_of(row) for name, row in run.rows.items()},
    }  # fmt: skip


def marks_of(runs: Iterable[Run]) -> set[str]:
    """What transactional steps must have written, each once."""
    return {
        row.key[-32:]
        for run in runs
        for name, row in run.rows.items()
        if run.flow.named[name].kind == "transactional" and row.effect == "happened"
    }


def check_growth(before: Seen, after: Seen) -> None:
    """What is over stays as it is; effects and fences only grow; a finished run has nothing open."""
    for step_id, (run, name) in before.ids.items():
        if step_id not in after.ids:
            raise Difference(f"{name} of run {run} is gone")
        old, new = before.runs[run]["steps"][name], after.runs[run]["steps"][name]
        if old["status"] in OVER and (old["status"], old["output"]) != (new["status"], new["output"]):
            raise Difference(f"the outcome of {name} changed from {old} to {new}")
        if DOUBT.index(new["effect"]) < DOUBT.index(old["effect"]):
            raise Difference(f"the effect of {name} went from {old['effect']} back to {new['effect']}")
        if after.fences[step_id] < before.fences[step_id]:
            raise Difference(f"the fence of {name} fell")
        if new["held"] and not old["held"] and after.fences[step_id] == before.fences[step_id]:
            raise Difference(f"{name} was taken without a new fence")
    for run, view in after.runs.items():
        steps = view["steps"].values()
        moving = any(step["status"] in OPEN or step["undo"] == "running" for step in steps)
        if moving == (view["status"] == "finished"):
            raise Difference(f"run {run} is {view['status']}, and {'something' if moving else 'nothing'} moves it")


def explain(expected: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """Where two views differ, one line each."""
    lines = [
        f"  {name}: {there.get(name)!r}, the model says {value!r}"
        for name, value in expected.items()
        if name != "steps" and there.get(name) != value
    ]
    for name in sorted({*expected["steps"], *there["steps"]}):
        mine, theirs = expected["steps"].get(name, {}), there["steps"].get(name, {})
        lines += [
            f"  {name}.{key}: {theirs.get(key, 'no row')!r}, the model says {mine.get(key, 'no row')!r}"
            for key in {**mine, **theirs}
            if mine.get(key, "no row") != theirs.get(key, "no row")
        ]
    return "\n".join(lines)


def _view_of(row: Row) -> View:
    return {
        "status": row.status, "key": row.key, "effect": row.effect, "attempt": row.attempt, "losses": row.losses,
        "output": row.output, "error": row.error, "undo": row.undo, "undo_attempt": row.undo_attempt,
        "held": row.hold is not None, "due": row.due if _waits(row.status, row.undo) else None, "history": row.history,
    }  # fmt: skip


def _waits(status: str, undo: str) -> bool:
    return status in {"waiting", "retrying"} or undo == "running"


def _milliseconds(moment: datetime | None) -> int | None:
    """SQLite hands a bare cursor a time without its zone, which is UTC."""
    if moment is None:
        return None
    return round((moment.replace(tzinfo=UTC) - EPOCH).total_seconds() * 1000)
