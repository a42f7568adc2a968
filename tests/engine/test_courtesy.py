"""The queue leaves processors to whoever does not wait in it: only while somebody is there, and only where they are short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings

from orchestration.engine import places, publish, refill
from orchestration.engine.courtesy import IN_A_ROW, LEAST, PROMPT, Courtesy
from orchestration.engine.refill import Refill
from orchestration.services.runs import start_runs
from tests.engine.conducting import wait_for
from tests.engine.harness import begin, echo
from tests.engine.harness import publish as publish_workflow

MOST = 28


@pytest.fixture
def courtesy() -> Courtesy:
    return Courtesy(MOST)


def test_alone_the_queue_has_everything_however_late_a_thread_wakes(courtesy: Courtesy):
    for _ in range(100):
        courtesy.seen(1.0, guests=False)
    assert courtesy.withheld == 0


def test_with_processors_to_spare_it_has_everything_whoever_is_there(courtesy: Courtesy):
    for _ in range(100 * IN_A_ROW):
        courtesy.seen(PROMPT / 2, guests=True)
    assert courtesy.withheld == 0


def test_beside_a_guest_each_late_waking_halves_what_is_taken_on_and_never_ends_it(courtesy: Courtesy):
    taken = []
    for _ in range(6):
        courtesy.seen(PROMPT * 2, guests=True)
        taken.append(MOST - courtesy.withheld)
    assert taken == [14, 7, 3, LEAST, LEAST, LEAST]


def test_it_comes_back_one_by_one_and_all_at_once_when_the_guest_has_gone(courtesy: Courtesy):
    for _ in range(6):
        courtesy.seen(PROMPT * 2, guests=True)
    for _ in range(2 * IN_A_ROW - 1):
        courtesy.seen(0.0, guests=True)
    assert MOST - courtesy.withheld == LEAST + 1
    courtesy.seen(0.0, guests=True)
    assert MOST - courtesy.withheld == LEAST + 2
    courtesy.seen(1.0, guests=False)
    assert courtesy.withheld == 0


@pytest.fixture
def two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "_deliver", lambda step_ids, later: len(step_ids))
    monkeypatch.setattr(settings, "PLUMBLINE", replace(settings.PLUMBLINE, active_runs=2))
    places.forget()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two_places")
def test_a_guest_is_a_team_at_work_that_has_no_queue_beside_one_that_has(monkeypatch: pytest.MonkeyPatch):
    def seen() -> bool:
        places.standing()
        return places.has_guests()

    start_runs(version=publish_workflow({"a": echo(1)}, name="noisy", owner="noisy"), inputs=[{}] * 5)
    assert not seen(), "the noisy team is alone"
    begin(publish_workflow({"a": echo(1)}, name="quiet", owner="quiet"))
    assert seen()
    monkeypatch.setattr(places, "LATELY", 0.0)
    assert not places.has_guests(), "it was there long ago"


class Busy:
    """A process that says how many fewer it was asked for."""

    def __init__(self) -> None:
        self.withheld: list[int] = []

    def room(self, withheld: int = 0) -> int:
        self.withheld.append(withheld)
        return max(0, MOST - withheld)

    def submit_later(self, step_ids: list[int], patience: float) -> list[int]:
        return []


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, bool], Busy]:
    """A refill whose thread wakes so late beside a guest or alone, once it was told to look."""

    def of(late: float, guests: bool) -> Busy:
        monkeypatch.setattr(refill, "admit", lambda most: [])
        monkeypatch.setattr(places, "has_guests", lambda: guests)
        monkeypatch.setattr(refill, "_overslept", lambda pause: late)
        busy = Busy()
        looking = Refill(busy)
        looking.look()
        wait_for(lambda: len(busy.withheld) > 1, "a look")
        looking.look()
        wait_for(lambda: len(busy.withheld) > 2, "another look")
        looking.close()
        return busy

    return of


@pytest.mark.django_db(transaction=True)
def test_a_process_that_wakes_late_beside_a_guest_asks_the_queue_for_less(looks: Callable[[float, bool], Busy]):
    assert looks(1.0, True).withheld[-1] > 0
    assert looks(1.0, False).withheld[-1] == 0


@pytest.mark.django_db(transaction=True)
def test_what_courtesy_keeps_back_is_looked_at_again_without_being_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(refill, "AGAIN", 0.01)
    monkeypatch.setattr(refill, "admit", lambda most: [])
    monkeypatch.setattr(places, "has_guests", lambda: True)
    late = iter([1.0])
    monkeypatch.setattr(refill, "_overslept", lambda pause: next(late, 0.0))
    busy = Busy()
    looking = Refill(busy)
    looking.look()
    wait_for(lambda: len(busy.withheld) > 1, "a look after which the thread wakes late")
    looking.look()
    wait_for(lambda: busy.withheld[-1] == 0 < max(busy.withheld), "all the room to be asked for again")
    looking.close()
