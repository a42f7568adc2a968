"""Exercises: started with frozen steps, ticked by several people, handed over, ended; each with its trail."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from governance.models import AuditEntry, Exercise, ExerciseEntry
from governance.selectors.exercises import entries_of, exercises, last_completed, steps_of
from governance.services.exercises import StepMoved, end, hand_over, start_exercise, tick
from governance.services.runbooks import edit_runbook
from orchestration.errors import Conflict, InvalidInput
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def exercise(book: Any, operator: Any) -> Exercise:
    return start_exercise(runbook=book(), actor=operator)[0]


def say(exercise: Exercise, position: int, actor: Any, what: str = "done", **more: Any) -> ExerciseEntry:
    return tick(
        exercise=exercise,
        position=position,
        what=what,
        actor=actor,
        **{"note": "", "evidence": "", "seen": None, **more},
    )


def test_an_exercise_keeps_the_steps_that_it_began_with(book, operator):
    written = book()
    exercise, is_new = start_exercise(runbook=written, actor=operator)
    edit_runbook(
        runbook=written, revision=1, title="T", body="1. Something else.", status="active", owner=written.owner, review_by=None,
        workflows=[], dependencies=[], actor=operator, reason="better",
    )  # fmt: skip
    exercise.refresh_from_db()
    assert is_new
    assert (exercise.runbook_revision, len(exercise.steps)) == (1, 5)
    assert exercise.steps[0] == {
        "section": "Diagnosis", "do": "Look at payments.", "expect": "It is well.", "if_not": "Go on.", "action": None,
    }  # fmt: skip
    assert exercise.steps[1]["action"]["parameters"] == {"workflow": "demo", "step": "a"}


def test_a_runbook_without_steps_is_gone_through_by_its_sections(book, operator):
    exercise, _ = start_exercise(runbook=book(body="## Meaning\n\nSlow.\n\n## Mitigation\n\nWait.\n"), actor=operator)
    assert [(step["section"], step["do"]) for step in exercise.steps] == [("Meaning", "Slow."), ("Mitigation", "Wait.")]


@pytest.mark.parametrize(("fields", "words"), [({"status": "retired"}, "is retired"), ({"body": ""}, "no text to go")])
def test_what_can_not_be_gone_through_is_refused(book, operator, fields, words):
    with pytest.raises(Conflict, match=words):
        start_exercise(runbook=book(**fields), actor=operator)
    assert not Exercise.objects.exists()


def test_a_step_is_ticked_with_note_and_evidence_and_can_be_answered_again(exercise, operator, team):
    first = say(exercise, 1, operator, "not_as_expected", note="it answers 503", evidence="HTTP/1.1 503")
    other = person("operator", team)
    say(exercise, 1, other, note="well again", seen=first.pk)
    view = steps_of(exercise, entries_of(exercise))[0]
    assert [(one.what, one.person, one.note) for one in view.entries] == [
        ("not_as_expected", operator, "it answers 503"), ("done", other, "well again"),
    ]  # fmt: skip
    assert view.latest is not None
    assert view.latest.what == "done"
    assert AuditEntry.objects.filter(action="ticked", object_name=str(exercise)).count() == 2


def test_of_two_people_at_one_step_the_second_is_told_and_nothing_is_lost(exercise, operator, team):
    say(exercise, 1, operator, note="mine")
    with pytest.raises(StepMoved, match="said “done” of this step meanwhile"):
        say(exercise, 1, person("operator", team), note="theirs")
    assert [entry.note for entry in entries_of(exercise) if entry.position == 1] == ["mine"]


@pytest.mark.parametrize(
    ("position", "what", "words"),
    [(1, "not_as_expected", "say in a note what"), (1, "skipped", "why it is skipped"), (6, "done", "no step 6"), (0, "done", "no step 0"),
     (1, "action", "not 'action'"), (1, "started", "not 'started'")],
)  # fmt: skip
def test_an_answer_that_says_nothing_is_refused(exercise, operator, position, what, words):
    with pytest.raises(InvalidInput, match=words):
        say(exercise, position, operator, what)


@pytest.mark.parametrize("note", ["x" * 4_001, "a\x00b", "half \ud800"])
def test_a_note_that_no_database_holds_is_refused(exercise, operator, note):
    with pytest.raises(InvalidInput, match="the note has"):
        say(exercise, 1, operator, note=note)


def test_it_is_handed_over_taken_over_and_ended_once(exercise, operator, team):
    second = person("operator", team)
    hand_over(exercise=exercise, to=second, note="my shift ends", actor=operator)
    with pytest.raises(Conflict, match="has this exercise already"):
        hand_over(exercise=exercise, to=second, note="", actor=operator)
    exercise.refresh_from_db()
    assert exercise.holder == second
    ended = end(exercise=exercise, state="completed", summary="payments recovered", actor=second)
    assert last_completed([ended.runbook_id]) == {ended.runbook_id: ended.ended_at}
    for again in (
        lambda: end(exercise=exercise, state="abandoned", summary="x", actor=second),
        lambda: say(exercise, 1, second),
        lambda: hand_over(exercise=exercise, to=operator, note="", actor=second),
    ):
        with pytest.raises(Conflict, match="is completed already"):
            again()
    assert [entry.what for entry in entries_of(exercise)] == ["started", "handed_over", "completed"]
    assert exercise.history.count() == 3
    assert exercise.history.latest().history_change_reason == "payments recovered"


def test_an_end_says_how_it_went(exercise, operator):
    with pytest.raises(InvalidInput, match="how it went"):
        end(exercise=exercise, state="completed", summary=" ", actor=operator)
    with pytest.raises(InvalidInput, match="completed or abandoned"):
        end(exercise=exercise, state="running", summary="x", actor=operator)


def test_the_list_pages_by_keyset_and_filters(book, operator):
    written, other = book(), book("other")
    for _ in range(3):
        start_exercise(runbook=written, actor=operator)
    last, _ = start_exercise(runbook=other, actor=operator)
    end(exercise=last, state="abandoned", summary="x", actor=operator)
    page = exercises(limit=2)
    rest = exercises(limit=2, cursor=page.next or "")
    assert [one.pk for one in page.items + rest.items] == sorted(
        (one.pk for one in page.items + rest.items), reverse=True
    )
    assert rest.next is None
    assert [one.pk for one in exercises(state="abandoned").items] == [last.pk]
    assert len(exercises(runbook="payments-slow").items) == 3
    for wrong in ({"state": "odd"}, {"cursor": "x"}):
        with pytest.raises(InvalidInput):
            exercises(**wrong)


@pytest.mark.django_db(transaction=True)
def test_ten_people_ticking_at_once_lose_nothing(book, operator, team):
    exercise, _ = start_exercise(runbook=book(), actor=operator)
    told: list[str] = []

    def go(number: int) -> None:
        try:
            say(exercise, number % 5 + 1, operator, note=f"note {number}")
        except StepMoved as error:
            told.append(str(error))
        finally:
            connection.close()

    _at_once(go, 10)
    noted = ExerciseEntry.objects.filter(exercise=exercise, what="done")
    assert noted.count() == 5
    assert len(told) == 5
    assert sorted(noted.values_list("position", flat=True)) == [1, 2, 3, 4, 5]


def _at_once(act: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=act, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
