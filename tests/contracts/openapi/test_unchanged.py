"""What a comparison of two APIs passes over: nothing that a caller could notice."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from governance.contracts import compare_openapi
from governance.contracts.openapi.schemas import alike

API: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "security": [{"token": []}],
    "paths": {
        "/orders": {
            "post": {
                "parameters": [{"$ref": "#/components/parameters/Page"}],
                "requestBody": {"$ref": "#/components/requestBodies/Order"},
                "responses": {"201": {"$ref": "#/components/responses/Made"}},
            }
        },
        "/copy": {
            "get": {
                "responses": {"200": {"$ref": "#/paths/~1other/get/responses/200"}},
            }
        },
        "/other": {
            "get": {
                "responses": {
                    "200": {"description": "it", "content": {"application/json": {"schema": {"type": "integer"}}}}
                }
            }
        },
    },
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}, "key": {"type": "http", "scheme": "basic"}},
        "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
        "requestBodies": {"Order": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}},
        "responses": {
            "Made": {
                "description": "made",
                "headers": {"X-Left": {"$ref": "#/components/headers/Left"}},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Made~1d"}}},
            }
        },
        "headers": {"Left": {"required": True, "schema": {"type": "integer"}}},
        "schemas": {
            "Order": {"type": "object", "properties": {"line": {"$ref": "#/components/schemas/Line/properties/inner"}}},
            "Line": {"properties": {"inner": {"type": "string", "maxLength": 9}}},
            "Made/d": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        },
    },
}  # fmt: skip


@pytest.mark.parametrize(("place", "value", "says"), [
    (("components", "parameters", "Page", "required"), True, "POST /orders: query parameter page is now required"),
    (("components", "requestBodies", "Order", "required"), True, "POST /orders: request body is now required"),
    (("components", "headers", "Left", "required"), False, "X-Left"),
    (("components", "schemas", "Line", "properties", "inner", "maxLength"), 3, "POST /orders: request body"),
    (("components", "schemas", "Made/d", "required"), [], "POST /orders: 201 response"),
    (("paths", "/other", "get", "responses", "200", "content", "application/json", "schema", "type"), "number", "GET /copy"),
    (("security",), [{"key": []}], "POST /orders"),
])  # fmt: skip
def test_a_path_that_reads_as_before_is_compared_where_anything_that_it_leads_to_is_not_as_before(
    place: tuple[str, ...], value: Any, says: str
):
    revision = deepcopy(API)
    part: Any = revision
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    report = compare_openapi(API, revision)
    assert report.verdict == "breaking"
    assert any(says in one.text for one in report.findings), report.findings


def test_a_copy_in_another_order_with_other_words_is_safe_and_says_nothing():
    revision = deepcopy(API)
    revision["components"]["schemas"]["Order"] = {
        "properties": {"line": {"$ref": "#/components/schemas/Line/properties/inner", "description": "a line"}},
        "title": "An order", "type": "object", "x-internal": True, "examples": [{}],
    }  # fmt: skip
    report = compare_openapi(API, revision)
    assert (report.verdict, report.bump, report.findings) == ("safe", "patch", ())
    assert compare_openapi(API, deepcopy(API)).bump == "none"


@pytest.mark.parametrize(("old", "new", "same"), [
    ({"type": "string", "title": "A"}, {"title": "B", "type": "string"}, True),
    ({"properties": {"title": {"type": "string"}}}, {"properties": {"title": {"type": "integer"}}}, False),
    ({"properties": {"title": {}}}, {"properties": {"description": {}}}, False),
    ({"const": 1}, {"const": True}, False),
    ({"const": 1}, {"const": 1.0}, False),
    ({"enum": [1]}, {"enum": [True]}, False),
    ({"items": {"title": "a"}}, {"items": {"title": "b"}}, True),
    ({"items": {}}, {"items": False}, False),
    ({"allOf": [{"title": "a"}, {"type": "null"}]}, {"allOf": [{"title": "b"}, {"type": "null"}]}, True),
    ({"allOf": [{"type": "null"}, {}]}, {"allOf": [{}]}, False),
    ({"nullable": True}, {}, False),
    ({"format": "int32"}, {"format": "int64"}, False),
    ({"readOnly": True}, {"readOnly": False}, False),
    ({"$ref": "#/a"}, {"$ref": "#/b"}, False),
    (True, {}, False),
    ({"minimum": 1}, {"minimum": 2}, False),
])  # fmt: skip
def test_two_schemas_are_alike_where_only_words_and_order_differ(old: Any, new: Any, same: bool):
    assert alike(old, new) is same
    assert alike(new, old) is same


def schemas(version: str = "3.1.0", **named: Any) -> dict[str, Any]:
    """An API whose one answer is the first of these."""
    first = next(iter(named))
    answer = {
        "description": "it",
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{first}"}}},
    }
    return {
        "openapi": version, "info": {"title": "x", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": answer}}}}, "components": {"schemas": named},
    }  # fmt: skip


TEXT, INTEGER = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize("name", ["é", 'a"b', "a\\b", "a b", "日本", "x.y_z-1"])
def test_a_part_of_any_name_is_followed(name: str):
    old, new = schemas(**{name: TEXT}), schemas(**{name: INTEGER})
    assert compare_openapi(old, new).verdict == "breaking"
    assert compare_openapi(old, deepcopy(old)).verdict == "safe"


@pytest.mark.parametrize(("word", "target"), [
    ("$defs", "#/components/schemas/N/$defs/M"),
    ("definitions", "#/components/schemas/N/definitions/M"),
    ("x-shared", "#/components/schemas/N/x-shared/M"),
    ("example", "#/components/schemas/N/example/M"),
])  # fmt: skip
def test_what_a_reference_leads_into_is_compared_wherever_it_stands(word: str, target: str):
    old, new = (schemas(A={"$ref": target}, N={"type": "object", word: {"M": one}}) for one in (TEXT, INTEGER))
    assert compare_openapi(old, new).verdict == "breaking"


def test_a_reference_leads_into_a_part_of_any_name():
    old, new = (
        schemas(A={"$ref": '#/components/schemas/a"b/x-shared/M'}, **{'a"b': {"x-shared": {"M": one}}})
        for one in (TEXT, INTEGER)
    )
    assert compare_openapi(old, new).verdict == "breaking"


@pytest.mark.parametrize("reference", ["#node", "urn:x:n", "https://a.example/n"])
def test_what_is_called_by_a_name_of_its_own_is_safe_only_while_nothing_is_another(reference: str):
    def named(one: Any) -> dict[str, Any]:
        return schemas(A={"$ref": reference}, N={"$id": "urn:x:n", "$anchor": "node", **one})

    assert compare_openapi(named(TEXT), named(INTEGER)).verdict == "undecided"
    assert compare_openapi(named(TEXT), named(TEXT)).verdict == "safe"


def test_a_property_that_is_read_only_by_what_it_refers_to_becomes_required_in_requests_when_that_goes():
    def taking(**more: Any) -> dict[str, Any]:
        document = schemas(A=TEXT, N={"type": "string", **more})
        document["paths"]["/a"]["post"] = {
            "requestBody": {"content": {"application/json": {"schema": {
                "type": "object", "required": ["x"], "properties": {"x": {"$ref": "#/components/schemas/N"}},
            }}}},
            "responses": {"200": {"description": "done"}},
        }  # fmt: skip
        return document

    assert compare_openapi(taking(readOnly=True), taking()).verdict == "breaking"
    assert compare_openapi(taking(), taking(readOnly=True)).verdict != "breaking"


def test_a_path_item_by_reference_keeps_what_stands_beside_it():
    old = schemas(A=TEXT)
    old["components"]["pathItems"] = {"P": {"get": {"responses": {"200": {"description": "it"}}}}}
    old["paths"]["/b"] = {"$ref": "#/components/pathItems/P", "post": {"responses": {"204": {"description": "done"}}}}
    new = deepcopy(old)
    del new["paths"]["/b"]["post"]
    assert [one.rule for one in compare_openapi(old, new).findings] == ["operation-removed"]


def test_other_addresses_are_told_and_break_nobody():
    report = compare_openapi(API, {**API, "servers": [{"url": "https://new.example"}]})
    assert (report.verdict, [one.rule for one in report.findings]) == ("safe", ["servers-changed"])


def test_a_comparison_of_some_operations_alone_says_nothing_of_others():
    revision = deepcopy(API)
    del revision["paths"]["/other"]
    revision["paths"]["/copy"] = API["paths"]["/other"]
    assert compare_openapi(API, revision).verdict == "breaking"
    assert compare_openapi(API, revision, only=frozenset({("/orders", "post")})).verdict == "safe"
