"""APIs whose schemas ask themselves about the same value: nothing of it is told, and all the rest is compared."""

from __future__ import annotations

import itertools
import json
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
    assert {finding.pointer.split("/")[3] for finding in report.findings} == {"Pet"}


LOOPS = [
    ({"A": {"allOf": [{"$ref": "#/$defs/A"}]}}, 1),
    ({"A": {"$ref": "#/$defs/B"}, "B": {"not": {"$ref": "#/$defs/A"}}, "C": {"$ref": "#/$defs/A"}, "D": {}}, 2),
    ({"A": {"if": True, "then": {"$ref": "#/$defs/B~1%7E"}}, "B/~": {"dependentSchemas": {"x": {"$ref": "#/$defs/A"}}}}, 2),
    ({f"P{n}": {"anyOf": [{"$ref": f"#/$defs/P{(n + 1) % 3_000}"}, {"type": "null"}]} for n in range(3_000)}, 3_000),
]  # fmt: skip


@pytest.mark.parametrize(("loop", "untold"), LOOPS)
def test_the_references_of_a_loop_are_left_untold_and_no_others(loop: dict[str, Any], untold: int):
    assert repr(opened(loop, "mark")).count("untold") == untold
    assert opened(opened(loop, "mark"), "other") == opened(loop, "mark")


def test_which_they_are_does_not_hang_on_the_order_in_which_they_are_met():
    parts = {"Pet": PET, "Cat": variant(), "Dog": variant(), "Zoo": {"$ref": f"{NAME}Pet"}}
    within = json.loads(json.dumps(parts).replace(NAME, "#/$defs/"))
    for order in itertools.permutations(within):
        assert opened({name: within[name] for name in order}, "mark") == opened(within, "mark")


def test_what_is_asked_beside_no_condition_asks_nothing():
    parts = {"A": {"then": {"$ref": "#/$defs/A"}, "else": {"$ref": "#/$defs/A"}}}
    assert opened(parts, "mark") == parts


def test_what_refers_to_itself_one_level_down_is_no_loop():
    tree = {
        "Tree": {"properties": {"next": {"$ref": "#/$defs/Tree"}}, "allOf": [{"$ref": "#/$defs/Base"}]},
        "Base": True,
    }
    assert opened(tree, "mark") == tree
