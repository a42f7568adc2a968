"""The SQL of the hot path, by hand and for both databases. Owns every text of it; never runs one: hot_sql.py does.

Why by hand: through the ORM these statements cost more than the work they record (docs/decisions has the figures).

A batch travels as one JSON text, the table `told`, so that a statement is the same for two rows and for sixty and can
stay prepared. A lone step, on PostgreSQL, has texts of its own with plain parameters, made out of the same pieces: half
the cost, and the whole of what a single run waits for. A condition on a status is written as `status || ''`: no plan may
look for the few rows of a batch by an index of states, which on PostgreSQL also holds every row that was in that state
since the last vacuum.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from django.db import connection

_STEP = "orchestration_steprun"
_RUN = "orchestration_run"

# The claim and, in the same breath, what the worker must know. Most steps have the default time; for the others LIMIT
# sets it right. A row that another process holds locked is left to it: two claims of the same rows in another order must
# not deadlock. A claim is as durable as an outcome: if a crash of the database forgot it, nothing would say that its
# effect may have happened. One of steps without effects need not be (LIGHTLY): doing one of them again harms nobody.
_CLAIM = f"""
UPDATE {_STEP} AS s
SET status = 'running', fence = s.fence + 1, attempt = s.attempt + 1, claimed_at = {{at}},
    started_at = COALESCE(s.started_at, {{at}}), worker_id = {{worker}}, lease_until = {{lease}},
    attempt_deadline = {{ends}}, heartbeat_deadline = NULL, start_deadline = NULL, wake_due_at = NULL, not_before = NULL
FROM {_RUN} AS r
WHERE s.id {{among_free}} AND r.id = s.run_id AND s.status || '' = 'ready' AND r.ending = ''
  AND r.status || '' IN ('running', 'waiting') AND (s.not_before IS NULL OR s.not_before <= {{at}})
  {{lightly}}
RETURNING {{of_step}}id, run_id, name, fence, attempt, {{of_step}}idempotency_key, effect, {{of_step}}input,
          {{of_step}}started_at, close_deadline, losses, ready_at, item{{of_run}}
"""

#: The transaction, which is this statement, does not wait for the disk.
_LIGHTLY = "AND set_config('synchronous_commit', 'off', true) = 'off'"
#: Waits for the disk until all that this session has committed before is there.
SETTLE = "SELECT pg_logical_emit_message(true, 'plumbline', '')"

_OF_RUN = """
r.id, r.version_id, r.idempotency_key, r.input, r.trace_id, r.started_at, r.created_at, r.retry_of_id, r.parent_step_id,
r.rerun_of_id
"""
#: SQLite can return nothing but the row itself, so the run is read by a statement of its own.
_RUNS = f"SELECT {_OF_RUN} FROM {_RUN} r WHERE r.id {{among_runs}}"

_LIMIT = f"""
UPDATE {_STEP} AS s SET attempt_deadline = t.ends, heartbeat_deadline = t.beat
FROM told t WHERE s.id = t.step AND s.id {{among_steps}} AND s.status || '' = 'running' AND s.fence = t.fence
RETURNING id
"""

_LOCK = f"SELECT r.id, r.status, r.ending FROM {_RUN} r WHERE r.id {{among_runs}} ORDER BY r.id {{lock}}"

# A loop is at work as long as its items are.
_STATES = f"""
SELECT s.run_id, s.name, CASE WHEN s.waiting_kind = 'items' THEN 'running' ELSE s.status END
FROM {_STEP} s WHERE s.run_id {{among_runs}} AND s.item = 0
"""

_SUCCEED = f"""
UPDATE {_STEP} AS s
SET status = 'succeeded', finished_at = t.at, effect = t.effect, output = t.output, error_type = '', error_message = '',
    input = CASE WHEN t.input = '' THEN s.input ELSE t.input END,
    worker_id = '', lease_until = NULL, attempt_deadline = NULL, heartbeat_deadline = NULL
FROM told t
WHERE s.id = t.step AND s.id {{among_steps}} AND s.status || '' = 'running' AND s.fence = t.fence
  AND t.run IN (SELECT h.id FROM held h)
