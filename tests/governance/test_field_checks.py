"""A workflow is checked against its contracts before it ever runs: fields that can't be, and payloads that can't fit."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
import yaml

import examples.tasks  # noqa: F401 - registers the functions that the examples name
from orchestration.errors import InvalidManifest
from orchestration.models import Dependency, Team
from orchestration.services.manifests import Document, Signature, apply, plan
from tests.engine import tasks  # noqa: F401 - registers the functions that workflows name

pytestmark = pytest.mark.django_db

TEXT = {"type": "string"}
ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "total"],
    "properties": {
        "id": TEXT,
        "total": {"type": "number"},
        "count": {"type": "integer"},
        "note": TEXT,
        "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": TEXT}}},
    },
}
REQUEST: dict[str, Any] = {
    "type": "object",
    "required": ["amount"],
    "properties": {"amount": {"type": "number"}, "note": {"type": ["string", "null"]}, "of": {"type": "object", "required": ["a"]}},
    "additionalProperties": False,
}  # fmt: skip
RECEIPT: dict[str, Any] = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "risk": {"type": "number"}}}


def contract(name: str, schema: Any, version: str = "1.0.0", **spec: Any) -> str:
    metadata = {"name": name, "version": version, "owner": "checkout"}
    return yaml.safe_dump(
        {"apiVersion": "plumbline/v1", "kind": "Contract", "metadata": metadata, "spec": {"schema": schema, **spec}}
    )


CONTRACTS = [contract("order.placed", ORDER), contract("pay.request", REQUEST), contract("pay.receipt", RECEIPT)]
CHARGE = """
    charge:
      http: {method: POST, path: /charges, json: {amount: "${{ input.total }}"}}
      dependency: payments
      contract: {input: pay.request@^1, output: pay.receipt@^1}
      effect: read
"""


def workflow(steps: str, spec: str = "", version: str = "1.0.0") -> str:
    head = f"apiVersion: plumbline/v1\nkind: Workflow\nmetadata: {{name: orders, version: {version}, owner: checkout}}\nspec:\n"
    head += "  input: {contract: order.placed@^1}\n" + indent(dedent(spec), "  ")
    return head + "  steps:\n" + indent(dedent(steps).strip("\n"), "    ") + "\n"


@pytest.fixture(autouse=True)
def company() -> None:
    team = Team.objects.create(name="checkout")
    Dependency.objects.create(name="payments", owner=team, document={"spec": {}}, content_hash="0")


def faults(text: str, *contracts: str) -> list[str]:
    documents = [Document(one, "c.yaml") for one in contracts or CONTRACTS]
    try:
        plan([*documents, Document(text, "orders.yaml")])
    except InvalidManifest as error:
        return [str(problem) for problem in error.problems]
    return []


def echo(value: str) -> str:
    return workflow(f"a: {{python: test.echo, effect: none, with: {{value: {value!r}}}}}")


def test_a_field_that_the_producing_contract_does_not_have_is_named_with_its_place():
    steps = (
        'a:\n  python: test.echo\n  with:\n    value: {x: "${{ input.totl }} and ${{ input.id }}"}\n  effect: none\n'
    )
    assert faults(workflow(steps)) == [
        "orders.yaml:10:20 steps.a.with.value.x: 'totl' is no field of order.placed@1.0.0; did you mean 'total'?"
    ]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("input.lines[0].skuu", "'skuu' is no field of order.placed@1.0.0 at lines[]; did you mean 'sku'?"),
        ("input['zzz']", "'zzz' is no field of order.placed@1.0.0; there are: count, id, lines, note, total"),
        ("input.id.part", "id of order.placed@1.0.0 is a string, so it has no field 'part'"),
        ("input.id[0]", "id of order.placed@1.0.0 is a string, so it has no items"),
        ("input.lines.sku", "lines of order.placed@1.0.0 is an array, so it has no field 'sku'"),
        ("input.totl | default(1)", "'totl' is no field of order.placed@1.0.0; did you mean 'total'?"),
        ("input.totl is defined", "'totl' is no field of order.placed@1.0.0; did you mean 'total'?"),
        ("1 if input.total > input.totl else 2", "'totl' is no field"),
    ],
)
def test_every_way_to_read_what_can_not_be_is_an_error(expression: str, said: str):
    (found,) = faults(echo(f"${{{{ {expression} }}}}"))
    assert said in found


@pytest.mark.parametrize(
    "expression",
    ["input", "input.note | default('')", "input.note is defined", "input.lines[0].sku", "input.lines[-1]", "input.lines | length"],
)  # fmt: skip
def test_what_is_declared_can_be_read_optional_or_not(expression: str):
    assert faults(echo(f"${{{{ {expression} }}}}")) == []


def test_outputs_are_checked_in_every_place_that_reads_them():
    steps = (
        CHARGE
        + """
      expect: ["output.riskk < 1"]
      compensate: {http: {method: POST, path: "/charges/${{ step.output.idd }}/refund"}}
    b:
      when: "steps.charge.output.rsk > 0.5"
      python: test.echo
      with: {value: "${{ steps.charge.output.risk }}"}
      effect: none
