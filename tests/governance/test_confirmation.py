"""Live checks in a decision's text: read with their place, measured from rollups, and told where they are contradicted."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.decisions.confirmation import MOST, Limit, ObjectiveMet, PolicyApplied, checks
from governance.selectors.confirmations import Verdict, confirmation, contradicted, overall
from orchestration import clock
from tests.dashboards.filling import count
from tests.governance.gatehouse import policy, sent

TEXT = """## Confirmation

`check: p95 of workflow orders over 7d <= 20s` and
`check: error rate of step orders/charge over 28d < 3%`.
* `check: objective orders-in-time is met`
* ``check:   policy   two-reviews is applied``

```
`check: p95 of workflow orders over 7d <= 1s`
```
"""


def test_checks_are_read_where_they_stand_and_code_blocks_are_left_alone():
    found = checks(TEXT)
    assert [one.line for one in found] == [3, 4, 5, 6]
    assert [one.what for one in found] == [
        Limit("p95", "workflow", "orders", "", timedelta(days=7), "<=", 20.0),
        Limit("error rate", "step", "orders", "charge", timedelta(days=28), "<", 0.03),
        ObjectiveMet("orders-in-time"),
        PolicyApplied("two-reviews"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("p95 of orders", "write `objective NAME is met`"),
        ("p95 of workflow orders/charge over 7d <= 1s", "a step is written as workflow/step"),
        ("p95 of step orders over 7d <= 1s", "a step is written as workflow/step"),
        ("p95 of workflow orders over 1y <= 1s", "wanted a duration"),
        ("p95 of workflow orders over 900d <= 1s", "between 5m and 88d"),
        ("p95 of workflow orders over 7d <= 3%", "wanted a duration"),
        ("error rate of workflow orders over 7d < 3", "a percentage such as 2%"),
        ("count of workflow orders over 7d > 3%", "a percentage such as 2%"),
        ("count of workflow orders over 7d > 1e9", "is no number"),
    ],
)
def test_a_check_that_can_not_be_read_says_why(text: str, says: str):
    (found,) = checks(f"`check: {text}`")
    assert found.what is None
    assert says in found.problem


def test_a_text_with_too_many_checks_says_so_and_is_cut():
    found = checks("`check: objective a is met`\n" * 500)
    assert len(found) == MOST + 1
    assert "at most 10 checks" in found[-1].problem


@given(st.text())
def test_no_text_is_too_strange(text: str):
    checks(f"`check:{text}`\n`check: {text} of workflow {text} over 7d <= {text}`")


@pytest.mark.django_db
def test_a_limit_is_measured_and_told_when_it_is_crossed(decide):
    now = clock.now()
    count("run", now - timedelta(hours=1), times=9, seconds=2.0, workflow="orders")
    count("run", now - timedelta(hours=1), "failed", times=1, seconds=2.0, workflow="orders")
    body = (
        "`check: p95 of workflow orders over 1d <= 3s` `check: error rate of workflow orders over 1d < 5%`\n"
        "`check: count of workflow orders over 1d >= 10` `check: p95 of dependency nowhere over 1d < 1s`"
    )
    decision = decide(body=body, status="accepted")
    found = confirmation(decision, now)
    assert [one.verdict for one in found] == [
        Verdict.HOLDS, Verdict.CONTRADICTED, Verdict.HOLDS, Verdict.UNKNOWN,
    ]  # fmt: skip
    assert (found[1].measured, found[1].of) == (0.1, 10)
    assert found[0].measured == pytest.approx(2.0, rel=0.01)
    assert overall(found) == Verdict.CONTRADICTED
    assert contradicted(now=now) == {decision.pk}


@pytest.mark.django_db
def test_a_policy_that_is_gone_contradicts(decide):
    decision = decide(body="`check: policy strict-gate is applied`", status="accepted")
    assert overall(confirmation(decision, clock.now())) == Verdict.CONTRADICTED
    sent(policy(changes=["contract.publish"]))
    assert overall(confirmation(decision, clock.now())) == Verdict.HOLDS
    assert overall(confirmation(decide("Other"), clock.now())) is None


def test_a_text_of_nothing_but_marks_is_read_in_no_time():
    began = time.process_time()
    checks("`" * 200_000)
    checks("`check:" * 28_000)
    assert time.process_time() - began < 2
