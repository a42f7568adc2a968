"""The page of one run: what it says, what it hides, what it lets people do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from orchestration import clock
from orchestration.models import Attempt, Run, StepRun
from tests.engine import tasks
from tests.engine.harness import begin, echo, publish, pump, settle_down

HTMX = {"HX-Request": "true"}


def page(client, run, step="", **query):
    url = reverse("run-step", args=[run.pk, step]) if step else reverse("run", args=[run.pk])
    return client.get(url, query)


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_failed_run_says_first_where_and_why_and_what_was_undone(operator, failed_run):
    said = text(page(operator, failed_run))
    assert "<b>Failed at charge: test.flaky after 2 attempts.</b>" in said
    assert said.index("Failed at charge") < said.index("What you can do") < said.index("What happened")


def test_the_gantt_shows_each_attempt_and_the_compensation_below(operator, failed_run):
    said = text(page(operator, failed_run))
    assert "Attempt 1, test.flaky after" in said
    assert "Attempt 2, test.flaky after" in said
    assert "Backoff 2" in said
    assert said.index("Compensation, in reverse order of completion") > said.index(
        '<span class="word">not reached</span>'
    )


def test_the_timeline_groups_attempts_that_failed_alike_and_ends_with_the_end(operator, failed_run):
    said = text(page(operator, failed_run))
    order = [
        "Started",
        "reserve succeeded",
        "charge attempts 1 to 2 failed: test.flaky",
        "Compensation began",
        "reserve undone",
        "Run ended: failed, compensated",
    ]
    places = [said.rindex(f"<div>{line}") for line in order]
    assert places == sorted(places)


def test_every_action_says_what_it_will_do_and_one_that_is_impossible_says_why(operator, failed_run):
    said = text(page(operator, failed_run))
    assert "Runs reserve, charge and ship from the beginning" in said
    assert said.count("Nothing to stop: the run is over and holds no resources.") == 2


def test_a_viewer_sees_the_actions_disabled_with_the_role_that_is_missing(viewer, open_run):
    said = text(page(viewer, open_run))
    assert said.count("Only operators and maintainers of team checkout may do this.") == 3  # pause, cancel, terminate
    assert '<form method="post" action="/runs/' not in said.split("What you can do")[1].split("</section>")[0]


@pytest.mark.parametrize("action", ["cancel", "terminate", "retry"])
def test_an_action_is_refused_to_whom_it_is_disabled_for(viewer, failed_run, action):
    answer = viewer.post(reverse(f"run-{action}", args=[failed_run.pk]), {"reason": "because"})
    assert answer.status_code == 403
    assert Run.objects.count() == 1


def test_cancelling_asks_for_a_reason_and_keeps_what_was_typed(operator, open_run):
    answer = operator.post(reverse("run-cancel", args=[open_run.pk]), {"reason": "   "})
    said = text(answer)
    assert answer.status_code == 422
    assert 'href="#reason-cancel"' in said
    assert "A reason is required" in said
    open_run.refresh_from_db()
    assert open_run.status == "running"


def test_cancelling_records_the_reason_and_comes_back_to_the_run(operator, open_run):
    answer = operator.post(reverse("run-cancel", args=[open_run.pk]), {"reason": "The customer called"}, follow=True)
    assert answer.redirect_chain == [(reverse("run", args=[open_run.pk]), 302)]
    said = text(answer)
    assert "Cancelled: The customer called." in said
    assert re.search(r"Cancelled by operator-\d+: The customer called", said)


def test_terminating_twice_says_that_it_is_over_and_changes_nothing(operator, open_run):
    for _ in range(2):
        answer = operator.post(reverse("run-terminate", args=[open_run.pk]), {"reason": "stop"}, follow=True)
    assert "is finished (terminated)" in text(answer)
    assert open_run.events.filter(kind="terminated").count() == 1


def test_two_clicks_on_retry_make_one_run_and_lead_to_it(operator, failed_run):
    first = operator.post(reverse("run-retry", args=[failed_run.pk]))
    second = operator.post(reverse("run-retry", args=[failed_run.pk]))
    new = failed_run.retries.get()
    assert first.url == second.url == reverse("run", args=[new.pk])
    assert "Retried as" in text(page(operator, failed_run))
    assert "Retry of" in text(page(operator, new))


def test_retrying_a_run_that_succeeded_explains_itself(operator, version):
    run = settle_down(begin(version))
    answer = operator.post(reverse("run-retry", args=[run.pk]), follow=True)
    assert "there is nothing to retry" in text(answer)
    assert Run.objects.count() == 1


def test_the_drawer_has_a_url_shows_attempts_and_how_the_step_is_called(operator, failed_run):
    said = text(page(operator, failed_run, "charge"))
    assert 'aria-label="Attempts of charge"' in said
    assert "2 attempts, 1 s × 2 up to 1 m, no jitter" in said
    assert "test.echo" in said
    assert StepRun.objects.get(run=failed_run, name="charge").idempotency_key in said
    assert f'data-copy="{failed_run.trace_id}"' in said
    assert f'href="{reverse("run-step", args=[failed_run.pk, "reserve"])}" aria-label="Previous step, reserve"' in said
    assert f'href="{reverse("run", args=[failed_run.pk])}" data-drawer-close' in said


def test_a_step_that_was_not_reached_has_a_drawer_too(operator, failed_run):
    assert "Not reached: the run ended before it." in text(page(operator, failed_run, "ship"))


def test_an_unknown_step_is_not_found_and_the_message_names_those_there_are(operator, failed_run):
    answer = page(operator, failed_run, "chrge")
    assert answer.status_code == 404
    assert "reserve, charge, ship" in text(answer)


def test_payloads_are_masked_for_whoever_may_not_see_them_and_shown_to_whoever_may(operator, viewer, team):
    run = settle_down(begin(publish({"one": echo({"plain": "visible words", "card_number": "4111"})})))
    seen, hidden = text(page(operator, run, "one")), text(page(viewer, run, "one"))
    assert "visible words" in seen
    assert "visible words" not in hidden
    assert "Input, masked" in hidden
    assert "4111" not in seen, "a secret key is masked for everybody"


def test_text_from_a_service_is_escaped(operator, failed_run):
    Run.objects.filter(pk=failed_run.pk).update(error_message="<script>alert(1)</script>")
    Attempt.objects.update(message="<img src=x onerror=1>")
    said = text(page(operator, failed_run, "charge"))
    assert "<script>alert" not in said
    assert "<img src=x" not in said


def test_the_live_part_answers_204_while_nothing_changed_and_286_at_the_end(operator, open_run):
    first = text(page(operator, open_run))
    url = re.search(r'hx-get="([^"]+)"', first)[1].replace("&amp;", "&")
    assert operator.get(url, headers=HTMX).status_code == 204
    pump()
    changed = operator.get(url, headers=HTMX)
    assert changed.status_code == 286
    said = text(changed)
    assert "<html" not in said
    assert "hx-trigger" not in said, "a finished run is not polled"
    assert 'id="run-title" hx-swap-oob="true"' in said


def test_the_actions_are_kept_in_place_while_nothing_about_them_changed(operator, open_run):
    first = text(page(operator, open_run))
    url = re.search(r'hx-get="([^"]+)"', first)[1].replace("&amp;", "&")
    open_run.events.create(at=clock.now(), kind="noted")
    same = operator.get(url, headers=HTMX)
    assert 'id="run-actions" aria-labelledby="h-do" hx-preserve="true"' in text(same)
    other = operator.get(re.sub("actions=[0-9a-f]+", "actions=0", url), headers=HTMX)
    assert "hx-preserve" not in text(other)


def test_a_live_address_opened_as_a_page_is_the_whole_page(operator, open_run):
    assert "<html" in text(operator.get(reverse("run", args=[open_run.pk]), {"live": "0"}))


def test_a_wait_is_drawn_as_waiting_and_says_when_it_goes_on(operator, team):
    run = begin(publish({"pause": {"wait": {"for": "1h"}}}))
    pump()
    said = text(page(operator, run, "pause"))
    assert "<dt>Goes on at</dt>" in said
    assert 'class="park"' in said
    assert "for its time to come; no worker is held." in said


def test_a_reused_step_is_called_so_and_draws_no_bar_of_another_run(operator, version):
    tasks.failing["ship"] = 99
    old = settle_down(begin(publish({"a": echo(1), "ship": echo(2, needs=["a"])}, name="two")), stride=30)
    operator.post(reverse("run-retry", args=[old.pk]))
    said = text(page(operator, old.retries.get()))
    assert '<span class="word">reused</span>' in said


def test_the_number_of_queries_does_not_grow_with_the_steps(operator, team, django_assert_num_queries):
    small = settle_down(begin(publish({f"s{i}": echo(i) for i in range(3)}, name="small")))
    large = settle_down(begin(publish({f"s{i}": echo(i) for i in range(40)}, name="large")))
    for run in (small, large):
        page(operator, run)  # compiles the plan and finds the layout, once per version
        with django_assert_num_queries(8):
            assert page(operator, run).status_code == 200
        with django_assert_num_queries(10):
            assert page(operator, run, "s1").status_code == 200


def test_of_very_many_steps_the_telling_ones_are_shown_and_the_rest_is_one_link_away(operator, team):
    tasks.failing["s150"] = 1
    retry = {"initial_interval": "1s", "jitter": "none"}
    run = settle_down(
        begin(publish({f"s{i}": {"value": i} for i in range(120)} | {"s150": echo(1, retry=retry)}, name="wide")),
        stride=2,
    )
    said = text(page(operator, run))
    assert said.count("gantt-row") < 90
    assert '>s150</a><span class="word">succeeded' in said
    assert text(page(operator, run, steps="all")).count("gantt-row") > 120


def test_a_run_that_does_not_exist_is_a_page_that_says_so(operator):
    answer = operator.get("/runs/00000000-0000-7000-8000-000000000000/")
    assert answer.status_code == 404


def test_pages_ask_for_a_sign_in(client, failed_run):
    assert page(client, failed_run).url.startswith("/sign-in/")


def test_when_nobody_worked_on_it_for_most_of_the_time_the_gantt_says_so(operator, team):
    run = begin(publish({"one": echo("x")}))
    clock.advance(timedelta(seconds=5))
    settle_down(run)
    assert re.search(r"5\.\d s of 5\.\d s were spent waiting for a worker", text(page(operator, run)))


def test_a_wait_and_a_backoff_are_time_of_their_step_not_of_a_missing_worker(operator, failed_run, team):
    assert "waiting for a worker" not in text(page(operator, failed_run))
    waited = settle_down(begin(publish({"pause": {"wait": {"for": "40s"}}}, name="waits")), stride=40)
    assert re.search(r"pause took (&gt;)?\d+ % of 4\d", text(page(operator, waited)))
