"""The hot path's way to the database: claim, record, begin, finish and start, each for a whole batch.

An arm of engine/transition.py: it moves along the tables of states.py only, by compare-and-set on (status, fence). Owns
how rows become parameters and back; the SQL is made in statements.py. Never decides a move.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from orchestration.engine import statements, texts
from orchestration.engine.prepared import Row, fetch
from orchestration.engine.rows import Admission, Ending, NewRun, NewStep, Success, present, text_of_time
from orchestration.states import (
    RUN_INITIAL,
    STEP_INITIAL,
    IllegalTransition,
    RunStatus,
    StepStatus,
    check_run,
    check_step,
)


def claim(
    step_ids: Sequence[int], *, worker: str, at: datetime, lease: datetime, ends: datetime, lightly: bool
) -> list[Row]:
    """Ready steps of open runs to running, with the next fence; of those that could be taken, what the worker must know.

    `lightly`: not yet safe from a crash of the database when it returns; `settle` makes it so.

    Columns: id, run, name, fence, attempt, key, effect, input, started, close_deadline, losses, ready, item of the step; id,
    version, key, input, trace, started, created, retry_of, parent, rerun_of of the run.
    """
    check_step(StepStatus.READY, StepStatus.RUNNING)
    ids = ",".join(map(str, step_ids))
    postgresql = connection.vendor == "postgresql"
    rows = fetch(statements.claim(lightly=lightly), {
        "ids": f"{{{ids}}}" if postgresql else f"[{ids}]", "worker": worker, "at": text_of_time(at),
        "lease": text_of_time(lease), "ends": text_of_time(ends),
    })  # fmt: skip
    if postgresql or not rows:
        return rows
    runs = {row[0]: row for row in _ask(statements.runs(), [{"run": run} for run in {row[1] for row in rows}])}
    return [(*row, *runs[row[1]]) for row in rows]


def settle() -> None:
    """Wait until what was claimed lightly is as durable as everything else."""
    if connection.vendor == "postgresql":
        fetch(texts.SETTLE, {})


def limit(rows: Sequence[Mapping[str, Any]]) -> None:
    """Give claimed steps the time that they have: step, fence, ends and, where there is one, beat."""
    _ask(statements.limit(), rows)


def lock(runs: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    """Lock the runs, in one order for all; their status and ending."""
    found = _ask(statements.lock(), [{"run": run.hex} for run in runs])
    return {identifier(run): (status, ending) for run, status, ending in found}


def states(runs: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, StepStatus]]:
    """Every step's state by run and name; of the items of a loop none."""
    found: dict[uuid.UUID, dict[str, StepStatus]] = {run: {} for run in runs}
    for run, name, status in _ask(statements.states(), [{"run": run.hex} for run in runs]):
        found[identifier(run)][name] = StepStatus(status)
    return found


def record(
    successes: Sequence[Success], born: Sequence[NewStep], endings: Sequence[Ending], at: datetime, noted: str
) -> bool:
    """Steps of open runs to succeeded, with their attempts, and what follows them: new steps, and runs that are over.
    `noted`: all that ended with it, as telemetry/outcomes.py writes it.

    False: one of them is not held any more; the caller rolls back. On PostgreSQL all is one statement, and that of one
    success does all or nothing: it needs no transaction around it.
    """
    check_step(StepStatus.RUNNING, StepStatus.SUCCEEDED)
    done, births, ended = [_success(one) for one in successes], _births(born), [_ending(one, at) for one in endings]
    if connection.vendor != "postgresql":
        return _record_in_turn(done, born, births, ended, noted)
    if len(done) == len(births) + len(ended) == 1:
        return _record_one(done[0] | {"noted": noted}, born, births, ended)
    told = {"told": json.dumps(done), "births": json.dumps(births), "endings": json.dumps(ended), "noted": noted}
    rows = fetch(statements.record_all(), told)
    if rows[0][:2] != (len(done), len(ended)):
        return False
    _name(born, [row[2:] for row in rows if row[2] is not None])
    return True


def finish(endings: Sequence[Ending], at: datetime) -> bool:
    """Open runs to finished, with their results. False: one of them was not open."""
    return len(_ask(statements.finish(), [_ending(one, at) for one in endings])) == len(endings)


def _record_one(
    done: dict[str, Any], born: Sequence[NewStep], births: list[dict[str, Any]], ended: list[dict[str, Any]]
) -> bool:
    if ended:
        return bool(fetch(statements.record_and_finish(), done | _prefixed("e_", ended[0], "endings")))
    rows = fetch(statements.record_and_begin(), done | _prefixed("b_", births[0], "births"))
    if rows:
        _name(born, rows)
    return bool(rows)


def _record_in_turn(
    done: list[dict[str, Any]], born: Sequence[NewStep], births: list[dict[str, Any]], ended: list[dict[str, Any]],
    noted: str,
) -> bool:  # fmt: skip
    """SQLite: statement by statement, in the caller's transaction."""
    if len(_ask(statements.succeed(), done)) != len(done):
        return False
    if again := [one for one in done if one["fence"] > 1]:
        _ask(statements.attempts(), again)
    _insert(born, births)
    fetch(statements.noted(), {"noted": noted})
    return not ended or len(_ask(statements.finish(), ended)) == len(ended)


