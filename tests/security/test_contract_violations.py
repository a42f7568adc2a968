"""What breaks a contract is told with its place, and with no value of the payload, in whatever is stored of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from orchestration.errors import InvalidInput
from orchestration.models import Attempt, Run, StepRun
from orchestration.secrets import MASK
from orchestration.services.manifests import Document, Signature, apply
from tests.engine.harness import begin, publish, settle_down

QUOTED = "card 4111 of a customer"
SCHEMA = {"type": "object", "properties": {"value": {"type": "object", "properties": {"card": {"maxLength": 3}}}}}


@pytest.fixture(autouse=True)
def _contract(team: Any) -> None:
    metadata = {"name": "card", "version": "1.0.0", "owner": team.name}
    text = {"apiVersion": "plumbline/v1", "kind": "Contract", "metadata": metadata, "spec": {"schema": SCHEMA}}
    apply([Document(yaml.safe_dump(text), "c.yaml")], Signature(None, "because"))


def run_of(step: dict[str, Any], **spec: Any) -> Run:
    steps = {"a": {"python": "test.echo", "retry": {"maximum_attempts": 1}, **step}}
    return settle_down(begin(publish(steps, **spec), {"card": QUOTED}))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"with": {"value": "${{ input }}"}, "contract": {"input": "card@1.0.0"}}, "input"),
        ({"with": {"value": {"value": "${{ input }}"}}, "contract": {"output": "card@1.0.0"}}, "output"),
    ],
)
def test_a_step_says_where_its_payload_breaks_the_contract_and_quotes_nothing(step: dict[str, Any], said: str):
    run = run_of(step)
    failed = StepRun.objects.get(run=run)
    assert failed.error_type == run.error_type == "contract.violation"
    message = f"{said} breaks its contract: /value/card: {MASK} is longer than 3 characters"
    assert (failed.error_message, run.error_message) == (message, message)
    assert all(QUOTED not in attempt.message for attempt in Attempt.objects.filter(step=failed))


def test_a_run_says_where_its_output_breaks_the_contract_and_quotes_nothing():
    output = {"contract": "card@1.0.0", "value": {"value": "${{ steps.a.output }}"}}
    run = run_of({"with": {"value": "${{ input }}"}}, output=output)
    message = f"output: breaks card at /value/card: {MASK} is longer than 3 characters"
    assert (run.error_type, run.error_message) == ("output", message)


def test_whoever_sends_an_input_is_told_what_of_it_is_wrong():
    version = publish({"a": {"python": "test.echo", "with": {"value": 1}}}, input={"contract": "card@1.0.0"})
    with pytest.raises(InvalidInput) as refused:
        begin(version, {"value": {"card": QUOTED}})
    (violation,) = refused.value.violations
    assert (violation.pointer, json.dumps(QUOTED) in violation.message) == ("/value/card", True)
