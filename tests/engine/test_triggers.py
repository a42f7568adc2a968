"""Triggers: an event starts one run of each that holds for it, and what fails stops no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestration import clock
from orchestration.engine.triggers import fire
from orchestration.errors import InvalidManifest
from orchestration.models import Event, Run, RunEvent, TriggerFiring
from orchestration.selectors.events import EventFilter, events, story_of
from orchestration.services.manifests import Signature, apply
from orchestration.services.schedules import pause, resume
from tests.engine.harness import publish
from tests.engine.scheduling import manifest, trigger
from tests.engine.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def event(
    number: str = "1", *, type: str = "order.placed", source: str = "/shop", data: str = '{"total": 5}', **more: Any
) -> Event:
    return Event.objects.create(source=source, event_id=number, type=type, data=data, received_at=clock.now(), **more)


@pytest.fixture(autouse=True)
def demo() -> None:
    publish({"a": {"value": 1}})


def test_an_event_starts_a_run_with_what_the_expressions_make_of_it():
    trigger(input={"order": "${{ event.data }}", "by": "${{ event.source }}/${{ event.id }}"})
    (run,) = fire(event())
    assert json.loads(run.input) == {"order": {"total": 5}, "by": "/shop/1"}
    assert run.origin == "trigger:on-order"
    assert RunEvent.objects.get(run=run).detail == "trigger on-order, event 1 of /shop"
    assert TriggerFiring.objects.get().run == run


def test_only_its_type_and_its_condition_count():
    trigger(when="event.data.total > 10")
    assert fire(event("1")) == []
    assert fire(event("2", type="order.lost", data='{"total": 50}')) == []
    assert len(fire(event("3", data='{"total": 50}'))) == 1
    assert TriggerFiring.objects.count() == 1, "an event that it does not hold for leaves no row"


def test_an_event_that_comes_twice_starts_one_run():
    trigger()
    one = event()
    assert fire(one) == fire(one)
    assert Run.objects.count() == TriggerFiring.objects.count() == 1


def test_an_event_that_is_routed_three_times_at_once_starts_one_run():
    trigger()
    one = event()
    at_once(*[lambda: fire(one)] * 3)
    assert Run.objects.count() == 1


def test_one_that_fails_is_written_down_and_stops_no_other():
    trigger("a-broken", when="event.data.nothing > 1")
    trigger("b-refused", input="${{ event.data.nothing }}")
    trigger("c-well")
    assert [run.origin for run in fire(event())] == ["trigger:c-well"]
    errors = dict(TriggerFiring.objects.values_list("trigger__name", "error"))
    assert "nothing" in errors["a-broken"]
    assert errors["a-broken"].startswith("'when'")
    assert "the input can't be computed" in errors["b-refused"]
    assert errors["c-well"] == ""


def test_an_event_without_data_subject_and_time_is_read_as_null():
    trigger(when="event.data is none and event.subject is none and event.time is none")
    assert len(fire(event(data=""))) == 1


def test_long_and_odd_ids_make_a_key_all_the_same():
    trigger()
    runs = [fire(event("x" * 200, source="s" * 500))[0], fire(event("a\nb"))[0]]
    assert all(run.idempotency_key.startswith("trigger:on-order:") and len(run.idempotency_key) == 81 for run in runs)


def test_a_paused_one_starts_nothing():
    found = trigger()
    pause(thing=found, actor=None, reason="r")
    assert fire(event("1")) == []
    resume(thing=found, actor=None, reason="r")
    assert len(fire(event("2"))) == 1


def test_an_input_without_expressions_must_fit_and_an_unknown_field_is_named():
    with pytest.raises(InvalidManifest, match="did you mean 'data'"):
        apply(
            [manifest("Trigger", "t", {"event": "a.b", "workflow": "demo@^1", "when": "event.dta.x"})],
            Signature(None, "r"),
        )
    with pytest.raises(InvalidManifest, match="no workflow 'nothing'"):
        apply([manifest("Trigger", "t", {"event": "a.b", "workflow": "nothing@^1"})], Signature(None, "r"))


def test_an_events_story_has_the_runs_that_triggers_started_and_why_one_did_not():
    trigger(name="fits", input={"order": "${{ event.data.total }}"})
    trigger(name="fails", input={"order": "${{ event.data.none.such }}"})
    one, other = event(), event("2", type="order.lost")
    (run,) = fire(one)
    story = story_of(one)
    assert [(each.trigger.name, each.run) for each in story.firings] == [("fails", None), ("fits", run)]
    assert (story.had, story.runs) == (1, [run])
    assert {each.pk: each.was_given for each in events(EventFilter())} == {one.pk: True, other.pk: False}
