"""Values with expressions in them."""

import pytest

from orchestration.manifest import ExpressionError, compile_template
from orchestration.manifest.templates import compile_path

SCOPE = {"input": {"n": 7, "text": "a", "items": [1], "none": None, "half": 1.5, "yes": True, "slash": "../x?y=1#z"}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${{ input.n }}", 7),
        ("${{ input.items }}", [1]),
        ("${{input.none}}", None),
        ("n=${{ input.n }}", "n=7"),
        ("${{ input.n }} ", "7 "),
        ("${{ input.n }}${{ input.half }}${{ input.yes }}", "71.5true"),
        ("${{ {'a': {'b': '}}'}}.a.b }}", "}}"),
        ("${{ '\\'}}' }}!", "'}}!"),
        ("${{ '${{' }}", "${{"),
        ("{{ input.n }} $ { }}", "{{ input.n }} $ { }}"),
        ({"a": ["${{ input.n }}", 1, None, True], "items": {}}, {"a": [7, 1, None, True], "items": {}}),
        (5, 5),
        (None, None),
    ],
)
def test_a_text_that_is_one_expression_keeps_its_type_and_others_become_text(value, expected):
    result = compile_template(value).evaluate(SCOPE)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("value", "message", "offset"),
    [
        ("ab ${{ input.n", "'${{' is never closed; end the expression with '}}'", 3),
        ("ab ${{ f() }}", "a call isn't part of the expression language", 6),
        ("${{ }}", "the expression is empty", 3),
        ({"${{ input.n }}": 1}, "an expression can stand in a value, not in a key", 0),
    ],
)
def test_what_is_wrong_in_a_template_is_said_with_its_offset(value, message, offset):
    with pytest.raises(ExpressionError) as caught:
        compile_template(value)
    assert (caught.value.message, caught.value.offset) == (message, offset)


@pytest.mark.parametrize("value", ["x${{ input.none }}", "x${{ input.items }}"])
def test_only_scalars_go_into_text(value):
    with pytest.raises(ExpressionError, match="can't be put into text"):
        compile_template(value).evaluate(SCOPE)


def test_every_filling_gives_new_lists_and_mappings():
    template = compile_template({"a": [{"b": 1}]})
    template.evaluate({})["a"][0]["b"] = 2
    assert template.evaluate({}) == {"a": [{"b": 1}]}


def test_a_template_knows_what_it_reads_and_what_may_be_missing():
    template = compile_template({"a": "${{ input.x | default(1) }}", "b": "${{ input.x }} ${{ input.y is defined }}"})
    assert template.references == {("input", "x"), ("input", "y")}
    assert template.tolerated == {("input", "y")}


def test_a_value_over_the_payload_limit_is_refused():
    template = compile_template(["${{ input.big }}"] * 9)
    with pytest.raises(ExpressionError, match="larger than 4 MiB"):
        template.evaluate({"input": {"big": ["x" * 1000] * 1000}})


def test_what_is_inserted_into_a_path_stays_in_its_segment():
    assert compile_path("/a/${{ input.slash }}/${{ input.n }}").evaluate(SCOPE) == "/a/..%2Fx%3Fy%3D1%23z/7"


@pytest.mark.parametrize("hostile", ["..", ".", ""])
def test_a_segment_that_would_change_the_path_is_refused(hostile):
    with pytest.raises(ExpressionError, match="can't be a part of a path"):
        compile_path("/a/${{ input.x }}/b").evaluate({"input": {"x": hostile}})
