"""Pages of schedules, triggers and backfills: what starts by itself, why something did not, and what a person may do."""

from __future__ import annotations

import re

import pytest

from orchestration import clock
from orchestration.engine import schedules
from orchestration.engine.triggers import fire
from orchestration.models import Backfill, Event, Run, Schedule
from tests.engine.harness import publish
from tests.engine.scheduling import go_to, schedule, trigger


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def nightly(team):
    publish({"one": {"value": 1}})
    go_to("2026-11-20T12:00")
    return schedule(cron="30 2 * * *", timezone="Europe/Madrid", input={"day": "${{ tick.date }}"})


@pytest.fixture
def ran(nightly):
    go_to("2026-11-21T01:30:01")
    schedules.look(clock.now())
    return Run.objects.get()


def test_the_list_has_schedules_and_triggers_and_says_what_is_wrong(viewer, ran):
    trigger(input="${{ event.data.nothing }}")
    assert "Everything starts as it should." in text(viewer.get("/schedules/"))
    event = Event.objects.create(source="/s", event_id="e1", type="order.placed", data="{}", received_at=clock.now())
    fire(event)
    said = text(viewer.get("/schedules/"))
    assert "on-order could not start its last run." in said
    for word in (
        "30 2 * * *",
        "Europe/Madrid",
        'href="/schedules/nightly/"',
        'href="/triggers/on-order/"',
        "Failing",
        "Not started",
    ):
        assert word in said, word


def test_the_number_of_queries_of_the_list_does_not_grow(viewer, nightly, django_assert_num_queries):
    clock.now()
    viewer.get("/schedules/")
    for number in range(2):
        for index in range(1 + number * 6):
            schedule(f"s-{number}-{index}")
            trigger(f"t-{number}-{index}")
        with django_assert_num_queries(6):
            viewer.get("/schedules/")


def test_a_schedule_shows_its_next_ticks_in_its_zone_and_what_came_of_the_last(viewer, ran):
    said = text(viewer.get("/schedules/nightly/"))
    assert "Sun 22 Nov 2026, 02:30 +01:00" in said
    assert f'href="/runs/{ran.pk}/"' in said
    assert "Pausing and resuming needs the role operator in checkout." in said


def test_a_run_says_which_schedule_started_it_and_the_workflow_names_it(viewer, ran):
    said = text(viewer.get(f"/runs/{ran.pk}/"))
    assert "schedule nightly, tick 2026-11-21 02:30 Europe/Madrid" in said
    assert '<dt>By schedule</dt><dd><a href="/schedules/nightly/">nightly</a>' in said
    assert '<a href="/schedules/nightly/">schedule nightly</a>' in text(viewer.get("/workflows/demo/"))


def test_pausing_asks_why_and_says_so_on_the_page(operator, nightly):
    refused = operator.post("/schedules/nightly/pause/", {"reason": " "})
    assert refused.status_code == 422
    assert "a reason is required" in text(refused)
    assert operator.post("/schedules/nightly/pause/", {"reason": "the <b>ledger</b> moves"}).status_code == 302
    said = text(operator.get("/schedules/nightly/"))
    assert "the &lt;b&gt;ledger&lt;/b&gt; moves" in said
    assert "It starts nothing until it is resumed." in said
    assert operator.post("/schedules/nightly/pause/", {"reason": "again"}).status_code == 409
    assert operator.post("/schedules/nightly/resume/", {"reason": "it moved"}).status_code == 302
    assert Schedule.objects.get().paused is False


RANGE = {
    "starts_at": "2026-11-01T00:00",
    "ends_at": "2026-11-03T23:59",
    "order": "oldest_first",
    "max_parallel": "2",
    "reason": "r",
}


def test_a_backfill_starts_what_its_preview_showed_and_nothing_else(operator, nightly):
    shown = text(operator.post("/schedules/nightly/backfill/", {**RANGE, "do": "preview"}))
    assert "3 runs." in shown
    assert "Sun 1 Nov 2026, 02:30 +01:00" in shown
    seen = re.search(r'name="seen" value="([^"]+)"', shown).group(1)
    for other in ({"ends_at": "2026-11-04T23:59", "seen": seen}, {}):  # typed anew behind the preview; never previewed
        again = operator.post("/schedules/nightly/backfill/", {**RANGE, **other, "do": "start"})
        assert again.status_code == 200
    assert not Backfill.objects.exists()
    assert operator.post("/schedules/nightly/backfill/", {**RANGE, "seen": seen, "do": "start"}).status_code == 302
    backfill = Backfill.objects.get()
    assert (backfill.ticks, backfill.max_parallel) == (3, 2)
    page = text(operator.get("/schedules/nightly/"))
    assert "0 of 3" in page
    assert operator.post(f"/schedules/nightly/backfills/{backfill.pk}/cancel/", {"reason": "wrong"}).status_code == 302
    assert "Cancelled: wrong" in text(operator.get("/schedules/nightly/"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ends_at": "2026-10-01T00:00"}, "ends before it starts"),
        ({"ends_at": "2999-10-01T00:00"}, "future"),
        ({"starts_at": "1000-01-01T00:00"}, "before 1970"),
        ({"starts_at": "x"}, "valid date"),
        ({"max_parallel": "0"}, "greater than or equal to 1"),
        ({"order": "sideways"}, "valid choice"),
    ],
)
def test_a_range_that_makes_no_sense_is_said_with_what_was_typed_kept(operator, nightly, change, said):
    answer = operator.post("/schedules/nightly/backfill/", {**RANGE, **change, "do": "preview"})
    assert answer.status_code == 422
    assert said in text(answer)


def test_a_trigger_shows_its_condition_and_its_events(operator, nightly):
    trigger(when="event.data.total > 1")
    event = Event.objects.create(
        source="/<shop>", event_id="e1", type="order.placed", data='{"total": 5}', received_at=clock.now()
    )
    (run,) = fire(event)
    said = text(operator.get("/triggers/on-order/"))
    assert "event.data.total &gt; 1" in said
    assert "/&lt;shop&gt;" in said
    assert f'href="/runs/{run.pk}/"' in said
    assert operator.post("/triggers/on-order/pause/", {"reason": "r"}).status_code == 302
    assert "Paused" in text(operator.get("/triggers/on-order/"))
    assert operator.get("/triggers/nothing/").status_code == 404
