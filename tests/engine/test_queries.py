"""How much database a step costs: pinned, so that nobody adds a round trip to the hot path without noticing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orchestration.engine import hot_sql
from orchestration.engine.work import work
from tests.engine.harness import begin, echo, publish, step

pytestmark = pytest.mark.django_db(transaction=True)

#: BEGIN and COMMIT are not counted: a step has one of each. PostgreSQL records and begins what follows in one
#: statement, and notes what ended; on SQLite these are three. What a step reads of the step before it is at hand.
PER_INLINE_STEP = {"postgresql": 1, "sqlite": 3}


def chain(length: int, *, reads: bool) -> dict[str, Any]:
    names = [f"s{number:02}" for number in range(length)]
    value = {
        name: f"${{{{ steps.{before} .output }}}}".replace(" .", ".") for before, name in itertools.pairwise(names)
    }
    return {
        name: echo(value.get(name, 1) if reads else 1, needs=[names[position - 1]] if position else [])
        for position, name in enumerate(names)
    }


def queries_of(length: int, *, reads: bool, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    run = begin(publish(chain(length, reads=reads), version=f"1.{length}.{int(reads)}"))
    first = step(run, "s00").pk
    by_hand: list[str] = []
    run_one = hot_sql.fetch
    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as captured:
        patch.setattr(hot_sql, "fetch", lambda sql, told: by_hand.append(sql) or run_one(sql, told))
        assert work(first) == length
    return [query["sql"] for query in captured.captured_queries] + by_hand


@pytest.mark.parametrize("reads", [False, True])
def test_an_inline_step_costs_so_many_statements_and_one_commit(reads: bool, monkeypatch: pytest.MonkeyPatch):
    queries_of(2, reads=reads, monkeypatch=monkeypatch)  # the plan is compiled and the clock is set
    short = queries_of(3, reads=reads, monkeypatch=monkeypatch)
    long = queries_of(13, reads=reads, monkeypatch=monkeypatch)
    more = len(long) - len(short)
    transactions = [
        sum(sql.startswith(word) for sql in long) - sum(sql.startswith(word) for sql in short)
        for word in ("BEGIN", "COMMIT")
    ]
    assert max(transactions) <= 10
    assert (more - sum(transactions)) / 10 == PER_INLINE_STEP[connection.vendor], "\n".join(long[-30:])
