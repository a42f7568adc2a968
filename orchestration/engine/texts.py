"""The texts that the statements of the hot path are made of, with places left open for what the databases say differently.

Owns the SQL by hand of one table each, and the columns of each batch. Never put together here: statements.py does.
"""

from __future__ import annotations

from collections.abc import Mapping

STEP = "orchestration_steprun"
RUN = "orchestration_run"

# The claim and, in the same breath, what the worker must know. Most steps have the default time; for the others LIMIT
# sets it right. A row that another process holds locked is left to it: two claims of the same rows in another order must
# not deadlock. A claim is as durable as an outcome: if a crash of the database forgot it, nothing would say that its
# effect may have happened. One of steps without effects need not be (LIGHTLY): doing one of them again harms nobody.
CLAIM = f"""
UPDATE {STEP} AS s
SET status = 'running', fence = s.fence + 1, attempt = s.attempt + 1, claimed_at = {{at}},
    started_at = COALESCE(s.started_at, {{at}}), worker_id = {{worker}}, lease_until = {{lease}},
    attempt_deadline = {{ends}}, heartbeat_deadline = NULL, start_deadline = NULL, wake_due_at = NULL, not_before = NULL
FROM {RUN} AS r
WHERE s.id {{among_free}} AND r.id = s.run_id AND s.status || '' = 'ready' AND r.ending = ''
  AND r.status || '' IN ('running', 'waiting') AND (s.not_before IS NULL OR s.not_before <= {{at}})
  {{lightly}}
RETURNING {{of_step}}id, run_id, name, fence, attempt, {{of_step}}idempotency_key, effect, {{of_step}}input,
          {{of_step}}started_at, close_deadline, losses, ready_at, item{{of_run}}
"""

#: The transaction, which is this statement, does not wait for the disk.
LIGHTLY = "AND set_config('synchronous_commit', 'off', true) = 'off'"
#: Waits for the disk until all that this session has committed before is there.
SETTLE = "SELECT pg_logical_emit_message(true, 'plumbline', '')"

OF_RUN = """
r.id, r.version_id, r.idempotency_key, r.input, r.trace_id, r.started_at, r.created_at, r.retry_of_id, r.parent_step_id,
r.rerun_of_id
"""
#: SQLite can return nothing but the row itself, so the run is read by a statement of its own.
RUNS = f"SELECT {OF_RUN} FROM {RUN} r WHERE r.id {{among_runs}}"

LIMIT = f"""
UPDATE {STEP} AS s SET attempt_deadline = t.ends, heartbeat_deadline = t.beat
FROM told t WHERE s.id = t.step AND s.id {{among_steps}} AND s.status || '' = 'running' AND s.fence = t.fence
RETURNING id
"""

LOCK = f"SELECT r.id, r.status, r.ending FROM {RUN} r WHERE r.id {{among_runs}} ORDER BY r.id {{lock}}"

# A loop is at work as long as its items are.
STATES = f"""
SELECT s.run_id, s.name, CASE WHEN s.waiting_kind = 'items' THEN 'running' ELSE s.status END
FROM {STEP} s WHERE s.run_id {{among_runs}} AND s.item = 0
"""

SUCCEED = f"""
UPDATE {STEP} AS s
SET status = 'succeeded', finished_at = t.at, effect = t.effect, output = t.output, error_type = '', error_message = '',
    input = CASE WHEN t.input = '' THEN s.input ELSE t.input END,
    worker_id = '', lease_until = NULL, attempt_deadline = NULL, heartbeat_deadline = NULL
FROM told t
WHERE s.id = t.step AND s.id {{among_steps}} AND s.status || '' = 'running' AND s.fence = t.fence
  AND t.run IN (SELECT h.id FROM held h)
RETURNING id AS recorded
"""

#: What the transaction brought to an end, for telemetry/fold.py to count.
NOTED = "INSERT INTO orchestration_outcomebatch (data) SELECT {noted} {only_if}"

#: Runs in which a step may still succeed; locked, in one order for all.
HELD = f"""
SELECT r.id FROM {RUN} r
WHERE r.id {{among_runs}} AND r.ending = '' AND r.status || '' IN ('running', 'waiting') ORDER BY r.id {{lock}}
"""

FINISH = f"""
UPDATE {RUN} AS r SET status = 'finished', result = t.result, finished_at = t.at, output = t.output
FROM told t WHERE r.id = t.run AND r.id {{among_runs}} AND r.status || '' IN ('running', 'waiting')
  AND r.ending = '' AND r.result || '' = ''
RETURNING id
"""


def _insert(table: str, columns: Mapping[str, str], returning: str = "") -> str:
    values = ", ".join(columns.values())
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM told t {{only_if}} {returning}"


