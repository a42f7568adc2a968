"""People who write at the same moment: every number is given once, and of two edits one is told of the other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connections

from governance.models import Decision, Runbook
from governance.selectors.decisions import find_decision
from governance.services.decisions import create_decision, edit_decision
from governance.services.documents import EditConflict
from governance.services.runbooks import create_runbook
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Team

THREADS = 8

pytestmark = pytest.mark.django_db(transaction=True)


def together(write):
    """Run write(0) … write(n-1) at one moment, each in its own connection; gives what each returned or raised."""
    barrier = threading.Barrier(THREADS)

    def one(index):
        try:
            barrier.wait(10)
            return write(index)
        except (Conflict, InvalidInput) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def decide(team, title, **fields):
    return create_decision(
        title=title,
        body="",
        status="draft",
        owner=team,
        date=date(2026, 1, 2),
        workflows=[],
        actor=None,
        reason="r",
        **fields,
    )


def test_concurrent_creations_each_get_a_number_of_their_own():
    team = Team.objects.create(name="checkout")
    made = together(lambda index: decide(team, f"Decision of {index}").number)
    assert sorted(made) == list(range(1, THREADS + 1))
    assert Decision.history.count() == THREADS


def test_a_creation_sent_many_times_at_once_is_one_decision():
    team = Team.objects.create(name="checkout")
    made = together(lambda _: decide(team, "Use a saga"))
    assert Decision.objects.count() == 1
    assert sum(isinstance(item, InvalidInput) for item in made) == THREADS - 1


def test_a_runbook_created_many_times_at_once_is_one_runbook():
    team = Team.objects.create(name="checkout")
    made = together(
        lambda _: create_runbook(
            slug="payments-slow",
            title="t",
            body="",
            status="active",
            owner=team,
            review_by=None,
            workflows=[],
            dependencies=[],
            actor=None,
            reason="r",
        )
    )
    assert Runbook.objects.count() == 1
    assert sum(isinstance(item, (InvalidInput, Conflict)) for item in made) == THREADS - 1


def test_of_many_edits_of_one_revision_one_is_written_and_the_others_are_told():
    team = Team.objects.create(name="checkout")
    number = decide(team, "Use a saga").number

    def edit(index):
        return edit_decision(
            decision=find_decision(number),
            revision=1,
            title="Use a saga",
            body=f"by {index}",
            status="draft",
            owner=team,
            date=date(2026, 1, 2),
            workflows=[],
            actor=None,
            reason="r",
        )

    made = together(edit)
    assert sum(isinstance(item, EditConflict) for item in made) == THREADS - 1
    assert Decision.objects.get().revision == 2


def test_decisions_that_supersede_one_another_at_once_never_close_a_circle():
    team = Team.objects.create(name="checkout")
    for index in range(THREADS):
        decide(team, f"Decision of {index}")
    for decision in Decision.objects.all():
        edit_decision(
            decision=decision,
            revision=1,
            title=decision.title,
            body="",
            status="accepted",
            owner=team,
            date=date(2026, 1, 2),
            workflows=[],
            actor=None,
            reason="r",
        )

    def supersede(index):
        decision = find_decision(index + 1)
        return edit_decision(
            decision=decision,
            revision=2,
            title=decision.title,
            body="",
            status="superseded",
            owner=team,
            date=date(2026, 1, 2),
            workflows=[],
            actor=None,
            reason="r",
            superseded_by=(index + 1) % THREADS + 1,
        )

    made = together(supersede)
    assert sum(isinstance(item, InvalidInput) for item in made) == 1
    assert Decision.objects.filter(superseded_by=None).count() == 1
