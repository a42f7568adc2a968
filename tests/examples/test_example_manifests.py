"""The example manifests load, fit together, and do with the sandbox what they say.

The last is shown by walking each plan over the sandbox, without an engine: expressions, paths, contracts and `expect`
are the real ones.
"""

import random
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from semantic_version import NpmSpec, Version

from examples import orders, warehouse
from examples.sandbox.mail import TEMPLATES
from orchestration.manifest import build_plan, load
from orchestration.manifest.models.steps import KINDS
from orchestration.steps.registry import StepContext, find

MANIFESTS = Path(__file__).parents[2] / "examples" / "manifests"
FILES = sorted(MANIFESTS.glob("*.yaml"))


@pytest.fixture(scope="module")
def resources():
    return [resource for path in FILES for resource in load(path.read_text(encoding="utf-8"), path.name).resources]


@pytest.fixture(scope="module")
def plans(resources):
    return {found.name: build_plan(found.canonical) for found in resources if found.kind == "Workflow"}


@pytest.fixture(scope="module")
def schemas(resources):
    contracts = [resource for resource in resources if resource.kind == "Contract"]
    found = [one for one in contracts if one.canonical["spec"].get("format", "jsonschema") == "jsonschema"]
    return {(contract.name, contract.version): contract.document["spec"]["schema"] for contract in found}


