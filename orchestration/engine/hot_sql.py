"""The statements of the hot path, by hand and for both databases: claim, record, begin, finish, each for a whole batch.

Through the ORM these cost more than the work they record (docs/decisions has the figures). Owns the SQL; an arm of
engine/transition.py: it moves along the tables of states.py only, by compare-and-set on (status, fence). Never decides.

A batch travels as one JSON text, so that a statement is the same for one row and for sixty and can stay prepared. A
condition on a status is written as `status || ''`: no plan may look for the few rows of a batch by an index of states,
which on PostgreSQL also holds every row that was in that state since the last vacuum.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from orchestration.engine.prepared import Row, fetch
from orchestration.engine.rows import Ending, NewRun, NewStep, Success, present, text_of_time
from orchestration.states import STEP_INITIAL, IllegalTransition, RunStatus, StepStatus, check_run, check_step

_STEP = "orchestration_steprun"
_RUN = "orchestration_run"

_FACTS = f"""
SELECT s.id, s.name, s.status, s.fence, s.attempt, s.idempotency_key, s.effect, s.input, s.started_at, s.close_deadline,
       s.losses, s.compensation, r.id, r.version_id, r.idempotency_key, r.input, r.trace_id, r.started_at, r.created_at,
       r.retry_of_id, r.status, r.ending
FROM {_STEP} s JOIN {_RUN} r ON r.id = s.run_id WHERE s.id {{among_steps}}
"""

# A row that another process holds locked is left to it: two claims of the same rows in another order must not deadlock.
# A claim need not outlive a crash of the database: its worker's outcome is then refused, as after a lost lease.
_CLAIM = f"""
UPDATE {_STEP} AS s
SET status = 'running', fence = s.fence + 1, attempt = s.attempt + 1, claimed_at = t.at,
    started_at = COALESCE(s.started_at, t.at), worker_id = t.worker, lease_until = t.lease, attempt_deadline = t.ends,
    heartbeat_deadline = t.beat, start_deadline = NULL, wake_due_at = NULL, not_before = NULL
FROM told t
WHERE s.id = t.step AND s.id {{among_steps}} AND s.status || '' = 'ready' AND s.fence = t.fence
  AND (s.not_before IS NULL OR s.not_before <= t.at)
  AND s.id IN (SELECT f.id FROM {_STEP} f WHERE f.id = t.step {{skip_locked}}) {{not_awaited}}
RETURNING id
"""

_LOCK = f"SELECT r.id, r.status, r.ending FROM {_RUN} r WHERE r.id {{among_runs}} ORDER BY r.id {{lock}}"

_STATES = f"SELECT s.run_id, s.name, s.status FROM {_STEP} s WHERE s.run_id {{among_runs}}"

_SUCCEED = f"""
UPDATE {_STEP} AS s
SET status = 'succeeded', finished_at = t.at, effect = t.effect, output = t.output, error_type = '', error_message = '',
    input = CASE WHEN t.input = '' THEN s.input ELSE t.input END,
    worker_id = '', lease_until = NULL, attempt_deadline = NULL, heartbeat_deadline = NULL
FROM told t
WHERE s.id = t.step AND s.id {{among_steps}} AND s.status || '' = 'running' AND s.fence = t.fence
  AND t.run IN (SELECT h.id FROM held h)
RETURNING id
"""

#: Runs in which a step may still succeed; locked, in one order for all.
_HELD = f"""
SELECT r.id FROM {_RUN} r
WHERE r.id {{among_runs}} AND r.ending = '' AND r.status || '' IN ('running', 'waiting') ORDER BY r.id {{lock}}
"""

_FINISH = f"""
UPDATE {_RUN} AS r SET status = 'finished', result = t.result, finished_at = t.at, output = t.output
FROM told t WHERE r.id = t.run AND r.id {{among_runs}} AND r.status || '' IN ('running', 'waiting')
  AND r.ending = '' AND r.result || '' = ''
