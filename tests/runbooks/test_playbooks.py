"""Actions of exercises: each runs once a try, with what it has chosen when it was asked for, and its outcome is evidence."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from governance.models import Change, Exercise, ExerciseAction, ExerciseEntry, GatePolicy, WebhookDelivery
from governance.playbooks import automatic
from governance.playbooks.running import ask, perform
from governance.services.exercises import end, start_exercise
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Breaker, Run, Team, WorkflowVersion
from orchestration.services.runs import version_to_run
from tests.engine.harness import begin, echo, publish, pump
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing(team: Team) -> WorkflowVersion:
    return publish({"a": {"python": "test.fail"}})


@pytest.fixture
def exercise(book: Any, operator: Any, failing: WorkflowVersion) -> Exercise:
    return start_exercise(runbook=book(), actor=operator)[0]


def failed(version: WorkflowVersion, count: int) -> list[Run]:
    made = [begin(version) for _ in range(count)]
    pump()
    return made


def go(exercise: Exercise, position: int, actor: Any, attempt: int = 1) -> ExerciseAction:
    action, is_new = ask(exercise=exercise, position=position, attempt=attempt, actor=actor)
    return perform(action) if is_new else action


def test_the_failed_runs_are_retried_once_however_often_it_is_clicked(exercise, operator, failing):
    runs = failed(failing, 3)
    for _ in range(3):
        action = go(exercise, 2, operator)
    assert (action.state, action.outcome) == ("done", "3 runs started again.")
    assert {run.retry_of_id for run in Run.objects.filter(retry_of__isnull=False)} == {run.pk for run in runs}
    said = ExerciseEntry.objects.filter(exercise=exercise, position=2)
    assert [entry.note for entry in said] == ["Asked: Retries 3 failed runs of demo at a.", "3 runs started again."]
    assert len(said[1].links) == 3
    pump()
    again = go(exercise, 2, operator, attempt=2)
    assert again.outcome == "3 runs started again.", "the retries failed too, and are what the second try retries"
    assert Run.objects.count() == 9


def test_a_filter_by_step_error_and_number_is_kept(book, operator, failing):
    failed(failing, 3)
    body = "1. x\n   **Action** retry-failed-runs workflow=demo {}\n"
    for more, count in (("step=b", 0), ("error=test.broken most=2", 2), ("error=http.503", 0), ("within=1s", 1)):
        exercise, _ = start_exercise(runbook=book(f"b-{count}-{len(more)}", body=body.format(more)), actor=operator)
        assert len(go(exercise, 1, operator).chosen) <= count
        if count == 2:
            assert Run.objects.filter(retry_of__isnull=False).count() == 2


def test_a_process_killed_between_the_retries_and_their_record_leaves_no_run_twice(
    exercise, operator, failing, monkeypatch
):
    failed(failing, 2)
    action, _ = ask(exercise=exercise, position=2, attempt=1, actor=operator)
    monkeypatch.setattr("governance.playbooks.running.record", _killed)
    with pytest.raises(KeyboardInterrupt):
        perform(action)
    monkeypatch.undo()
    assert Run.objects.filter(retry_of__isnull=False).count() == 2
    with pytest.raises(Conflict, match="still under way"):
        end(exercise=exercise, state="completed", summary="x", actor=operator)
    automatic.tend()  # somebody else claims it still
    assert ExerciseAction.objects.get().state == "pending"
    clock.advance(timedelta(seconds=61))
    automatic.tend()
    done = ExerciseAction.objects.get()
    assert (done.state, done.outcome) == ("done", "2 runs started again.")
    assert Run.objects.filter(retry_of__isnull=False).count() == 2


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_breaker_is_forced_with_its_end(exercise, operator):
    action = go(exercise, 3, operator)
    row = Breaker.objects.get(name="payments")
    assert (row.state, row.forced_by) == ("forced_open", operator)
    assert row.forced_until == action.asked_at + timedelta(hours=1)
    assert row.forced_reason == f"step 3 of exercise {exercise.pk}, runbook payments-slow"
    assert Change.objects.get().state == "applied"


def test_a_breaker_waits_where_a_gate_policy_wants_reviews(exercise, operator):
    spec = {"changes": ["breaker.force"], "review": "always"}
    GatePolicy.objects.create(name="strict", document={"spec": spec}, content_hash="0")
    action = go(exercise, 3, operator)
    change = Change.objects.get()
    assert change.state == "open"
    assert action.outcome == f"Change {change.pk} waits for its reviews; until it is applied nothing changes."
    assert not Breaker.objects.filter(state="forced_open").exists()


@pytest.fixture
def rolling(book: Any, team: Team) -> Exercise:
    """Two versions of demo, and an exercise whose one step rolls the newer back."""
    for number in ("1.0.0", "2.0.0"):
        publish({"a": {"python": "test.echo"}}, version=number)
    found = book("bad-release", body="1. **Do** Go back.\n   **Action** roll-back-version workflow=demo\n")
    return start_exercise(runbook=found, actor=person("maintainer", team))[0]


def test_a_version_is_rolled_back_through_the_gate_and_new_runs_start_with_the_one_below(rolling, team):
    who = person("maintainer", team)
    action = go(rolling, 1, who)
    assert (action.state, action.outcome) == ("done", "demo 2.0.0 is deprecated; new runs start with 1.0.0.")
    assert version_to_run(workflow="demo").version == "1.0.0"
    change = Change.objects.get(kind="workflow.deprecate")
    assert (change.state, change.author, change.proposal["successor"]) == ("applied", who, "1.0.0")
    assert go(rolling, 1, who).pk == action.pk, "the same try does nothing more"
    with pytest.raises(Conflict, match="no earlier active version"):
        go(rolling, 1, who, attempt=2)


def test_two_people_who_roll_back_at_once_go_back_one_version(rolling, team):
    publish({"a": {"python": "test.echo"}}, version="3.0.0")
    other = start_exercise(runbook=rolling.runbook, actor=person("maintainer", team))[0]
    assert go(rolling, 1, person("maintainer", team)).state == "done"
    with pytest.raises(Conflict, match="see whether that helps"):
        go(other, 1, person("maintainer", team))
    assert version_to_run(workflow="demo").version == "2.0.0"


def test_a_roll_back_leaves_a_deprecation_that_waits_already_to_whoever_asked(rolling, team):
    spec = {"changes": ["workflow.deprecate"], "review": "always"}
    GatePolicy.objects.create(name="strict", document={"spec": spec}, content_hash="0")
    first = go(rolling, 1, person("maintainer", team))
    change = Change.objects.get()
    before = (change.author, change.revision, change.content_hash)
    other = start_exercise(runbook=rolling.runbook, actor=person("maintainer", team))[0]
    second = go(other, 1, person("maintainer", team))
    assert "waits for its reviews" in first.outcome
    assert second.outcome.startswith(f"Somebody asked for this already: change {change.pk} waits")
    change.refresh_from_db()
    assert (change.author, change.revision, change.content_hash) == before


def test_of_a_roll_back_that_must_be_reviewed_nothing_is_done_yet(rolling, team):
    spec = {"changes": ["workflow.deprecate"], "review": "always"}
    GatePolicy.objects.create(name="strict", document={"spec": spec}, content_hash="0")
    action = go(rolling, 1, person("maintainer", team))
    assert "waits for its reviews" in action.outcome
    assert version_to_run(workflow="demo").version == "2.0.0"


def test_a_version_that_came_meanwhile_is_not_rolled_back_in_place_of_the_one_that_was_shown(rolling, team):
    asked, _ = ask(exercise=rolling, position=1, attempt=1, actor=person("maintainer", team))
    publish({"a": {"python": "test.echo"}}, version="3.0.0")
    action = perform(asked)
    assert action.state == "failed"
    assert "are others now" in action.outcome
    assert version_to_run(workflow="demo").version == "3.0.0"


def test_a_run_is_started_with_the_exercise_as_its_key(exercise, operator):
    action = go(exercise, 4, operator)
    run = Run.objects.get()
    assert (run.idempotency_key, run.started_by) == (action.key, operator)
    assert run.short_id in action.outcome


def test_a_webhook_is_called_by_the_channels_that_want_it(exercise, operator, team):
    assert "no channel of team checkout wants playbook.called" in _refused(exercise, operator)
    channel = {"webhook": "https://hooks.example/x", "secret": "hooks", "events": ["playbook.called"]}
    team.document = {"spec": {"channels": [channel]}}
    Team._base_manager.filter(pk=team.pk).update(document=team.document)
    action = go(exercise, 5, operator)
    sent = json.loads(WebhookDelivery.objects.get().payload)
    assert action.outcome == "1 webhook is on the way to checkout."
    assert (sent["type"], sent["data"]["message"], sent["data"]["exercise"]) == (
        "playbook.called", "payments is slow", exercise.pk,
    )  # fmt: skip


def _refused(exercise: Exercise, operator: Any) -> str:
    with pytest.raises(Conflict) as error:
        ask(exercise=exercise, position=5, attempt=1, actor=operator)
    return str(error.value)


def test_what_the_engine_refuses_is_said_and_may_be_tried_again(book, operator, payments):
    exercise, _ = start_exercise(
        runbook=book(body="1. x\n   **Action** release-breaker dependency=payments\n"), actor=operator
    )
    action = go(exercise, 1, operator)
    assert action.state == "failed"
    assert "not forced; there is nothing to release" in action.outcome
    assert go(exercise, 1, operator, attempt=2).pk != action.pk


def test_a_fault_of_ours_is_recorded_and_leaves_nothing_pending(exercise, operator, monkeypatch):
    monkeypatch.setattr("governance.playbooks.of_runs.start_run", lambda **_: 1 / 0)
    action = go(exercise, 4, operator)
    assert (action.state, action.outcome) == ("failed", "It failed with ZeroDivisionError; the log has more.")


def test_a_step_without_an_action_and_a_number_that_is_not_the_next_are_refused(exercise, operator):
    with pytest.raises(InvalidInput, match="step 1 has no action"):
        ask(exercise=exercise, position=1, attempt=1, actor=operator)
    with pytest.raises(Conflict, match="number 1"):
        ask(exercise=exercise, position=2, attempt=2, actor=operator)


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_are_one_try(book, operator):
    failed(publish({"a": {"python": "test.fail"}}), 2)
    exercise, _ = start_exercise(runbook=book(), actor=operator)
    faults: list[Exception] = []

    def click() -> None:
        try:
            go(exercise, 2, operator)
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert ExerciseAction.objects.count() == 1
    assert Run.objects.filter(retry_of__isnull=False).count() == 2


def test_a_run_that_succeeded_is_no_failed_run(book, operator, team):
    version = publish({"a": echo(1)})
    begin(version)
    pump()
    exercise, _ = start_exercise(runbook=book(), actor=operator)
    assert go(exercise, 2, operator).outcome == "There was no run to retry."
