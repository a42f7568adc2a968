"""Reads of exercises: one with how its steps stand, lists, the last one of each runbook. Never writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet

from governance.models import Exercise, ExerciseAction, ExerciseEntry, Runbook
from governance.selectors.documents import Page, checked_filter, cut, page_size
from orchestration.errors import InvalidInput, NotFound
from orchestration.models import Alert

MOST_ENTRIES = 2_000


@dataclass(frozen=True, slots=True)
class StepView:
    """A frozen step, the newest tick of it, all that was said of it, and the tries of its action, oldest first."""

    position: int
    step: dict[str, Any]
    latest: ExerciseEntry | None
    entries: Sequence[ExerciseEntry]
    actions: Sequence[ExerciseAction]

    @property
    def seen(self) -> int | None:
        """What a tick of it is made over."""
        return self.entries[-1].pk if self.entries else None

    @property
    def attempt(self) -> int:
        """The number of the next try of its action."""
        return len(self.actions) + 1

    @property
    def is_acting(self) -> bool:
        """Whether a try is under way."""
        return any(one.state == ExerciseAction.State.PENDING for one in self.actions)


def find_exercise(number: int) -> Exercise:
    """By number. Raises NotFound."""
    found = _rows().filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise NotFound(f"there is no exercise {number}")
    return found


def entries_of(exercise: Exercise) -> list[ExerciseEntry]:
    """Its log, oldest first."""
    return list(exercise.entries.select_related("person").order_by("pk")[:MOST_ENTRIES])


def steps_of(exercise: Exercise, entries: Sequence[ExerciseEntry]) -> list[StepView]:
    """How each step stands. One query for the actions."""
    actions = list(exercise.actions.select_related("person").order_by("pk"))
    found = []
    for position, step in enumerate(exercise.steps, 1):
        about = [entry for entry in entries if entry.position == position]
        ticks = [entry for entry in about if entry.what != ExerciseEntry.What.ACTION]
        tried = [action for action in actions if action.position == position]
        found.append(StepView(position, step, ticks[-1] if ticks else None, about, tried))
    return found


def latest_entry(exercise: Exercise, position: int) -> ExerciseEntry | None:
    """The newest thing said about the step."""
    return exercise.entries.select_related("person").filter(position=position).order_by("-pk").first()


def running_for(alert: Alert, runbook: Runbook) -> Exercise | None:
    """The one that somebody is at because of this alert."""
    return _rows().filter(alert=alert, runbook=runbook, state=Exercise.State.RUNNING).first()


def exercises(*, state: str = "", runbook: str = "", cursor: str = "", limit: int = 50) -> Page[Exercise]:
    """Newest first. Raises InvalidInput for a state or cursor that is none."""
    if state and state not in Exercise.State.values:
        raise InvalidInput(
            f"state {state[:40]!r} is none of an exercise; use one of {', '.join(Exercise.State.values)}"
        )
    rows, slug = _rows(), checked_filter("runbook", runbook)
    if state:
        rows = rows.filter(state=state)
    if slug:
        rows = rows.filter(runbook__slug=slug)
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise InvalidInput("the cursor is not one that this list gave out; begin again without it")
        rows = rows.filter(pk__lt=int(cursor))
    size = page_size(limit)
    items, more = cut(list(rows.defer("steps").order_by("-pk")[: size + 1]), size)
    return Page(items, str(items[-1].pk) if more else None)


def exercises_of(runbook: Runbook, most: int = 5) -> list[Exercise]:
    """The newest of a runbook."""
    return list(_rows().defer("steps").filter(runbook=runbook).order_by("-pk")[:most])


def exercises_for(alert: Alert, most: int = 5) -> list[Exercise]:
    """The newest because of an alert."""
    return list(_rows().defer("steps").filter(alert=alert).order_by("-pk")[:most])


def last_completed(runbook_ids: Collection[int]) -> dict[int, datetime]:
    """Runbook id → when it was last gone through to its end. One query."""
    rows = Exercise.objects.filter(runbook__in=runbook_ids, state=Exercise.State.COMPLETED)
    return dict(rows.values_list("runbook").annotate(last=Max("ended_at")).order_by())


def _rows() -> QuerySet[Exercise]:
    return Exercise.objects.select_related("runbook__owner", "alert__team", "started_by", "holder").defer(
        "runbook__body", "runbook__front_matter", "alert__facts"
    )