RETURNING id
"""


def _insert(table: str, columns: Mapping[str, str], returning: str = "") -> str:
    values = ", ".join(columns.values())
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM told t {{only_if}} {returning}"


_ATTEMPT = _insert("orchestration_attempt", {
    "step_id": "t.step", "phase": "'forward'", "number": "t.number", "started_at": "t.claimed", "finished_at": "t.at",
    "outcome": "'succeeded'", "error_type": "''", "message": "''", "worker_id": "t.worker", "fence": "t.fence",
})  # fmt: skip

_BORN = _insert(_STEP, {
    "run_id": "t.run", "name": "t.name", "item": "0", "status": "t.status", "waiting_kind": "''",
    "attempt": "t.attempt", "losses": "0", "fence": "t.attempt", "worker_id": "COALESCE(t.worker, '')",
    "lease_until": "t.lease", "ready_at": "t.ready", "wake_due_at": "t.wake", "started_at": "t.claimed",
    "claimed_at": "t.claimed", "finished_at": "t.finished", "start_deadline": "t.start", "attempt_deadline": "t.ends",
    "heartbeat_deadline": "t.beat", "close_deadline": "t.close", "idempotency_key": "t.key", "input": "''",
    "output": "''", "error_type": "COALESCE(t.error, '')", "error_message": "COALESCE(t.message, '')",
    "effect": "t.effect", "compensation": "'none'", "compensation_attempt": "0", "compensation_error": "''",
}, "RETURNING id, run_id, name")  # fmt: skip

_START = _insert(_RUN, {
    "id": "t.id", "workflow_id": "t.workflow", "version_id": "t.version", "team_id": "t.team", "status": "'running'",
    "ending": "''", "result": "''", "compensation": "'none'", "idempotency_key": "t.key", "input": "t.input",
    "input_hash": "t.hash", "output": "''", "created_at": "t.at", "started_at": "t.at", "deadline_at": "t.deadline",
    "retry_of_id": "t.retry_of", "started_by_id": "t.actor", "trace_id": "t.trace", "failed_step": "''",
    "error_type": "''", "error_message": "''",
})  # fmt: skip

_STARTED = _insert("orchestration_runevent", {
    "run_id": "t.id", "at": "t.at", "kind": "'started'", "actor_id": "t.actor", "detail": "t.detail",
})  # fmt: skip

_TOLD: Mapping[str, Mapping[str, str]] = {
    "ids": {"step": "bigint"},
    "runs": {"run": "uuid"},
    "claims": {
        "step": "bigint", "fence": "int", "worker": "text", "at": "timestamptz", "lease": "timestamptz",
        "ends": "timestamptz", "beat": "timestamptz",
    },
    "successes": {
        "step": "bigint", "run": "uuid", "fence": "int", "number": "int", "claimed": "timestamptz", "at": "timestamptz",
        "worker": "text", "effect": "text", "input": "text", "output": "text",
    },
    "births": {
        "run": "uuid", "name": "text", "status": "text", "key": "text", "effect": "text", "ready": "timestamptz",
        "finished": "timestamptz", "error": "text", "message": "text", "wake": "timestamptz", "start": "timestamptz",
        "close": "timestamptz", "attempt": "int", "worker": "text", "claimed": "timestamptz", "lease": "timestamptz",
        "ends": "timestamptz", "beat": "timestamptz",
    },
    "endings": {"run": "uuid", "result": "text", "at": "timestamptz", "output": "text"},
    "starts": {
        "id": "uuid", "workflow": "bigint", "version": "bigint", "team": "bigint", "key": "text", "input": "text",
        "hash": "text", "at": "timestamptz", "deadline": "timestamptz", "retry_of": "uuid", "actor": "bigint",
        "trace": "text", "detail": "text",
    },
}  # fmt: skip


def facts(step_ids: Sequence[int]) -> list[Row]:
    """What a claim wants to know of these steps and their runs, in the order of _FACTS."""
    return _ask(_FACTS, "ids", [{"step": step_id} for step_id in step_ids])


def claim(rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Ready steps to running, with the next fence; the ids of those that could be taken."""
    check_step(StepStatus.READY, StepStatus.RUNNING)
    return {row[0] for row in _ask(_CLAIM, "claims", rows)}


def lock(runs: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    """Lock the runs, in one order for all; their status and ending."""
    found = _ask(_LOCK, "runs", [{"run": run.hex} for run in runs])
    return {identifier(run): (status, ending) for run, status, ending in found}


def states(runs: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, StepStatus]]:
    """Every step's state by run and name."""
    found: dict[uuid.UUID, dict[str, StepStatus]] = {run: {} for run in runs}
    for run, name, status in _ask(_STATES, "runs", [{"run": run.hex} for run in runs]):
        found[identifier(run)][name] = StepStatus(status)
    return found


def record(successes: Sequence[Success], born: Sequence[NewStep], at: datetime) -> bool:
    """Steps of open runs to succeeded, with their attempts, and what follows them.

    False: one of them is not held any more; nothing follows, and the caller rolls back.
    """
    check_step(StepStatus.RUNNING, StepStatus.SUCCEEDED)
    moment = text_of_time(at)
    told = json.dumps([
        {"step": one.step_id, "run": one.run_id.hex, "fence": one.fence, "number": one.number, "at": moment,
         "claimed": text_of_time(one.claimed_at), "worker": one.worker_id, "effect": one.effect, "input": one.input,
         "output": one.output}
        for one in successes
    ])  # fmt: skip
    births = _births(born)
    if connection.vendor == "postgresql":
        rows = fetch(_fused(), {"told": told, "births": births})
        recorded = rows[0][0]
        if recorded == len(successes):
            _name(born, [row[1:] for row in rows if row[1] is not None])
    else:
        recorded = len(fetch(_text(_SUCCEED, "successes"), {"told": told}))
        if recorded == len(successes):
            fetch(_text(_ATTEMPT, "successes"), {"told": told})
            insert_steps(born)
    return bool(recorded == len(successes))


