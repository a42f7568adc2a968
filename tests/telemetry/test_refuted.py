"""What a second pair of eyes found wrong with counting, and must stay right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError

from orchestration.errors import Conflict
from orchestration.models import OutcomeBatch, Run, Series
from orchestration.policies.faults import was_called
from orchestration.services import rollups
from orchestration.telemetry import fold as fold_module
from orchestration.telemetry.counting import Goals
from orchestration.telemetry.fold import fold
from orchestration.telemetry.goals import goals
from tests.engine.harness import begin, echo, publish, pump
from tests.telemetry.test_fold import fold_all, span

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "error",
    ["breaker.open", "expression", "secret.unknown", "http.request", "http.refused", "worker.lost", "contract.violation", "flag.off",
     "timeout.schedule_to_close", "python.import"],
)  # fmt: skip
def test_what_never_reached_the_dependency_is_no_call(error: str):
    assert not was_called(error)


@pytest.mark.parametrize("error", ["", "http.402", "http.503", "timeout", "connection", "expect", "python.ValueError"])
def test_what_it_answered_or_failed_to_answer_is_one(error: str):
    assert was_called(error)


def test_a_rebuild_beside_which_somebody_counted_begins_again_and_loses_nothing(monkeypatch: pytest.MonkeyPatch):
    version = publish({"a": echo(1)}, name="w")
    begin(version)
    pump()
    fold_all()
    said, real = [], rollups._say

    def say() -> None:
        said.append(1)
        if len(said) > 1:
            raise OperationalError("database is locked")
        real()

    snapshot = rollups._snapshot

    @contextmanager
    def long() -> Iterator[None]:
        with snapshot():
            yield
        time.sleep(0.3)  # what its thread should have said again is too old by now
        begin(version)
        pump()
        assert fold().batches

    with monkeypatch.context() as patch:
        patch.setattr(rollups, "_say", say)
        patch.setattr(rollups, "SAID_EVERY", 0.01)
        patch.setattr(fold_module, "REBUILDING", timedelta(seconds=0.1))
        patch.setattr(rollups, "_snapshot", long)
        with pytest.raises(Conflict, match="begin again"):
            rollups.rebuild()
    fold_all()
    assert span(Series.Kind.RUN, workflow="w").n == Run.objects.count() == 2


def test_a_rebuild_takes_any_number_of_batches_that_wait():
    begin(publish({"a": echo(1)}, name="w"))
    pump()
    OutcomeBatch.objects.bulk_create([OutcomeBatch(data="[]") for _ in range(260_000)], batch_size=5_000)
    rollups.rebuild()
    assert not OutcomeBatch.objects.exists()
    assert span(Series.Kind.RUN, workflow="w").n == 1


def test_an_outcome_that_can_not_be_understood_keeps_no_other_from_being_counted():
    version = publish({"a": echo(1)}, name="w")
    OutcomeBatch.objects.create(
        data=f'[["s",{version.pk},"a","parked",1764136000000000,1,1,0,null],["r",-1,"failed",1,1]]'
    )
    begin(version)
    pump()
    fold_all()
    assert not OutcomeBatch.objects.exists()
    assert span(Series.Kind.RUN, workflow="w").n == 1


def test_slow_means_the_same_for_the_breaker_and_the_charts():
    from tests.engine.breaking import declare

    declare("http://127.0.0.1:9", objectives={"latency": {"p50": "200ms", "p99": "2s"}})
    found: Goals = goals()
    assert found.slow_after["shop"] == 2_000_000
