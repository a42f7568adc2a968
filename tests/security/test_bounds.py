"""Work that hostile texts ask for is bounded: each of these took minutes, or for ever, before its bound.

What costs time is counted instead of measured, so that a slow machine proves the same.
"""

from __future__ import annotations

import io
import json
import random
import time

import pytest
from rest_framework.exceptions import ParseError

from portal.api.parsers import StrictJSONParser
from portal.presentation import jsonview, schema_form, schema_values, textdiff

#: Generous: each takes below a second on an idle core, and minutes without its bound.
PATIENCE = 20


@pytest.fixture(autouse=True)
def _in_time():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < PATIENCE


def lines(words):
    return "\n".join(words)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("a " * 990 + "\n") * 100, ("a b " * 495 + "\n") * 100),
        (lines(".," * 990 + str(n) for n in range(100)), lines(str(n) + ",." * 990 for n in range(100))),
        (lines(str(random.Random(n).randrange(150)) for n in range(60_000)),
         lines(str(random.Random(-n - 1).randrange(150)) for n in range(60_000))),
    ],
    ids=["repeated words", "repeated signs", "repeated lines"],
)  # fmt: skip
def test_the_difference_of_two_repetitive_texts_of_200_kb_ends_and_is_cut(old, new):
    difference = textdiff.diff(old, new)
    assert difference.added + difference.removed > 0
    assert len(difference.rows) <= textdiff.MAX_ROWS + 1


def test_a_difference_too_dear_to_match_still_shows_every_line_between_what_is_alike(monkeypatch):
    monkeypatch.setattr(textdiff, "MAX_WORK", 3)
    found = textdiff.diff("head\na\na\na\ntail", "head\na\nb\na\nb\ntail", context=100)
    shown = [(row.kind, "".join(part.text for part in row.parts)) for row in found.rows]
    assert [text for kind, text in shown if kind != "add"] == ["head", "a", "a", "a", "tail"]
    assert [text for kind, text in shown if kind != "del"] == ["head", "a", "b", "a", "b", "tail"]


def test_rows_beyond_the_limit_are_counted_and_not_drawn():
    found = textdiff.diff("", "x\n" * 10_000)
    assert len(found.rows) == textdiff.MAX_ROWS + 1
    assert found.rows[-1].note == f"{10_000 - textdiff.MAX_ROWS:,} more rows, not shown"
    assert found.added == 10_000


def test_a_payload_of_two_million_lines_is_drawn_to_the_limit_and_the_rest_counted():
    shown = jsonview.render([0] * 2_000_000)
    assert len(shown) == jsonview.MAX_LINES + 1
    assert f"{2_000_002 - jsonview.MAX_LINES:,} more lines" in shown[-1]


def test_a_nested_payload_is_counted_as_it_would_be_drawn():
    value = {"a": [1, {"b": []}, {}], "c": {"d": [[]] * 5_000}}
    drawn = list(jsonview._lines(value, "", "", False, 0))
    assert f"{len(drawn) - jsonview.MAX_LINES:,} more lines" in jsonview.render(value)[-1]


def test_a_schema_that_refers_to_itself_ten_times_becomes_a_field_of_json():
    schema = {"type": "object", "properties": {f"p{n}": {"$ref": "#"} for n in range(10)}}
    assert schema_form.build(schema).kind == "json"
    assert schema_form.example(schema) == {}
    assert schema_values.read(schema, {}) == ({}, [])


def test_a_schema_that_doubles_with_each_definition_becomes_a_field_of_json():
    parts = {f"a{n}": {"type": "object", "properties": {w: {"$ref": f"#/$defs/a{n + 1}"} for w in "vwxyz"}}
             for n in range(20)}  # fmt: skip
    assert schema_form.build({"$ref": "#/$defs/a0", "$defs": parts}).kind == "json"


def test_a_tree_that_refers_to_itself_once_keeps_its_form():
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "parts": {"type": "array", "items": {"$ref": "#"}}},
    }
    assert [field.kind for field in schema_form.build(schema).children] == ["text", "rows"]


def test_a_key_that_stands_twice_among_a_hundred_thousand_is_found_at_once():
    body = "{" + ",".join(f'"k{n}":0' for n in range(100_000)) + ',"k99999":1}'
    with pytest.raises(ParseError, match="k99999"):
        StrictJSONParser().parse(io.BytesIO(body.encode()))
    assert StrictJSONParser().parse(io.BytesIO(json.dumps({"a": {"b": 1}, "b": 2}).encode())) == {"a": {"b": 1}, "b": 2}


def test_a_long_document_full_of_blank_lines_is_still_compared_line_by_line():
    old = [f"line {n}" if n % 3 else "" for n in range(6_000)]
    new = [*old[:10], "first", *old[10:5_000], "second", *old[5_000:]]
    found = textdiff.diff(lines(old), lines(new))
    assert (found.added, found.removed) == (2, 0)
