"""The queue: who begins at once, who waits for what, and who comes next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.db import connection

from orchestration.engine import places, publish
from orchestration.engine.queue import admit
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Run, StepRun
from orchestration.services.manifests import Document, Signature, apply
from orchestration.services.runs import cancel_run, retry_run, start_runs, terminate_run
from tests.engine import tasks
from tests.engine.harness import begin, echo, pass_time, pump, settle_down, step
from tests.engine.harness import publish as publish_workflow

pytestmark = pytest.mark.django_db(transaction=True)

Room = Callable[[int], None]
LATER = {"a": {"wait": {"for": "1d"}}}


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps of which the sweeper told the workers."""
    ids: list[int] = []
    monkeypatch.setattr(publish, "_deliver", lambda step_ids, later: ids.extend(step_ids) or len(step_ids))
    monkeypatch.setattr("orchestration.engine.wake.send", lambda step_ids: ids.extend(step_ids) or len(step_ids))
    monkeypatch.setattr(publish, "_ask", lambda task, arguments: None)
    return ids


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Says how many runs may be active."""

    def of(count: int) -> None:
        monkeypatch.setattr(settings, "PLUMBLINE", replace(settings.PLUMBLINE, active_runs=count))
        places.forget()

    return of


def queued(**of: Any) -> list[str]:
    return list(Run.objects.filter(status="queued", **of).order_by("pk").values_list("queued_for", flat=True))


def statuses(runs: list[Run]) -> list[str]:
    found = dict(Run.objects.filter(pk__in=[run.pk for run in runs]).values_list("pk", "status"))
    return [found[run.pk] for run in runs]


def weigh(team: str, weight: float) -> None:
    manifest = {"apiVersion": "plumbline/v1", "kind": "Team", "metadata": {"name": team}, "spec": {"weight": weight}}
    apply([Document(yaml.safe_dump(manifest), "team.yaml")], Signature(None, "a test"))
    places.forget()


def test_what_there_is_no_room_for_waits_and_begins_when_another_ends(room: Room):
    room(2)
    version = publish_workflow({"a": echo("${{ input.n }}")}, timeout="1h")
    runs = start_runs(version=version, inputs=[{"n": n} for n in range(4)])
    assert statuses(runs) == ["running", "running", "queued", "queued"]
    assert (runs[2].status, runs[2].started_at, runs[2].deadline_at) == ("queued", None, None)
    assert StepRun.objects.filter(run__in=runs[2:]).count() == 0
    assert admit() == [], "nobody has ended"
    pump()
    assert statuses(runs) == ["finished", "finished", "queued", "queued"]
    assert len(admit()) == 2
    pump()
    assert statuses(runs) == ["finished"] * 4
    late = Run.objects.get(pk=runs[2].pk)
    assert late.started_at > late.created_at
    assert (late.deadline_at - late.started_at).total_seconds() == 3600
    assert list(late.events.values_list("kind", flat=True)) == ["queued", "admitted"]
    assert late.events.last().detail.startswith("after ")


def test_a_past_that_is_played_again_does_not_queue(room: Room, monkeypatch: pytest.MonkeyPatch):
    room(1)
    monkeypatch.setattr(publish, "silent", True)
    version = publish_workflow({"a": echo(1)})
    assert [begin(version).status for _ in range(3)] == ["running"] * 3


def test_another_teams_run_begins_at_once_whatever_the_length_of_the_queue(room: Room):
    room(4)
    noisy = publish_workflow({"a": echo(1)}, name="noisy", owner="noisy")
    start_runs(version=noisy, inputs=[{}] * 50)
    assert begin(publish_workflow({"a": echo(1)}, name="quiet", owner="quiet")).status == "running"


def test_places_that_become_free_go_to_teams_by_their_weights(room: Room):
    room(8)
    one = publish_workflow({"a": echo(1)}, name="one", owner="one")
    other = publish_workflow({"a": echo(1)}, name="other", owner="other")
    weigh("other", 3)
    start_runs(version=one, inputs=[{}] * 30)
    pump()
    start_runs(version=other, inputs=[{}] * 30)
    places.forget()
    active = Run.objects.filter(status="running")
    pump()
    assert active.count() == 0
    admit()
    assert [active.filter(workflow__name=name).count() for name in ("one", "other")] == [2, 6]


def test_the_higher_priority_comes_first_and_among_equals_the_older(room: Room):
    room(1)
    version = publish_workflow({"a": echo(1)})
    first, second, third, urgent = (begin(version) for _ in range(4))
    Run.objects.filter(pk=urgent.pk).update(priority=10)
    order = []
    for _ in range(4):
        pump()
        admit()
        order += list(Run.objects.filter(status="running").values_list("pk", flat=True))
    assert order == [urgent.pk, second.pk, third.pk]
    pump()
    assert Run.objects.exclude(status="finished").count() == 0, first


def test_a_run_whose_steps_wait_holds_no_place(room: Room):
    room(1)
    version = publish_workflow(LATER)
    runs = [begin(version) for _ in range(3)]
    for _ in range(3):
        pump()
        admit()
    assert statuses(runs) == ["waiting"] * 3


def test_a_run_that_waits_for_its_next_try_holds_no_place(room: Room):
    room(1)
    version = publish_workflow(
        {"a": echo(1, effect="none", retry={"initial_interval": "1h", "maximum_interval": "1h", "jitter": "none"})}
    )
    runs = [begin(version) for _ in range(2)]
    tasks.failing["a"] = 2
    pump()
    admit()
    pump()
    assert [step(run, "a").status for run in runs] == ["retrying", "retrying"]


def test_a_workflow_has_no_more_open_runs_than_its_limit_though_they_wait():
    version = publish_workflow(LATER, concurrency={"limit": 2})
    runs = [begin(version) for _ in range(4)]
    pump()
    assert admit() == []
    assert statuses(runs) == ["waiting", "waiting", "queued", "queued"]
    assert queued() == ["limit", "limit"]
    cancel_run(run_id=runs[0].pk, actor=None, reason="room")
    pass_time(1)
    assert statuses(runs) == ["finished", "waiting", "running", "queued"]


def test_each_key_has_its_own_bound_and_one_that_is_full_holds_up_no_other():
    version = publish_workflow(LATER, concurrency={"key": "${{ input.tenant }}", "per_key": 1})
    acme, again, other = (begin(version, {"tenant": name}) for name in ("acme", "acme", "other"))
    assert statuses([acme, again, other]) == ["running", "queued", "running"]
    assert (again.queued_for, again.concurrency_key) == ("key", "acme")
    cancel_run(run_id=acme.pk, actor=None, reason="room")
    admit()
    assert statuses([again]) == ["running"]


def test_a_workflow_that_wants_no_queue_refuses_and_says_what_to_do():
    version = publish_workflow(
        LATER, concurrency={"limit": 5, "key": "${{ input.tenant }}", "per_key": 1, "on_limit": "reject"}
    )
    begin(version, {"tenant": "acme"}, key="k")
    with pytest.raises(Conflict, match=r"1 runs of demo with key 'acme' are open.*per_key.*on_limit: queue"):
        begin(version, {"tenant": "acme"})
    assert begin(version, {"tenant": "acme"}, key="k").status == "running", "the same start is no second run"
    assert Run.objects.count() == 1


def test_a_key_that_the_input_does_not_have_is_an_error_of_the_input():
    version = publish_workflow(LATER, concurrency={"key": "${{ input.tenant }}", "per_key": 1})
    with pytest.raises(InvalidInput, match=r"concurrency\.key: "):
        begin(version, {})
    assert Run.objects.count() == 0


def test_a_long_key_is_kept_short_and_still_tells_runs_apart():
    version = publish_workflow(LATER, concurrency={"key": "${{ input.tenant }}", "per_key": 1})
    runs = [begin(version, {"tenant": "x" * 5_000 + end}) for end in "aab"]
    assert statuses(runs) == ["running", "queued", "running"]


@pytest.mark.parametrize("bounds", [{"limit": 3}, {"key": "${{ input.tenant }}", "per_key": 3}])
def test_starts_at_one_moment_do_not_pass_the_limit_together(bounds: dict[str, Any]):
    version = publish_workflow(LATER, concurrency=bounds)
    at_once, found = threading.Barrier(8), []

    def start() -> None:
        try:
            at_once.wait()
            found.append(begin(version, {"tenant": "acme"}).status)
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["queued"] * 5 + ["running"] * 3


def test_admissions_at_one_moment_give_away_each_place_once(room: Room):
    room(3)
    version = publish_workflow({"a": echo(1)})
    runs = start_runs(version=version, inputs=[{}] * 20)
    for run in runs[:3]:
        terminate_run(run_id=run.pk, actor=None, reason="room")
    at_once, found = threading.Barrier(4), []

    def look() -> None:
        try:
            at_once.wait()
            found.extend(admit())
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), Run.objects.filter(status="running").count()) == (3, 3)


def test_the_same_start_of_a_queued_run_is_that_run(room: Room):
    room(1)
    version = publish_workflow({"a": echo(1)})
    begin(version)
    waiting = begin(version, {"n": 1}, key="once")
    assert (waiting.status, begin(version, {"n": 1}, key="once").pk) == ("queued", waiting.pk)
    with pytest.raises(Conflict, match="another input"):
        begin(version, {"n": 2}, key="once")
    settle_down(Run.objects.get(pk=waiting.pk))
    assert Run.objects.count() == 2


@pytest.mark.parametrize(("stop", "result"), [(cancel_run, "cancelled"), (terminate_run, "terminated")])
def test_a_queued_run_can_be_stopped_and_never_begins(room: Room, stop: Callable[..., Run], result: str):
    room(1)
    version = publish_workflow({"a": echo(1)})
    begin(version)
    waiting = begin(version)
    assert stop(run_id=waiting.pk, actor=None, reason="not needed").result == result
    pump()
    assert admit() == []
    assert StepRun.objects.filter(run=waiting).count() == 0


def test_a_child_waits_for_no_share_so_its_parent_comes_to_its_end(room: Room):
    room(1)
    publish_workflow({"a": echo(1)}, name="child")
    version = publish_workflow({"call": {"workflow": "child@^1", "with": {}, "effect": "none"}}, name="parent")
    runs = [begin(version) for _ in range(3)]
    for run in runs:
        assert settle_down(run).result == "succeeded"


def test_what_a_team_starts_together_goes_behind_the_first_that_waits(room: Room, monkeypatch: pytest.MonkeyPatch):
    room(2)
    take = places.take

    def at_the_next_look(team_id: int) -> bool:
        taken = take(team_id)
        if not taken:
            places.forget()  # what is not committed yet the look that is due now won't see
        return taken

    monkeypatch.setattr(places, "take", at_the_next_look)
    runs = start_runs(version=publish_workflow({"a": echo(1)}), inputs=[{}] * 10)
    assert [run.status for run in runs] == ["running"] * 2 + ["queued"] * 8


def test_a_child_waits_for_its_workflows_limit_and_is_never_refused():
    child = publish_workflow(LATER, name="child", concurrency={"limit": 1, "on_limit": "reject"})
    first = begin(child)
    parent = begin(
        publish_workflow({"call": {"workflow": "child@^1", "with": {}, "effect": "none"}}, name="parent"), {}
    )
    pump()
    mine = Run.objects.get(parent_step__run=parent)
    assert (mine.status, mine.queued_for) == ("queued", "limit")
    cancel_run(run_id=first.pk, actor=None, reason="room")
    admit()
    mine.refresh_from_db()
    assert mine.status == "running"


def test_a_child_that_waited_for_room_has_as_long_as_its_step_gives_it_from_its_beginning():
    first = begin(publish_workflow(LATER, name="child", concurrency={"limit": 1}))
    call = {"workflow": "child@^1", "with": {}, "effect": "none", "timeout": {"start_to_close": "1h"}}
    parent = begin(publish_workflow({"call": {**call, "retry": {"maximum_attempts": 1}}}, name="parent"), {})
    pump()
    pass_time(7200)
    cancel_run(run_id=first.pk, actor=None, reason="room")
    admit()
    mine = Run.objects.get(parent_step__run=parent)
    assert mine.started_at is not None
    assert mine.deadline_at == mine.started_at + timedelta(hours=1)
    assert settle_down(parent).error_type == "child.timed_out"


def test_a_run_within_one_of_the_same_workflow_takes_no_second_place_in_it():
    steps = {
        "again": {"when": "input.n > 0", "workflow": "nested@^1", "with": {"n": "${{ input.n - 1 }}"}, "effect": "none"}
    }
    version = publish_workflow(steps, name="nested", concurrency={"limit": 1})
    assert settle_down(begin(version, {"n": 2})).result == "succeeded"
    assert Run.objects.count() == 3


def test_a_retry_waits_like_any_other_and_keeps_what_stands(room: Room):
    version = publish_workflow({"a": echo(1), "b": {"python": "test.fail", "effect": "none", "needs": ["a"]}})
    failed = settle_down(begin(version))
    room(1)
    begin(publish_workflow({"a": echo(1)}, name="other"))
    again, _ = retry_run(run=failed, actor=None)
    assert (again.status, step(again, "a").status) == ("queued", "succeeded")
    again = settle_down(again)
    assert [one.name for one in again.steps.filter(reused_from=None)] == ["b"]


def test_what_was_admitted_by_a_process_that_died_before_it_woke_anybody_is_found(room: Room, sent: list[int]):
    room(1)
    version = publish_workflow({"a": echo(1)})
    begin(version)
    waiting = begin(version)
    pump()
    ids = admit()  # and nobody is told
    sent.clear()
    pass_time(6)
    assert ids[0] in sent
    pump()
    assert statuses([waiting]) == ["finished"]


def test_the_sweeper_admits(room: Room, sent: list[int]):
    room(1)
    version = publish_workflow({"a": echo(1)})
    begin(version)
    begin(version)
    pump()
    sent.clear()
    pass_time(1)
    assert len(sent) == 1


def test_a_queued_run_of_which_every_step_is_skipped_ends_when_it_is_admitted(room: Room):
    room(1)
    version = publish_workflow({"a": echo(1, when="input.go")})
    begin(version, {"go": True})
    skipped = begin(version, {"go": False})
    broken = begin(version, {})
    pump()
    admit()
    admit()
    assert Run.objects.get(pk=skipped.pk).result == "succeeded"
    assert Run.objects.get(pk=broken.pk).result == "failed"
