"""Control of runs on their pages: each says what it will do, does it once, and keeps what was typed when it can't."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from orchestration.models import BulkRetry, Run, Workflow
from orchestration.services.bulk_retry import carry_on
from tests.engine import tasks
from tests.engine.harness import begin, settle_down


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_run_is_paused_and_resumed_with_a_reason_that_its_timeline_tells(operator, open_run):
    url = reverse("run", args=[open_run.pk])
    assert "Nothing new begins until it is resumed" in text(operator.get(url))
    assert operator.post(f"{url}pause/", {"reason": " "}).status_code == 422
    said = text(operator.post(f"{url}pause/", {"reason": "stock is counted"}, follow=True))
    assert "Paused by" in said
    assert "stock is counted" in said
    assert "Begins reserve at once." in said
    assert text(operator.post(f"{url}resume/", {"reason": "counted"}, follow=True)).count("Resumed by") == 1
    open_run.refresh_from_db()
    assert open_run.status == "running"


def test_a_rerun_shows_what_is_taken_over_and_written_twice_before_it_begins(operator, version):
    run = settle_down(begin(version, {"name": "x"}))
    url = reverse("run-rerun", args=[run.pk])
    said = text(operator.get(url, {"step": "charge"}))
    assert "2 writes happen a second time:</b> charge, ship" in said
    assert not Run.objects.filter(rerun_of=run).exists()
    body = {"step": "charge", "version": "original", "key": "k"}
    assert operator.post(url, body).status_code == 422
    first = operator.post(url, {**body, "reason": "wrong label"})
    assert operator.post(url, {**body, "reason": "wrong label"})["Location"] == first["Location"], "a double click"
    assert Run.objects.filter(rerun_of=run).count() == 1
    assert "has no step" in text(operator.get(url, {"step": "nothing"}))


def test_an_edit_begins_with_what_the_step_was_given_and_keeps_what_was_typed(operator, failed_run):
    url = reverse("run-edit-and-retry", args=[failed_run.pk])
    assert "&quot;value&quot;: &quot;paid&quot;" in text(operator.get(url))
    said = operator.post(url, {"input": "{oops", "reason": "typo"})
    assert said.status_code == 422
    assert "{oops" in text(said)
    tasks.failing.clear()
    operator.post(url, {"input": '{"value": "mended"}', "reason": "typo"})
    (new,) = failed_run.retries.all()
    assert settle_down(new).result == "succeeded"
    assert operator.post(url, {"input": "{}", "reason": "again"})["Location"] == reverse("run", args=[new.pk])


def test_a_viewer_may_do_none_of_it(viewer, failed_run, version):
    said = text(viewer.get(reverse("run", args=[failed_run.pk])))
    assert "Edit and retry…" not in said
    for name in ("run-rerun", "run-edit-and-retry"):
        assert viewer.get(reverse(name, args=[failed_run.pk])).status_code == 403
    assert viewer.get(reverse("bulk-retry")).status_code == 403
    assert viewer.get(reverse("workflow-pause", args=["order"])).status_code == 403
    assert "Retry failed…" not in text(viewer.get(reverse("runs")))


def test_a_workflow_is_paused_with_its_open_runs_and_says_so(operator, open_run):
    url = reverse("workflow-pause", args=["order"])
    assert "1 of its runs is running or waiting" in text(operator.get(url))
    said = text(operator.post(url, {"reason": "stock", "open_runs": "on"}, follow=True))
    assert "order is paused, and 1 open run with it." in said
    assert "No new run begins" in said
    assert "is paused already" in text(operator.post(url, {"reason": "stock"}))
    operator.post(url, {"reason": "counted", "do": "resume"})
    assert Workflow.objects.get(name="order").paused_at is None


def test_the_failed_runs_of_a_list_are_retried_once_and_the_page_tells_how_far_it_is(operator, failed_run):
    url = f"{reverse('bulk-retry')}?result=failed&workflow=order"
    said = text(operator.get(url))
    assert "1 of 1 can be retried" in said
    first = operator.post(url, {"reason": "mended", "key": "k"})
    assert operator.post(url, {"reason": "mended", "key": "k"})["Location"] == first["Location"]
    job = BulkRetry.objects.get()
    assert "0 of 1 looked at" in text(operator.get(first["Location"]))
    carry_on(seconds=5)
    assert "1 of 1 looked at" in text(operator.get(first["Location"]))
    assert "there is nothing to cancel" in text(
        operator.post(reverse("bulk-retry-cancel", args=[job.pk]), {"reason": "x"}, follow=True)
    )
    assert "Nothing" in text(operator.get(f"{reverse('bulk-retry')}?result=succeeded"))


@pytest.mark.parametrize("query", ["since=oops", "result=odd", "status=odd"])
def test_a_filter_that_can_not_be_read_is_named(operator, query):
    answer = operator.get(f"{reverse('bulk-retry')}?{query}")
    assert answer.status_code == 422
