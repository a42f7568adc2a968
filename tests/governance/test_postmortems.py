"""Postmortems: numbers, revisions, publishing, and what stands still from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from governance.models import AuditEntry, Change, Postmortem
from governance.selectors.incident_impact import impact_shown
from governance.selectors.incident_lines import timeline
from governance.selectors.postmortems import (
    PostmortemFilter,
    about,
    find_postmortem,
    postmortems,
    postmortems_of,
)
from governance.selectors.revisions import revision_text, revisions
from governance.services.documents import EditConflict
from governance.services.exercises import end, start_exercise
from governance.services.postmortems import LONGEST, edit_postmortem, restore_postmortem
from governance.services.runbooks import create_runbook
from governance.services.timelines import add_line, mark_line, remove_line
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound
from orchestration.models import (
    Alert,
    AlertEvent,
    BreakerTransition,
    Objective,
    RollupDay,
    RollupHour,
    RollupMinute,
    Run,
    Series,
)
from orchestration.selectors.series import Grain
from orchestration.services import governed
from orchestration.services.retention import prune
from tests.governance.incidents import edit_of, ended, now_minute, version_of, write
from tests.people import person

pytestmark = pytest.mark.django_db


def test_numbers_follow_each_other_and_links_show_on_both_ends(team: Any, workflow: Any, dependency: Any):
    first = write(team, workflows=[workflow.name], dependencies=[dependency.name])
    second = write(team, title="Again")
    assert (first.number, second.number) == (1, 2)
    assert about(find_postmortem(1)).workflows == [workflow.name]
    assert postmortems_of(workflow) == postmortems_of(dependency) == [first]


def test_every_fault_is_named_at_its_field(team: Any):
    now = now_minute()
    with pytest.raises(InvalidInput) as caught:
        write(
            team,
            title=" ",
            status="odd",
            severity="odd",
            began_at=now,
            ended_at=now - timedelta(hours=1),
            workflows=["no"],
        )
    assert {fault.pointer for fault in caught.value.violations} == {
        "/title", "/status", "/severity", "/ended_at", "/workflows",
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="longer than 31 days"):
        write(team, began_at=now - LONGEST - timedelta(hours=1), ended_at=now)
    with pytest.raises(InvalidInput, match="future"):
        write(team, began_at=now + timedelta(hours=1), ended_at=None)
    assert not Postmortem.objects.exists()


def test_an_edit_over_an_older_revision_is_a_conflict_and_the_same_text_writes_nothing(team: Any):
    made = write(team)
    edited = edit_postmortem(**edit_of(made, title="Better"))
    assert (edited.revision, edited.title) == (2, "Better")
    with pytest.raises(EditConflict):
        edit_postmortem(**edit_of(made, title="Mine", revision=1))
    assert edit_postmortem(**edit_of(edited)).revision == 2


def test_the_window_is_kept_in_whole_minutes_around_it(team: Any):
    began = now_minute() - timedelta(hours=2)
    made = write(team, began_at=began + timedelta(seconds=9), ended_at=began + timedelta(minutes=3, seconds=1))
    assert (made.began_at, made.ended_at) == (began, began + timedelta(minutes=4))


def test_an_earlier_text_comes_back_as_a_new_revision(team: Any):
    made = write(team)
    edited = edit_postmortem(**edit_of(made, body="## Summary\n\nOther."))
    restored = restore_postmortem(
        postmortem=edited, history_id=made.history.earliest().history_id, actor=None, reason="back"
    )
    assert (restored.revision, restored.body) == (3, made.body)
    assert [one.reason for one in revisions(restored).items] == ["back", "an edit", "first text"]
    assert "Severity: major" in revision_text(restored, restored.history.latest().history_id)


def test_publishing_asks_for_a_summary_two_factors_and_an_end(team: Any):
    made = write(team, body="", ended_at=None)
    with pytest.raises(InvalidInput) as caught:
        edit_postmortem(**edit_of(made, status="published"))
    assert {fault.pointer for fault in caught.value.violations} == {"/body", "/ended_at"}
    assert find_postmortem(1).status == "draft"


def incident(team: Any, workflow: Any, dependency: Any) -> Postmortem:
    """Three failed runs, a breaker that opened, an alert that somebody took, a new version, a retry."""
    began, who = now_minute() - timedelta(hours=2), person("operator", team)
    version = version_of(workflow)
    version.published_at = began + timedelta(minutes=1)
    version.save()
    runs = [ended(version, began + timedelta(minutes=minute)) for minute in (10, 11, 12)]
    ended(version, began + timedelta(minutes=13), "succeeded", failed_step="", error_type="")
    ended(version, began + timedelta(minutes=20), "succeeded", retry_of=runs[0], started_by=who)
    ended(version, began - timedelta(minutes=10))  # before the window
    BreakerTransition.objects.create(
        name=dependency.name,
        at=began + timedelta(minutes=11),
        source="closed",
        target="open",
        why="6 of 10 calls failed",
    )
    objective = Objective.objects.create(
        name="orders.success", owner=team, workflow=workflow.name, indicator="success", target="0.95", since=began
    )
    alert = Alert.objects.create(
        kind="burn", severity="page", subject="orders.success", team=team, escalation=team, objective=objective,
        workflow=workflow.name, opened_at=began + timedelta(minutes=14),
    )  # fmt: skip
    AlertEvent.objects.create(alert=alert, at=alert.opened_at, what="opened")
    AlertEvent.objects.create(alert=alert, at=alert.opened_at + timedelta(minutes=1), what="acknowledged", person=who)
    return write(team, workflows=[workflow.name], dependencies=[dependency.name])


def test_the_timeline_has_what_happened_in_its_order_and_failed_runs_in_one_line(
    team: Any, workflow: Any, dependency: Any
):
    made = find_postmortem(incident(team, workflow, dependency).number)
    lines = timeline(made).lines
    assert [line.kind for line in lines] == ["version", "runs", "breaker", "alert", "alert", "action"]
    assert lines[1].text == "3 runs of order-fulfilment failed at charge: timeout"
    assert lines[1].until is not None
    assert "closed to open, 6 of 10 calls failed" in lines[2].text
    assert "retried 1 run of order-fulfilment" in lines[5].text


def test_a_runbook_that_was_gone_through_because_of_an_alert_is_in_the_timeline_with_who_ended_it(
    team: Any, workflow: Any, dependency: Any
):
    made = find_postmortem(incident(team, workflow, dependency).number)
    first, second = person("maintainer", team), person("operator", team)
    book = create_runbook(
        title="Charges hang", slug="charges-hang", body="1. **Do** look", status="active", owner=team,
        review_by=None, workflows=[], dependencies=[], actor=first, reason="for the night",
    )  # fmt: skip
    clock.advance(made.began_at + timedelta(minutes=16) - clock.now())
    exercise, _ = start_exercise(runbook=book, actor=first, alert=Alert.objects.get())
    end(exercise=exercise, state="completed", summary="It went well.", actor=second)
    start_exercise(runbook=book, actor=first)  # practice, and no part of the incident
    clock.reset()
    texts = [line.text for line in timeline(made).lines if line.noun == "exercise"]
    assert texts == [
        f"{first} began to go through runbook charges-hang",
        f"{second} completed runbook charges-hang: It went well.",
    ]


def test_a_change_of_something_else_that_has_the_same_name_is_not_in_the_timeline(
    team: Any, workflow: Any, dependency: Any
):
    made = find_postmortem(incident(team, workflow, dependency).number)
    at = made.began_at + timedelta(minutes=2)
    for kind, name in (
        ("workflow.release", workflow.name), ("breaker.force", dependency.name),
        ("contract.publish", workflow.name), ("workflow.release", dependency.name), ("decision.accept", workflow.name),
    ):  # fmt: skip
        change = Change(
            kind=kind, name=name, number="1", owner=team, reason=kind, verdict="safe", report={}, content_hash="0" * 64,
            opened_at=at, expires_at=at + timedelta(days=1),
        )  # fmt: skip
        governed.save(change, actor=None, reason="a test")
    found = [line.text.rpartition(": ")[2] for line in timeline(made).lines if line.kind == "change"]
    assert found == ["workflow.release", "breaker.force"]


def test_a_line_is_pinned_hidden_noted_and_one_is_added_and_taken_back(team: Any, workflow: Any, dependency: Any):
    made, who = find_postmortem(incident(team, workflow, dependency).number), person("maintainer", team)
    key = timeline(made).lines[1].key
    mark_line(postmortem=made, key=key, shown="pinned", note="The first sign.", actor=who)
    own = add_line(postmortem=made, at=made.began_at + timedelta(minutes=5), text="A customer called.", actor=who)
    lines = {line.key: line for line in timeline(find_postmortem(1)).lines}
    assert (lines[key].shown, lines[key].note) == ("pinned", "The first sign.")
    assert lines[own.key].text == "A customer called."
    remove_line(postmortem=made, key=own.key, actor=who, reason="it was another day")
    assert own.key not in {line.key for line in timeline(find_postmortem(1)).lines}
    with pytest.raises(NotFound):
        mark_line(postmortem=made, key="nothing", shown="pinned", note="", actor=who)
    with pytest.raises(InvalidInput):
        add_line(postmortem=made, at=now_minute() + timedelta(days=1), text="later", actor=who)
    assert AuditEntry.objects.filter(object_kind="timeline mark", action="deleted").count() == 1


def test_what_somebody_noted_outlives_the_rows_it_was_read_from(team: Any, workflow: Any, dependency: Any):
    made = find_postmortem(incident(team, workflow, dependency).number)
    key = timeline(made).lines[2].key
    mark_line(postmortem=made, key=key, shown="plain", note="We saw it at once.", actor=None)
    BreakerTransition.objects.all().delete()
    (kept,) = [line for line in timeline(find_postmortem(1)).lines if line.key == key]
    assert (kept.kind, kept.note) == ("own", "We saw it at once.")
    assert "closed to open" in kept.text


def test_a_published_timeline_outlives_retention_and_stands_still(team: Any, workflow: Any, dependency: Any):
    made = find_postmortem(incident(team, workflow, dependency).number)
    add_line(postmortem=made, at=made.began_at, text="Own.", actor=None)
    before, figures = timeline(made).lines, impact_shown(made)
    published = edit_postmortem(**edit_of(made, status="published"))
    assert published.published_at is not None
    prune(days=0.0001)
    assert not Run.objects.exists()
    again = find_postmortem(1)
    assert timeline(again).lines == before
    assert impact_shown(again) == figures
    for change in (
        lambda: mark_line(postmortem=again, key=before[0].key, shown="hidden", note="", actor=None),
        lambda: add_line(postmortem=again, at=again.began_at, text="Late.", actor=None),
    ):
        with pytest.raises(Conflict, match="stands still"):
            change()
    for changes in ({"status": "draft"}, {"workflows": []}, {"began_at": again.began_at - timedelta(hours=1)}):
        with pytest.raises(InvalidInput):
            edit_postmortem(**edit_of(again, **changes))
    assert edit_postmortem(**edit_of(again, title="A slip put right")).revision == 3


def test_figures_count_what_was_undone(team: Any, workflow: Any, dependency: Any):
    made = incident(team, workflow, dependency)
    version, at = workflow.versions.get(), made.began_at + timedelta(minutes=15)
    ended(version, at, compensation="done")
    ended(version, at, "cancelled", compensation="failed")
    (one,) = impact_shown(find_postmortem(made.number)).workflows
    assert (one.compensated, one.not_undone) == (1, 1)


@pytest.mark.parametrize("days", [1, 5, 89])
def test_a_short_window_long_ago_is_counted_in_the_hours_or_days_that_are_kept(team: Any, workflow: Any, days: int):
    began = now_minute().replace(minute=10) - timedelta(days=days)
    series = Series.objects.create(kind="run", workflow=workflow.name)
    for moment, bad in ((began + timedelta(minutes=20), 4), (began - timedelta(days=1, hours=1), 9)):
        for grain, model in ((Grain.MINUTE, RollupMinute), (Grain.HOUR, RollupHour), (Grain.DAY, RollupDay)):
            model.objects.create(series=series, ts=grain.floor(moment), n=10, ok=10 - bad, error=bad)
    made = write(team, began_at=began, ended_at=began + timedelta(minutes=30), workflows=[workflow.name])
    (one,) = impact_shown(find_postmortem(made.number)).workflows
    assert (one.bad, one.ended) == (4, 10)


def test_the_timeline_asks_few_queries_however_much_happened(
    team: Any, workflow: Any, dependency: Any, django_assert_max_num_queries: Any
):
    made = find_postmortem(incident(team, workflow, dependency).number)
    for number in range(30):
        ended(workflow.versions.get(), made.began_at + timedelta(seconds=number), error_type=f"http.{500 + number}")
    with django_assert_max_num_queries(12):
        assert len(timeline(made).lines) == 36
    with django_assert_max_num_queries(8):
        impact_shown(made)


def test_lists_filter_and_page(team: Any, other_team: Any, workflow: Any):
    for number in range(3):
        write(team, title=f"Number {number}", severity="minor")
    write(other_team, title="Theirs", workflows=[workflow.name])
    assert [one.number for one in postmortems(PostmortemFilter(owner="checkout"), limit=2).items] == [3, 2]
    assert [one.number for one in postmortems(PostmortemFilter(), cursor="2").items] == [1]
    assert [one.title for one in postmortems(PostmortemFilter(workflow=workflow.name)).items] == ["Theirs"]
    assert [one.number for one in postmortems(PostmortemFilter(q="number 1")).items] == [2]
    with pytest.raises(InvalidInput):
        postmortems(PostmortemFilter(severity="odd"))
