"""A transactional task, called inside the transaction that records its success: its writes and the record stand or fall together.

Never records anything itself: complete.py does, with the outcome that this gives.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import connection, transaction

from orchestration.engine.claim import FORWARD, Claim
from orchestration.engine.execute import Executed, finish, presentable
from orchestration.engine.recording import Refused
from orchestration.models import StepRun
from orchestration.states import Compensation, Effect, StepStatus
from orchestration.steps.outcome import Completed, Failed, Transactional
from orchestration.steps.python import failure_of


def call_inside(claim: Claim, executed: Executed) -> Executed:
    """Run a transactional task in a savepoint: its writes stay only with the record of its success.

    The given outcome stays as it is, so that the whole transaction can be tried again.
    """
    state = {"status": StepStatus.RUNNING} if claim.phase == FORWARD else {"compensation": Compensation.RUNNING}
    if not StepRun.objects.filter(pk=claim.step.pk, fence=claim.step.fence, **state).exists():
        raise Refused
    outcome = executed.outcome
    assert isinstance(outcome, Transactional)
    if (
        connection.vendor == "postgresql"
    ):  # a transaction that idles for long is ended; this one may, while the task works
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {int(claim.limit + 5) * 1000}")
    called = replace(executed)
    try:
        with transaction.atomic():
            called.outcome = finish(claim, called, Completed(outcome.call()))
            if isinstance(called.outcome, Failed):
                raise _Undone
    except _Undone:
        assert isinstance(called.outcome, Failed)
        called.outcome, called.output = replace(called.outcome, effect=Effect.NONE), ""
    except BaseException as error:  # a task that calls sys.exit() must not take its step along
        if connection.needs_rollback:
            raise  # the database went away: the whole transaction is tried again
        failed = failure_of(error, writes=False)  # rolled back: it certainly had no effect
        called.outcome = presentable(failed, executed.secrets_used)
    return called


class _Undone(Exception):
    """Rolls the savepoint back."""