TRIED = {
    "step_id": "t.step", "phase": "'forward'", "number": "t.number", "started_at": "t.claimed", "finished_at": "t.at",
    "outcome": "'succeeded'", "error_type": "''", "message": "''", "worker_id": "t.worker", "fence": "t.fence",
}  # fmt: skip
#: Of a success at the first claim the step's own row says it all (decision 19).
ATTEMPT = _insert("orchestration_attempt", TRIED).replace("{only_if}", "WHERE t.fence > 1 {only_if}")

BORN = _insert(STEP, {
    "run_id": "t.run", "name": "t.name", "item": "COALESCE(t.item, 0)", "status": "t.status", "waiting_kind": "''",
    "attempt": "t.attempt", "losses": "0", "fence": "t.attempt", "worker_id": "COALESCE(t.worker, '')",
    "lease_until": "t.lease", "ready_at": "t.ready", "wake_due_at": "t.wake", "started_at": "t.claimed",
    "claimed_at": "t.claimed", "finished_at": "t.finished", "start_deadline": "t.start", "attempt_deadline": "t.ends",
    "heartbeat_deadline": "t.beat", "close_deadline": "t.close", "idempotency_key": "t.key",
    "input": "COALESCE(t.input, '')", "output": "COALESCE(t.output, '')", "error_type": "COALESCE(t.error, '')",
    "error_message": "COALESCE(t.message, '')",
    "effect": "t.effect", "compensation": "'none'", "compensation_attempt": "0", "compensation_error": "''",
}, "RETURNING id, run_id, name, item")  # fmt: skip

START = _insert(RUN, {
    "id": "t.id", "workflow_id": "t.workflow", "version_id": "t.version", "team_id": "t.team",
    "status": "COALESCE(t.status, 'running')", "ending": "''", "result": "''", "compensation": "'none'",
    "idempotency_key": "t.key", "input": "t.input",
    "input_hash": "t.hash", "output": "''", "created_at": "t.at", "deadline_at": "t.deadline",
    "started_at": "CASE WHEN t.status IS NULL THEN t.at END", "retry_of_id": "t.retry_of",
    "started_by_id": "t.actor", "trace_id": "t.trace", "failed_step": "''",
    "parent_step_id": "t.parent", "rerun_of_id": "t.rerun_of", "origin": "COALESCE(t.origin, '')",
    "priority": "COALESCE(t.priority, 0)", "concurrency_key": "COALESCE(t.concurrency_key, '')",
    "limited": "COALESCE(t.limited, false)", "queued_for": "COALESCE(t.queued_for, '')",
    "error_type": "''", "error_message": "''",
})  # fmt: skip

STARTED = _insert("orchestration_runevent", {
    "run_id": "t.id", "at": "t.at", "kind": "COALESCE(t.status, 'started')", "actor_id": "t.actor", "detail": "t.detail",
})  # fmt: skip

ADMIT = f"""
UPDATE {RUN} AS r SET status = 'running', started_at = t.at, deadline_at = t.deadline, queued_for = ''
FROM told t WHERE r.id = t.run AND r.id {{among_runs}} AND r.status || '' = 'queued' AND r.ending = ''
RETURNING id
"""

ADMITTED = _insert("orchestration_runevent", {
    "run_id": "t.run", "at": "t.at", "kind": "'admitted'", "actor_id": "CAST(NULL AS bigint)", "detail": "t.detail",
})  # fmt: skip

TOLD: Mapping[str, Mapping[str, str]] = {
    "runs": {"run": "uuid"},
    "limits": {"step": "bigint", "fence": "int", "ends": "timestamptz", "beat": "timestamptz"},
    "successes": {
        "step": "bigint", "run": "uuid", "fence": "int", "number": "int", "claimed": "timestamptz", "at": "timestamptz",
        "worker": "text", "effect": "text", "input": "text", "output": "text",
    },
    "births": {
        "run": "uuid", "name": "text", "status": "text", "key": "text", "effect": "text", "ready": "timestamptz",
        "finished": "timestamptz", "error": "text", "message": "text", "wake": "timestamptz", "start": "timestamptz",
        "close": "timestamptz", "attempt": "int", "worker": "text", "claimed": "timestamptz", "lease": "timestamptz",
        "ends": "timestamptz", "beat": "timestamptz", "input": "text", "output": "text", "item": "int",
    },
    "endings": {"run": "uuid", "result": "text", "at": "timestamptz", "output": "text"},
    "starts": {
        "id": "uuid", "workflow": "bigint", "version": "bigint", "team": "bigint", "key": "text", "input": "text",
        "hash": "text", "at": "timestamptz", "deadline": "timestamptz", "retry_of": "uuid", "actor": "bigint",
        "trace": "text", "detail": "text", "parent": "bigint", "rerun_of": "uuid", "origin": "text",
        "priority": "smallint", "concurrency_key": "text", "limited": "boolean", "queued_for": "text", "status": "text",
    },
    "admissions": {"run": "uuid", "at": "timestamptz", "deadline": "timestamptz", "detail": "text"},
}  # fmt: skip
