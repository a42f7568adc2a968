"""Avro schemas: the library's verdict, in our words, at each place."""

from __future__ import annotations

from typing import Any

import pytest

from governance.contracts import InvalidSchema
from governance.contracts.avro_schemas import compare_avro


def record(*fields: Any, name: str = "Order", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "shop", "fields": list(fields), **more}


def field(name: str, kind: Any = "string", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


ID = field("id")
ENUM = {"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}
FIXED = {"type": "fixed", "name": "Hash", "size": 16}

#: Old, new; the verdicts BACKWARD and FORWARD; the rules of what breaks.
CASES: dict[str, tuple[Any, Any, str, str, set[str]]] = {
    "a field without a default is new": (
        record(ID), record(ID, field("note")), "breaking", "safe", {"field-without-default"},
    ),
    "a field with a default is new": (record(ID), record(ID, field("note", default="")), "safe", "safe", set()),
    "a field goes": (record(ID, field("note")), record(ID), "safe", "breaking", {"field-without-default"}),
    "a field is renamed with an alias": (
        record(field("note")), record(field("remark", aliases=["note"])), "safe", "breaking", {"field-without-default"},
    ),
    "an int becomes a long": (record(field("n", "int")), record(field("n", "long")), "safe", "breaking", {"type-changed"}),
    "a text becomes bytes": (record(field("n", "string")), record(field("n", "bytes")), "safe", "safe", set()),
    "a text becomes a number": (
        record(field("n", "string")), record(field("n", "int")), "breaking", "breaking", {"type-changed"},
    ),
    "an enum has one symbol more": (ENUM, {**ENUM, "symbols": ["NEW", "PAID", "SENT"]}, "safe", "breaking", {"enum-symbols-missing"}),
    "an enum with a default has one symbol less": (
        ENUM, {**ENUM, "symbols": ["NEW"], "default": "NEW"}, "safe", "safe", set(),
    ),
    "a fixed is larger": (FIXED, {**FIXED, "size": 32}, "breaking", "breaking", {"fixed-size-changed"}),
    "a record has another name": (record(ID), record(ID, name="Purchase"), "breaking", "breaking", {"name-changed"}),
    "a type becomes a union": (record(field("n")), record(field("n", ["null", "string"])), "safe", "breaking", {"union-branch-missing"}),
    "a union has another branch": (
        ["null", "string"], ["null", "int"], "breaking", "breaking", {"union-branch-missing"},
    ),
    "the items of a list change": (
        {"type": "array", "items": "int"}, {"type": "array", "items": "string"}, "breaking", "breaking", {"type-changed"},
    ),
    "the values of a map change": (
        {"type": "map", "values": "long"}, {"type": "map", "values": "int"}, "breaking", "safe", {"type-changed"},
    ),
    "only the words change": (record(ID), record(ID, doc="an order"), "safe", "safe", set()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_change_has_the_verdict_of_the_library_and_a_finding_for_what_breaks(name: str):
    old, new, backward, forward, rules = CASES[name]
    reports = [compare_avro(old, new, level=level) for level in ("BACKWARD", "FORWARD")]
    assert [report.verdict for report in reports] == [backward, forward]
    for report in reports:
        assert {finding.rule for finding in report.findings} == (rules if report.verdict == "breaking" else set())
        assert all(finding.direction == report.level for finding in report.findings)
    full = compare_avro(old, new, level="FULL")
    assert full.verdict == ("breaking" if "breaking" in (backward, forward) else "safe")


@pytest.mark.parametrize("name", CASES)
def test_a_schema_reads_what_it_wrote(name: str):
    for schema in CASES[name][:2]:
        report = compare_avro(schema, schema, level="FULL")
        assert (report.verdict, report.findings, report.bump) == ("safe", (), "none")


def test_each_thing_that_can_not_be_read_is_told_at_its_place():
    old = record(field("lines", {"type": "array", "items": record(field("sku"), name="Line")}))
    new = record(
        field("lines", {"type": "array", "items": record(field("sku", "int"), field("count", "int"), name="Line")}),
        field("paid", "boolean"),
    )
    report = compare_avro(old, new)
    assert [(one.rule, one.pointer) for one in report.findings] == [
        ("type-changed", "/fields/0/type/items/fields/0/type"),
        ("field-without-default", "/fields/0/type/items"),
        ("field-without-default", "/"),
    ]
    assert report.findings[0].text == (
        "/fields/0/type/items/fields/0/type: the new schema can't read what the old one wrote: int can't read string"
    )
    assert len({one.fingerprint for one in report.findings}) == 3


def test_a_schema_that_refers_to_itself_is_compared():
    def tree(kind: str) -> dict[str, Any]:
        return record(field("name", kind), field("children", {"type": "array", "items": "Order"}))

    assert compare_avro(tree("int"), tree("long")).verdict == "safe"
    assert compare_avro(tree("long"), tree("int")).verdict == "breaking"


@pytest.mark.parametrize(("new", "bump"), [
    (record(ID), "none"), (record(ID, doc="an order"), "patch"), (record(ID, field("n", default="")), "minor"), (record(), "minor"),
    (record(ID, field("n")), "major"),
])  # fmt: skip
def test_the_bump_comes_from_the_change(new: Any, bump: str):
    assert compare_avro(record(ID), new).bump == bump


@pytest.mark.parametrize(
    "schema",
    [
        {},
        1,
        None,
        [],
        {"type": "record"},
        "Nothing",
        {"type": "array"},
        record(ID, ID),
        {"type": ENUM | {"symbols": 1}},
    ],
)
def test_what_is_no_avro_schema_is_refused_with_which_it_is(schema: Any):
    if schema == []:  # a union of nothing is one, which nobody can write
        assert compare_avro(schema, schema).verdict == "safe"
        return
    with pytest.raises(InvalidSchema, match=r"^new schema: is no Avro schema: "):
        compare_avro("string", schema)


def test_a_schema_nested_without_end_is_refused():
    deep: Any = "string"
    for _ in range(3_000):
        deep = {"type": "array", "items": deep}
    with pytest.raises(InvalidSchema, match="nested too deep"):
        compare_avro(deep, deep)


def test_a_level_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="SIDEWARD"):
        compare_avro("int", "long", level="SIDEWARD")