def insert_steps(born: Sequence[NewStep]) -> None:
    """Write new steps, in initial states; each gets its `pk`."""
    if born:
        _name(born, fetch(_text(_BORN, "births"), {"told": _births(born)}))


def finish(endings: Sequence[Ending], at: datetime) -> bool:
    """Open runs to finished, with their results. False: one of them was not open."""
    check_run(RunStatus.RUNNING, RunStatus.FINISHED)
    rows = [
        {"run": one.run_id.hex, "result": one.result, "at": text_of_time(at), "output": one.output} for one in endings
    ]
    return len(_ask(_FINISH, "endings", rows)) == len(rows)


def insert_runs(runs: Sequence[NewRun]) -> None:
    """Write new runs, running, each with the event of its start. Raises IntegrityError for a key that is taken."""
    told = json.dumps([
        present(
            id=run.id.hex, workflow=run.workflow_id, version=run.version_id, team=run.team_id, key=run.idempotency_key,
            input=run.input, hash=run.input_hash, at=text_of_time(run.at), deadline=text_of_time(run.deadline_at),
            retry_of=run.retry_of_id.hex if run.retry_of_id else None, actor=run.started_by_id, trace=run.trace_id,
            detail=run.detail,
        )
        for run in runs
    ])  # fmt: skip
    fetch(_text(_START, "starts"), {"told": told})
    fetch(_text(_STARTED, "starts"), {"told": told})


def _births(born: Sequence[NewStep]) -> str:
    for step in born:
        if step.status not in STEP_INITIAL:
            raise IllegalTransition(f"step: may not begin as {step.status}")
    return json.dumps([
        present(
            run=step.run_id.hex, name=step.name, status=step.status, key=step.idempotency_key, effect=step.effect,
            ready=text_of_time(step.ready_at), finished=text_of_time(step.finished_at), error=step.error_type or None,
            message=step.error_message or None, wake=text_of_time(step.wake_due_at),
            start=text_of_time(step.start_deadline), close=text_of_time(step.close_deadline), attempt=step.attempt,
            worker=step.worker_id or None, claimed=text_of_time(step.claimed_at), lease=text_of_time(step.lease_until),
            ends=text_of_time(step.attempt_deadline), beat=text_of_time(step.heartbeat_deadline),
        )
        for step in born
    ])  # fmt: skip


def _name(born: Sequence[NewStep], rows: Sequence[Row]) -> None:
    """Give each new step the id under which it was written."""
    ids = {(identifier(run), name): pk for pk, run, name in rows}
    for step in born:
        step.pk = ids[step.run_id, step.name]


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


def _ask(template: str, shape: str, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    return fetch(_text(template, shape), {"told": json.dumps(rows)})


@functools.cache
def _text(template: str, shape: str) -> str:
    """The statement for this database, with its batch as the table `told`."""
    held = f", held AS MATERIALIZED ({_HELD.format(**_words())})" if "held h" in template else ""
    return f"WITH told AS MATERIALIZED ({_batch(shape, 'told')}){held} {template.format(only_if='', **_words())}"


@functools.cache
def _fused() -> str:
    """PostgreSQL: lock the runs, record, note the attempts and begin what follows, in one round trip."""
    words = _words()
    all_held = "WHERE (SELECT count(*) FROM done) = (SELECT count(*) FROM told)"
    born = _BORN.format(only_if=all_held).replace("FROM told t", "FROM births t")
    done, tried = _SUCCEED.format(**words), _ATTEMPT.format(only_if=all_held)
    return f"""
    WITH told AS MATERIALIZED ({_batch("successes", "told")}),
    births AS ({_batch("births", "births")}), held AS MATERIALIZED ({_HELD.format(**words)}),
    done AS ({done}), tried AS ({tried}), born AS ({born})
    SELECT (SELECT count(*) FROM done), born.id, born.run_id, born.name FROM (SELECT 1) one LEFT JOIN born ON true
    """


def _batch(shape: str, parameter: str) -> str:
    """The rows of a JSON text."""
    columns = _TOLD[shape]
    if connection.vendor == "postgresql":
        fields = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"SELECT * FROM json_to_recordset(%({parameter})s::json) AS t({fields})"
    fields = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"SELECT {fields} FROM json_each(:{parameter})"


def _words() -> dict[str, str]:
    """What the databases say differently. SQLite has one writer at a time: there is nothing to lock."""
    if connection.vendor == "postgresql":
        return {
            "among_steps": "= ANY(ARRAY(SELECT t.step FROM told t))",
            "among_runs": "= ANY(ARRAY(SELECT t.run FROM told t))",
            "lock": "FOR UPDATE",
            "skip_locked": "FOR UPDATE SKIP LOCKED",
            "not_awaited": "AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'",
        }
    return {
        "among_steps": "IN (SELECT t.step FROM told t)",
        "among_runs": "IN (SELECT t.run FROM told t)",
        "lock": "",
        "skip_locked": "",
        "not_awaited": "",
    }
