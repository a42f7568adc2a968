"""What is said of a field holds for every document: one that fits and has the field refutes a "no"."""

from __future__ import annotations

import random
from typing import Any

import jsonschema
import pytest

from governance.contracts.declared import sends_only_declared
from governance.contracts.documents import Document
from governance.contracts.fields import Fields, type_of
from tests.contracts.generating import document, schema

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {"id": TEXT, "total": {"type": "number"}, "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}}},
    "required": ["id"],
    "$defs": {"line": {"type": "object", "properties": {"sku": TEXT, "of": {"$ref": "#/$defs/line"}}, "required": ["sku"]}},
}  # fmt: skip
CLOSED = {"properties": {"a": TEXT}, "additionalProperties": False, "type": "object"}


@pytest.mark.parametrize(
    ("said", "path", "policy", "has"),
    [
        (ORDER, ("id",), "tolerant", True),
        (ORDER, ("totl",), "tolerant", False),
        (ORDER, ("totl",), "strict", None),
        (ORDER, ("lines", -1, "sku"), "tolerant", True),
        (ORDER, ("lines", 3, "skuu"), "tolerant", False),
        (ORDER, ("lines", 0, "of", "of", "of", "sku"), "tolerant", True),
        (ORDER, ("lines", 0, "of", "of", "of", "skuu"), "tolerant", False),
        (ORDER, ("id", "x"), "strict", False),
        (ORDER, ("lines", "sku"), "strict", False),
        (ORDER, ("total", 0), "strict", False),
        (CLOSED, ("b",), "strict", False),
        ({"allOf": [CLOSED], "properties": {"b": TEXT}}, ("b",), "strict", False),
        ({"type": "object"}, ("anything", "at", "all"), "tolerant", None),
        (True, ("a",), "tolerant", None),
        ({"properties": {"a": False}}, ("a",), "strict", False),
        ({"properties": {"a": TEXT}, "required": ["b"]}, ("b",), "tolerant", True),
        ({"properties": {"a": TEXT}, "patternProperties": {"^x-": TEXT}}, ("x-1",), "tolerant", True),
        ({"properties": {"a": TEXT}, "patternProperties": {"^(?!y)": TEXT}}, ("z",), "tolerant", None),
        ({"properties": {"a": TEXT}, "additionalProperties": TEXT}, ("z",), "tolerant", True),
        ({"properties": {"a": TEXT}, "$ref": "https://example.com/more"}, ("z",), "tolerant", None),
        ({"anyOf": [CLOSED, {"properties": {"b": WHOLE}}]}, ("b",), "strict", True),
        ({"anyOf": [CLOSED, {"properties": {"b": WHOLE}}]}, ("c",), "tolerant", False),
        ({"anyOf": [CLOSED, {"type": "object"}]}, ("c",), "tolerant", None),
        ({"anyOf": [CLOSED, {"type": "null"}]}, ("c",), "tolerant", False),
        ({"oneOf": [CLOSED, CLOSED | {"required": ["a"]}]}, ("c",), "strict", False),
        ({"if": {"required": ["k"]}, "then": {"properties": {"k": TEXT}}, "properties": {"a": TEXT}}, ("k",), "tolerant", True),
        ({"properties": {"a": TEXT}, "dependentSchemas": {"a": {"properties": {"b": TEXT}}}}, ("b",), "tolerant", True),
        ({"allOf": [{"properties": {"a": TEXT}}], "unevaluatedProperties": False}, ("b",), "strict", False),
        ({"allOf": [{"properties": {"a": TEXT}}], "unevaluatedProperties": False}, ("a",), "strict", True),
        ({"prefixItems": [TEXT], "items": False}, (1,), "strict", False),
        ({"prefixItems": [{"type": "object", "properties": {"a": TEXT}}, WHOLE]}, (-1, "a"), "tolerant", True),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "items": [CLOSED], "additionalItems": False}, (0, "b"), "strict", False),
        (CLOSED, (), "strict", True),
    ],
)  # fmt: skip
def test_a_field_is_told_to_be_there_or_not_or_it_is_left_open(said: Any, path: Any, policy: str, has: bool | None):
    assert Fields(said, policy).has(path) is has