def schema_for(schemas, reference):
    """The schema of the highest version in a range such as `order.placed@^1.2`."""
    name, _, wanted = reference.partition("@")
    fitting = [version for known, version in schemas if known == name and Version(version) in NpmSpec(wanted)]
    return schemas[name, max(fitting, key=Version)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_manifest_has_no_problem_and_nothing_that_this_release_refuses(path):
    loaded = load(path.read_text(encoding="utf-8"), path.name)
    assert list(loaded.problems) == []


def test_whatever_a_manifest_names_is_there(resources, plans, schemas):
    names = {
        kind: {found.name for found in resources if found.kind == kind} for kind in {found.kind for found in resources}
    }
    assert {found.owner for found in resources if found.owner} <= names["Team"]
    for plan in plans.values():
        for step in plan.steps.values():
            assert step.dependency is None or step.dependency in names["Dependency"]
            assert step.retry_ref is None or step.retry_ref in names["RetryPolicy"]
            assert step.flag is None or step.flag.key in names["Flag"]
            assert step.intent
            for reference in filter(None, (step.input_contract, step.output_contract)):
                assert schema_for(schemas, reference)
    for found in resources:
        if found.kind == "Dependency":
            assert found.document["spec"]["retry"] in names["RetryPolicy"]


def test_the_examples_use_every_kind_of_step(plans):
    assert {step.kind for plan in plans.values() for step in plan.steps.values()} == set(KINDS)


@pytest.mark.parametrize(("quantity", "fate"), [(1, "restocked"), (2, "restocked"), (3, "inspected")])
def test_the_warehouse_judges_a_line_that_came_back(walk, quantity, fate):
    seen = walk("line-return", {"line": {"sku": "MUG-STONE", "quantity": quantity}})
    assert seen.output == {"sku": "MUG-STONE", "quantity": quantity, "fate": fate}


def test_the_error_that_a_return_is_not_tried_again_for_is_one_of_the_warehouse(walk):
    with pytest.raises(warehouse.NothingCameBack):
        walk("line-return", {"line": {"sku": "MUG-STONE", "quantity": 0}})


def test_mail_knows_every_template_that_a_manifest_names():
    named = {name for path in FILES for name in re.findall(r"^ +template: ([\w-]+)$", path.read_text(), re.M)}
    assert "order-shipped" in named
    assert named <= TEMPLATES


def test_each_write_over_http_has_a_way_back_and_a_limit(plans):
    for plan in plans.values():
        for step in plan.steps.values():
            if step.kind == "http" and step.effect == "write":
                assert step.compensate, f"{plan.workflow}.{step.name}"
                assert step.timeout.start_to_close
                assert step.timeout.schedule_to_close


def test_no_way_back_reads_an_output_that_a_timeout_would_leave_null(plans):
    for plan in plans.values():
        for step in plan.steps.values():
            if step.compensate:
                read = {reference[:2] for reference in step.compensate.body.references}
                assert not read & {("step", "output"), ("steps", step.name)}, f"{plan.workflow}.{step.name}"


def test_schemas_are_valid_and_each_default_and_example_is_one_that_they_allow(schemas):
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["title"]
        for field in schema["properties"].values():
            assert field["title"]
            for value in [*field.get("examples", []), *([field["default"]] if "default" in field else [])]:
                jsonschema.validate(value, field)


def test_the_start_form_as_it_opens_is_a_valid_input(plans, schemas):
    for plan in plans.values():
        if plan.input_contract is None:  # nobody starts it by hand: it is the child of another
            assert plan.workflow == "line-return"
            continue
        schema = schema_for(schemas, plan.input_contract)
        filled = {name: field["default"] for name, field in schema["properties"].items() if "default" in field}
        jsonschema.validate(filled, schema)


@pytest.mark.parametrize("seed", range(40))
def test_traffic_sends_what_the_contracts_allow(plans, schemas, seed):
    rng = random.Random(seed)
    sent = {
        "order-fulfilment": orders.order(rng, f"{seed:04d}", orders.any_mishap(rng)),
        "customer-onboarding": orders.customer(rng, f"{seed:04d}"),
        "nightly-settlement": orders.settlement(rng, date(2026, 11, 20)),
    }
    for name, value in sent.items():
        jsonschema.validate(value, schema_for(schemas, plans[name].input_contract))


class Walk:
    """One run of a plan over the sandbox: no retries, no durability, one step after the other."""

    def __init__(self, plan, sandbox, schemas, given):
        self.plan, self.sandbox, self.schemas, self.run = plan, sandbox, schemas, f"run-{random.getrandbits(40):x}"
        self.scope = {"input": given, "steps": {}, "run": {"id": self.run}}
        self.skipped, self.done, self.undone, self.failed = set(), [], [], None
        if plan.input_contract:
            jsonschema.validate(given, schema_for(schemas, plan.input_contract))

    def go(self):
        for name in self.plan.order:
            step = self.plan.steps[name]
            if (step.predecessors and set(step.predecessors) <= self.skipped) or (
                step.when and not step.when.evaluate(self.scope)
            ):
                self.skipped.add(name)
                self.scope["steps"][name] = {"output": None}
            elif not self._step(step):
                self.failed = name
                self.undo()
                return self
            else:
                self.done.append(name)
        self.output = self.plan.output.evaluate(self.scope)
        if self.plan.output_contract:
            jsonschema.validate(self.output, schema_for(self.schemas, self.plan.output_contract))
        return self

    def _step(self, step):
        body = step.body.evaluate(self.scope)
        output = body.get("value")
        if step.kind == "http":
            if step.input_contract:
                jsonschema.validate(body["json"], schema_for(self.schemas, step.input_contract))
            answer = self._call(step, body)
            if answer.status >= 400:
                return False
            output = answer.body
        elif step.kind == "emit":
            output = body["emit"]
        elif step.kind == "event":
            output = orders.verified(self.scope["input"])["data"]
        elif step.kind == "approval":
            output = {"approved": True}
        elif step.kind == "python":
            output = self._task(body)
        elif step.kind == "celery":
            output = warehouse.app.tasks[body["celery"]["task"]](**body["with"])
        if step.output_contract:
            jsonschema.validate(output, schema_for(self.schemas, step.output_contract))
        self.scope["steps"][step.name] = {"output": output}
        for condition in step.expect:
            assert condition.evaluate({**self.scope, "output": output}) is True, condition.source
        return True

    def _call(self, step, body):
        key = f"{self.run}/{step.name}" if step.effect == "write" else None
        return self.sandbox.call(body["method"], f"/{step.dependency}{body['path']}", body.get("json"), key=key)

    def _task(self, body):
        context = StepContext(run_id=self.run, step="s", attempt=1, idempotency_key="k", heartbeat=lambda: None)
        return find(body["task"]).function(body["with"], context)

    def undo(self):
        for name in reversed(self.done):
            step = self.plan.steps[name]
            if step.compensate:
                own = {"output": None, "input": None, "idempotency_key": f"{self.run}/{name}"}
                body = step.compensate.body.evaluate({**self.scope, "step": own})
                answer = self._call(step, body)
                assert answer.status == 200
                self.undone.append((name, answer.body["status"]))


@pytest.fixture
def walk(plans, schemas, sandbox, listed_tasks):
    return lambda workflow, given: Walk(plans[workflow], sandbox, schemas, given).go()


def test_an_order_is_fulfilled(walk):
    done = walk("order-fulfilment", orders.order(random.Random(1), "1"))
    assert done.failed is None
    assert set(done.done) == {"reserve", "suggest", "charge", "ship", "notify", "announce"}
    assert done.output["tracking"]


@pytest.mark.parametrize(
    ("mishap", "failed", "undone"),
    [
        ("sold_out", "reserve", []),
        ("declined", "charge", [("reserve", "released")]),
        ("not_served", "ship", [("charge", "refunded"), ("reserve", "released")]),
    ],
)
def test_an_order_that_is_refused_is_undone_in_reverse(walk, mishap, failed, undone):
    ended = walk("order-fulfilment", orders.order(random.Random(2), "2", mishap))
    assert (ended.failed, ended.undone) == (failed, undone)


def test_everything_that_an_order_did_can_be_undone_by_key(walk):
    done = walk("order-fulfilment", orders.order(random.Random(3), "3"))
    done.undo()
    assert done.undone == [
        ("notify", "withdrawn"), ("ship", "cancelled"), ("charge", "refunded"), ("reserve", "released"),
    ]  # fmt: skip


CUSTOMER = {"id": "cus_4711", "email": "a@example.com", "country": "ES", "business": False}


@pytest.mark.parametrize(
    ("given", "status", "skipped"),
    [
        (CUSTOMER, "active", {"second_look", "identity", "company", "subscribe", "reject", "decline"}),
        ({**CUSTOMER, "newsletter": True}, "active", {"second_look", "identity", "company", "reject", "decline"}),
        (
            {**CUSTOMER, "business": True, "vat_number": "ES123456787"},
            "active",
            {"second_look", "subscribe", "reject", "decline"},
        ),
        (
            {**CUSTOMER, "business": True, "vat_number": "ES12/3400"},
            "rejected",
            {"second_look", "activate", "welcome", "subscribe"},
        ),
        (
            {**CUSTOMER, "id": "cus_46", "newsletter": True},
            "rejected",
            {"second_look", "identity", "company", "activate", "welcome", "subscribe"},
        ),
    ],
)
def test_a_customer_is_activated_or_rejected_and_the_other_way_is_skipped(walk, given, status, skipped):
    done = walk("customer-onboarding", given)
    assert (done.failed, done.output["status"], done.skipped) == (None, status, skipped)


def test_every_day_of_a_month_is_settled_and_only_short_ones_make_a_claim(walk):
    claims = 0
    for number in range(1, 31):
        done = walk("nightly-settlement", {"date": f"2026-09-{number:02d}", "currency": "EUR"})
        assert done.failed is None
        assert done.output["margin"] > 0
        assert ("claim" in done.skipped) is (done.output["difference"] == 0)
        claims += "claim" not in done.skipped
    assert 0 < claims < 15


def test_the_reads_of_a_settlement_are_parallel_and_reconcile_joins_them(plans):
    steps = plans["nightly-settlement"].steps
    reads = {"charges", "payout", "shipping_costs", "goods"}
    assert all(steps[name].predecessors == () for name in reads)
    assert set(steps["reconcile"].predecessors) == reads
