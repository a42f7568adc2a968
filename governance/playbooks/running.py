"""An action is asked for once a try, and done once, whoever is killed in between.

Asking writes a row that is claimed until a moment; whoever finds it pending after that takes it up. What it did becomes an
entry of the exercise, as evidence. Owns the claims and the recording; what is done is plays.py's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from governance.models import Exercise, ExerciseAction, ExerciseEntry
from governance.playbooks.play import Outcome, Play
from governance.playbooks.plays import play_of
from governance.services.exercises import add, locked
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, PlumblineError
from orchestration.services.governed import hold

log = structlog.get_logger(__name__)

State = ExerciseAction.State
#: An action takes seconds; then it is somebody else's.
CLAIM = timedelta(seconds=60)


def ask(*, exercise: Exercise, position: int, attempt: int, actor: Any) -> tuple[ExerciseAction, bool]:
    """Ask for the step's action, the try with this number; False: it was asked for already.

    Raises InvalidInput for a step without one, Conflict while a try is under way or for a number that is not the next.
    """
    with transaction.atomic():
        current = locked(exercise)
        kind, parameters = _asked(current, position)
        tries = list(current.actions.filter(position=position).order_by("attempt"))
        known = next((one for one in tries if one.attempt == attempt), None)
        if known is not None:
            return known, False
        if any(one.state == State.PENDING for one in tries):
            raise Conflict("a try of this action is under way; wait for its outcome")
        if attempt != len(tries) + 1:
            raise Conflict(f"the next try of this action is number {len(tries) + 1}; look again")
        now = clock.now()
        seen = play_of(kind).preview(parameters, now)
        action = ExerciseAction.objects.create(
            exercise=current, position=position, attempt=attempt, kind=kind, parameters=parameters, chosen=seen.chosen,
            person=actor, asked_at=now, claimed_until=now + CLAIM,
        )  # fmt: skip
        add(current, ExerciseEntry.What.ACTION, position=position, note=f"Asked: {seen.text}", actor=actor)
    return action, True


def put_down(exercise: Exercise, position: int, now: datetime) -> ExerciseAction:
    """Write an automatic try for the next round to do. In the caller's transaction."""
    kind, parameters = _asked(exercise, position)
    seen = play_of(kind).preview(parameters, now)
    return ExerciseAction.objects.create(
        exercise=exercise,
        position=position,
        attempt=1,
        kind=kind,
        parameters=parameters,
        chosen=seen.chosen,
        asked_at=now,
    )


def perform(action: ExerciseAction) -> ExerciseAction:
    """Do it and record what came of it. The caller has claimed it."""
    try:
        play = play_of(action.kind)
        if play.is_one_write:
            with transaction.atomic():
                hold()  # whoever was late finds it recorded before it acts, not after
                if not ExerciseAction.objects.select_for_update().filter(pk=action.pk, state=State.PENDING).exists():
                    return ExerciseAction.objects.select_related("exercise__runbook").get(pk=action.pk)
                record(action, play.run(action))
        else:
            record(action, play.run(action))
    except PlumblineError as error:
        record(action, Outcome(f"Refused: {error}.", is_good=False))
    except Exception as error:  # a fault of ours must not leave it pending for ever
        log.exception("playbook.action_failed", action=action.pk)
        record(action, Outcome(f"It failed with {type(error).__name__}; the log has more.", is_good=False))
    return ExerciseAction.objects.select_related("exercise__runbook").get(pk=action.pk)


def claim(action: ExerciseAction) -> bool:
    """Take up one that nobody is at. No row changed: somebody else has it."""
    until = clock.now() + CLAIM
    mine = ExerciseAction.objects.filter(pk=action.pk, state=State.PENDING, claimed_until=action.claimed_until)
    return bool(mine.update(claimed_until=until))


def play_for(exercise: Exercise, position: int) -> tuple[Play, dict[str, str]]:
    """The play of a step and its parameters, for whoever decides who may. Raises InvalidInput."""
    kind, parameters = _asked(exercise, position)
    return play_of(kind), parameters


def _asked(exercise: Exercise, position: int) -> tuple[str, dict[str, str]]:
    step = exercise.steps[position - 1] if 1 <= position <= len(exercise.steps) else {}
    action = step.get("action")
    if not action:
        raise InvalidInput(f"step {position} has no action")
    if action.get("problem"):
        raise InvalidInput(f"the action of step {position} can't run: {action['problem']}; correct the runbook")
    return action["kind"], dict(action["parameters"])


def record(action: ExerciseAction, outcome: Outcome) -> None:
    """Once: whoever comes second finds it recorded."""
    state = State.DONE if outcome.is_good else State.FAILED
    with transaction.atomic():
        hold()
        exercise = Exercise.objects.select_related("runbook").get(pk=action.exercise_id)
        pending = ExerciseAction.objects.filter(pk=action.pk, state=State.PENDING)
        if not pending.update(state=state, outcome=outcome.text[:2_000], ended_at=clock.now(), claimed_until=None):
            return
        add(
            exercise, ExerciseEntry.What.ACTION, position=action.position, note=outcome.text[:2_000], links=outcome.links,
            actor=action.person,
        )  # fmt: skip
