"""What holds for any text: nothing raises, nothing executes, normal forms are stable."""

import json
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.manifest import (
    ExpressionError,
    build_plan,
    compile_expression,
    compile_template,
    diff,
    format_duration,
    load,
    parse_duration,
)

from .samples import workflow

WORDS = st.sampled_from(
    [
        "apiVersion",
        "plumbline/v1",
        "kind",
        "Workflow",
        "metadata",
        "spec",
        "steps",
        "name",
        "version",
        "owner",
        "a",
        "b",
        "http",
        "path",
        "dependency",
        "value",
        "with",
        "needs",
        "when",
        "expect",
        "compensate",
        "retry",
        "timeout",
        "none",
        "5s",
        "1.0.0",
        "${{",
        "}}",
        "input.",
        "steps.a.output",
        "output",
        ":",
        "-",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&",
        "*",
        "!",
        "'",
        '"',
        "|",
        ">",
        "#",
        "%",
        "@",
        "\\0",
        "\n",
        "---",
        "...",
        "?",
        "<<",
        "~",
        "true",
        "1e9",
    ]
)
SOUP = st.lists(WORDS | st.text(max_size=4), max_size=40).map(" ".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
CLEAN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8).filter(lambda text: "${{" not in text),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz-_. ", max_size=5), inner, max_size=4),
    max_leaves=15,
)
PIECES = st.sampled_from(
    [
        "input",
        "steps",
        "a",
        "items",
        "__class__",
        "__globals__",
        ".",
        ".",
        "[",
        "]",
        "(",
        ")",
        "'",
        '"',
        "0",
        "1",
        "9",
        "**",
        "*",
        "+",
        "-",
        "/",
        "//",
        "%",
        "~",
        "==",
        "<",
        "in",
        "not",
        "and",
        "or",
        "is",
        "defined",
        "none",
        "if",
        "else",
        "|",
        "default",
        "length",
        "join",
        "tojson",
        "first",
        "{",
        "}",
        ":",
        ",",
        "true",
        "none",
        "range",
        "lambda",
    ]
)


@settings(deadline=None)
@given(SOUP)
@example("a: &a [*a]")
@example("%TAG ! !\n--- !x")
def test_no_text_makes_the_loader_raise(text):
    for problem in load(text).problems:
        assert problem.line >= 1
        assert problem.message


@settings(deadline=None)
@given(JSON)
def test_no_json_in_the_place_of_a_manifest_makes_the_loader_raise(value):
    load(json.dumps(value, allow_nan=True))


@settings(deadline=None)
@given(st.dictionaries(WORDS, JSON, max_size=5), JSON)
def test_no_json_in_the_place_of_steps_makes_the_loader_raise(step, other):
    for steps in ({"a": step, "b": other}, other):
        head = {
            "apiVersion": "plumbline/v1",
            "kind": "Workflow",
            "metadata": {"name": "w", "version": "1.0.0", "owner": "o"},
        }
        for found in load(json.dumps({**head, "spec": {"steps": steps}})).resources:
            build_plan(found.canonical)


@settings(deadline=None)
@given(CLEAN, CLEAN)
def test_the_normal_form_is_its_own_and_a_diff_is_empty_only_for_the_same(left, right):
    resources = [load(workflow(f"a: {{value: {json.dumps(value)}}}")).resources[0] for value in (left, right)]
    for found in resources:
        (again,) = load(json.dumps(found.canonical)).resources
        assert (again.canonical, again.content_hash) == (found.canonical, found.content_hash)
        assert diff(found.canonical, again.canonical) == []
        assert build_plan(found.canonical).steps["a"].body.evaluate({}) == {
            "value": found.document["spec"]["steps"]["a"]["value"]
        }


@settings(deadline=None, max_examples=400)
@given(st.lists(PIECES | st.text(max_size=3), max_size=14).map(" ".join))
def test_an_expression_gives_json_or_an_error_and_touches_no_attribute(source):
    touched = []

    class Trapped(dict):
        danger = property(touched.append)

        def __call__(self, *arguments):
            touched.append(arguments)

    scope = {"input": Trapped(items=[1, 2], a=Trapped()), "steps": Trapped(), "a": 3}
    try:
        json.dumps(compile_expression(source).evaluate(scope))
    except ExpressionError as error:
        json.dumps(error.message)
    assert touched == []


@given(JSON)
def test_a_template_gives_json_or_an_error(value):
    with suppress(ExpressionError):
        json.dumps(compile_template(value).evaluate({"input": {}, "steps": {"a": {"output": 1}}}))


@given(st.integers(0, 10**12))
def test_every_duration_survives_its_normal_form(milliseconds):
    assert parse_duration(format_duration(milliseconds / 1000)) == milliseconds / 1000
