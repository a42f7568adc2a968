"""Where the time of a run went: a table of cases, and that it always adds up."""

from __future__ import annotations

import random

import pytest

from orchestration.policies.critical_path import Timed, Try, critical_path, saved, split


def step(
    begin: float,
    end: float,
    *after: str,
    ready: float | None = None,
    waits: bool = False,
    tries: list[Try] | None = None,
) -> Timed:
    own = tries if tries is not None else [] if waits else [Try(begin, end, "succeeded")]
    return Timed(begin if ready is None else ready, end, after, own, waits)


CASES = {
    "one step that waited for a worker": (
        {"a": step(2, 5)}, 5, {"a": {"queue": 2, "execution": 3}},
    ),
    "two in a row, with a gap between them": (
        {"a": step(0, 3), "b": step(4, 9, "a")}, 9, {"a": {"execution": 3}, "b": {"queue": 1, "execution": 5}},
    ),
    "of two arms the longer one counts": (
        {"a": step(0, 1), "b": step(1, 2, "a"), "c": step(1, 7, "a"), "d": step(7, 8, "b", "c")},
        8, {"a": {"execution": 1}, "c": {"execution": 6}, "d": {"execution": 1}},
    ),
    "a failed attempt and its delay are retries": (
        {"a": step(0, 10, tries=[Try(1, 3, "failed"), Try(7, 10, "succeeded")])}, 10,
        {"a": {"queue": 1, "retries": 6, "execution": 3}},
    ),
    "parking is parking": (
        {"a": step(0, 10, tries=[Try(1, 6, "parked"), Try(7, 10, "succeeded")])}, 10,
        {"a": {"queue": 2, "parking": 5, "execution": 3}},
    ),
    "parked after a failure": (
        {"a": step(0, 10, tries=[Try(0, 2, "failed"), Try(4, 8, "parked"), Try(9, 10, "succeeded")])}, 10,
        {"a": {"retries": 5, "parking": 4, "execution": 1}},
    ),
    "a wait waits": (
        {"a": step(0, 1), "w": step(1, 61, "a", waits=True), "b": step(62, 63, "w")}, 63,
        {"a": {"execution": 1}, "w": {"waits": 60}, "b": {"queue": 1, "execution": 1}},
    ),
    "what is left at the end belongs to the last step": (
        {"a": step(0, 5)}, 6, {"a": {"queue": 1, "execution": 5}},
    ),
    "a join of any is held up by the one that came first": (
        {"a": step(0, 2), "slow": step(0, 9), "b": step(2, 10, "a", "slow", tries=[Try(2, 10, "succeeded")])}, 10,
        {"slow": {"execution": 9}, "b": {"execution": 1}},
    ),
    "nothing at all": ({}, 5, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_time_of_a_run_is_split_by_step_and_kind(case: str):
    steps, duration, expected = CASES[case]
    found = {
        part.step: {kind: seconds for kind, seconds in part.seconds.items() if seconds}
        for part in split(steps, duration)
    }
    assert found == expected


def test_the_parts_add_up_to_the_whole_of_any_run():
    for seed in range(300):
        steps, duration = _run(random.Random(seed))
        assert sum(part.total for part in split(steps, duration)) == pytest.approx(duration), seed
        for name in steps:
            assert 0 <= saved(steps, duration, name) <= duration, seed


def test_half_the_time_of_the_only_step_is_half_of_its_time():
    assert saved({"a": step(2, 6)}, 7, "a") == 3.0


def test_an_arm_that_becomes_shorter_saves_only_what_the_other_leaves():
    steps = {"a": step(0, 10), "b": step(0, 8), "c": step(10, 12, "a", "b")}
    assert saved(steps, 12, "a") == 2.0
    assert saved(steps, 12, "b") == 0.0
    assert saved(steps, 12, "c") == 1.0


def test_a_circle_in_broken_rows_ends():
    assert critical_path({"a": step(0, 1, "b"), "b": step(0, 1, "a")})


def _run(rng: random.Random) -> tuple[dict[str, Timed], float]:
    steps: dict[str, Timed] = {}
    for index in range(rng.randint(1, 8)):
        before = [name for name in steps if rng.random() < 0.4]
        at = max((steps[name].end for name in before), default=0.0) + rng.random()
        tries, begin = [], at
        for outcome in [*rng.choices(["failed", "parked"], k=rng.randint(0, 3)), "succeeded"]:
            end = at + rng.random()
            tries.append(Try(at, end, outcome))
            at = end + rng.random()
        steps[f"s{index}"] = Timed(begin, tries[-1].end, before, tries)
    return steps, max(one.end for one in steps.values()) + rng.random()