@pytest.mark.parametrize(
    ("said", "path", "types"),
    [
        (ORDER, ("total",), {"integer", "number"}),
        (ORDER, ("lines", 0, "sku"), {"string"}),
        (ORDER, ("other",), None),
        (CLOSED, ("other",), set()),
        ({"enum": [1, "a", None]}, (), {"integer", "string", "null"}),
        ({"const": 1.5}, (), {"number"}),
        ({"type": ["string", "null"], "allOf": [{"type": ["null", "array"]}]}, (), {"null"}),
        ({"anyOf": [{"properties": {"a": TEXT}}, {"properties": {"a": WHOLE}}]}, ("a",), {"string", "integer"}),
        ({"if": True, "then": {"properties": {"a": TEXT}}}, ("a",), None),
        ({"if": {}, "then": {"properties": {"a": TEXT}}, "else": {"properties": {"a": WHOLE}}}, ("a",), {"string", "integer"}),
        ({"not": {"type": "string"}}, (), None),
        ({"prefixItems": [TEXT], "items": WHOLE}, (-1,), {"string", "integer"}),
        ({"prefixItems": [TEXT]}, (-1,), None),
    ],
)  # fmt: skip
def test_the_types_of_a_field_are_those_that_some_document_may_have_there(said: Any, path: Any, types: Any):
    assert Fields(said).types(path) == types


def test_names_are_those_of_every_branch_and_required_is_what_every_object_has():
    either = {"anyOf": [{"properties": {"b": TEXT}, "required": ["b", "c"]}, {"required": ["c"]}, {"type": "null"}]}
    fields = Fields({"properties": {"a": either}, "required": ["a"]})
    assert (fields.required(()), fields.required(("a",))) == ({"a"}, {"c"})
    assert fields.names(("a",)) == ["b", "c"]
    assert Fields(ORDER).required(("lines", -1)) == {"sku"}


def test_schemas_that_share_their_parts_take_no_longer_for_it():
    parts = {f"p{n}": {"allOf": [{"$ref": f"#/$defs/p{n + 1}"}, {"$ref": f"#/$defs/p{n + 1}"}]} for n in range(60)}
    deep = {"$ref": "#/$defs/p0", "$defs": parts | {"p60": ORDER | {"$defs": {}, "properties": {"id": TEXT}}}}
    assert Fields(deep).has(("totl",)) is False
    assert Fields(deep).required(()) == {"id"}


@pytest.mark.parametrize("policy", ["strict", "tolerant"])
@pytest.mark.parametrize("shard", range(4))
def test_no_document_that_fits_refutes_what_is_said_of_its_fields(shard: int, policy: str):
    refused = narrowed = 0
    for number in range(shard, 3_000, 4):
        rng = random.Random(number)
        said = schema(rng)
        fields, root = Fields(said, policy), Document(said, "s").root
        judge = jsonschema.Draft202012Validator(said)
        for _ in range(12):
            given = document(rng, said)
            for path, value in _places(given):
                told = f"schema {number}: {said}, {given} at {path}"
                refused += fields.has(path) is False
                narrowed += fields.types(path) is not None
                if not judge.is_valid(given) or (policy == "tolerant" and not sends_only_declared(root, given)):
                    continue
                assert fields.has(path) is not False, told
                types = fields.types(path)
                assert types is None or type_of(value) in types, told
                if isinstance(value, dict):
                    assert fields.required(path) <= value.keys(), told
                somewhere = tuple(-1 if isinstance(part, int) else part for part in path)
                assert fields.has(somewhere) is not False, told
                assert (types := fields.types(somewhere)) is None or type_of(value) in types, told
    assert refused > 300, refused
    assert narrowed > 1_000, narrowed


def _places(value: Any, path: Any = ()) -> Any:
    yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _places(member, (*path, name))
