"""Every state has a look, and each look says what the design says."""

import pytest

from orchestration.states import Compensation, RunResult, RunStatus, StepStatus, WaitingKind
from portal.presentation import words
from portal.presentation.words import Look, run_look, step_look

TABLES = [
    words.RUN_STATUS, words.RESULT, words.STEP_STATUS, words.WAITING, words.DECISION, words.FRESHNESS, words.DEPENDENCY,
    words.BREAKER, words.WORKFLOW,
]  # fmt: skip


def test_every_state_of_the_engine_has_a_word_of_its_own():
    assert {str(s) for s in RunStatus} - {"finished"} == set(words.RUN_STATUS)
    assert {str(r) for r in RunResult if r} == set(words.RESULT)
    assert {str(s) for s in StepStatus} | {"pending"} == set(words.STEP_STATUS)
    assert {str(k) for k in WaitingKind if k} == set(words.WAITING)


def test_every_combination_the_engine_can_write_has_a_look(sprite):
    for compensation in Compensation:
        for status in RunStatus:
            for result in RunResult:
                assert run_look(status, result, compensation).icon in sprite
        for status in StepStatus:
            for kind in WaitingKind:
                assert step_look(status, kind, compensation).icon in sprite


def test_every_icon_a_state_names_exists(sprite):
    assert {look.icon for table in TABLES for look in table.values()} <= sprite


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("finished", "failed", "done"), Look("fail", "fail", "Failed, compensated")),
        (("finished", "failed", "failed"), Look("fail", "fail", "Failed, compensation failed")),
        (("finished", "cancelled", "failed"), Look("fail", "fail", "Cancelled, compensation failed")),
        (("compensating", "timed_out", "running"), Look("fail", "fail", "Timed out, compensating")),
        (("compensating", "", "running"), Look("warn", "undo", "Compensating")),
        (("finished", "succeeded", "none"), Look("ok", "ok", "Succeeded")),
        (("paused", "", "none"), Look("unk", "parked", "Paused")),
    ],
)
def test_a_run_says_what_it_came_to_and_what_compensation_did_about_it(columns, expected):
    assert run_look(*columns) == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (("succeeded", "", "done"), Look("ok", "undo", "Compensated")),
        (("failed", "", "done"), Look("fail", "fail", "Failed, compensated")),
        (("succeeded", "", "failed"), Look("fail", "fail", "Compensation failed")),
        (("waiting", "parked", "none"), Look("warn", "parked", "Parked")),
        (("waiting", "", "none"), Look("unk", "wait", "Waiting")),
    ],
)
def test_a_good_step_that_was_taken_back_does_not_look_as_if_its_effect_stood(columns, expected):
    assert step_look(*columns) == expected


def test_a_state_from_the_future_is_shown_as_it_is_instead_of_breaking_the_page():
    assert run_look("hibernating_deeply") == Look("unk", "unk", "Hibernating deeply")
    assert words.decision_look("") == Look("unk", "unk", "Unknown")


def test_production_is_red_and_an_unknown_environment_claims_nothing():
    assert [words.environment_colour(n) for n in ("production", "Staging", "local", "moon")] == [
        "red",
        "amber",
        "green",
        "grey",
    ]
