"""Which expressions read a field that goes away: exactly those, from the manifests as they are stored."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from governance.contracts import compare
from governance.contracts.removals import removed_paths
from governance.models import Change
from governance.selectors.contracts import live_ports
from governance.selectors.readers import Reader, readers
from orchestration.models import Dependency, Team, WorkflowVersion
from orchestration.services.governed import save
from orchestration.services.manifests import Document, Signature, apply
from tests.engine import tasks  # noqa: F401 - registers the functions that workflows name

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
LINE = {"type": "object", "properties": {"sku": TEXT, "qty": WHOLE}, "required": ["sku"]}
ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": TEXT, "total": WHOLE, "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}}, "first": {"$ref": "#/$defs/line"}},
    "$defs": {"line": LINE},
}  # fmt: skip
STEPS = {
    "a": {
        "python": "test.echo",
        "effect": "none",
        "with": {
            "value": {"t": "${{ input.total }} of ${{ input.id }}", "all": "${{ input }}", "id": "${{ input.id }}"}
        },
        "contract": {"output": "order.placed@^1"},
        "expect": ["output.total > 0"],
    },
    "b": {
        "when": "steps.a.output.lines[0].sku != ''",
        "python": "test.echo",
        "effect": "none",
        "with": {"id": "x", "value": ["${{ steps.a.output.lines }}", "${{ input.lines[0]['sku'] }}"]},
        "contract": {"input": "order.placed@^1"},
    },
}


def without(schema: Any, *names: str) -> Any:
    return schema | {"properties": {key: one for key, one in schema["properties"].items() if key not in names}}


def gone(old: Any, new: Any, level: str = "FULL", policy: str = "tolerant") -> set[tuple[str, ...]]:
    report = compare(old, new, level=level, policy=policy)
    told = [{"rule": one.rule, "pointer": one.pointer, "direction": one.direction} for one in report.findings]
    return removed_paths(told, old, new)


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (ORDER, without(ORDER, "total"), {("total",)}),
        (ORDER, ORDER | {"$defs": {"line": without(LINE, "qty")}}, {("lines", "*", "qty"), ("first", "qty")}),
        (ORDER, ORDER | {"$defs": {"line": LINE | {"required": []}}}, {("lines", "*", "sku"), ("first", "sku")}),
        (ORDER, ORDER | {"required": []}, {("id",)}),
        (ORDER, ORDER | {"properties": ORDER["properties"] | {"total": {"type": ["integer", "null"]}}}, {("total",)}),
        (ORDER, ORDER | {"properties": ORDER["properties"] | {"total": False}}, {("total",)}),
        (ORDER, ORDER | {"properties": ORDER["properties"] | {"new": TEXT}, "required": ["id", "new"]}, set()),
        (ORDER, ORDER | {"title": "An order"}, set()),
        (ORDER, ORDER | {"additionalProperties": False, "minProperties": 2}, set()),
        ({"properties": {"a/b": {"properties": {"~": TEXT}}}}, {"properties": {"a/b": {"type": "null"}}}, {("a/b",), ("a/b", "~")}),
        ({"additionalProperties": LINE}, {"additionalProperties": without(LINE, "qty")}, {("*", "qty")}),
        ({"allOf": [LINE]}, {"allOf": [without(LINE, "qty")]}, {("qty",)}),
        ({"prefixItems": [LINE]}, {"prefixItems": [without(LINE, "qty")]}, {("*", "qty")}),
    ],
)  # fmt: skip
def test_the_places_that_a_change_takes_away_are_found_through_references(old: Any, new: Any, paths: Any):
    assert gone(old, new) == paths


def test_a_type_that_is_widened_takes_nothing_from_those_whom_it_does_not_break():
    wider = ORDER | {"properties": ORDER["properties"] | {"total": {"type": "number"}}}
    assert (gone(ORDER, wider, "BACKWARD"), gone(ORDER, wider, "FORWARD")) == (set(), {("total",)})


def test_a_schema_that_asks_itself_gives_its_places_some_levels_deep():
    tree = {"properties": {"v": TEXT, "next": {"$ref": "#"}}}
    found = gone(tree, without(tree, "v"))
    assert {("v",), ("next", "v"), ("next", "next", "v")} <= found
    assert len(found) < 20


@pytest.fixture
def published(db: Any) -> None:
    team = Team.objects.create(name="checkout")
    Dependency.objects.create(name="payments", owner=team, document={"spec": {}}, content_hash="0")
    sent(contract("1.0.0", ORDER), workflow("1.0.0"))


def workflow(version: str) -> str:
    manifest = {
        "apiVersion": "plumbline/v1", "kind": "Workflow", "metadata": {"name": "ship", "version": version, "owner": "checkout"},
        "spec": {"input": {"contract": "order.placed@^1"}, "steps": STEPS, "output": {"value": "${{ steps.a.output.total }}"}},
    }  # fmt: skip
    return yaml.safe_dump(manifest)


def contract(version: str, schema: Any) -> str:
    metadata = {"name": "order.placed", "version": version, "owner": "checkout"}
    return yaml.safe_dump(
        {"apiVersion": "plumbline/v1", "kind": "Contract", "metadata": metadata, "spec": {"schema": schema}}
    )


def sent(*texts: str) -> None:
    apply([Document(text, "m.yaml") for text in texts], Signature(None, "because"))


def shown(found: list[Reader]) -> list[tuple[str, str, str, bool]]:
    return sorted((one.place, one.expression, one.field, one.whole) for one in found)


def test_the_expressions_that_read_a_field_are_told_with_their_places_and_whole_objects_apart(published: None):
    found = readers(live_ports("order.placed"), {("total",)})
    assert shown(found) == [
        ("output.value", "steps.a.output.total", "total", False),
        ("steps.a.expect[0]", "output.total > 0", "total", False),
        ("steps.a.with.value.all", "input", "", True),
        ("steps.a.with.value.t", "input.total", "total", False),
    ]
    assert {(one.workflow, one.version, one.team) for one in found} == {("ship", "1.0.0", "checkout")}
    assert {one.place: one.step for one in found}["output.value"] == ""


def test_a_field_in_a_list_is_met_by_any_position_and_the_list_itself_is_read_as_a_whole(published: None):
    assert shown(readers(live_ports("order.placed"), {("lines", "*", "sku")})) == [
        ("steps.a.with.value.all", "input", "", True),
        ("steps.b.when", "steps.a.output.lines[0].sku != ''", "lines[].sku", False),
        ("steps.b.with.value[0]", "steps.a.output.lines", "lines", True),
        ("steps.b.with.value[1]", "input.lines[0]['sku']", "lines[].sku", False),
    ]


def test_what_lies_under_a_field_that_goes_is_read_from_it(published: None):
    found = shown(readers(live_ports("order.placed"), {("lines",)}))
    assert [one[3] for one in found if one[0].startswith("steps.b")] == [False, False, False]


def test_nobody_reads_what_no_path_names_and_versions_that_are_over_don_t_count(published: None):
    assert readers(live_ports("order.placed"), set()) == []
    assert [one.whole for one in readers(live_ports("order.placed"), {("nothing",)})] == [True]
    version = WorkflowVersion.objects.get()
    version.state = WorkflowVersion.State.RETIRED
    save(version, actor=None, reason="over")
    assert readers(live_ports("order.placed"), {("total",)}) == []


def test_the_report_of_a_change_leads_to_the_readers_of_what_it_takes_away(published: None):
    sent(contract("2.0.0", without(ORDER, "total") | {"required": ["id", "lines"]}))
    change = Change.objects.get()
    assert change.base is not None
    paths = removed_paths(change.report["findings"], change.base.schema, change.version.schema)
    assert paths == {("total",)}
    assert len(readers(live_ports("order.placed"), paths)) == 4


def test_it_takes_two_queries_however_many_versions_there_are(published: None, django_assert_num_queries: Any):
    sent(workflow("1.0.1"), workflow("1.1.0"))
    with django_assert_num_queries(2):
        found = readers(live_ports("order.placed"), {("total",)})
    assert [one.version for one in found[::4]] == ["1.1.0", "1.0.1", "1.0.0"]
