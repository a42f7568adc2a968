"""APIs whose schemas ask themselves about the same value: nothing of it is told, and all the rest is compared."""

from __future__ import annotations

from typing import Any

import pytest

from governance.contracts import compare_openapi
from governance.contracts.openapi.loops import opened
from tests.contracts.openapi.documents import Document, answer, answering, body

NAME = "#/components/schemas/"
PET = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string"}},
    "oneOf": [{"$ref": f"{NAME}Cat"}, {"$ref": f"{NAME}Dog"}],
    "discriminator": {"propertyName": "kind"},
}


def variant(**properties: Any) -> Document:
    return {"allOf": [{"$ref": f"{NAME}Pet"}], "properties": properties}


def pets(count: str = "integer", **cat: Any) -> Document:
    """An API that gives pets, whose variants build on their base, and takes how many are wanted."""
    named = {"Pet": PET, "Cat": variant(**cat), "Dog": variant(bark={"type": "string"})}
    document = answering({"$ref": f"{NAME}Pet"}, schemas=named)
    counting = {"type": "object", "properties": {"count": {"type": count}}}
    document["paths"]["/count"] = {"put": {"requestBody": body(counting), "responses": {"200": answer({})}}}
    return document


def test_a_base_and_variants_that_build_on_it_are_the_same_as_themselves():
    assert compare_openapi(pets(), pets()).findings == ()


def test_what_has_no_loop_is_compared_beside_one():
    assert compare_openapi(pets(), pets("number")).verdict == "safe"
    broken = compare_openapi(pets("number"), pets())
    assert (broken.verdict, {finding.pointer.split("/")[2] for finding in broken.findings}) == ("breaking", {"~1count"})


def test_a_change_within_a_loop_needs_a_person():
    report = compare_openapi(pets(), pets(age={"type": "integer"}))
    assert report.verdict == "undecided"
    assert any(finding.pointer.startswith("/components/schemas/Cat") for finding in report.findings)


@pytest.mark.parametrize(
    "loop",
    [
        {"A": {"allOf": [{"$ref": "#/$defs/A"}]}},
        {"A": {"$ref": "#/$defs/B"}, "B": {"not": {"$ref": "#/$defs/A"}}},
        {"A": {"if": True, "then": {"$ref": "#/$defs/B~1%7E"}}, "B/~": {"dependentSchemas": {"x": {"$ref": "#/$defs/A"}}}},
        {f"P{n}": {"anyOf": [{"$ref": f"#/$defs/P{(n + 1) % 3_000}"}, {"type": "null"}]} for n in range(3_000)},
    ],
)  # fmt: skip
def test_one_reference_of_each_loop_is_left_untold(loop: dict[str, Any]):
    assert repr(opened(loop, "mark")).count("untold") == 1
    assert opened(opened(loop, "mark"), "other") == opened(loop, "mark")


def test_what_refers_to_itself_one_level_down_is_no_loop():
    tree = {
        "Tree": {"properties": {"next": {"$ref": "#/$defs/Tree"}}, "allOf": [{"$ref": "#/$defs/Base"}]},
        "Base": True,
    }
    assert opened(tree, "mark") == tree
