"""Kinds, normal form, diff, what this release refuses, and the schema for editors."""

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from orchestration.manifest import diff, json_schema, load, notices

from .samples import only, resource, workflow

EXAMPLE = (Path(__file__).parent / "order_fulfilment.yaml").read_text()

OTHERS = [
    resource("Team", "{name: checkout}", "{weight: 2, escalation: [{after: 0m, notify: on-call}]}"),
    resource(
        "Team",
        "{name: payments}",
        "{channels: [{webhook: 'https://hooks.example/a?b=1', secret: hooks}, "
        "{webhook: 'http://10.0.0.1:8080', secret: hooks, events: [change.proposed, version.sunset_near]}]}",
    ),
    "apiVersion: plumbline/v1\nkind: Team\nmetadata: {name: checkout}\n",
    """\
apiVersion: plumbline/v1
kind: Dependency
metadata: {name: payments, owner: payments}
spec:
  base_url: "${{ env.PAYMENTS_URL }}"
  authorization: {secret: payments-token}
  probe: {path: /healthz, every: 30s}
  objectives: {success: 99.9%, latency: {p95: 300ms}}
  timeout: {start_to_close: 2s}
  retry: http
  breaker: {failure_rate: 50%, slow_rate: 80%, minimum_calls: 20, open_for: 30s, half_open_calls: 5}
  bulkhead: {limit: 20}
  rate_limit: 50/s
  failure_modes:
    - {mode: timeout, effect: charge may or may not exist, response: retry with the same key; then park, runbook: payments-slow}
  review: {every: 90d, areas: [security, reliability, performance]}
""",
    resource(
        "Schedule",
        "{name: nightly, owner: finance}",
        "{workflow: nightly-settlement@^1, cron: '30 2 * * *', timezone: Europe/Madrid, catch_up: latest, input: {a: 1}}",
    ),
    resource(
        "Trigger",
        "{name: placed, owner: checkout}",
        "{event: order.placed, when: 'event.data.total > 0', workflow: order-fulfilment@^2, input: '${{ event.data }}'}",
    ),
    resource("Flag", "{name: related-items}", "{default: off, rollout: {percent: 10, key: '${{ input.tenant }}'}}"),
    resource("RetryPolicy", "{name: http, owner: platform}", "{maximum_attempts: 3, jitter: none}"),
    resource(
        "Contract",
        "{name: order.placed, owner: checkout, version: 1.2.0}",
        "{format: jsonschema, schema: {type: object}, policy: strict, compatibility: BACKWARD}",
    ),
    resource("Contract", "{name: order.placed, owner: checkout, version: 1.2.0}", "{schema: true}"),
]


@pytest.mark.parametrize("text", [EXAMPLE, *OTHERS])
def test_every_kind_of_the_design_is_read_and_its_normal_form_is_its_own(text):
    found = only(text)
    again = only(json.dumps(found.canonical))
    assert again.canonical == found.canonical
    assert again.content_hash == found.content_hash


