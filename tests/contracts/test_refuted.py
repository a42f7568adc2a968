"""Pairs that were once called safe and are not, each with the document that shows it; and schemas that once broke the comparison."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import jsonschema_rs
import pytest

from governance.contracts import InvalidSchema, compare
from governance.contracts.validation import compile_check

INTEGER: dict[str, Any] = {"type": "integer"}
LATEST = "https://json-schema.org/draft/2020-12/schema"


def by_dynamic_reference(kind: str) -> dict[str, Any]:
    return {
        "$id": "http://x/root", "$ref": "list",
        "$defs": {
            "o": {"$dynamicAnchor": "n", "type": kind},
            "list": {"$id": "list", "items": {"$dynamicRef": "#n"}, "$defs": {"n": {"$dynamicAnchor": "n"}}},
        },
    }  # fmt: skip


REFUTED: list[tuple[Any, Any, Any]] = [
    # Texts that no automaton tells apart.
    ({"type": "string", "pattern": "^[a-z]$"}, {"enum": ["a"]}, "b"),
    ({"type": "string", "pattern": "^a+$"}, {"enum": ["a", "aa", "aaa", "aaaa"]}, "aaaaa"),
    ({"type": "array", "items": {"type": "string", "pattern": "^[a-e]$"}, "uniqueItems": True, "minItems": 2}, False, ["a", "b"]),
    ({"type": "object", "propertyNames": {"pattern": "^[a-z]$"}}, {"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}),
    ({"type": "object", "propertyNames": {"pattern": "^[a-c]$"}, "minProperties": 2}, False, {"a": 1, "b": 1}),
    ({"type": "object", "minProperties": 100_000}, {"type": "object", "minProperties": 100_001}, None),
    # Objects and arrays that are excluded one by one.
    ({"type": "object", "properties": {"a": {"enum": [1, 2, 3, 4]}}, "required": ["a"], "additionalProperties": False}, {"enum": [{"a": 1}, {"a": 2}, {"a": 3}]}, {"a": 4}),
    ({"type": "array", "items": {"const": 1}, "maxItems": 3}, {"enum": [[], [1]]}, [1, 1]),
    # One thing that has to serve two.
    ({"type": "array", "allOf": [{"contains": {"minimum": 1}}, {"contains": {"multipleOf": 2}}], "maxItems": 1}, {"type": "array", "maxItems": 0}, [2]),
    ({"type": "object", "maxProperties": 1}, {"anyOf": [{"patternProperties": {"^a": INTEGER}}, {"patternProperties": {"b$": INTEGER}}]}, {"ab": "x"}),
    ({"type": "object", "maxProperties": 1}, {"anyOf": [{"patternProperties": {"^a": INTEGER}}, {"propertyNames": {"maxLength": 3}}]}, {"aaaa": "x"}),
    # Flags inside a pattern, line ends inside a name, names that are words.
    ({"pattern": "(?i)^a$"}, {"pattern": "^a$"}, "A"),
    ({"properties": {"a": {"type": "string"}, "b \nc": {}}}, {"properties": {"a \nb": {"type": "string"}, "c": {}}}, {"a \nb": 1}),
    ({"dependentRequired": {"w ['z']\nx": ["y"]}}, {"dependentRequired": {"w": ["z"], "x": ["y"]}}, {"w": 1}),
    ({"properties": {"dependencies": {"type": "object"}}}, {"properties": {"dependencies": {"type": "object"}}, "dependentRequired": {"x": ["y"]}}, {"x": 1}),
    # What a dynamic reference means lies in its document.
    (by_dynamic_reference("integer"), by_dynamic_reference("string"), [1]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "document"), REFUTED, ids=[str(number) for number in range(len(REFUTED))])
def test_a_change_that_loses_a_document_is_not_called_safe(old: Any, new: Any, document: Any):
    if document is not None:
        assert jsonschema_rs.validator_for(old).is_valid(document)
        assert not jsonschema_rs.validator_for(new).is_valid(document)
    assert compare(old, new).verdict != "safe"


def test_what_one_branch_declares_the_sender_may_send_by_another():
    old = {"anyOf": [{"properties": {"p": {"type": "object", "properties": {name: INTEGER}}}} for name in "ab"]}
    assert compare(old, {"properties": {"p": {"properties": {"b": INTEGER}}}}, policy="tolerant").verdict == "breaking"


def test_what_each_branch_requires_the_sender_may_send_at_once():
    old = {"anyOf": [{"properties": {"p": {"type": "object", "required": [name]}}, "required": ["p"]} for name in "xy"]}
    new = {"properties": {"p": {"not": {"required": ["x", "y"]}}}}
    assert compare(old, new, policy="tolerant").verdict == "breaking"


def test_the_same_text_is_safe_whatever_can_not_be_told_of_it():
    for schema in (
        by_dynamic_reference("integer"),
        {"pattern": "^(?!a)"},
        {"$schema": LATEST, "dependencies": {"x": ["y"]}},
    ):
        assert compare(schema, schema).verdict == "safe"


def nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def chain(length: int, kind: str) -> dict[str, Any]:
    parts: dict[str, Any] = {f"d{at}": {"properties": {"a": {"$ref": f"#/$defs/d{at + 1}"}}} for at in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": parts | {f"d{length}": {"type": kind}}}


def references(length: int, kind: str) -> dict[str, Any]:
    parts: dict[str, Any] = {f"d{at}": {"$ref": f"#/$defs/d{at + 1}"} for at in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": parts | {f"d{length}": {"type": kind}}}


def many(properties: int, least: int) -> dict[str, Any]:
    return {"properties": {f"p{at}": {"type": "integer", "minimum": least} for at in range(properties)}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "number", "minimum": 10**400, "multipleOf": 0.3}, INTEGER), ({"minLength": float("inf")}, {}),
        ({"const": nested(900)}, {"const": 1}), (chain(400, "integer"), chain(400, "number")),
        ({"type": "array", "contains": INTEGER, "minContains": 3000}, {"type": "array", "minItems": 3001}),
        ({"allOf": [{"minimum": number} for number in range(9_000)]}, {"minimum": 9_000}),
        ({"enum": list(range(500_000))}, {"enum": [1]}), ({"required": [f"n{at}" for at in range(300_000)]}, {}),
        ({"pattern": "a" * 5_000_000}, {"pattern": "b"}), ({"$ref": "#/allOf/\u00b2", "allOf": [INTEGER]}, {}),
        (references(9_000, "integer"), references(9_000, "string")), (many(9_000, 5), many(9_000, 6)),
        ({"allOf": [{"pattern": "^(x|y)*a.{40}$"}, {"pattern": "^.*b.{41}$"}]}, {"pattern": "^z"}),
    ],
)  # fmt: skip
def test_an_extreme_schema_is_answered_soon_and_never_called_safe(old: Any, new: Any):
    began = time.process_time()
    with suppress(InvalidSchema):
        assert compare(old, new).verdict != "safe"
    assert time.process_time() - began < 4  # a second, on a machine that does nothing else


def test_a_part_in_another_draft_is_not_read_in_that_of_the_whole():
    part = {"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [{"type": "string"}]}
    old = {"$schema": LATEST, "properties": {"a": part}}
    new = {"$schema": LATEST, "properties": {"a": {"prefixItems": [{"type": "string"}]}}}
    assert jsonschema_rs.validator_for(old).is_valid({"a": [1]})
    assert compare(old, new).verdict != "safe"
    assert compare(old, old).verdict == "safe"


@pytest.mark.parametrize("draft", ["draft-04", "draft-06"])
def test_payloads_are_checked_in_the_draft_that_a_comparison_reads(draft: str):
    schema = {"$schema": f"http://json-schema.org/{draft}/schema#", "if": {"const": 1}, "then": False}
    assert compare({"const": 1}, schema).verdict == "breaking"
    assert compile_check(schema)(1)


def test_a_choice_of_one_among_too_many_is_refused_with_its_place():
    many = {"oneOf": [{"minimum": number} for number in range(3_000)]}
    with pytest.raises(InvalidSchema, match=r"/oneOf: 3,000 schemas, of which one may fit; 200 is the most"):
        compare(many, many)
