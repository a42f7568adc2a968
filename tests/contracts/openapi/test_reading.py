"""How OpenAPI documents are read: both versions' words, references, and documents that are wrong, hostile, or only odd."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from governance.contracts import InvalidSchema, Report, compare_openapi, comparing
from governance.contracts.documents import Document
from tests.contracts.generating import edited, schema
from tests.contracts.openapi.documents import ORDER, answering, api, asking, order, with_parameter

TEXT, INTEGER = {"type": "string"}, {"type": "integer"}
OLD = "3.0.3"


def rules(report: Report) -> set[str]:
    return {finding.rule for finding in report.findings}


def asking_old(part: Any) -> dict[str, Any]:
    return asking(order(note=part), version=OLD)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ({**TEXT, "nullable": True}, TEXT, "breaking"),
        (TEXT, {**TEXT, "nullable": True}, "safe"),
        ({"enum": ["a"], **TEXT, "nullable": True}, {"enum": ["a"], **TEXT}, "breaking"),
        ({"allOf": [TEXT], "nullable": True}, {"allOf": [TEXT]}, "breaking"),
        ({**INTEGER, "minimum": 1}, {**INTEGER, "minimum": 1, "exclusiveMinimum": True}, "breaking"),
        ({**INTEGER, "minimum": 1, "exclusiveMinimum": True}, {**INTEGER, "minimum": 2}, "safe"),
        ({**TEXT, "const": "a"}, {**TEXT, "const": "b"}, "safe"),  # a word that 3.0 does not have
    ],
)
def test_openapi_3_0_says_it_in_its_own_words(before: Any, after: Any, verdict: str):
    assert compare_openapi(asking_old(before), asking_old(after)).verdict == verdict


def test_the_same_api_in_the_words_of_the_next_version_is_no_change():
    report = compare_openapi(asking_old({**TEXT, "nullable": True}), asking(order(note={"type": ["string", "null"]})))
    assert (report.verdict, report.findings, report.bump) == ("safe", (), "patch")


def test_what_stands_beside_a_reference_counts_in_3_1_alone():
    def made(version: str, **beside: Any) -> dict[str, Any]:
        return asking({"$ref": "#/components/schemas/Name", **beside}, version=version, schemas={"Name": TEXT})

    assert compare_openapi(made(OLD, maxLength=9), made(OLD, maxLength=5)).verdict == "safe"
    report = compare_openapi(made("3.1.0", maxLength=9), made("3.1.0", maxLength=5))
    assert (report.verdict, rules(report)) == ("breaking", {"request-body-maxLength-narrowed"})


def test_a_change_in_a_shared_part_is_told_once_with_its_place_and_with_how_many_places_have_it():
    def made(part: Any) -> dict[str, Any]:
        document = asking({"$ref": "#/components/schemas/Order"}, schemas={"Order": ORDER, "Note": part})
        document["components"]["schemas"]["Order"] = order(note={"$ref": "#/components/schemas/Note"})
        for number in range(3):
            document["paths"][f"/more/{number}"] = copy.deepcopy(document["paths"]["/orders"])
        return document

    [finding] = compare_openapi(made(TEXT), made({**TEXT, "maxLength": 5})).findings
    assert (finding.rule, finding.pointer) == ("request-body-maxLength-added", "/components/schemas/Note/maxLength")
    assert finding.text == "POST /orders: request body: Note: maxLength 5 added (and 3 more places)"


def test_a_break_is_shown_by_the_payload_and_says_where_it_is_sent():
    report = compare_openapi(asking(ORDER), asking({**ORDER, "required": ["id", "note"]}))
    assert report.has_witness
    assert "note" not in report.witness
    assert report.broken == "BACKWARD"
    assert report.complaint[0].startswith("POST /orders: request body")
    assert "note" in report.complaint[1]


def test_each_name_that_is_newly_required_has_its_own_finding():
    report = compare_openapi(asking(ORDER), asking({**ORDER, "required": ["id", "note", "count"]}))
    assert sorted(one.text for one in report.findings) == [
        "POST /orders: request body: 'count' is now required", "POST /orders: request body: 'note' is now required",
    ]  # fmt: skip
    assert {one.pointer for one in report.findings} == {
        "/paths/~1orders/post/requestBody/content/application~1json/schema/required"
    }


def test_a_parameter_of_a_path_may_be_renamed():
    def made(name: str, part: Any) -> dict[str, Any]:
        one = {"name": name, "in": "path", "required": True, "schema": part}
        return {**api(), "paths": {f"/orders/{{{name}}}/lines": {"get": {"parameters": [one]}}}}

    assert compare_openapi(made("id", TEXT), made("order", TEXT)).findings == ()
    assert rules(compare_openapi(made("id", TEXT), made("order", INTEGER))) == {"parameter-type-narrowed"}


def test_parameters_of_the_path_are_those_of_each_operation_unless_it_says_otherwise():
    def made(**operation: Any) -> dict[str, Any]:
        shared = [{"name": "limit", "in": "query", "schema": INTEGER}]
        return {**api(), "paths": {"/orders": {"parameters": shared, "get": operation}}}

    own = [{"name": "limit", "in": "query", "schema": {**INTEGER, "maximum": 9}}]
    assert rules(compare_openapi(made(), made(parameters=own))) == {"parameter-maximum-added"}
    assert compare_openapi(with_parameter(INTEGER), with_parameter(INTEGER, description="how many")).findings == ()


def test_a_schema_that_refers_to_itself_is_compared():
    def made(**more: Any) -> dict[str, Any]:
        part = {
            "type": "object",
            "properties": {"next": {"$ref": "#/components/schemas/Tree"}, "name": {**TEXT, **more}},
        }
        return answering({"$ref": "#/components/schemas/Tree"}, schemas={"Tree": part})

    assert compare_openapi(made(), made()).findings == ()
    assert compare_openapi(made(maxLength=5), made()).verdict == "breaking"
    assert compare_openapi(made(), made(maxLength=5)).verdict == "safe"


def test_references_to_parts_of_operations_are_followed():
    def made(part: Any) -> dict[str, Any]:
        document = asking(part)
        place = "#/paths/~1orders/post/requestBody/content/application~1json/schema"
        document["paths"]["/again"] = {
            "post": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": place}}}}}}
        }
        return document

    report = compare_openapi(made(TEXT), made({**TEXT, "maxLength": 5}))
    assert rules(report) == {"request-body-maxLength-added", "response-body-maxLength-added"}
    assert report.verdict == "breaking"  # of the request; the answer is only narrower


def test_a_keyword_that_can_not_be_read_needs_a_person_only_where_it_changes():
    odd = {**TEXT, "maxLength": "five"}
    assert compare_openapi(asking(odd), asking(odd)).verdict == "safe"
    assert (
        compare_openapi(asking(order(note=odd)), asking(order(note={**TEXT, "maxLength": "six"}))).verdict
        == "undecided"
    )
    assert compare_openapi(asking({**order(note=odd), "required": []}), asking(order(note=odd))).verdict != "safe"


@pytest.mark.parametrize("version", [OLD, "3.1.0"])
def test_common_mistakes_are_read_as_they_are_meant(version: str):
    def made(**more: Any) -> dict[str, Any]:
        return asking(
            {**ORDER, "properties": {"id": {**TEXT, "required": True}, "n": {**INTEGER, "minimum": 1, **more}}},
            version=version,
        )

    assert compare_openapi(made(), made(exclusiveMinimum=True)).verdict == "breaking"
    assert compare_openapi(made(exclusiveMinimum=True), made()).verdict == "safe"


def test_a_number_and_a_truth_value_are_two():
    assert compare_openapi(answering({"enum": [1]}), answering({"enum": [True]})).verdict == "breaking"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "an OpenAPI document is a mapping; this is list"),
        ({}, "/openapi: no openapi is not read; convert the document to OpenAPI 3.0 or 3.1"),
        ({"swagger": "2.0"}, "/openapi: swagger '2.0' is not read"),
        ({"openapi": "3.1.0", "paths": []}, "/paths: wants a mapping; this is list"),
        ({"openapi": "3.1.0", "paths": {"/a": {"get": 1}}}, "/paths/~1a/get: wants a mapping; this is int"),
        (api(parameters={}), "/paths/~1orders/post/parameters: wants a list; this is dict"),
        (api(parameters=[{"name": 1}]), "/paths/~1orders/post/parameters/0: a parameter has a name and is in"),
        (api(parameters=[{"$ref": "#/components/parameters/A"}]), "leads nowhere; correct it or add the part"),
        (api(parameters=[{"$ref": "common.yaml#/A"}]), "'common.yaml#/A' lies outside; bundle all into one document"),
        ({**api(parameters=[{"$ref": "#/x"}]), "x": {"$ref": "#/x"}}, "references lead in a circle; break it"),
        (api(security={}), "/security: wants a list of alternatives; this is dict"),
        (api(security=[{"key": "read"}]), "/security: each scheme has a list of scopes, which may be empty"),
    ],
)
def test_a_document_that_can_not_be_read_is_refused_with_its_place_and_the_remedy(document: Any, told: str):
    for pair, whose in (((api(), document), "revision: "), ((document, api()), "base: ")):
        with pytest.raises(InvalidSchema) as caught:
            compare_openapi(*pair)
        assert str(caught.value).startswith(whose)
        assert told in str(caught.value)


def test_a_schema_that_leads_nowhere_is_refused_with_its_place():
    with pytest.raises(InvalidSchema, match=r"revision: .*#/components/schemas/Gone.* leads nowhere"):
        compare_openapi(asking(TEXT), asking({"$ref": "#/components/schemas/Gone"}))


def test_a_document_nested_without_end_is_refused():
    deep: Any = TEXT
    for _ in range(3_000):
        deep = {"items": deep}
    with pytest.raises(InvalidSchema, match="nested"):
        compare_openapi(asking(TEXT), asking(deep))


def test_a_reference_out_of_the_document_is_equal_to_itself_and_else_needs_a_person():
    def made(target: str) -> dict[str, Any]:
        return asking(order(note={"$ref": target}))

    assert compare_openapi(made("common.yaml#/Note"), {**made("common.yaml#/Note"), "tags": []}).verdict == "safe"
    assert compare_openapi(made("common.yaml#/Note"), made("common.yaml#/Other")).verdict == "undecided"


@pytest.mark.parametrize("shard", range(4))
def test_a_body_has_the_verdict_that_its_schemas_have_by_themselves(shard: int):
    """A different way to the same answer: the engine asked about the two schemas alone."""
    compared = 0
    for number in range(shard, 240, 4):
        rng = random.Random(number)
        old = schema(rng)
        new = edited(rng, old)
        for make, level in ((asking, "BACKWARD"), (answering, "FORWARD")):
            parts = Document(old, "old", frees=True), Document(new, "new", frees=True)
            alone = comparing._compared(*parts, level, comparing.LEVELS[level], "tolerant")
            report = compare_openapi(make(old), make(new))
            unread = any(one.rule.startswith("request-body-property-removed-from") for one in report.findings)
            expected = "undecided" if alone.verdict == "safe" and level == "BACKWARD" and unread else alone.verdict
            assert report.verdict == expected, (number, level, old, new, report.findings)
            compared += alone.verdict != "safe"
    assert compared > 20


def test_names_that_are_no_texts_as_yaml_has_them_are_told_and_break_nothing():
    def made(value: str) -> dict[str, Any]:
        return asking(order(note={"const": {1: value}}))

    assert compare_openapi(made("b"), made("c")).verdict != "safe"
