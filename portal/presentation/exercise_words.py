"""The words and looks of exercises: their states, what was said of a step, and the tries of an action.

Owns those words. Never reads the database.
"""

from __future__ import annotations

from datetime import datetime

from governance.models import Exercise, ExerciseAction
from portal.presentation import quantities
from portal.presentation.words import Look

STATE = {
    "running": Look("unk", "running", "Under way"),
    "completed": Look("ok", "ok", "Completed"),
    "abandoned": Look("unk", "stop", "Abandoned"),
}
ENTRY = {
    "started": Look("unk", "plus", "Started"),
    "done": Look("ok", "ok", "Done"),
    "not_as_expected": Look("fail", "warn", "Not as expected"),
    "skipped": Look("unk", "none", "Skipped"),
    "action": Look("unk", "rerun", "Action"),
    "handed_over": Look("unk", "hand", "Handed over"),
    "completed": Look("ok", "ok", "Completed"),
    "abandoned": Look("unk", "stop", "Abandoned"),
}
ACTION = {
    "pending": Look("unk", "running", "Under way"),
    "done": Look("ok", "ok", "Ran"),
    "failed": Look("fail", "fail", "Failed"),
}
ACTION_NAME = {
    "retry-failed-runs": "Retry failed runs",
    "force-breaker": "Force the breaker",
    "release-breaker": "Release the breaker",
    "roll-back-version": "Roll the version back",
    "switch-flag": "Switch the flag",
    "run-workflow": "Start the run",
    "call-webhook": "Call the webhook",
}
OPEN_STEP = Look("unk", "none", "Not said yet")


def look(exercise: Exercise) -> Look:
    """Of the whole."""
    return STATE[exercise.state]


def entry_look(what: str) -> Look:
    """Of one entry."""
    return ENTRY[what]


def action_look(action: ExerciseAction) -> Look:
    """Of a try."""
    return ACTION[action.state]


def action_name(kind: str) -> str:
    """What its button says."""
    return ACTION_NAME.get(kind, kind)


def sentence(exercise: Exercise, said: int, now: datetime) -> str:
    """How it stands, in one line."""
    took = quantities.duration(round(((exercise.ended_at or now) - exercise.started_at).total_seconds()))
    by = exercise.started_by.get_username() if exercise.started_by else "the alert itself"
    if exercise.state == Exercise.State.RUNNING:
        return f"Started by {by}; {said} of {len(exercise.steps)} steps are answered."
    return f"Started by {by}; it took {took}. {said} of {len(exercise.steps)} steps were answered."
