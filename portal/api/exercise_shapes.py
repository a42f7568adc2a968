"""Exercises of runbooks as the API shows and takes them. Owns those shapes; never decides what may be said of a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from governance.models import Exercise, ExerciseAction, ExerciseEntry
from governance.selectors.exercises import StepView, entries_of, steps_of
from governance.services.exercises import MAX_EVIDENCE, MAX_NOTE
from portal.api.enums import (
    EXERCISE_ACTION_STATES,
    EXERCISE_ENDS,
    EXERCISE_ENTRIES,
    EXERCISE_STATES,
    EXERCISE_TICKS,
)
from portal.api.pages import PageQuery


class ExerciseQuery(PageQuery):
    """Filters of the list; empty ones don't filter."""

    state = serializers.ChoiceField(choices=EXERCISE_STATES, required=False, default="", allow_blank=True)
    runbook = serializers.CharField(max_length=120, required=False, default="", allow_blank=True, help_text="its slug")


class StartExerciseShape(serializers.Serializer[Any]):
    """Because of what, if of something."""

    alert = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, allow_null=True, default=None,
        help_text="number of an alert whose runbook this is; one that is under way for it is given instead",
    )  # fmt: skip


class TickShape(serializers.Serializer[Any]):
    """How a step went. `seen`: the newest entry about it that was read, null for none."""

    what = serializers.ChoiceField(choices=EXERCISE_TICKS)
    note = serializers.CharField(
        max_length=MAX_NOTE, required=False, default="", allow_blank=True, help_text="required unless it was done"
    )
    evidence = serializers.CharField(max_length=MAX_EVIDENCE, required=False, default="", allow_blank=True)
    seen = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class ActShape(serializers.Serializer[Any]):
    """The number of the try, `attempt` of the step: the same again is the same try."""

    attempt = serializers.IntegerField(min_value=1, max_value=9_999)


class HandOverShape(serializers.Serializer[Any]):
    """To whom; to oneself is to take it over."""

    to = serializers.CharField(max_length=150, help_text="a sign-in name")
    note = serializers.CharField(max_length=MAX_NOTE, required=False, default="", allow_blank=True)


class EndShape(serializers.Serializer[Any]):
    """How it ended, and how it went."""

    state = serializers.ChoiceField(choices=EXERCISE_ENDS)
    summary = serializers.CharField(max_length=MAX_NOTE)


class ExerciseSummaryShape(serializers.Serializer[Any]):
    """An exercise in a list. `holder`: who has it now, null until somebody takes it."""

    number = serializers.IntegerField()
    runbook = serializers.CharField()
    revision = serializers.IntegerField(help_text="of the runbook, whose steps these are")
    state = serializers.ChoiceField(choices=EXERCISE_STATES)
    alert = serializers.IntegerField(allow_null=True)
    by_alert = serializers.BooleanField(help_text="started by the alert itself")
    started_by = serializers.CharField(allow_null=True)
    holder = serializers.CharField(allow_null=True)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    summary = serializers.CharField(allow_blank=True)
    url = serializers.CharField()


class ExercisePageShape(serializers.Serializer[Any]):
    """A page of exercises, newest first."""

    items = ExerciseSummaryShape(many=True)
    next = serializers.CharField(allow_null=True)


class ExerciseEntryShape(serializers.Serializer[Any]):
    """One thing that was said or done."""

    id = serializers.IntegerField()
    what = serializers.ChoiceField(choices=EXERCISE_ENTRIES)
    position = serializers.IntegerField(allow_null=True, help_text="of the step it is about")
    note = serializers.CharField(allow_blank=True)
    evidence = serializers.CharField(allow_blank=True)
    links = serializers.ListField(child=serializers.ListField(child=serializers.CharField()), help_text="words, path")
    by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()


class ExerciseTryShape(serializers.Serializer[Any]):
    """A try of a step's action."""

    attempt = serializers.IntegerField()
    state = serializers.ChoiceField(choices=EXERCISE_ACTION_STATES)
    outcome = serializers.CharField(allow_blank=True)
    by = serializers.CharField(allow_null=True)
    asked_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ExerciseStepShape(serializers.Serializer[Any]):
    """A step as the runbook had it when the exercise began. `stands` is null while nobody has said how it went."""

    position = serializers.IntegerField()
    section = serializers.CharField(allow_blank=True)
    do = serializers.CharField(allow_blank=True)
    expect = serializers.CharField(allow_blank=True)
    if_not = serializers.CharField(allow_blank=True)
    action = serializers.JSONField(allow_null=True, help_text="kind, parameters, and a problem if it can't run")
    stands = serializers.ChoiceField(choices=EXERCISE_TICKS, allow_null=True)
    seen = serializers.IntegerField(allow_null=True, help_text="to be sent with the next tick")
    attempt = serializers.IntegerField(help_text="to be sent with the next try of its action")
    tries = ExerciseTryShape(many=True)


class ExerciseShape(ExerciseSummaryShape):
    """An exercise with its steps and its log, oldest first."""

    steps = ExerciseStepShape(many=True)
    entries = ExerciseEntryShape(many=True)


def summary(exercise: Exercise) -> dict[str, Any]:
    """ExerciseSummaryShape's values."""
    return {
        "number": exercise.pk,
        "runbook": exercise.runbook.slug,
        "revision": exercise.runbook_revision,
        "state": exercise.state,
        "alert": exercise.alert_id,
        "by_alert": exercise.by_alert,
        "started_by": _name(exercise.started_by),
        "holder": _name(exercise.holder),
        "started_at": exercise.started_at.isoformat(),
        "ended_at": exercise.ended_at.isoformat() if exercise.ended_at else None,
        "summary": exercise.summary,
        "url": reverse("exercise", args=[exercise.pk]),
    }


def whole(exercise: Exercise) -> dict[str, Any]:
    """ExerciseShape's values. Two queries."""
    entries = entries_of(exercise)
    steps = [_step(view) for view in steps_of(exercise, entries)]
    return {**summary(exercise), "steps": steps, "entries": [_entry(entry) for entry in entries]}


def _step(view: StepView) -> dict[str, Any]:
    return {
        "position": view.position,
        **{name: view.step[name] for name in ("section", "do", "expect", "if_not", "action")},
        "stands": view.latest.what if view.latest else None,
        "seen": view.seen,
        "attempt": view.attempt,
        "tries": _tries(view.actions),
    }


def _tries(actions: Sequence[ExerciseAction]) -> list[dict[str, Any]]:
    return [
        {
            "attempt": one.attempt, "state": one.state, "outcome": one.outcome, "by": _name(one.person),
            "asked_at": one.asked_at.isoformat(), "ended_at": one.ended_at.isoformat() if one.ended_at else None,
        }
        for one in actions
    ]  # fmt: skip


def _entry(entry: ExerciseEntry) -> dict[str, Any]:
    return {
        "id": entry.pk, "what": entry.what, "position": entry.position, "note": entry.note, "evidence": entry.evidence,
        "links": entry.links, "by": _name(entry.person), "at": entry.at.isoformat(),
    }  # fmt: skip


def _name(person: Any) -> str | None:
    return str(person.get_username()) if person is not None else None
