"""Replay: what real payloads a schema would refuse, of the newest runs of each port, without a value of theirs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import yaml

from governance.contracts.validation import InvalidSchema
from governance.selectors.contracts import live_ports
from governance.selectors.replay import LARGEST, replay
from orchestration import clock
from orchestration.models import Payload, Run, StepRun, Team, WorkflowVersion
from orchestration.secrets import MASK
from orchestration.services.manifests import Document, Signature, apply
from tests.engine import tasks  # noqa: F401 - registers the functions that workflows name
from tests.engine.harness import begin, publish, settle_down

pytestmark = pytest.mark.django_db

SECRET_WORDS = "4111 1111 of a customer"
ITEM: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer"}, "who": {"type": "string"}}}
#: Refuses what has `who`.
CLOSED = {"type": "object", "properties": {"n": {"type": "integer"}, "value": True}, "additionalProperties": False}


def contract(name: str, schema: Any = ITEM) -> None:
    metadata = {"name": name, "version": "1.0.0", "owner": "checkout"}
    text = {"apiVersion": "plumbline/v1", "kind": "Contract", "metadata": metadata, "spec": {"schema": schema}}
    apply([Document(yaml.safe_dump(text), "c.yaml")], Signature(None, "because"))


@pytest.fixture(autouse=True)
def _contracts(no_messages: None) -> None:
    Team.objects.create(name="checkout")
    contract("item")


@pytest.fixture
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.engine.publish.send", len)
    monkeypatch.setattr("orchestration.engine.wake.send", len)


def taking(version: str = "1.0.0") -> WorkflowVersion:
    """Takes an item, and hands on its number."""
    return publish(
        {"a": {"python": "test.echo", "with": {"value": "${{ input.n }}"}}},
        version=version,
        input={"contract": "item@^1"},
    )


def giving() -> WorkflowVersion:
    """A step that gives an item, and the workflow gives it on."""
    step = {"python": "test.echo", "with": {"value": "${{ input }}"}, "contract": {"output": "item@^1"}}
    return publish({"a": step}, name="giving", output={"contract": "item@^1", "value": "${{ steps.a.output }}"})


def test_the_inputs_of_runs_are_replayed_and_those_that_would_be_refused_are_told_masked():
    version = taking()
    begin(version, {"n": 1})
    bad = begin(version, {"n": 2, "who": SECRET_WORDS})
    found = replay(live_ports("item"), {"type": "object", "properties": {"who": {"maxLength": 3}}})
    assert (found.checked, found.failed, found.skipped) == (2, 1, 0)
    (failure,) = found.first
    assert (failure.run_id, failure.workflow, failure.version, failure.step) == (bad.pk, "demo", "1.0.0", "")
    assert (failure.direction, failure.pointer, failure.at) == ("input", "/who", Run.objects.get(pk=bad.pk).created_at)
    assert failure.message == f"{MASK} is longer than 3 characters"


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"who": {"type": "integer"}}}, {"properties": {"who": {"enum": ["x"]}}}, {"properties": {"who": {"pattern": "^x"}}},
        {"properties": {"who": False}}, {"not": {"required": ["who"]}}, {"anyOf": [{"required": ["x"]}]}, CLOSED, False,
        {"maxProperties": 1}, {"dependentRequired": {"who": ["x"]}}, {"oneOf": [True, True]}, {"const": 1},
        {"additionalProperties": {"minimum": 99, "type": "number"}},
    ],
)  # fmt: skip
def test_no_keyword_quotes_what_it_refuses(schema: Any):
    begin(taking(), {"n": 2, "who": SECRET_WORDS})
    found = replay(live_ports("item"), schema)
    assert found.failed == 1
    assert SECRET_WORDS not in repr(found)


def test_outputs_of_steps_and_of_workflows_count_where_they_succeeded():
    version = giving()
    good, bad = settle_down(begin(version, {"n": 1})), settle_down(begin(version, {"n": 1, "who": "x"}))
    broken = settle_down(begin(version, {"n": "no number"}))
    open_ = begin(version, {"n": 3, "who": "y"})
    assert [good.result, bad.result, broken.result, open_.status] == ["succeeded", "succeeded", "failed", "running"]
    found = replay(live_ports("item"), CLOSED)
    assert (found.checked, found.failed) == (4, 2)
    assert {(one.run_id, one.step, one.direction) for one in found.first} == {
        (bad.pk, "a", "output"),
        (bad.pk, "", "output"),
    }


@pytest.mark.parametrize(
    ("step", "key"),
    [({"python": "test.echo", "with": {"n": "${{ input.n }}", "value": 1}}, "n"), ({"value": {"n": "${{ input.n }}"}}, "n")],
)  # fmt: skip
def test_the_input_of_a_step_is_what_its_contract_was_asked_about(step: dict[str, Any], key: str):
    version = publish({"a": {**step, "contract": {"input": "item@^1"}}})
    assert settle_down(begin(version, {"n": 7})).result == "succeeded"
    assert replay(live_ports("item"), CLOSED | {"required": ["n"]}).failed == 0
    found = replay(live_ports("item"), {"properties": {"n": {"maximum": 5}}})
    assert [(one.step, one.direction, one.pointer) for one in found.first] == [("a", "input", "/n")]


def test_the_body_of_a_request_is_what_its_contract_was_asked_about():
    version = taking()
    run = begin(version, {"n": 1})
    port = version.ports.get()
    step = StepRun.objects.get(run=run)
    StepRun.objects.filter(pk=step.pk).update(
        status="succeeded", finished_at=clock.now(), input=json.dumps({"method": "POST", "path": "/", "json": {"n": 9}})
    )
    version.canonical["spec"]["steps"]["a"] = {"http": {"method": "POST", "path": "/"}}
    version.save()
    port.step, port.contract = "a", "item"
    port.save()
    found = replay(live_ports("item"), {"properties": {"n": {"maximum": 5}}, "required": ["n"], "maxProperties": 1})
    assert [(one.pointer, one.message) for one in found.first] == [("/n", f"{MASK} is greater than the maximum of 5")]


def test_runs_that_failed_take_no_share_from_those_that_gave_an_output():
    version = giving()
    good = settle_down(begin(version, {"n": 1, "who": "x"}))
    for _ in range(3):
        settle_down(begin(version, {"n": "no number"}))
    found = replay(live_ports("item"), CLOSED, most=4)
    assert {(one.run_id, one.step) for one in found.first} == {(good.pk, "a"), (good.pk, "")}


def test_the_newest_of_each_port_have_an_equal_share_and_five_failures_are_shown():
    one, two = taking(), giving()
    for number in range(30):
        begin(one, {"n": number, "who": "x"})
        clock.advance(timedelta(seconds=1))
    settle_down(begin(two, {"n": 99}))
    found = replay(live_ports("item"), CLOSED, most=24)
    assert (found.checked, found.failed, len(found.first)) == (8 + 2, 8, 5)
    newest = list(Run.objects.filter(workflow__name="demo").order_by("-pk").values_list("pk", flat=True)[:5])
    assert [failure.run_id for failure in found.first] == newest


def test_each_live_version_is_asked_of_its_own_runs_however_old(monkeypatch: pytest.MonkeyPatch):
    old = taking("1.0.0")
    begin(old, {"n": 1, "who": "x"})
    clock.advance(timedelta(days=1))
    new = taking("1.1.0")
    WorkflowVersion._base_manager.filter(pk=new.pk).update(published_at=clock.now())
    for _ in range(20):
        begin(new, {"n": 2})
    found = replay(live_ports("item"), CLOSED, most=4)
    assert (found.checked, found.failed, found.first[0].version) == (3, 1, "1.0.0")


def test_only_versions_with_the_port_and_only_live_ones_are_asked():
    version = taking()
    begin(publish({"a": {"python": "test.echo", "with": {"value": 1}}}, version="1.1.0"), {"n": 1, "who": "x"})
    begin(version, {"n": 1})
    assert replay(live_ports("item"), CLOSED).checked == 1
    assert replay(live_ports("nothing"), CLOSED).checked == 0
    WorkflowVersion._base_manager.filter(pk=version.pk).update(state="retired")
    assert replay(live_ports("item"), CLOSED).checked == 0


def test_a_large_payload_is_read_where_it_lies_and_a_very_large_one_is_left_out():
    version = taking()
    begin(version, {"n": 1, "who": "x" * 100_000})
    begin(version, {"n": 2, "who": "x" * (LARGEST + 1)})
    begin(version, {"n": 3})
    assert Payload.objects.count() == 2
    found = replay(live_ports("item"), CLOSED)
    assert (found.checked, found.failed, found.skipped) == (2, 1, 1)


@pytest.mark.parametrize("stored", ["{", '{"n": NaN}', "ref:987654321"])
def test_a_payload_that_can_not_be_read_fails_and_one_that_is_gone_is_left_out(stored: str):
    run = begin(taking(), {"n": 1})
    Run.objects.filter(pk=run.pk).update(input=stored)
    found = replay(live_ports("item"), True)
    if stored.startswith("ref:"):
        assert (found.checked, found.skipped) == (0, 1)
    else:
        assert (found.failed, found.first[0].message) == (1, "what is stored is not JSON")


def test_a_damaged_large_payload_fails_and_stops_nothing():
    begin(taking(), {"n": 1, "who": "x" * 100_000})
    Payload.objects.update(data=b"no zlib")
    assert replay(live_ports("item"), True).first[0].message == "what is stored is not JSON"


def test_a_validator_that_gives_up_is_a_failure_with_its_kind_of_error(monkeypatch: pytest.MonkeyPatch):
    def gives_up(schema: Any, *, mask: str) -> Any:
        def check(payload: Any) -> Any:
            raise OverflowError(f"can't judge {payload}")

        return check

    begin(taking(), {"n": 1, "who": SECRET_WORDS})
    monkeypatch.setattr("governance.selectors.replay.compile_check", gives_up)
    found = replay(live_ports("item"), True)
    assert (found.failed, found.first[0].message) == (1, "the validator can't judge it: OverflowError")


def test_a_schema_that_is_none_is_refused():
    with pytest.raises(InvalidSchema):
        replay(live_ports("item"), {"type": "nonsense"})


def test_it_takes_few_queries_however_many_runs_there_are(django_assert_max_num_queries: Any):
    version = taking()
    for number in range(20):
        begin(version, {"n": number})
    with django_assert_max_num_queries(4):
        assert replay(live_ports("item"), CLOSED).checked == 20
