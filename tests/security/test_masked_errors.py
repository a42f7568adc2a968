"""Whoever may not see payloads doesn't see them in an error's words either, wherever those are shown."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from orchestration.models import Attempt, Run, StepRun
from portal.presentation.masking import hide_words
from tests.engine.harness import begin, echo, publish, settle_down
from tests.people import person, token_for

QUOTED = "card 4111 of a customer"


@pytest.fixture
def run(team):
    """A step that expected something else of its output, which holds the customer's words."""
    step = {**echo(QUOTED), "expect": ["output == 'paid'"], "retry": {"maximum_attempts": 1}}
    return settle_down(begin(publish({"charge": step})))


def pages(run):
    return [
        reverse("runs"),
        reverse("run", args=[run.pk]),
        reverse("run-step", args=[run.pk, "charge"]),
        f"{reverse('run', args=[run.pk])}?events=all&steps=all",
        "/api/v1/runs",
        f"/api/v1/runs/{run.pk}",
    ]


def test_a_viewer_reads_the_kind_of_error_and_none_of_what_it_quotes(sign_in, run):
    viewer = sign_in("viewer")
    for url in pages(run):
        said = viewer.get(url).content.decode()
        assert "expect" in said, url
        assert QUOTED not in said, url


def test_an_operator_of_the_team_reads_all_of_it(sign_in, run):
    operator = sign_in("operator")
    for url in pages(run):
        assert QUOTED in operator.get(url).content.decode(), url


def test_an_operator_of_another_team_does_not(run, team):
    stranger = Client()
    stranger.force_login(person("stranger", team))
    for url in pages(run):
        assert QUOTED not in stranger.get(url).content.decode(), url


def test_a_token_without_the_verb_reads_no_quotes_though_its_owner_may(run, team):
    secret = token_for(person("operator", team), verbs=["operate"])
    headers = {"Authorization": f"Bearer {secret}"}
    for url in ("/api/v1/runs", f"/api/v1/runs/{run.pk}"):
        assert QUOTED not in Client().get(url, headers=headers).content.decode()


def test_showing_a_run_masked_changes_nothing_that_is_stored(sign_in, run):
    sign_in("viewer").get(reverse("run-step", args=[run.pk, "charge"]))
    assert QUOTED in Run.objects.get(pk=run.pk).error_message
    assert QUOTED in StepRun.objects.get(run=run).error_message
    assert QUOTED in Attempt.objects.get(step__run=run).message


@pytest.mark.parametrize(
    ("error_type", "message", "shown"),
    [
        ("http.422", "payments answered 422: card 4111", "payments answered 422: •••• masked"),
        ("http.503", "payments answered 503", "payments answered 503"),
        ("contract.violation", 'input breaks its contract: /card: "4111" is', "input breaks its contract: •••• masked"),
        ("connection", "the connection to mail broke: bytearray(b'4111')", "the connection to mail broke: •••• masked"),
        ("http.request", "path '/customers/4111//' must begin with one slash", "•••• masked"),
        ("python.ValueError", "no such card 4111", "•••• masked"),
        ("card.declined", "card 4111", "•••• masked"),
        ("timeout", "no answer from payments within 5 s", "no answer from payments within 5 s"),
        ("timeout.run", "the run's timeout has passed", "the run's timeout has passed"),
        ("", "The customer called", "The customer called"),
        ("card.declined", "", ""),
    ],
)
def test_only_the_engines_own_words_are_shown_to_everybody(error_type, message, shown):
    assert hide_words(error_type, message) == shown
