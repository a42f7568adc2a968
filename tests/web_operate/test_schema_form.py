"""From schema to fields and back: every JSON value that a form can show survives the round trip."""

from __future__ import annotations

import pytest

from portal.presentation import schema_form, schema_values

ADDRESS = {
    "type": "object",
    "required": ["city"],
    "properties": {"city": {"type": "string"}, "zip": {"type": "string"}},
}
SCHEMA = {
    "type": "object",
    "required": ["name", "when"],
    "properties": {
        "name": {"type": "string"},
        "when": {"type": "string", "format": "date"},
        "level": {"enum": ["low", "high", 3, None]},
        "count": {"type": "integer"},
        "share": {"type": ["null", "number"]},
        "loud": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "home": ADDRESS,
        "homes": {"type": "array", "items": {"$ref": "#/$defs/address"}},
        "extra": {"type": "object"},
        "choice": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "odd/na~me": {"type": "string"},
    },
    "$defs": {"address": ADDRESS},
}
FULL = {
    "name": "x", "when": "2026-11-17", "level": 3, "count": -4, "share": 0.25, "loud": True, "tags": ["a", "b c"],
    "sizes": [1, 2], "home": {"city": "Porto", "zip": "4000"}, "homes": [{"city": "A"}, {"city": "B", "zip": "1"}],
    "extra": {"free": [1, {"deep": None}]}, "choice": 7, "odd/na~me": "y",
}  # fmt: skip


def submitted(root):
    """What a browser sends for these fields."""
    raw = {}
    for item in schema_form.fields(root):
        if item.kind == "check":
            raw |= {item.pointer: "true"} if item.value else {}
        elif item.kind not in {"group", "rows"}:
            raw[item.pointer] = item.value
    return raw


def kinds(schema):
    return {item.pointer: item.kind for item in schema_form.fields(schema_form.build(schema))}


def test_each_part_of_a_schema_finds_its_kind_of_field():
    found = kinds(SCHEMA)
    assert {pointer: found[pointer] for pointer in found if pointer.count("/") == 1 and "odd" not in pointer} == {
        "/name": "text", "/when": "text", "/level": "select", "/count": "number", "/share": "number", "/loud": "check",
        "/tags": "lines", "/sizes": "lines", "/home": "group", "/homes": "rows", "/extra": "json", "/choice": "json",
    }  # fmt: skip


def test_a_date_is_entered_as_a_date():
    fields = {item.pointer: item for item in schema_form.fields(schema_form.build(SCHEMA))}
    assert fields["/when"].input_type == "date"


def test_a_value_shown_and_sent_back_is_the_same_value():
    root = schema_form.build(SCHEMA, FULL)
    assert schema_values.read(SCHEMA, submitted(root)) == (FULL, [])


def test_an_empty_form_means_an_empty_object_but_for_its_boxes():
    root = schema_form.build(SCHEMA, {})
    assert schema_values.read(SCHEMA, submitted(root)) == ({"loud": False}, [])


def test_what_is_required_comes_first_in_its_authors_order():
    assert [child.pointer for child in schema_form.build(SCHEMA).children][:2] == ["/name", "/when"]


@pytest.mark.parametrize("text", ["1.5", "two", "1e3", "0x10", "١"])
def test_a_text_that_is_no_whole_number_is_misread(text):
    value, problems = schema_values.read(SCHEMA, {"/count": text})
    assert "count" not in value
    assert [problem.pointer for problem in problems] == ["/count"]


@pytest.mark.parametrize(("text", "value"), [("0.5", 0.5), ("-3", -3), ("1e3", 1000.0), (" 7 ", 7)])
def test_numbers_are_read_as_numbers(text, value):
    assert schema_values.read(SCHEMA, {"/share": text}) == ({"share": value, "loud": False}, [])


@pytest.mark.parametrize("text", ["nan", "inf", "1" * 400, "1_000"])
def test_a_number_that_json_does_not_have_is_misread(text):
    assert schema_values.read(SCHEMA, {"/share": text})[1]


def test_dropping_a_row_moves_the_later_ones_up_and_leaves_other_lists_alone():
    raw = {"/a/0/x": "0", "/a/1/x": "1", "/a/2/x": "2", "/ab/1/x": "other", "/b": "text"}
    assert schema_values.without_row(raw, "/a/1") == {"/a/0/x": "0", "/a/1/x": "2", "/ab/1/x": "other", "/b": "text"}


def test_a_fault_without_a_field_of_its_own_is_told_at_the_nearest_one_around_it():
    root = schema_form.build(SCHEMA, FULL)
    summary = schema_form.place(
        root, [("/extra/free/0", "is odd"), ("", "is too much"), ("/home", '"city" is a required property')]
    )
    assert [id for id, _, _ in summary] == ["f-extra", "f", "f-home-city"]


@pytest.mark.parametrize(
    "schema", [True, {}, {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, {"type": 7, "properties": []}]
)
def test_an_odd_schema_still_gives_a_form(schema):
    assert schema_form.build(schema).kind in {"json", "group"}
