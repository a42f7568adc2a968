"""`for_each`: so many at a time, in any order, tolerated or not, undone one by one, and not done again by a retry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestration.models import Loop, Run, StepRun
from orchestration.services.runs import cancel_run, retry_run, terminate_run
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, publish, pump, settle_down, step, write

pytestmark = pytest.mark.django_db(transaction=True)

EACH = {"in": "${{ input.parcels }}", "as": "parcel"}


def loop(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**body, "for_each": {**EACH, **more}}


def items(run: Run, name: str = "ship") -> list[StepRun]:
    return list(StepRun.objects.filter(run=run, name=name, item__gt=0).order_by("item"))


def test_the_outputs_stand_in_the_order_of_the_items():
    version = publish({"ship": loop(echo("${{ parcel.id }}")), "after": echo("${{ steps.ship.output }}")})
    run = settle_down(begin(version, {"parcels": [{"id": n} for n in (3, 1, 2)]}))
    assert (run.result, step(run, "after").output) == ("succeeded", "[3,1,2]")
    assert [one.status for one in items(run)] == ["succeeded"] * 3
    assert len({one.idempotency_key for one in items(run)}) == 3


def test_an_empty_list_is_done_at_once():
    run = settle_down(begin(publish({"ship": loop(echo(1))}), {"parcels": []}))
    assert (run.result, step_of(run).output, items(run)) == ("succeeded", "[]", [])


def step_of(run: Run, name: str = "ship") -> StepRun:
    return StepRun.objects.get(run=run, name=name, item=0)


def test_no_more_than_max_parallel_are_open():
    version = publish({"ship": loop({"wait": {"for": "1h"}}, max_parallel=2)})
    run = begin(version, {"parcels": list(range(5))})
    pump()
    assert len(items(run)) == 2
    pass_time(3601)
    pump()
    assert [one.status for one in items(run)] == ["succeeded", "succeeded", "waiting", "waiting"]
    assert settle_down(run, horizon=20_000).result == "succeeded"


def test_a_failed_item_fails_the_loop_which_stops_and_undoes_what_was_done():
    version = publish({"ship": loop(write("undo ${{ parcel.id }}", "${{ parcel.n }}"), max_parallel=1)})
    parcels = [{"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "c"}, {"id": "d", "n": 4}]
    run = settle_down(begin(version, {"parcels": parcels}))
    assert (run.result, run.error_type, run.compensation) == ("failed", "for_each.failed", "done")
    assert "1 of 4 items failed" in run.error_message
    assert [one.status for one in items(run)] == ["succeeded", "succeeded", "failed"]
    undone = [given for name, _, given in tasks.calls if name == "undo:ship"]
    assert undone == ["undo b", "undo a"]


def test_so_many_failures_are_tolerated_and_the_run_is_degraded():
    version = publish({
        "ship": loop({"python": "test.fail", "effect": "none", "with": {"n": "${{ parcel }}"}}, tolerate_failures="50%"),
        "other": loop(echo("${{ parcel }}")),
    })  # fmt: skip
    run = settle_down(begin(version, {"parcels": [1, 2]}))
    assert (run.result, run.error_type) == ("failed", "for_each.failed")

    mixed = publish({"ship": loop(echo("${{ parcel.n }}"), tolerate_failures="50%")}, name="mixed")
    run = settle_down(begin(mixed, {"parcels": [{"n": 1}, {}]}))
    assert (run.result, json.loads(step_of(run).output)) == ("degraded", [1, None])
    assert [one.status for one in items(run)] == ["succeeded", "failed"]


def test_what_is_no_list_is_an_error_that_says_what_it_is():
    run = settle_down(begin(publish({"ship": loop(echo(1))}), {"parcels": {"a": 1}}))
    assert (run.error_type, "wanted a list" in run.error_message) == ("for_each.items", True)
    run = settle_down(begin(publish({"ship": loop(echo(1))}), {"parcels": [0] * 10_001}))
    assert "10,001 items; the limit is 10,000" in run.error_message


def test_a_retry_does_only_the_items_that_failed():
    version = publish({"ship": loop(echo("${{ parcel.n }}", effect="none"), max_parallel=1)})
    run = settle_down(begin(version, {"parcels": [{"n": 1}, {"n": 2}, {}]}))
    assert run.result == "failed"
    tasks.calls.clear()
    again, _ = retry_run(run=run, actor=None)
    again = settle_down(again)
    assert again.result == "failed"
    assert tasks.calls == []  # the third fails before it is called; the others stand
    assert [one.reused_from_id is not None for one in items(again)] == [True, True, False]


def test_a_cancelled_run_ends_its_items():
    version = publish({"ship": loop({"wait": {"for": "1h"}}, max_parallel=2)})
    run = begin(version, {"parcels": list(range(5))})
    pump()
    cancel_run(run_id=run.pk, actor=None, reason="enough")
    run.refresh_from_db()
    assert (run.result, {one.status for one in items(run)}) == ("cancelled", {"cancelled"})


def test_each_item_may_be_a_child_run():
    publish({"a": echo("${{ input.parcel }}")}, name="ship-parcel", output={"value": "${{ input.parcel }}"})
    body = {"workflow": "ship-parcel@^1", "with": {"parcel": "${{ parcel }}"}, "effect": "none"}
    run = settle_down(begin(publish({"ship": loop(body)}), {"parcels": ["x", "y"]}))
    assert (run.result, step_of(run).output) == ("succeeded", '["x","y"]')
    assert Run.objects.filter(parent_step__run=run).count() == 2


def test_its_counts_are_kept():
    run = settle_down(begin(publish({"ship": loop(echo("${{ parcel }}"))}), {"parcels": list(range(30))}))
    kept = Loop.objects.get(step__run=run)
    assert (kept.total, kept.begun, kept.open, kept.failed, kept.parallel) == (30, 30, 0, 0, 10)


def test_an_item_falls_back_by_itself():
    body = {**echo("${{ parcel.n }}", effect="none"), "fallback": {"value": "none of ${{ parcel.id }}"}}
    run = settle_down(begin(publish({"ship": loop(body)}), {"parcels": [{"id": 1, "n": 5}, {"id": 2}]}))
    assert (run.result, json.loads(step_of(run).output)) == ("degraded", [5, "none of 2"])


def test_a_retry_that_has_no_item_left_to_do_ends_at_once(monkeypatch: pytest.MonkeyPatch):
    version = publish({"ship": loop(echo("${{ parcel }}", effect="none"))})
    monkeypatch.setattr("orchestration.engine.loops.MAX_PAYLOAD", 5)
    run = settle_down(begin(version, {"parcels": ["abc", "def"]}))
    assert run.error_type == "payload.too_large"
    monkeypatch.undo()
    again, _ = retry_run(run=run, actor=None)
    assert settle_down(again).result == "succeeded"
    assert step_of(again).output == '["abc","def"]'


def test_a_loop_that_fails_stops_the_child_runs_of_its_other_items_first():
    publish({"a": write("undo child", 1), "b": {"wait": {"for": "1d"}, "needs": ["a"], "when": "input.parcel.slow"}, "c": echo("${{ input.parcel.n }}", needs=["a"])}, name="ship-parcel")  # fmt: skip
    body = {
        "workflow": "ship-parcel@^1",
        "with": {"parcel": "${{ parcel }}"},
        "effect": "write",
        "compensate": {"none": "test"},
    }
    version = publish({"before": write("undo before", 0), "ship": loop({**body, "needs": ["before"]})})
    run = settle_down(begin(version, {"parcels": [{"slow": True, "n": 1}, {"slow": False}]}))
    assert (run.result, run.error_type) == ("failed", "for_each.failed")
    assert sorted(Run.objects.filter(parent_step__run=run).values_list("result", flat=True)) == ["cancelled", "failed"]
    undone = [given for name, _, given in tasks.calls if name.startswith("undo")]
    assert undone[-1] == "undo before"
    assert len(undone) == 3


def test_items_that_stand_in_a_retry_are_undone_when_that_is_stopped_too():
    version = publish({
        "ship": loop(write("undo ${{ parcel }}", "${{ parcel }}"), max_parallel=1),
        "after": {"wait": {"for": "1d"}, "needs": ["ship"]},
    })  # fmt: skip
    run = begin(version, {"parcels": ["a", "b"]})
    pump()
    terminate_run(run_id=run.pk, actor=None, reason="now")
    again = retry_run(run=Run.objects.get(pk=run.pk), actor=None)[0]
    pump()
    cancel_run(run_id=again.pk, actor=None, reason="enough")
    again = settle_down(again)
    assert (again.result, again.compensation) == ("cancelled", "done")
    assert [given for name, _, given in tasks.calls if name == "undo:ship"] == ["undo b", "undo a"]
    assert [name for name, *_ in tasks.calls if name == "ship"] == ["ship", "ship"]


def test_an_item_is_handed_over_as_it_was_listed_whatever_it_holds():
    parcels = [0, "a,b]", {"id": "[,]", "of": [1, {"n": None}]}, [], {}, "", True, 1.5, "\U0001f4e6"]
    run = settle_down(begin(publish({"ship": loop(echo("${{ parcel }}"))}), {"parcels": parcels}))
    assert [json.loads(one.output) for one in items(run)] == parcels