def insert_steps(born: Sequence[NewStep]) -> None:
    """Write new steps, in initial states; each gets its `pk`."""
    _insert(born, _births(born))


def start(runs: Sequence[NewRun], born: Sequence[NewStep]) -> None:
    """Write new runs, running or queued, each with the event of its start, and their first steps.

    Raises IntegrityError for a key that is taken. On PostgreSQL it is one statement.
    """
    told, births = json.dumps([_start(run) for run in runs]), _births(born)
    if connection.vendor == "postgresql":
        _name(born, fetch(statements.start_all(), {"told": told, "births": json.dumps(births)}))
        return
    for text in statements.starts():
        fetch(text, {"told": told})
    _insert(born, births)


def admit(runs: Sequence[Admission], born: Sequence[NewStep]) -> bool:
    """Queued runs to running, each with the event of that, and their first steps. False: one was not queued any more."""
    check_run(RunStatus.QUEUED, RunStatus.RUNNING)
    rows = [
        present(run=one.run_id.hex, at=text_of_time(one.at), deadline=text_of_time(one.deadline_at), detail=one.detail)
        for one in runs
    ]
    if connection.vendor == "postgresql":
        told = {"told": json.dumps(rows), "births": json.dumps(_births(born))}
        found = fetch(statements.admit_all(), told)
        if found[0][0] != len(rows):
            return False
        _name(born, [row[1:] for row in found if row[1] is not None])
        return True
    move, tell = statements.admissions()
    if len(_ask(move, rows)) != len(rows):
        return False
    _ask(tell, rows)
    insert_steps(born)
    return True


def moment(value: Any) -> datetime | None:
    """A time as it was read: SQLite keeps it in UTC and knows no zone."""
    if value is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert isinstance(found, datetime)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def identifier(value: Any) -> uuid.UUID:
    """A run's id as it was read: SQLite keeps 32 hexadecimal digits."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _success(one: Success) -> dict[str, Any]:
    return {
        "step": one.step_id, "run": one.run_id.hex, "fence": one.fence, "number": one.number, "at": text_of_time(one.at),
        "claimed": text_of_time(one.claimed_at), "worker": one.worker_id, "effect": one.effect, "input": one.input,
        "output": one.output,
    }  # fmt: skip


def _ending(one: Ending, at: datetime) -> dict[str, Any]:
    check_run(RunStatus.RUNNING, RunStatus.FINISHED)
    return {"run": one.run_id.hex, "result": one.result, "at": text_of_time(at), "output": one.output}


def _births(born: Sequence[NewStep]) -> list[dict[str, Any]]:
    for step in born:
        if step.status not in STEP_INITIAL:
            raise IllegalTransition(f"step: may not begin as {step.status}")
    return [
        present(
            run=step.run_id.hex, name=step.name, status=step.status, key=step.idempotency_key, effect=step.effect,
            ready=text_of_time(step.ready_at), finished=text_of_time(step.finished_at), error=step.error_type or None,
            message=step.error_message or None, wake=text_of_time(step.wake_due_at),
            start=text_of_time(step.start_deadline), close=text_of_time(step.close_deadline), attempt=step.attempt,
            worker=step.worker_id or None, claimed=text_of_time(step.claimed_at), lease=text_of_time(step.lease_until),
            ends=text_of_time(step.attempt_deadline), beat=text_of_time(step.heartbeat_deadline),
            input=step.input or None, output=step.output or None, item=step.item or None,
        )
        for step in born
    ]  # fmt: skip


def _start(run: NewRun) -> dict[str, Any]:
    if run.status not in RUN_INITIAL:
        raise IllegalTransition(f"run: may not begin as {run.status}")
    return present(
        id=run.id.hex, workflow=run.workflow_id, version=run.version_id, team=run.team_id, key=run.idempotency_key,
        input=run.input, hash=run.input_hash, at=text_of_time(run.at), deadline=text_of_time(run.deadline_at),
        retry_of=run.retry_of_id.hex if run.retry_of_id else None, actor=run.started_by_id, trace=run.trace_id,
        detail=run.detail, parent=run.parent_step_id, rerun_of=run.rerun_of_id.hex if run.rerun_of_id else None,
        origin=run.origin or None, priority=run.priority or None, concurrency_key=run.concurrency_key or None,
        limited=run.limited or None, queued_for=run.queued_for or None,
        status=run.status if run.queued_for else None,
    )  # fmt: skip


def _prefixed(prefix: str, row: Mapping[str, Any], shape: str) -> dict[str, Any]:
    """A row as parameters: what is missing is NULL."""
    return {prefix + name: row.get(name) for name in statements.columns(shape)}


def _insert(born: Sequence[NewStep], births: list[dict[str, Any]]) -> None:
    if born:
        _name(born, fetch(statements.births(), {"told": json.dumps(births)}))


def _name(born: Sequence[NewStep], rows: Sequence[Row]) -> None:
    """Give each new step the id under which it was written."""
    ids = {(identifier(run), name, item): pk for pk, run, name, item in rows}
    for step in born:
        step.pk = ids[step.run_id, step.name, step.item]


def _ask(text: str, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    return fetch(text, {"told": json.dumps(rows)})
