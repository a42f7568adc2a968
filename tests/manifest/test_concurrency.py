"""A workflow's `concurrency`: what bounds nothing is refused at its place."""

from __future__ import annotations

import pytest

from orchestration.manifest import load

HEAD = "apiVersion: plumbline/v1\nkind: Workflow\nmetadata: {name: w, version: 1.0.0, owner: t}\nspec:\n"


def loaded(bounds: str):
    return load(f"{HEAD}  concurrency: {bounds}\n  steps: {{a: {{value: 1}}}}\n", "m.yaml")


@pytest.mark.parametrize(
    "bounds",
    [
        "{limit: 3}",
        "{key: '${{ input.tenant }}', per_key: 2}",
        "{limit: 3, key: '${{ run.id }}', per_key: 2, on_limit: reject}",
    ],
)
def test_a_bound_is_taken_and_run_by_this_release(bounds: str):
    found = loaded(bounds)
    assert [str(problem) for problem in found.problems] == []


@pytest.mark.parametrize(
    ("bounds", "problem"),
    [
        ("{on_limit: queue}", "concurrency: bounds nothing; add `limit`, or `key` with `per_key`"),
        ("{per_key: 2}", "concurrency.per_key: 'per_key' bounds the runs of each key; add `key`, such as ${{ input.tenant }}"),
        ("{key: '${{ input.tenant }}'}", "concurrency.key: 'key' bounds nothing without `per_key`; add it"),
    ],
)  # fmt: skip
def test_what_bounds_nothing_is_refused_at_its_place(bounds: str, problem: str):
    assert [str(one).split(" ", 1)[1] for one in loaded(bounds).problems] == [problem]