RETURNING id AS recorded
"""

#: What the transaction brought to an end, for telemetry/fold.py to count.
_NOTED = "INSERT INTO orchestration_outcomebatch (data) SELECT {noted} {only_if}"

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


_TRIED = {
    "step_id": "t.step", "phase": "'forward'", "number": "t.number", "started_at": "t.claimed", "finished_at": "t.at",
    "outcome": "'succeeded'", "error_type": "''", "message": "''", "worker_id": "t.worker", "fence": "t.fence",
}  # fmt: skip
#: Of a success at the first claim the step's own row says it all (decision 19).
_ATTEMPT = _insert("orchestration_attempt", _TRIED).replace("{only_if}", "WHERE t.fence > 1 {only_if}")

_BORN = _insert(_STEP, {
    "run_id": "t.run", "name": "t.name", "item": "COALESCE(t.item, 0)", "status": "t.status", "waiting_kind": "''",
    "attempt": "t.attempt", "losses": "0", "fence": "t.attempt", "worker_id": "COALESCE(t.worker, '')",
    "lease_until": "t.lease", "ready_at": "t.ready", "wake_due_at": "t.wake", "started_at": "t.claimed",
    "claimed_at": "t.claimed", "finished_at": "t.finished", "start_deadline": "t.start", "attempt_deadline": "t.ends",
    "heartbeat_deadline": "t.beat", "close_deadline": "t.close", "idempotency_key": "t.key",
    "input": "COALESCE(t.input, '')", "output": "COALESCE(t.output, '')", "error_type": "COALESCE(t.error, '')",
    "error_message": "COALESCE(t.message, '')",
    "effect": "t.effect", "compensation": "'none'", "compensation_attempt": "0", "compensation_error": "''",
}, "RETURNING id, run_id, name, item")  # fmt: skip

_START = _insert(_RUN, {
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

_STARTED = _insert("orchestration_runevent", {
    "run_id": "t.id", "at": "t.at", "kind": "COALESCE(t.status, 'started')", "actor_id": "t.actor", "detail": "t.detail",
})  # fmt: skip

_ADMIT = f"""
UPDATE {_RUN} AS r SET status = 'running', started_at = t.at, deadline_at = t.deadline, queued_for = ''
FROM told t WHERE r.id = t.run AND r.id {{among_runs}} AND r.status || '' = 'queued' AND r.ending = ''
RETURNING id
"""

_ADMITTED = _insert("orchestration_runevent", {
    "run_id": "t.run", "at": "t.at", "kind": "'admitted'", "actor_id": "CAST(NULL AS bigint)", "detail": "t.detail",
})  # fmt: skip

_TOLD: Mapping[str, Mapping[str, str]] = {
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


def columns(shape: str) -> tuple[str, ...]:
    """What a row of that batch has."""
    return tuple(_TOLD[shape])


@functools.cache
def claim(*, lightly: bool = False) -> str:
    """Parameters: ids (`ids`), at, worker, lease, ends. Rows: the step, and on PostgreSQL its run.

    `lightly`: a crash of PostgreSQL in the next moment may forget it.
    """
    if _postgresql():
        # An array, made first: as a join the same costs a third of the claim.
        free = f"SELECT f.id FROM {_STEP} f WHERE f.id = ANY(%(ids)s::bigint[]) FOR UPDATE SKIP LOCKED"
        among, moment = f"= ANY(ARRAY({free}))", "%({})s::timestamptz"
        words = {"of_step": "s.", "of_run": ", " + _OF_RUN, "worker": "%(worker)s"}
    else:
        among, moment = "IN (SELECT value FROM json_each(:ids))", ":{}"
        words = {"of_step": "", "of_run": "", "worker": ":worker"}
    times = {name: moment.format(name) for name in ("at", "lease", "ends")}
    commit = _LIGHTLY if lightly and _postgresql() else ""
    return _CLAIM.format(among_free=among, lightly=commit, **words, **times, **_words())


def runs() -> str:
    """Batch of runs: what a claim wants to know of them."""
    return _batched(_RUNS, "runs")


def limit() -> str:
    """Batch of limits: the time that claimed steps have, and their heartbeat."""
    return _batched(_LIMIT, "limits")


def lock() -> str:
    """Batch of runs: their status and ending, locked in one order for all."""
    return _batched(_LOCK, "runs")


def states() -> str:
    """Batch of runs: the state of every step."""
    return _batched(_STATES, "runs")


def succeed() -> str:
    """Batch of successes: the held ones among them to succeeded."""
    return _batched(_SUCCEED, "successes")


def attempts() -> str:
    """Batch of successes: the attempts of those that were claimed before."""
    return _batched(_ATTEMPT, "successes")


def births() -> str:
    """Batch of births: new steps."""
    return _batched(_BORN, "births")


def finish() -> str:
    """Batch of endings: open runs to finished."""
    return _batched(_FINISH, "endings")


def noted() -> str:
    """SQLite: the text of a batch of outcomes, `noted`."""
    return _NOTED.format(noted=":noted", only_if="")


def starts() -> tuple[str, str]:
    """Batch of starts: new runs, and the events of their start."""
    return _batched(_START, "starts"), _batched(_STARTED, "starts")


def admissions() -> tuple[str, str]:
    """Batch of admissions: queued runs to running, and the events of that."""
    return _batched(_ADMIT, "admissions"), _batched(_ADMITTED, "admissions")


@functools.cache
def start_all() -> str:
    """PostgreSQL: batches `told` of starts and `births`, with runs, events and steps written in one round trip."""
    words = {"only_if": ""}
    return f"""
    WITH told AS MATERIALIZED ({_batch("starts", "told")}), births AS ({_batch("births", "births")}),
    runs AS ({_START.format(**words)}), events AS ({_STARTED.format(**words)})
    {_BORN.format(**words).replace("FROM told t", "FROM births t")}
    """


@functools.cache
def admit_all() -> str:
    """PostgreSQL: batches `told` of admissions and `births`, with the runs, their events and their first steps in one round
    trip. Each row has the number of runs that were queued still, and a new step; nothing else is written unless all were.
    """
    all_moved = "WHERE (SELECT count(*) FROM moved) = (SELECT count(*) FROM told)"
    born = _BORN.format(only_if=all_moved).replace("FROM told t", "FROM births t")
    return f"""
    WITH told AS MATERIALIZED ({_batch("admissions", "told")}), births AS MATERIALIZED ({_batch("births", "births")}),
    moved AS ({_ADMIT.format(**_words())}), events AS ({_ADMITTED.format(only_if=all_moved)}), born AS ({born})
    SELECT (SELECT count(*) FROM moved), born.id, born.run_id, born.name, born.item
    FROM (SELECT 1) one LEFT JOIN born ON true
    """


@functools.cache
def record_all() -> str:
    """PostgreSQL: batches `told` of successes, `births` and `endings`; locks the runs, records, notes the attempts, begins
    what follows, ends what is over and notes the outcomes (`noted`) in one round trip. Each row has the number of successes
    that were recorded, that of runs that ended, and a new step. Nothing follows unless all were recorded; so of one success
    it does all or nothing.
    """
    words, all_held = _words(), "(SELECT count(*) FROM done) = (SELECT count(*) FROM told)"
    done, tried = _SUCCEED.format(**words), _ATTEMPT.format(only_if=f"AND {all_held}")
    born = _BORN.format(only_if=f"WHERE {all_held}").replace("FROM told t", "FROM births t")
    ended = _FINISH.format(**words).replace("FROM told t", "FROM endings t")
    ended = ended.replace("RETURNING", f"AND {all_held} RETURNING")
    noted = _NOTED.format(noted="%(noted)s::text", only_if=f"WHERE {all_held}")
    return f"""
    WITH told AS MATERIALIZED ({_batch("successes", "told")}), births AS MATERIALIZED ({_batch("births", "births")}),
    endings AS MATERIALIZED ({_batch("endings", "endings")}), held AS MATERIALIZED ({_HELD.format(**words)}),
    done AS ({done}), tried AS ({tried}), born AS ({born}), ended AS ({ended}),
    noted AS ({noted})
    SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM ended), born.id, born.run_id, born.name, born.item
    FROM (SELECT 1) one LEFT JOIN born ON true
    """


@functools.cache
def record_and_begin() -> str:
    """PostgreSQL: one success and the step that follows it. Parameters as a success, and as a birth after `b_`. No row:
    it is not held any more."""
    return f"{_record_one()} {_plain(_BORN, 'births', 'b_')}"


@functools.cache
def record_and_finish() -> str:
    """PostgreSQL: one success and the end of its run. Parameters as a success, and as an ending after `e_`. No row: it
    is not held any more."""
    return f"{_record_one()} {_plain(_FINISH, 'endings', 'e_')}"


def _record_one() -> str:
    held, done, tried = (_plain(text, "successes") for text in (_HELD, _SUCCEED.replace("FROM told t", ""), _ATTEMPT))
    noted = _NOTED.format(noted="%(noted)s::text", only_if="FROM done")
    return f"WITH held AS MATERIALIZED ({held}), done AS ({done}), tried AS ({tried}), noted AS ({noted})"


def _plain(template: str, shape: str, prefix: str = "") -> str:
    """A statement for one row: its columns are parameters, and it does nothing unless the step was recorded."""
    text = template.format(among_steps="= t.step", among_runs="= t.run", only_if="", lock="FOR UPDATE")
    columns = _TOLD[shape]
    text = text.replace("FROM told t", "FROM done")
    return re.sub(r"\bt\.(\w+)", lambda found: f"%({prefix}{found[1]})s::{columns[found[1]]}", text)


@functools.cache
def _batched(template: str, shape: str) -> str:
    """The statement for this database, with its batch as the table `told`."""
    held = f", held AS MATERIALIZED ({_HELD.format(**_words())})" if "held h" in template else ""
    return f"WITH told AS MATERIALIZED ({_batch(shape, 'told')}){held} {template.format(only_if='', **_words())}"


def _batch(shape: str, parameter: str) -> str:
    """The rows of a JSON text."""
    columns = _TOLD[shape]
    if _postgresql():
        fields = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"SELECT * FROM json_to_recordset(%({parameter})s::json) AS t({fields})"
    fields = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"SELECT {fields} FROM json_each(:{parameter})"


def _words() -> Mapping[str, str]:
    """What the databases say differently. SQLite has one writer at a time: there is nothing to lock."""
    if _postgresql():
        among = "= ANY(ARRAY(SELECT t.{} FROM told t))"
        return {"among_steps": among.format("step"), "among_runs": among.format("run"), "lock": "FOR UPDATE"}
    among = "IN (SELECT t.{} FROM told t)"
    return {"among_steps": among.format("step"), "among_runs": among.format("run"), "lock": ""}


def _postgresql() -> bool:
    return connection.vendor == "postgresql"
