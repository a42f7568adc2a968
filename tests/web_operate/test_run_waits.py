"""The page of a run that waits, has children or items: it says for what, and shows what belongs to it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from orchestration.engine.event_store import NewEvent, store
from orchestration.engine.events import route
from orchestration.models import Approval, Run, Team
from tests.engine.harness import begin, echo, publish, pump, settle_down, write


def text(client, run, step="", **query):
    url = reverse("run-step", args=[run.pk, step]) if step else reverse("run", args=[run.pk])
    answer = client.get(url, query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def going(steps, **input):
    run = begin(publish(steps), input)
    pump()
    return run


def test_a_run_that_waits_for_a_decision_says_whose_and_until_when(operator):
    Team.objects.get_or_create(name="fraud")
    run = going({"review": {"approval": {"team": "fraud", "timeout": "1d", "on_timeout": "approve"}}})
    assert "Waiting at review for a yes or no of team fraud, until" in text(operator, run)
    asked = Approval.objects.get(run=run)
    link = f'<a href="{reverse("approval", args=[asked.pk])}">Read it and decide</a>'
    assert link in text(operator, run)
    drawer = text(operator, run, "review")
    assert "no worker is held" in drawer
    assert "team fraud" in drawer
    assert "then approve" in drawer
    assert link in drawer
    Approval.objects.update(decision="approved")
    assert link not in text(operator, run)


def test_a_run_that_waits_for_an_event_says_for_which_and_then_which_it_got(operator):
    run = going({"paid": {"event": {"type": "order.paid", "correlation": "${{ input.order }}"}}}, order="o-1")
    assert "Waiting at paid for event order.paid for o-1." in text(operator, run)
    assert "<code>o-1</code>" in text(operator, run, "paid")
    event, _ = store(NewEvent("/shop", "ev-7", "order.paid", {"amount": 3}, correlation="o-1"))
    route(event.pk)
    drawer = text(operator, settle_down(run), "paid")
    assert "The event came, " in drawer
    assert "<code>/shop</code>" in drawer
    assert "<code>ev-7</code>" in drawer


def test_a_run_and_its_child_name_each_other(operator):
    publish({"pause": {"wait": {"for": "1h"}}}, name="child")
    run = going({"call": {"workflow": "child@^1", "effect": "none"}})
    child = Run.objects.get(parent_step__run=run)
    link = f'<a href="{reverse("run", args=[child.pk])}">Child run {child.short_id}</a>'
    assert f"Waiting at call for child run {child.short_id}." in text(operator, run)
    assert link in text(operator, run)
    assert reverse("run", args=[child.pk]) in text(operator, run, "call")
    said = text(operator, child)
    assert "Child of" in said
    assert reverse("run-step", args=[run.pk, "call"]) in said


def test_the_items_of_a_loop_are_counted_listed_and_shown_one_by_one(operator):
    body = {
        **echo("${{ one.n }}", effect="none"),
        "for_each": {"in": "${{ input.all }}", "as": "one", "tolerate_failures": "50%"},
    }
    run = settle_down(begin(publish({"each": body}), {"all": [{"n": 1}, {"n": 2}, {}]}))
    drawer = text(operator, run, "each")
    assert "Fell back: 1 of 3 items failed; went on with the others." in drawer
    assert "2 of 3 done, 1 failed." in drawer
    failed = text(operator, run, "each", items="failed")
    assert 'href="?item=3&amp;items=failed"' in failed
    assert 'href="?item=1' not in failed
    one = text(operator, run, "each", item="2")
    assert "Item 2: output" in one
    assert text(operator, run, "each", item="99 OR 1=1").count("Item 99") == 0


def test_a_loop_at_work_says_how_far_it_is(operator):
    body = {"wait": {"for": "1h"}, "for_each": {"in": "${{ input.all }}", "as": "one", "max_parallel": 2}}
    run = going({"each": body}, all=[1, 2, 3])
    assert "Doing each for each item: 0 of 3 done." in text(operator, run)


def test_items_that_were_undone_are_counted_with_the_rest(operator):
    body = {
        **write("undo ${{ one.id }}", "${{ one.n }}"),
        "for_each": {"in": "${{ input.all }}", "as": "one", "max_parallel": 1},
    }
    run = settle_down(begin(publish({"each": body}), {"all": [{"id": 1, "n": 1}, {"id": 2, "n": 1}, {"id": 3}]}))
    assert "2 of 2 steps with an effect compensated; nothing is left behind." in text(operator, run)


def test_a_long_loop_is_listed_by_the_page(operator):
    body = {"value": 1, "for_each": {"in": "${{ input.all }}", "as": "one"}}
    run = settle_down(begin(publish({"each": body}), {"all": list(range(60))}))
    assert 'href="?after=50"' in text(operator, run, "each")
    assert 'href="?item=60"' in text(operator, run, "each", after="50")


@pytest.mark.parametrize("fails", [True, False])
def test_a_stand_in_says_whether_it_was_needed(operator, fails):
    quote = {"python": "test.fail", "effect": "none"} if fails else echo(1)
    run = settle_down(begin(publish({"quote": {**quote, "fallback": {"step": "estimate"}}, "estimate": echo(2)})))
    drawer = text(operator, run, "estimate")
    assert ("Not needed: it is done only when quote fails." in drawer) is not fails
    assert "step estimate is done in its place" in text(operator, run, "quote")
    assert ("took the output of estimate" in text(operator, run)) is fails
