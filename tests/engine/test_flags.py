"""Flags in runs: evaluated once, recorded with the step that asked, and obeyed by every later step."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from orchestration.engine.claim import claim_all
from orchestration.engine.execute import execute
from orchestration.engine.gather import Item, gather
from orchestration.engine.plans import free_of_effects, sole_speakers
from orchestration.engine.work import work
from orchestration.models import Attempt, RunFlag, StepRun
from orchestration.services.runs import retry_run, start_runs
from tests.engine import tasks
from tests.engine.flagging import declare, falls_back, recorded, skips, switch
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db(transaction=True)
WAIT = {"wait": {"for": "10s"}}


def test_a_step_whose_flag_is_off_is_born_skipped_and_says_why():
    declare()
    run = settle_down(begin(publish({"a": echo(1), "b": echo(2, needs=["a"], **skips())})))
    found = step(run, "b")
    assert (run.result, found.status, found.error_type, found.attempt) == ("succeeded", "skipped", "flag.off", 0)
    assert found.error_message == "flag extras is off, as off is its default"
    assert [name for name, *_ in tasks.calls] == ["a"]
    assert recorded(run) == {"extras": False}


def test_a_step_whose_flag_is_on_is_executed():
    declare(default="on")
    run = settle_down(begin(publish({"a": echo(1, **skips()), "b": echo(2, **falls_back())})))
    assert (run.result, step(run, "a").output, step(run, "b").output) == ("succeeded", "1", "2")
    assert recorded(run) == {"extras": True}


def test_what_only_follows_a_step_that_a_flag_skipped_is_skipped_too():
    declare()
    steps = {
        "a": echo(1, **skips()),
        "b": echo(2, needs=["a"]),
        "c": echo("${{ steps.a.output is none }}", needs=["d"]),
        "d": echo(4),
    }
    run = settle_down(begin(publish(steps)))
    assert dict(run.steps.values_list("name", "status")) == {
        "a": "skipped",
        "b": "skipped",
        "c": "succeeded",
        "d": "succeeded",
    }
    assert step(run, "b").error_type == "", "it was not the flag that skipped it"
    assert step(run, "c").output == "true"


def test_beside_a_step_that_a_flag_skipped_the_same_process_goes_on():
    declare()
    run = begin(publish({"a": echo(1), "b": echo(2, needs=["a"], **skips()), "c": echo(3, needs=["a"])}))
    assert work(step(run, "a").pk) == 2
    run.refresh_from_db()
    assert run.result == "succeeded"


def test_a_run_of_skipped_steps_alone_ends_at_once():
    declare()
    run = begin(publish({"a": echo(1, **skips())}))
    assert (run.status, run.result) == ("finished", "succeeded")


@pytest.mark.parametrize(("fallback", "output"), [({"value": {"n": 7}}, '{"n":7}'), ({"skip": True}, "null")])
def test_a_flag_that_is_off_sends_the_step_to_its_fallback_before_any_call(fallback, output):
    declare()
    run = settle_down(begin(publish({"a": echo(1, **falls_back(**fallback))})))
    found = step(run, "a")
    assert (run.result, found.status, found.error_type, found.output) == ("degraded", "degraded", "flag.off", output)
    assert "flag extras is off" in found.error_message
    assert tasks.calls == []
    assert list(Attempt.objects.filter(step=found).values_list("outcome", "error_type", "next_at")) == [
        ("failed", "flag.off", None)
    ]


def test_a_flag_that_is_off_falls_back_to_the_last_good_output_for_the_same_input():
    declare(default="on")
    version = publish({"a": echo("${{ input.who }}", **falls_back(last_good=True))})
    assert settle_down(begin(version, {"who": "ada"})).result == "succeeded"
    switch("off")
    run, other = settle_down(begin(version, {"who": "ada"})), settle_down(begin(version, {"who": "bob"}))
    assert (run.result, step(run, "a").output) == ("degraded", '"ada"')
    assert (other.result, other.error_type) == ("failed", "flag.off")
    assert "there is no earlier output for the same input" in step(other, "a").error_message


def test_a_write_that_a_flag_sent_to_its_fallback_is_not_undone():
    declare()
    steps = {"a": write("a", 1, **falls_back()), "b": {"python": "test.fail", "needs": ["a"]}}
    run = settle_down(begin(publish(steps)))
    assert (run.result, step(run, "a").effect, step(run, "a").compensation) == ("failed", "none", "none")
    assert [name for name, *_ in tasks.calls] == ["b"]


def test_a_flag_is_evaluated_once_and_what_is_switched_meanwhile_changes_nothing_for_the_run():
    declare(default="on")
    steps = {
        "a": echo(1, **skips()), "pause": {**WAIT, "needs": ["a"]}, "b": echo(2, needs=["pause"], **skips()),
        "c": echo(3, needs=["b"], **falls_back()), "d": echo(4, needs=["c"], **skips("other")),
    }  # fmt: skip
    declare("other")
    run = begin(publish(steps))
    pump()
    assert recorded(run) == {"extras": True}, "and nobody has asked for the other yet"
    switch("off")
    switch("on", "other")
    run = settle_down(run)
    assert dict(run.steps.values_list("name", "status").exclude(name="pause")) == dict.fromkeys("abcd", "succeeded")
    assert recorded(run) == {"extras": True, "other": True}
    later = settle_down(begin(publish(steps)))
    assert set(later.steps.values_list("status", flat=True)) == {"skipped"}
    assert recorded(later) == {"extras": False}


def test_a_step_whose_condition_is_false_does_not_ask():
    declare()
    run = settle_down(begin(publish({"a": echo(1, when="false", **skips())})))
    assert (step(run, "a").status, step(run, "a").error_type) == ("skipped", "")
    assert recorded(run) == {}


def test_the_percentage_is_by_key_and_a_key_that_can_not_be_evaluated_gets_the_default():
    declare(rollout={"percent": 50, "key": "${{ input.tenant }}"})
    version = publish({"a": echo(1, **skips())})
    seen = {}
    for tenant in map(str, range(40)):
        first, second = (begin(version, {"tenant": tenant, "n": n}) for n in (1, 2))
        seen[tenant] = recorded(first)["extras"]
        assert seen[tenant] == recorded(second)["extras"], tenant
    assert 8 < sum(seen.values()) < 32
    without, empty = begin(version, {}), begin(version, {"tenant": ""})
    assert [RunFlag.objects.get(run=run).is_on for run in (without, empty)] == [False, False]
    assert "no rollout key (input.tenant: no field 'tenant'" in RunFlag.objects.get(run=without).why
    assert "no rollout key (it is empty)" in RunFlag.objects.get(run=empty).why


def test_a_percentage_without_a_key_is_of_runs():
    declare(rollout={"percent": 50})
    runs = start_runs(version=publish({"a": echo(1, **skips())}), inputs=[{}] * 60)
    assert 12 < RunFlag.objects.filter(run__in=runs, is_on=True).count() < 48


def test_a_retried_run_asks_anew_and_nothing_of_the_flag_stands():
    declare()
    steps = {
        "a": echo(1, **skips()),
        "b": echo(2, **falls_back()),
        "c": echo(3),
        "z": {"python": "test.fail", "needs": ["a", "b", "c"]},
    }
    run = settle_down(begin(publish(steps)))
    assert dict(run.steps.values_list("name", "status")) == {
        "a": "skipped",
        "b": "degraded",
        "c": "succeeded",
        "z": "failed",
    }
    switch("on")
    again = settle_down(retry_run(run=run, actor=None)[0])
    assert (step(again, "a").output, step(again, "b").output) == ("1", "2")
    assert step(again, "c").reused_from_id == step(run, "c").pk
    assert (recorded(run), recorded(again)) == ({"extras": False}, {"extras": True})


def test_a_step_that_is_tried_again_goes_by_the_record():
    declare(default="on")
    tasks.failing["a"] = 1
    run = begin(publish({"a": echo(1, **falls_back())}))
    pump()
    assert step(run, "a").status == "retrying"
    switch("off")
    assert settle_down(run).result == "succeeded"


def test_steps_of_one_run_that_are_recorded_together_share_one_evaluation():
    declare(default="on")
    steps = {"a": echo(1), "b": echo(2), "c": echo(3, needs=["a"], **skips()), "d": echo(4, needs=["b"], **skips())}
    run = begin(publish(steps))
    claims = claim_all(list(StepRun.objects.filter(run=run).values_list("pk", flat=True)))
    gather([Item(held, execute(held), inline=True) for held in claims])
    assert RunFlag.objects.filter(run=run).count() == 1
    assert dict(run.steps.values_list("name", "status")) == {
        "a": "succeeded",
        "b": "succeeded",
        "c": "running",
        "d": "running",
    }


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_two_processes_that_end_steps_of_one_run_at_once_evaluate_once():
    declare(default="on")
    names = "abcdef"
    steps = {name: echo(name) for name in names} | {f"{name}{name}": echo(1, needs=[name], **skips()) for name in names}
    run = begin(publish(steps))
    ready = list(StepRun.objects.filter(run=run).values_list("pk", flat=True))
    together = threading.Barrier(len(ready))

    def process(pk: int) -> None:
        try:
            together.wait(20)
            work(pk)
        finally:
            close_old_connections()
            connection.close()

    with ThreadPoolExecutor(len(ready)) as pool:
        list(pool.map(process, ready))
    run.refresh_from_db()
    assert run.result == "succeeded"
    assert RunFlag.objects.filter(run=run).count() == 1


def test_a_timer_that_ends_asks_for_the_flag_of_what_follows():
    declare()
    run = begin(publish({"pause": WAIT, "b": echo(1, needs=["pause"], **skips()), "c": echo(2, needs=["pause"])}))
    pump()
    pass_time(11)
    assert step(run, "b").error_type == "flag.off"
    assert settle_down(run).result == "succeeded"


def test_a_flag_that_is_no_more_counts_as_off():
    from orchestration.models import Flag
    from orchestration.services.governed import delete

    version = publish_with_flag()
    delete(Flag.objects.get(), actor=None, reason="gone")
    run = settle_down(begin(version))
    assert step(run, "a").error_message == "flag extras is off, as no flag of that name is applied any more"


def publish_with_flag():
    declare(default="on")
    return publish({"a": echo(1, **skips())})


def test_before_a_step_with_a_flag_nobody_runs_ahead_and_without_flags_nothing_is_asked():
    declare(default="on")
    pure = {"effect": "none"}
    flagged = publish(
        {"a": echo(1, **pure), "b": echo(2, needs=["a"], **pure, **skips()), "c": echo(3, needs=["b"], **pure)}
    )
    assert sole_speakers(flagged.pk) == {"b", "c"}
    assert free_of_effects(flagged.pk) == {"b", "c"}
    assert settle_down(begin(flagged)).result == "succeeded"
    plain = publish({"a": echo(1, **pure), "b": echo(2, needs=["a"], **pure)}, name="plain")
    with CaptureQueriesContext(connection) as captured:
        assert settle_down(begin(plain)).result == "succeeded"
    assert not [one for one in captured.captured_queries if "flag" in one["sql"]]
