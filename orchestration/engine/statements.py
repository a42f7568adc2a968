"""The SQL of the hot path, by hand and for both databases. Made of texts.py; never runs one: hot_sql.py does.

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

from orchestration.engine import texts


def columns(shape: str) -> tuple[str, ...]:
    """What a row of that batch has."""
    return tuple(texts.TOLD[shape])


@functools.cache
def claim(*, lightly: bool = False) -> str:
    """Parameters: ids (`ids`), at, worker, lease, ends. Rows: the step, and on PostgreSQL its run.

    `lightly`: a crash of PostgreSQL in the next moment may forget it.
    """
    if _postgresql():
        # An array, made first: as a join the same costs a third of the claim.
        free = f"SELECT f.id FROM {texts.STEP} f WHERE f.id = ANY(%(ids)s::bigint[]) FOR UPDATE SKIP LOCKED"
        among, moment = f"= ANY(ARRAY({free}))", "%({})s::timestamptz"
        words = {"of_step": "s.", "of_run": ", " + texts.OF_RUN, "worker": "%(worker)s"}
    else:
        among, moment = "IN (SELECT value FROM json_each(:ids))", ":{}"
        words = {"of_step": "", "of_run": "", "worker": ":worker"}
    times = {name: moment.format(name) for name in ("at", "lease", "ends")}
    commit = texts.LIGHTLY if lightly and _postgresql() else ""
    return texts.CLAIM.format(among_free=among, lightly=commit, **words, **times, **_words())


def runs() -> str:
    """Batch of runs: what a claim wants to know of them."""
    return _batched(texts.RUNS, "runs")


def limit() -> str:
    """Batch of limits: the time that claimed steps have, and their heartbeat."""
    return _batched(texts.LIMIT, "limits")


def lock() -> str:
    """Batch of runs: their status and ending, locked in one order for all."""
    return _batched(texts.LOCK, "runs")


def states() -> str:
    """Batch of runs: the state of every step."""
    return _batched(texts.STATES, "runs")


def succeed() -> str:
    """Batch of successes: the held ones among them to succeeded."""
    return _batched(texts.SUCCEED, "successes")


def attempts() -> str:
    """Batch of successes: the attempts of those that were claimed before."""
    return _batched(texts.ATTEMPT, "successes")


def births() -> str:
    """Batch of births: new steps."""
    return _batched(texts.BORN, "births")


def finish() -> str:
    """Batch of endings: open runs to finished."""
    return _batched(texts.FINISH, "endings")


def noted() -> str:
    """SQLite: the text of a batch of outcomes, `noted`."""
    return texts.NOTED.format(noted=":noted", only_if="")


def starts() -> tuple[str, str]:
    """Batch of starts: new runs, and the events of their start."""
    return _batched(texts.START, "starts"), _batched(texts.STARTED, "starts")


def admissions() -> tuple[str, str]:
    """Batch of admissions: queued runs to running, and the events of that."""
    return _batched(texts.ADMIT, "admissions"), _batched(texts.ADMITTED, "admissions")


@functools.cache
def start_all() -> str:
    """PostgreSQL: batches `told` of starts and `births`, with runs, events and steps written in one round trip."""
    words = {"only_if": ""}
    return f"""
    WITH told AS MATERIALIZED ({_batch("starts", "told")}), births AS ({_batch("births", "births")}),
    runs AS ({texts.START.format(**words)}), events AS ({texts.STARTED.format(**words)})
    {texts.BORN.format(**words).replace("FROM told t", "FROM births t")}
    """


@functools.cache
def admit_all() -> str:
    """PostgreSQL: batches `told` of admissions and `births`, with the runs, their events and their first steps in one round
    trip. Each row has the number of runs that were queued still, and a new step; nothing else is written unless all were.
    """
    all_moved = "WHERE (SELECT count(*) FROM moved) = (SELECT count(*) FROM told)"
    born = texts.BORN.format(only_if=all_moved).replace("FROM told t", "FROM births t")
    return f"""
    WITH told AS MATERIALIZED ({_batch("admissions", "told")}), births AS MATERIALIZED ({_batch("births", "births")}),
    moved AS ({texts.ADMIT.format(**_words())}), events AS ({texts.ADMITTED.format(only_if=all_moved)}), born AS ({born})
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
    done, tried = texts.SUCCEED.format(**words), texts.ATTEMPT.format(only_if=f"AND {all_held}")
    born = texts.BORN.format(only_if=f"WHERE {all_held}").replace("FROM told t", "FROM births t")
    ended = texts.FINISH.format(**words).replace("FROM told t", "FROM endings t")
    ended = ended.replace("RETURNING", f"AND {all_held} RETURNING")
    noted = texts.NOTED.format(noted="%(noted)s::text", only_if=f"WHERE {all_held}")
    return f"""
    WITH told AS MATERIALIZED ({_batch("successes", "told")}), births AS MATERIALIZED ({_batch("births", "births")}),
    endings AS MATERIALIZED ({_batch("endings", "endings")}), held AS MATERIALIZED ({texts.HELD.format(**words)}),
    done AS ({done}), tried AS ({tried}), born AS ({born}), ended AS ({ended}),
    noted AS ({noted})
    SELECT (SELECT count(*) FROM done), (SELECT count(*) FROM ended), born.id, born.run_id, born.name, born.item
    FROM (SELECT 1) one LEFT JOIN born ON true
    """


@functools.cache
def record_and_begin() -> str:
    """PostgreSQL: one success and the step that follows it. Parameters as a success, and as a birth after `b_`. No row:
    it is not held any more."""
    return f"{_record_one()} {_plain(texts.BORN, 'births', 'b_')}"


@functools.cache
def record_and_finish() -> str:
    """PostgreSQL: one success and the end of its run. Parameters as a success, and as an ending after `e_`. No row: it
    is not held any more."""
    return f"{_record_one()} {_plain(texts.FINISH, 'endings', 'e_')}"


def _record_one() -> str:
    held, done, tried = (
        _plain(text, "successes") for text in (texts.HELD, texts.SUCCEED.replace("FROM told t", ""), texts.ATTEMPT)
    )
    noted = texts.NOTED.format(noted="%(noted)s::text", only_if="FROM done")
    return f"WITH held AS MATERIALIZED ({held}), done AS ({done}), tried AS ({tried}), noted AS ({noted})"


def _plain(template: str, shape: str, prefix: str = "") -> str:
    """A statement for one row: its columns are parameters, and it does nothing unless the step was recorded."""
    text = template.format(among_steps="= t.step", among_runs="= t.run", only_if="", lock="FOR UPDATE")
    columns = texts.TOLD[shape]
    text = text.replace("FROM told t", "FROM done")
    return re.sub(r"\bt\.(\w+)", lambda found: f"%({prefix}{found[1]})s::{columns[found[1]]}", text)


@functools.cache
def _batched(template: str, shape: str) -> str:
    """The statement for this database, with its batch as the table `told`."""
    held = f", held AS MATERIALIZED ({texts.HELD.format(**_words())})" if "held h" in template else ""
    return f"WITH told AS MATERIALIZED ({_batch(shape, 'told')}){held} {template.format(only_if='', **_words())}"


def _batch(shape: str, parameter: str) -> str:
    """The rows of a JSON text."""
    columns = texts.TOLD[shape]
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