@pytest.mark.parametrize("text", [EXAMPLE, *OTHERS])
def test_the_schema_for_editors_accepts_what_the_loader_accepts(text):
    jsonschema.Draft202012Validator(json_schema()).validate(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize(
    "text",
    [
        workflow("a: {intent: x}"),
        workflow("a: {value: 1, efect: read}"),
        workflow("a: {value: 1, join: 3}"),
        resource("Team", "{name: A}", "{}"),
    ],
)
def test_the_schema_for_editors_refuses_what_the_loader_refuses(text):
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert not jsonschema.Draft202012Validator(schema).is_valid(YAML(typ="safe", pure=True).load(text))
    assert load(text).problems


def test_resources_carry_name_version_owner_and_typed_spec():
    found = only(EXAMPLE)
    assert (found.kind, found.name, found.version, found.owner) == ("Workflow", "order-fulfilment", "2.3.0", "checkout")
    assert found.spec.steps["ship"].for_each.as_ == "parcel"
    assert found.document["spec"]["timeout"] == "3d"
    assert (found.source, found.line) == ("m.yaml", 1)


SAME = "a: {value: {b: 1, a: 2}, timeout: {start_to_close: 90s}, objectives: {success: 99.50%}}"


@pytest.mark.parametrize(
    "other",
    [
        "a: {timeout: {start_to_close: 1m30s}, value: {a: 2, b: 1}, objectives: {success: 99.5%}}",
        "a:\n  value: {'a': 2, \"b\": 1}  # a comment\n  timeout: {start_to_close: 90000ms}\n  objectives: {success: 99.5%}",
        "a: {value: {a: 2, b: 1}, timeout: {start_to_close: 1m30s}, objectives: {success: 99.5%}, join: all, needs: [], compensate_on_unknown: true}",
    ],
)
def test_the_same_meaning_has_the_same_hash(other):
    assert only(workflow(other)).content_hash == only(workflow(SAME)).content_hash


@pytest.mark.parametrize(
    "other",
    [
        SAME.replace("2", "3"),
        SAME.replace("90s", "91s"),
        SAME.replace("1,", "'1',"),
        SAME.replace("1,", "true,"),
        SAME.replace("a: {v", "b: {v"),
    ],
)
def test_another_meaning_has_another_hash(other):
    assert only(workflow(other)).content_hash != only(workflow(SAME)).content_hash


def test_a_written_null_is_a_value():
    assert only(workflow("a: {value: null}")).canonical["spec"]["steps"] == {"a": {"value": None}}


def test_a_diff_reads_as_sentences():
    old = only(workflow("a: {value: 1, needs: [c], timeout: {start_to_close: 5s}}\nb: {value: 1}\nc: {value: [1, 2]}"))
    new = only(
        workflow(
            "a: {value: true, timeout: {start_to_close: 10s}, needs: [c, d]}\nc: {value: [2, 1]}\nd: {wait: {for: 5s}}",
            "timeout: 1h\n",
        )
    )
    assert [(found.path, found.kind, found.sentence) for found in diff(old.canonical, new.canonical)] == [
        ("steps.a.needs[1]", "added", "Step 'a': needs[1] is added: 'd'."),
        ("steps.a.timeout.start_to_close", "changed", "Step 'a': timeout.start_to_close changes from '5s' to '10s'."),
        ("steps.a.value", "changed", "Step 'a': value changes from 1 to true."),
        ("steps.b", "removed", "Step 'b' is removed (value)."),
        ("steps.c.value", "changed", "Step 'c': value changes from [1, 2] to [2, 1]."),
        ("steps.d", "added", "Step 'd' is added (wait)."),
        ("timeout", "added", "timeout is added: '1h'."),
    ]


def test_a_first_version_is_one_difference_and_the_same_version_none():
    found = only(EXAMPLE)
    (new,) = diff(None, found.canonical)
    assert (new.path, new.kind, new.sentence) == ("", "added", "Workflow order-fulfilment 2.3.0 is new.")
    assert diff(found.canonical, found.canonical) == []


def test_a_diff_carries_both_values():
    (found,) = diff(only(workflow("a: {value: 1}")).canonical, only(workflow("a: {value: {x: 2}}")).canonical)
    assert found.as_dict() == {
        "path": "steps.a.value",
        "kind": "changed",
        "old": 1,
        "new": {"x": 2},
        "sentence": "Step 'a': value changes from 1 to {\"x\": 2}.",
    }


@pytest.mark.parametrize("fallback", ["{value: 2}", "{value: null}", "{last_good: true}", "{skip: true}", "{step: b}"])
def test_a_step_may_fall_back_to_this(fallback):
    found = load(workflow("a: {value: 1, fallback: " + fallback + "}\nb: {value: 2}"))
    assert not found.problems


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("a: {value: 1, fallback: {step: b}}\nb: {value: 2}\nc: {value: 3, needs: [b]}", "name 'a' here"),
        ("a: {value: 1, fallback: {step: b}}\nb: {value: 2}\nc: {value: '${{ steps.b.output }}'}", "name 'a' here"),
        ("a: {value: 1, fallback: {step: b}}\nb: {value: 2, when: 'input.x'}", "it has no 'when'"),
        ("a: {value: 1, fallback: {step: b}}\nb: {value: 2}\nc: {value: 3, fallback: {step: b}}", "already"),
        ("a: {value: 1, fallback: {step: a}}", "the steps wait for each other"),
        ("a: {value: 1, for_each: {in: [1], as: x}, fallback: {step: b}}\nb: {value: 2}", "single item"),
    ],
)
def test_a_stand_in_is_nothing_else(steps, message):
    assert any(message in problem.message for problem in load(workflow(steps)).problems)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("event: {type: order.paid, correlation: {order: 1}}", "wanted text or a number"),
        ("approval: {team: fraud, on_timeout: approve}", "without a 'timeout' it waits for ever"),
    ],
)
def test_a_wait_must_be_one_that_can_end(step, message):
    (problem,) = load(workflow("a: {" + step + "}")).problems
    assert message in problem.message


@pytest.mark.parametrize("fallback", ["{}", "{value: 1, skip: true}", "{skip: false}"])
def test_a_fallback_is_exactly_one_thing(fallback):
    assert load(workflow("a: {value: 1, fallback: " + fallback + "}")).problems


def test_a_celery_step_has_a_queue_of_its_own_and_calls_no_dependency():
    assert not load(workflow("a: {celery: {task: shop.bill, queue: shop}, with: {order: 1}}")).problems
    (problem,) = load(workflow("a: {celery: {task: shop.bill, queue: control}}")).problems
    assert "'control' is a queue of Plumbline's own" in problem.message
    (problem,) = load(workflow("a: {celery: {task: shop.bill}, dependency: payments}")).problems
    assert "calls no dependency" in problem.message


def test_what_is_recorded_only_is_said():
    dependency = resource("Dependency", "{name: pay, owner: checkout}", "{timeout: {schedule_to_close: 9s}}")
    assert [str(problem) for problem in notices(only(dependency))] == [
        "m.yaml:4:37 timeout.schedule_to_close: 'schedule_to_close' is recorded, not enforced by this release",
    ]
    assert not notices(only(OTHERS[0]))
    assert not notices(only(OTHERS[3]))
    assert not notices(only(EXAMPLE))


@pytest.mark.parametrize("when", ["spent", "below 25%", "below 0.5%", "below 100%"])
def test_an_error_budget_rule_says_how_much_is_left(when):
    rule = "{when: '" + when + "', then: freeze, changes: [workflow.release]}"
    written = only(resource("Team", "{name: checkout}", "{error_budget: [" + rule + "]}"))
    assert written.canonical["spec"]["error_budget"] == [{"when": when, "then": "freeze"}]


def test_an_error_budget_rule_of_another_form_is_refused_with_what_is_wanted():
    loaded = load(resource("Team", "{name: checkout}", "{error_budget: [{when: low, then: freeze}]}"), "m.yaml")
    assert "wanted 'spent', or how much is left such as 'below 25%'; got 'low'" in str(loaded.problems[0])
