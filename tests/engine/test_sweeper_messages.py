"""Wake-ups that the sweeper sends: again after a loss, not in heaps while a queue is merely long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from orchestration import clock
from orchestration.engine import wake as sweeper
from orchestration.engine.claim import claim
from orchestration.engine.complete import complete
from orchestration.engine.execute import execute
from orchestration.engine.wake import SENT_AGAIN, wake
from orchestration.engine.work import work
from orchestration.models import Run
from orchestration.services.runs import start_runs
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db


class Broker:
    """Takes what is sent while it is there."""

    def __init__(self) -> None:
        self.there = True
        self.sent: list[int] = []

    def send(self, ids: Sequence[int]) -> int:
        taken = list(ids) if self.there else []
        self.sent += taken
        return len(taken)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    stand_in = Broker()
    monkeypatch.setattr(sweeper, "send", stand_in.send)
    return stand_in


def rounds(seconds: float) -> None:
    """The sweeper's rounds of so many seconds."""
    for _ in range(int(seconds * 2)):
        clock.advance(timedelta(seconds=0.5))
        wake()


def test_a_message_that_was_lost_is_sent_again_within_ten_seconds_however_often(broker: Broker):
    run = begin(publish({"a": echo(1)}))
    rounds(3)
    assert broker.sent == []
    rounds(2.5)
    assert broker.sent == [step(run, "a").pk]
    for _ in range(5):
        broker.sent.clear()
        rounds(10.5)
        assert set(broker.sent) == {step(run, "a").pk}
        assert len(broker.sent) <= 2
    work(broker.sent[0])
    run.refresh_from_db()
    assert run.result == "succeeded"
    broker.sent.clear()
    rounds(30)
    assert broker.sent == []


def test_what_a_broker_that_is_away_did_not_take_is_sent_as_soon_as_it_is_back(broker: Broker):
    runs = start_runs(version=publish({"a": echo(1)}), inputs=[{}] * 3)
    broker.there = False
    rounds(40)
    broker.there = True
    rounds(0.5)
    assert sorted(broker.sent) == sorted(step(run, "a").pk for run in runs)


def test_a_broker_that_goes_away_half_way_leaves_the_rest_due(broker: Broker, monkeypatch: pytest.MonkeyPatch):
    start_runs(version=publish({"a": echo(1)}), inputs=[{}] * 4)
    clock.advance(timedelta(seconds=6))
    with monkeypatch.context() as patch:
        patch.setattr(sweeper, "send", lambda ids: broker.send(ids[:3]))
        wake()
    assert len(broker.sent) == 3
    wake()
    assert len(broker.sent) == len(set(broker.sent)) == 4


def test_a_long_queue_gets_few_doubles(broker: Broker):
    start_runs(version=publish({"a": echo(1)}), inputs=[{}] * (3 * SENT_AGAIN))
    rounds(60)
    assert len(broker.sent) <= SENT_AGAIN * 60 / 5 + SENT_AGAIN


def test_after_a_loss_workers_that_take_everything_get_everything(broker: Broker):
    many = 3 * SENT_AGAIN
    start_runs(version=publish({"a": echo(1)}), inputs=[{}] * many)
    clock.advance(timedelta(seconds=5))
    for _ in range(6):
        rounds(0.5)
        while broker.sent:
            work(broker.sent.pop())
    assert Run.objects.filter(result="succeeded").count() == many


def test_a_compensation_whose_message_was_lost_is_sent_again(broker: Broker):
    run = begin(publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}}))
    for name in "ab":
        held = claim(step(run, name).pk)
        assert held is not None
        complete(held, execute(held), inline=False)
    run.refresh_from_db()
    assert run.status == "compensating"
    for _ in range(3):
        broker.sent.clear()
        rounds(10.5)
        assert set(broker.sent) == {step(run, "a").pk}
    assert work(broker.sent[0]) == 1
    run.refresh_from_db()
    assert (run.status, run.compensation) == ("finished", "done")


def test_a_retry_is_sent_when_it_is_due_and_again_when_that_was_lost(broker: Broker):
    run = begin(publish({"a": echo(1, retry={"initial_interval": "30s", "jitter": "none"})}))
    tasks.failing["a"] = 1
    pump()
    rounds(15)
    assert broker.sent == []
    clock.advance(timedelta(seconds=15))
    wake()
    wake()
    assert broker.sent == [step(run, "a").pk]
    rounds(10.5)
    assert len(broker.sent) == 2
    assert settle_down(run).result == "succeeded"


def test_a_retry_that_was_woken_by_a_sweeper_that_died_before_it_sent_is_not_lost(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
):
    run = begin(publish({"a": echo(1, retry={"initial_interval": "1s", "jitter": "none"})}))
    tasks.failing["a"] = 1
    pump()
    clock.advance(timedelta(seconds=2))

    def die(ids: Sequence[int]) -> int:
        raise SystemExit

    monkeypatch.setattr(sweeper, "send", die)
    with pytest.raises(SystemExit):
        wake()
    assert step(run, "a").status == "ready"
    monkeypatch.setattr(sweeper, "send", broker.send)
    rounds(10.5)
    assert broker.sent == [step(run, "a").pk]
