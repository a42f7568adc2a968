"""The compiled workflow."""

from pathlib import Path

import pytest

from orchestration.manifest import RetryPolicySpec, Timeouts, build_plan, load

from .samples import only, workflow

EXAMPLE = (Path(__file__).parent / "order_fulfilment.yaml").read_text()


def plan_of(steps: str, spec: str = ""):
    return build_plan(only(workflow(steps, spec)).canonical)


def test_the_example_of_the_design_becomes_the_graph_it_draws():
    plan = build_plan(only(EXAMPLE).canonical)
    assert {name: set(step.predecessors) for name, step in plan.steps.items()} == {
        "reserve": set(),
        "charge": {"reserve"},
        "suggest": set(),
        "review": {"charge"},
        "ship": {"review", "charge"},
    }
    assert plan.steps["charge"].successors == ("review", "ship")
    assert [plan.workflow, plan.version, plan.owner] == ["order-fulfilment", "2.3.0", "checkout"]
    assert [plan.input_contract, plan.output_contract, plan.timeout] == [
        "order.placed@^1.2",
        "order.fulfilled@^2",
        259200,
    ]
    assert set(plan.order) == set(plan.steps)
    assert all(
        plan.order.index(before) < plan.order.index(step.name)
        for step in plan.steps.values()
        for before in step.predecessors
    )


def test_the_bodies_of_the_example_fill_in_from_data():
    plan = build_plan(only(EXAMPLE).canonical)
    scope = {
        "input": {"sku": "s", "qty": 2, "total": 9.5, "id": "o1"},
        "steps": {"reserve": {"output": {"id": "r/1"}}, "ship": {"output": []}},
    }
    assert plan.steps["reserve"].body.evaluate(scope) == {
        "method": "POST",
        "path": "/reservations",
        "query": {},
        "headers": {},
        "json": {"sku": "s", "qty": 2},
    }
    assert plan.steps["reserve"].compensate.body.evaluate(scope)["path"] == "/reservations/r%2F1"
    assert plan.steps["reserve"].expect[0].evaluate({"output": {"status": "reserved"}}) is True
    assert plan.output.evaluate(scope) == {"order": "o1", "parcels": []}


def test_retries_timeouts_and_dependency_of_the_example_are_resolved():
    plan = build_plan(only(EXAMPLE).canonical)
    reserve = plan.steps["reserve"]
    assert reserve.retry == RetryPolicySpec(1.0, 2.0, 60.0, 5, "full", ("http.4xx", "contract.violation"))
    assert reserve.retry_ref is None
    assert reserve.timeout == Timeouts(None, 5.0, 120.0, None)
    assert reserve.compensate.dependency == "inventory"
    assert (reserve.effect, reserve.output_contract, reserve.input_contract) == ("write", "stock.reserved@^1", None)


def test_a_compensation_draws_no_edge_and_may_read_itself_and_what_came_before():
    plan = plan_of(
        """\
        a: {value: 1}
        b: {value: "${{ steps.a.output }}"}
        c:
          value: "${{ steps.b.output }}"
          compensate: {value: "${{ steps.c.output }} ${{ steps.a.output }} ${{ step.idempotency_key }}"}
        """
    )
    assert plan.steps["c"].predecessors == ("b",)
    assert plan.steps["a"].successors == ("b",)


def test_every_place_of_a_step_that_reads_another_is_an_edge():
    names = ["when", "path", "query", "headers", "json", "expect", "needs"]
    sources = "".join(f"s_{name}: {{value: 1}}\n" for name in names)
    plan = plan_of(
        sources
        + """\
last:
  when: steps.s_when.output
  http:
    path: "/${{ steps.s_path.output }}"
    query: {a: "${{ steps.s_query.output }}"}
    headers: {a: "${{ steps.s_headers.output }}"}
    json: ["${{ steps.s_json.output }}"]
  dependency: d
  expect: ["output == steps.s_expect.output", "steps.last.output == 1"]
  needs: [s_needs]
pause: {wait: {for: "${{ steps.last.output }}"}}
call: {python: a.b, with: {x: "${{ steps.pause.output }}"}}
"""
    )
    assert set(plan.steps["last"].predecessors) == {f"s_{name}" for name in names}
    assert plan.steps["pause"].predecessors == ("last",)
    assert plan.steps["call"].predecessors == ("pause",)


