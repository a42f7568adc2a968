"""Approvals in the engine: one word ends the wait, a no undoes the run, time decides as declared."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.engine.approvals import decide
from orchestration.errors import Conflict, NotFound
from orchestration.models import Approval, Run, RunEvent, Team
from orchestration.services.runs import cancel_run
from portal.models import User
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(transactional_db: Any) -> User:
    Team.objects.get_or_create(name="fraud")
    return User.objects.create(username="zoe")


def asking(**approval: Any) -> Run:
    version = publish({
        "charge": write("refund", 1),
        "review": {"approval": {"team": "fraud", **approval}, "needs": ["charge"]},
        "ship": echo("${{ steps.review.output.by }}"),
    })  # fmt: skip
    run = begin(version)
    pump()
    return run


def test_a_yes_goes_on_and_says_who(person: User):
    run = asking()
    asked = Approval.objects.get()
    assert (asked.team.name, asked.run, asked.decision, step(run, "review").waiting_kind) == (
        "fraud",
        run,
        "",
        "approval",
    )

    decide(approval_id=asked.pk, actor=person, approve=True, comment="looks right")

    run = settle_down(run)
    assert (run.result, step(run, "ship").output) == ("succeeded", '"zoe"')
    asked.refresh_from_db()
    assert (asked.decision, asked.decided_by, asked.comment) == ("approved", person, "looks right")
    assert RunEvent.objects.filter(run=run, kind="approved", actor=person).count() == 1


def test_a_no_fails_the_run_and_undoes_it(person: User):
    run = asking()
    decide(approval_id=Approval.objects.get().pk, actor=person, approve=False, comment="fraud")
    run = settle_down(run)
    assert (run.result, run.error_type, run.compensation) == ("failed", "approval.rejected", "done")
    assert "zoe rejected it: fraud" in run.error_message
    assert any(name == "undo:charge" for name, *_ in tasks.calls)


def test_the_first_word_counts(person: User):
    asking()
    asked = Approval.objects.get()
    decide(approval_id=asked.pk, actor=person, approve=True, comment="yes")
    with pytest.raises(Conflict, match="approved by zoe already"):
        decide(approval_id=asked.pk, actor=person, approve=False, comment="no")
    with pytest.raises(NotFound):
        decide(approval_id=0, actor=person, approve=True, comment="yes")


@pytest.mark.parametrize(("on_timeout", "result"), [("approve", "succeeded"), ("reject", "timed_out")])
def test_time_decides_as_declared(person: User, on_timeout: str, result: str):
    run = asking(timeout="1h", on_timeout=on_timeout)
    pass_time(3700)
    run = settle_down(run)
    assert run.result == result
    assert Approval.objects.get().decided_by is None
    assert Approval.objects.get().decision == {"approve": "approved", "reject": "rejected"}[on_timeout]


def test_a_cancelled_run_withdraws_its_question(person: User):
    run = asking()
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    asked = Approval.objects.get()
    assert asked.decision == "withdrawn"
    with pytest.raises(Conflict, match="does not wait for this approval any more"):
        decide(approval_id=asked.pk, actor=person, approve=True, comment="late")
