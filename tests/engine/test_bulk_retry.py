"""Bulk retry: what of a list is retried, that nothing is retried twice, and that whoever is killed loses nothing."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from orchestration.errors import Conflict, InvalidInput
from orchestration.models import BulkRetry, BulkRetryItem, Run, Team
from orchestration.selectors.runs import RunFilter
from orchestration.services import bulk_retry
from orchestration.services.bulk_retry import begin as begin_job
from orchestration.services.bulk_retry import cancel, carry_on, preview, progress
from orchestration.services.runs import retry_run
from orchestration.tasks import retry_in_bulk
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, pump, settle_down, write

pytestmark = pytest.mark.django_db(transaction=True)

FAILED = RunFilter(result="failed")


def runs(count: int, name: str = "demo") -> list[Run]:
    """So many failed runs."""
    version = publish({"a": {"python": "test.fail"}}, name=name)
    return [settle_down(begin(version)) for _ in range(count)]


def job(wanted: RunFilter = FAILED, key: str = "one", **more: Any) -> BulkRetry:
    given: dict[str, Any] = {"words": {"result": "failed"}, "teams": None, "actor": None, "reason": "it is mended"}
    return begin_job(wanted=wanted, key=key, **{**given, **more})


def test_the_preview_counts_what_can_be_retried_and_says_why_the_rest_can_not():
    found = runs(3)
    other = runs(1, "other")
    settle_down(begin(publish({"a": echo(1)}, name="fine")))
    tasks.failing["undo:a"] = 99
    settle_down(begin(publish({"a": write("a"), "b": {"python": "test.fail", "needs": ["a"]}}, name="halves")))
    retry_run(run=found[0], actor=None)

    seen = preview(wanted=RunFilter(), teams=None)

    assert (seen.matched, seen.can) == (7, 3)
    assert set(seen.ids) == {found[1].pk, found[2].pk, other[0].pk}
    assert seen.workflows == {"demo": 2, "other": 1}
    assert seen.refused == {
        "retried already": 1, "still open": 1, "ended well": 1, "undone only by halves: resume its compensation first": 1,
    }  # fmt: skip
    assert [run.pk for run in seen.sample] == [other[0].pk, found[2].pk, found[1].pk]
    assert preview(wanted=RunFilter(), teams=[]).refused["of a team whose runs you may not retry"] == 3
    assert preview(wanted=RunFilter(), teams=[Team.objects.get(name="checkout").pk]).can == 3


def test_a_job_retries_every_run_of_the_list_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk_retry, "BATCH", 2)
    found = runs(5)
    made = job()
    assert (made.total, made.state) == (5, "running")
    assert job(key="one").pk == made.pk, "a doubled request is the same job"
    assert BulkRetry.objects.count() == 1

    retry_in_bulk()  # a slice; what it leaves the next one does
    carry_on(seconds=60)

    made.refresh_from_db()
    assert (made.state, progress(made)["retried"]) == ("done", 5)
    for run in found:
        (again,) = run.retries.all()
        item = BulkRetryItem.objects.get(bulk=made, run_id=run.pk)
        assert item.retried_as == again.pk
    assert carry_on(seconds=1) == 0


def test_a_run_that_was_retried_meanwhile_is_refused_or_found_and_never_doubled():
    found = runs(3)
    made = job()
    by_hand, _ = retry_run(run=found[0], actor=None)
    by_button, _ = retry_run(run=found[1], actor=None, key=f"retry-{found[1].pk}")
    carry_on(seconds=60)
    items = {item.run_id: item for item in made.items.all()}
    assert (items[found[0].pk].state, items[found[1].pk].retried_as) == ("refused", by_button.pk)
    assert by_hand.short_id in items[found[0].pk].message
    assert [run.retries.count() for run in found] == [1, 1, 1]


def test_a_process_killed_within_a_batch_leaves_it_to_be_done_whole(monkeypatch: pytest.MonkeyPatch):
    found = runs(3)
    made = job()

    class Killed(BaseException):
        pass

    calls: list[Any] = []

    def dies(**given: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise Killed
        return retry_run(**given)

    with monkeypatch.context() as patch:
        patch.setattr(bulk_retry, "retry_run", dies)
        with pytest.raises(Killed):
            carry_on(seconds=60)
    assert progress(made)["pending"] == 3
    assert not Run.objects.filter(retry_of__isnull=False).exists(), "a batch and its account are one transaction"
    carry_on(seconds=60)
    assert [run.retries.count() for run in found] == [1, 1, 1]


def test_a_fault_of_one_run_is_its_own(monkeypatch: pytest.MonkeyPatch):
    found = runs(2)
    made = job()

    def odd(*, run: Run, **more: Any) -> Any:
        if run.pk == found[0].pk:
            raise RuntimeError("odd")
        return retry_run(run=run, **more)

    monkeypatch.setattr(bulk_retry, "retry_run", odd)
    carry_on(seconds=60)
    assert progress(made) == {"pending": 0, "retried": 1, "refused": 1, "cancelled": 0}


def test_a_cancelled_job_retries_no_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk_retry, "BATCH", 1)
    runs(3)
    made = job()
    assert bulk_retry._batch() == 1
    done = cancel(job_id=made.pk, actor=None, reason="the wrong list")
    assert (done.state, done.cancel_reason) == ("cancelled", "the wrong list")
    assert carry_on(seconds=1) == 0
    assert progress(made) == {"pending": 0, "retried": 1, "refused": 0, "cancelled": 2}
    with pytest.raises(Conflict, match="is cancelled; there is nothing to cancel"):
        cancel(job_id=made.pk, actor=None, reason="again")


def test_two_workers_at_once_retry_nothing_twice(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk_retry, "BATCH", 2)
    found = runs(8)
    made, errors = job(), list[Exception]()

    def at_work() -> None:
        try:
            carry_on(seconds=60)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=at_work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    carry_on(seconds=60)  # whoever found the job taken has left it
    assert progress(made)["retried"] == 8
    assert [run.retries.count() for run in found] == [1] * 8


def test_a_list_that_is_too_long_or_has_nothing_is_refused(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InvalidInput, match="no run of this list can be retried"):
        job()
    runs(3)
    with pytest.raises(InvalidInput, match="is no result of a run"):
        job(RunFilter(result="odd"))
    with pytest.raises(InvalidInput, match="a reason is required"):
        job(reason="")
    monkeypatch.setattr(bulk_retry, "MOST", 2)
    with pytest.raises(InvalidInput, match="more than 2 runs match; narrow the filter"):
        job()
    assert pump() == 0