"""
    ).replace("\n\n", "\n")
    spec = 'output: {value: {id: "${{ steps.charge.output.ids }}"}}\n'
    found = [text.split(" ", 1)[1] for text in faults(workflow(steps, spec))]
    assert found == [
        "output.value.id: 'ids' is no field of pay.receipt@1.0.0; did you mean 'id'?",
        "steps.charge.expect[0]: 'riskk' is no field of pay.receipt@1.0.0; did you mean 'risk'?",
        "steps.charge.compensate.http.path: 'idd' is no field of pay.receipt@1.0.0; did you mean 'id'?",
        "steps.b.when: 'rsk' is no field of pay.receipt@1.0.0; did you mean 'risk'?",
    ]


def test_a_step_without_a_contract_may_give_anything():
    steps = 'a: {python: test.echo, effect: none, with: {value: 1}}\nb: {python: test.echo, effect: none, with: {value: "${{ steps.a.output.x.y }}"}}'
    assert faults(workflow(steps)) == []


def test_a_strict_contract_may_send_what_it_does_not_declare_unless_it_is_closed():
    read = echo("${{ input.more }}")
    assert faults(read, contract("order.placed", ORDER, policy="strict")) == []
    closed = contract("order.placed", ORDER | {"additionalProperties": False}, policy="strict")
    assert "'more' is no field of order.placed@1.0.0" in faults(read, closed)[0]


@pytest.mark.parametrize(
    ("json", "said"),
    [
        ("{amount: '${{ input.id }}'}", "gives a string; pay.request@1.0.0 wants number at /amount"),
        ("{amount: '5'}", "gives a string; pay.request@1.0.0 wants number at /amount"),
        ("{amount: 'about ${{ input.total }}'}", "gives a string; pay.request@1.0.0 wants number at /amount"),
        ("{amount: 1, note: 5}", "gives an integer; pay.request@1.0.0 wants null or string at /note"),
        ("{note: x}", "does not give 'amount', which pay.request@1.0.0 requires"),
        ("{amount: 1, of: {}}", "does not give 'a', which pay.request@1.0.0 requires at /of"),
        ("{amount: 1, extra: 2}", "pay.request@1.0.0 takes nothing at /extra; remove it"),
        ("{amount: 1, extra: '${{ run.id }}'}", "pay.request@1.0.0 takes nothing at /extra; remove it"),
        ("'${{ input.lines }}'", "gives an array; pay.request@1.0.0 wants object at /"),
        ("null", "gives null; pay.request@1.0.0 wants object at /"),
    ],
)
def test_a_payload_that_can_not_fit_the_contract_that_takes_it_is_an_error(json: str, said: str):
    text = CHARGE.replace('json: {amount: "${{ input.total }}"}', f"json: {json}")
    (found,) = faults(workflow(text))
    assert found.endswith(said)


@pytest.mark.parametrize(
    "json",
    [
        "{amount: '${{ input.count }}'}",
        "{amount: '${{ input.total * 2 }}', note: null}",
        "{amount: '${{ input.id | length }}'}",
        "{amount: '${{ run.started_at }}'}",
        "{amount: '${{ input.lines[input.count] }}'}",
        "{amount: 1, of: '${{ steps.before.output }}'}",
        "{amount: 1, of: {a: 1, b: 2}}",
        "'${{ input }}'",
    ],
)
def test_a_payload_that_may_fit_is_no_error(json: str):
    text = CHARGE.replace('json: {amount: "${{ input.total }}"}', f"json: {json}")
    before = "before: {python: test.echo, effect: none, with: {value: 1}}\n"
    assert faults(workflow(before + dedent(text).strip("\n"))) == []


def test_an_output_that_may_be_skipped_may_be_null():
    steps = (
        "charge:\n  when: input.total > 1\n  python: test.echo\n  effect: none\n  with: {value: 1}\n  contract: {output: pay.receipt@1.0.0}\n"
        'b: {python: test.echo, effect: none, with: "PAYLOAD", contract: {input: nothing@1.0.0}}'
    )
    nothing = contract("nothing", {"type": "object", "properties": {"value": {"type": "null"}}})
    whole = steps.replace('"PAYLOAD"', '{value: "${{ steps.charge.output }}"}')
    assert faults(workflow(whole), *CONTRACTS, nothing) == []
    assert len(faults(workflow(whole.replace("output }}", "output.id }}")), *CONTRACTS, nothing)) == 1


def test_the_output_of_a_workflow_is_held_against_its_contract():
    spec = 'output: {contract: pay.receipt@^1, value: {id: "${{ input.total }}"}}\n'
    (found,) = faults(workflow("a: {python: test.echo, effect: none, with: {value: 1}}", spec))
    assert found.endswith("output.value.id: gives a number; pay.receipt@1.0.0 wants string at /id")


def test_the_version_of_the_same_batch_is_the_one_that_counts():
    apply([Document(one, "c.yaml") for one in CONTRACTS], Signature(None, "because"))
    read = echo("${{ input.gift }}")
    wider = contract("order.placed", ORDER | {"properties": ORDER["properties"] | {"gift": TEXT}}, "1.1.0")
    assert len(faults(read, contract("other", True))) == 1
    assert faults(read, wider) == []


def test_a_version_that_is_held_by_the_gate_counts_for_nobody():
    apply([Document(one, "c.yaml") for one in CONTRACTS], Signature(None, "because"))
    fewer = {key: value for key, value in ORDER["properties"].items() if key != "note"}
    breaking = contract("order.placed", ORDER | {"properties": fewer, "required": ["id", "total", "count"]}, "2.0.0")
    assert faults(echo("${{ input.note }}").replace("@^1", "@>=1"), breaking) == []


def test_a_published_version_is_not_asked_anew_when_its_contracts_moved_on():
    apply([Document(one, "c.yaml") for one in [*CONTRACTS, echo("${{ input.note }}")]], Signature(None, "because"))
    fewer = {key: value for key, value in ORDER["properties"].items() if key != "note"}
    apply([Document(contract("order.placed", ORDER | {"properties": fewer}, "1.1.0"), "c.yaml")], Signature(None, "r"))
    assert faults(echo("${{ input.note }}"), contract("other", True)) == []
    anew = echo("${{ input.note }}").replace("version: 1.0.0", "version: 1.0.1")
    assert "'note' is no field of order.placed@1.1.0" in faults(anew, contract("other", True))[0]


def test_the_examples_read_and_give_only_what_their_contracts_have():
    files = sorted((Path(__file__).parents[2] / "examples" / "manifests").glob("*.yaml"))
    texts = {path.name: path.read_text(encoding="utf-8") for path in files}
    assert plan([Document(text, name) for name, text in texts.items()])
    texts["order-fulfilment.yaml"] = texts["order-fulfilment.yaml"].replace("input.payment_method", "input.payment")
    with pytest.raises(InvalidManifest, match="'payment' is no field of order"):
        plan([Document(text, name) for name, text in texts.items()])


def test_a_contract_without_properties_says_nothing_of_fields():
    assert faults(echo("${{ input.anything.at[0].all }}"), contract("order.placed", {"type": "object"})) == []
