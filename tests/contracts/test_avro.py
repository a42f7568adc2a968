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
    "a field with a default that is no value of its type is new": (
        record(ID), record(ID, field("n", "int", default=None)), "breaking", "safe", {"field-without-default"},
    ),
    "a field whose default was no value of its type goes": (
        record(ID, field("n", "int", default="7")), record(ID), "safe", "breaking", {"field-without-default"},
    ),
    "a type is wrapped in another for nothing": (
        record(ID), record(field("id", {"type": {"type": "string"}})), "safe", "safe", set(),
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


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (ENUM | {"symbols": None}, "Enum symbols must be a sequence of strings, but it is null;"),
        (ENUM | {"symbols": {}}, "Enum symbols must be a sequence of strings, but it is an object;"),
        (ENUM | {"symbols": [1]}, "but one symbol is a number;"),
        ({"type": "array"}, "array is written as an object, with items;"),
        ("map", "map is written as an object, with values;"),
        ({"type": "array", "items": "Nothing"}, "Undefined schema: Nothing, which is neither"),
    ],
)
def test_what_is_wrong_is_said_in_words_of_json(schema: Any, words: str):
    with pytest.raises(InvalidSchema) as refused:
        compare_avro("string", schema)
    assert words in str(refused.value)


def test_a_schema_nested_without_end_is_refused():
    deep: Any = "string"
    for _ in range(3_000):
        deep = {"type": "array", "items": deep}
    with pytest.raises(InvalidSchema, match="nested too deep"):
        compare_avro(deep, deep)


@pytest.mark.parametrize(("kind", "fitting", "unfitting"), [
    ("null", [None], [0, ""]), ("boolean", [True], [1, "true"]), ("int", [0, -(2**31)], [2**31, 1.5, True, "1"]),
    ("long", [2**63 - 1], [2**63]), ("double", [1, 1.5], [True, "1"]), ("string", ["", "ü"], [None, 1]),
    ("bytes", ["\u00ff"], ["\u0100", 1]), ({"type": "fixed", "name": "Two", "size": 2}, ["ab"], ["a", "abc", "\u0100b"]),
    (ENUM, ["NEW"], ["GONE", 1]), (["null", "int"], [None, 3], ["3"]),
    ({"type": "array", "items": "int"}, [[], [1]], [["1"], {}]), ({"type": "map", "values": "int"}, [{}, {"a": 1}], [{"a": None}, []]),
    (record(ID, field("n", "int", default=1), name="Part"), [{"id": "a"}, {"id": "a", "n": 2}], [{}, {"id": 1}, {"id": "a", "n": "2"}]),
])  # fmt: skip
def test_a_default_counts_if_it_is_a_value_of_its_type(kind: Any, fitting: list[Any], unfitting: list[Any]):
    for values, verdict in ((fitting, "safe"), (unfitting, "breaking")):
        for value in values:
            report = compare_avro(record(ID), record(ID, field("new", kind, default=value)))
            assert report.verdict == verdict, value
            assert all("its default doesn't fit its type" in one.text for one in report.findings)


def test_a_record_needs_fields_whose_own_defaults_fit():
    def part(**more: Any) -> dict[str, Any]:
        return record(field("x", "int", **more), name="Part")

    for default, kind in (
        ({}, part()),
        ({}, part(default="foo")),
        ([{}], {"type": "array", "items": part(default="foo")}),
    ):
        assert compare_avro(record(ID), record(ID, field("r", kind, default=default))).verdict == "breaking"
    assert compare_avro(record(ID), record(ID, field("r", part(default=1), default={}))).verdict == "safe"
    endless = record(ID, field("r", "Order", default={"id": ""}))
    assert compare_avro(record(ID), endless).verdict == "breaking"


@pytest.mark.parametrize("depth", [140, 400])
def test_a_default_that_is_nested_too_deep_is_told_or_counts_for_none(depth: int):
    deep: Any = {"c": []}
    for _ in range(depth):
        deep = {"c": [deep]}
    nested = record(
        field("c", {"type": "array", "items": "Order"}, default=[]), field("q", ["null", "Order"], default=deep)
    )
    if depth > 300:
        with pytest.raises(InvalidSchema, match="nested too deep"):
            compare_avro(record(), nested)
    else:
        assert compare_avro(record(), nested).verdict == "breaking"


def test_what_a_schema_says_of_its_defaults_is_left_as_it_is():
    schema = record(ID, field("n", "int", default=None))
    before = str(schema)
    assert compare_avro(schema, schema).bump == "none"
    assert str(schema) == before


def test_a_level_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="SIDEWARD"):
        compare_avro("int", "long", level="SIDEWARD")
