"""How much database a step costs: pinned, so that nobody adds a round trip to the hot path without noticing."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orchestration.engine.work import work
from tests.engine.harness import begin, echo, publish, step

pytestmark = pytest.mark.django_db(transaction=True)

#: BEGIN and COMMIT are not counted: a step has one of each.
PER_INLINE_STEP = 5
#: Its input comes from the step before.
PER_READ = 1


def chain(length: int, *, reads: bool) -> dict[str, Any]:
    names = [f"s{number:02}" for number in range(length)]
    value = {
        name: f"${{{{ steps.{before} .output }}}}".replace(" .", ".") for before, name in itertools.pairwise(names)
    }
    return {
        name: echo(value.get(name, 1) if reads else 1, needs=[names[position - 1]] if position else [])
        for position, name in enumerate(names)
    }


def queries_of(length: int, *, reads: bool) -> list[str]:
    run = begin(publish(chain(length, reads=reads), version=f"1.{length}.{int(reads)}"))
    first = step(run, "s00").pk
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert work(first) == length
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize(("reads", "cost"), [(False, PER_INLINE_STEP), (True, PER_INLINE_STEP + PER_READ)])
def test_an_inline_step_costs_so_many_statements_and_one_commit(reads: bool, cost: int):
    queries_of(2, reads=reads)  # the plan is compiled and the clock is set
    short, long = queries_of(3, reads=reads), queries_of(13, reads=reads)
    more = len(long) - len(short)
    transactions = [
        sum(sql.startswith(word) for sql in long) - sum(sql.startswith(word) for sql in short)
        for word in ("BEGIN", "COMMIT")
    ]
    assert max(transactions) <= 10
    assert (more - sum(transactions)) / 10 == cost, "\n".join(long[-30:])