@pytest.mark.parametrize(
    ("step", "kind", "body"),
    [
        (
            "{python: shop.related_items, with: {a: '${{ input.x }}'}}",
            "python",
            {"task": "shop.related_items", "with": {"a": 1}},
        ),
        ("{python: shop.related_items}", "python", {"task": "shop.related_items", "with": {}}),
        ("{wait: {for: 1h30m}}", "wait", {"for": 5400.0}),
        ("{wait: {for: '${{ input.x }}'}}", "wait", {"for": 1}),
        ("{wait: {until: '2030-01-01T00:00:00Z'}}", "wait", {"until": "2030-01-01T00:00:00Z"}),
        ("{value: null}", "value", {"value": None}),
        ("{value: {items: ['${{ input.x }}']}}", "value", {"value": {"items": [1]}}),
        (
            "{http: {path: /x}, dependency: d}",
            "http",
            {"method": "GET", "path": "/x", "query": {}, "headers": {}, "json": None},
        ),
        (
            "{http: {path: /x, headers: {A: '${{ secrets.t }}'}}, dependency: d}",
            "http",
            {"method": "GET", "path": "/x", "query": {}, "headers": {"A": "shh"}, "json": None},
        ),
    ],
)
def test_the_body_of_a_step_fits_its_kind(step, kind, body):
    planned = plan_of(f"a: {step}").steps["a"]
    assert planned.kind == kind
    assert planned.body.evaluate({"input": {"x": 1}, "secrets": {"t": "shh"}}) == body


@pytest.mark.parametrize(
    ("step", "effect"),
    [
        ("{http: {path: /x}, dependency: d}", "read"),
        ("{http: {path: /x, method: HEAD}, dependency: d}", "read"),
        ("{http: {path: /x, method: POST}, dependency: d}", "write"),
        ("{http: {path: /x, method: POST}, dependency: d, effect: read}", "read"),
        ("{python: a.b}", "write"),
        ("{python: a.b, effect: none}", "none"),
        ("{value: 1}", "none"),
        ("{wait: {for: 5s}}", "none"),
    ],
)
def test_the_effect_of_a_step_follows_its_kind_unless_it_says(step, effect):
    assert plan_of(f"a: {step}").steps["a"].effect == effect


def test_a_retry_is_the_workflows_own_an_inline_one_or_a_name_to_resolve():
    plan = plan_of(
        "a: {value: 1, retry: own}\nb: {value: 1, retry: {maximum_attempts: 2}}\nc: {value: 1, retry: shared}\nd: {value: 1}",
        "retry_policies: {own: {maximum_attempts: 9}}\n",
    )
    assert [plan.steps[name].retry for name in "abcd"] == [
        RetryPolicySpec(maximum_attempts=9),
        RetryPolicySpec(maximum_attempts=2),
        None,
        None,
    ]
    assert [plan.steps[name].retry_ref for name in "abcd"] == [None, None, "shared", None]


def test_a_compensation_can_say_that_there_is_nothing_to_undo():
    compensate = plan_of("a: {value: 1, compensate: {none: Reading changes nothing.}}").steps["a"].compensate
    assert compensate.kind == "none"
    assert compensate.body.evaluate({}) == {"none": "Reading changes nothing."}


def test_a_long_chain_is_planned_without_recursion():
    steps = "s0: {value: 1}\n" + "".join(
        f"s{i}: {{value: '${{{{ steps.s{i - 1}.output }}}}'}}\n" for i in range(1, 1500)
    )
    plan = plan_of(steps)
    assert plan.order == tuple(f"s{i}" for i in range(1500))


def test_fields_named_like_methods_and_words_are_fields():
    plan = plan_of("not: {value: {items: 1}}\nitems: {value: '${{ steps.not.output.items }}'}")
    assert plan.steps["items"].predecessors == ("not",)
    assert plan.steps["items"].body.evaluate({"steps": {"not": {"output": {"items": 1}}}}) == {"value": 1}


def test_a_stored_plan_does_not_depend_on_the_order_of_keys():
    canonical = only(EXAMPLE).canonical
    turned = {**canonical, "spec": {**canonical["spec"], "steps": dict(reversed(canonical["spec"]["steps"].items()))}}
    assert build_plan(turned).order == build_plan(canonical).order
    assert load(EXAMPLE).resources[0].content_hash == only(EXAMPLE).content_hash
