"""Two at the same moment at the gate: in threads with connections of their own, on both databases."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from governance.gate import rounds
from governance.models import Change, ContractVersion, Review
from governance.services import contracts
from orchestration import clock
from orchestration.errors import PlumblineError
from tests.governance.gatehouse import BREAKING, V1, WIDER, change, contract, people, policy, sent, state, teams, vote
from tests.governance.test_gate_people import accept, lend
from tests.governance.test_gate_time import plan as roll_out

__all__ = ["change", "people", "teams"]
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Each in a thread; gives what each returned, or which refusal it met. Any other error is a fault, and raised."""
    barrier = threading.Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(10)
            return act()
        except PlumblineError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def test_two_versions_applied_at_once_are_not_both_compared_with_the_one_before(teams, monkeypatch):
    sent(contract("1.0.0", V1))
    compared, whole = threading.Barrier(2), contracts.assess

    def slow(**asked: Any) -> Any:
        found = whole(**asked)
        with contextlib.suppress(threading.BrokenBarrierError):
            compared.wait(0.5)  # until both have compared, where nothing keeps the other from it
        if asked["version"] == "1.2.0":
            time.sleep(0.5)
        return found

    monkeypatch.setattr(contracts, "assess", slow)
    at_once(
        lambda: sent(contract("1.1.0", WIDER)),
        lambda: sent(contract("1.2.0", V1 | {"title": "Order"})),
    )
    if ContractVersion.objects.filter(
        version="1.2.0", state="active"
    ).exists():  # compared with 1.1.0 it breaks, so it was there first
        assert list(ContractVersion.objects.order_by("pk").values_list("version", flat=True)) == [
            "1.0.0",
            "1.2.0",
            "1.1.0",
        ]


def test_the_last_two_voters_at_once_publish_it_once(change: Change, people, teams):
    outcomes = at_once(
        lambda: vote(change, people["consumer"], teams[1]).state, lambda: vote(change, people["owner"], teams[0]).state
    )
    assert sorted(outcomes) == ["applied", "open"]
    assert (state("2.0.0"), change.history.filter(state="applied").count()) == ("active", 1)


def test_a_vote_clicked_twice_counts_once(change: Change, people, teams):
    outcomes = at_once(*[lambda: vote(change, people["consumer"], teams[1])] * 3)
    assert sum(isinstance(one, PlumblineError) for one in outcomes) == 2
    assert Review.objects.count() == 1


def test_two_delegates_of_one_person_at_once_cast_one_vote(change: Change, people, teams):
    from portal.models import User

    takers = [User.objects.create(username=name) for name in ("first", "second")]
    for taker in takers:
        lend(teams[1], people["consumer"], taker)
    outcomes = at_once(*[lambda taker=taker: vote(change, taker, teams[1]) for taker in takers])
    assert sum(isinstance(one, PlumblineError) for one in outcomes) == 1


def test_a_vote_and_an_edit_at_once_do_not_publish_what_nobody_saw(change: Change, people, teams):
    vote(change, people["consumer"], teams[1])
    seen = Change.objects.get().content_hash
    at_once(
        lambda: sent(contract("2.0.0", BREAKING | {"minProperties": 2}), people["author"]),
        lambda: vote(change, people["owner"], teams[0], seen=seen),
    )
    version = ContractVersion.objects.get(version="2.0.0")
    assert ("minProperties" in version.schema) == (version.state == "proposed")


def test_the_same_version_sent_twice_at_once_is_one_change(teams, people):
    sent(policy(review="always"))
    outcomes = at_once(*[lambda: sent(contract("1.0.0", V1), people["author"])] * 3)
    assert sorted(outcomes) == [["propose"], ["unchanged"], ["unchanged"]]
    assert Change.objects.count() == 1


def test_rounds_at_once_do_what_falls_due_once(change: Change, people, teams):
    roll_out(change, people["author"], way="scheduled", at=clock.now() + timedelta(days=1))
    vote(change, people["consumer"], teams[1])
    vote(change, people["owner"], teams[0])
    clock.advance(timedelta(days=1, minutes=1))
    assert at_once(*[rounds.tend] * 3) == [None] * 3
    assert (state("2.0.0"), change.history.filter(state="applied").count()) == ("active", 1)
    clock.advance(timedelta(days=3))
    assert at_once(*[rounds.remind] * 2) == [None] * 2


def test_a_waiver_and_a_vote_of_one_person_at_once_count_for_one_team(change: Change, teams):
    from tests.governance.gatehouse import approver

    both = approver(teams[0], "both")
    approver(teams[1], "both")
    at_once(lambda: accept(change, both, teams[1]), lambda: vote(change, both, teams[0]))
    assert (Change.objects.get().state, state("2.0.0")) == ("open", "proposed")
