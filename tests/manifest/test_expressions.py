"""The expression language: what it can say, what it refuses, and what an error tells."""

import pytest

from orchestration.manifest import ExpressionError, compile_expression

SCOPE = {
    "input": {
        "items": [{"sku": "a"}, {"sku": "b"}],
        "n": 7,
        "half": 0.5,
        "text": "Abc",
        "none": None,
        "yes": True,
        "no": False,
        "key": "n",
        "at": 1,
        "empty": [],
        "keys": {"values": 1, "a-b": 2, "get": 3},
        "numbers": [3, 1, 2],
    },
    "steps": {"reserve": {"output": {"sku": "x", "qty": 2}}, "skipped": {"output": None}},
}

VALUES = [
    ("input.items", [{"sku": "a"}, {"sku": "b"}]),
    ("input.items[1].sku", "b"),
    ("input.items[-1]['sku']", "b"),
    ("input.items.0.sku", "a"),
    ("input.keys.values", 1),
    ("input.keys.get + input.keys['a-b']", 5),
    ("input[input.key]", 7),
    ("input.numbers[input.at]", 1),
    ("input.n + 1", 8),
    ("input.n - 1 * 2", 5),
    ("input.n / 2", 3.5),
    ("input.n % 4", 3),
    ("-input.n", -7),
    ("(input.n + 1) * 2", 16),
    ("input.n == 7.0", True),
    ("input.yes == 1", False),
    ("[1, true] == [true, 1]", False),
    ("{'a': [1]} == {'a': [1.0]}", True),
    ("input.n != 'x'", True),
    ("1 < input.n <= 7", True),
    ("'a' < 'b'", True),
    ("'b' in input.text", True),
    ("7 in [1, input.n]", True),
    ("1 in [true]", False),
    ("'n' in input", True),
    ("9 not in [1]", True),
    ("input.yes and input.text", "Abc"),
    ("input.no or 'else'", "else"),
    ("input.no and input.missing", False),
    ("not input.none", True),
    ("input.text ~ '-' ~ input.n ~ '-' ~ input.half ~ input.yes", "Abc-7-0.5true"),
    ("'big' if input.n > 5 else 'small'", "big"),
    ("input.n if input.yes else input.missing", 7),
    ("[input.n, {'a': input.text}]", [7, {"a": "Abc"}]),
    ("input.none is none", True),
    ("input.missing is none", True),
    ("input.missing is defined", False),
    ("input.none is defined", True),
    ("input.missing.deeper is not defined", True),
    ("input.missing | default(3)", 3),
    ("input.missing.deeper | default", ""),
    ("steps.skipped.output.id | default('none')", "none"),
    ("steps.skipped.output | default({})", {}),
    ("input.no | default(3)", False),
    ("input.empty | first | default('x')", "x"),
    ("input.numbers | length", 3),
    ("input.text | length", 3),
    ("input.numbers | first", 3),
    ("input.numbers | last", 2),
    ("(input.items | first).sku", "a"),
    ("input.numbers | join('-')", "3-1-2"),
    ("input.text | lower ~ (input.text | upper)", "abcABC"),
    ("2.6 | round", 3),
    ("2.345 | round(1)", 2.3),
    ("input.keys | tojson", '{"values":1,"a-b":2,"get":3}'),
    ("'é' | tojson", '"é"'),
    ("null_or_not | default(1) if false else none", None),
    ("'\\n\\'' ~ \"x\"", "\n'x"),
]


@pytest.mark.parametrize(("source", "expected"), VALUES)
def test_an_expression_gives_the_value_json_has(source, expected):
    value = compile_expression(source).evaluate(SCOPE)
    assert value == expected
    assert type(value) is type(expected)


REFUSED = [
    ("9**9**9", "'**' isn't part of the expression language"),
    ("7 // 2", "'//' isn't part of the expression language"),
    ("input.items()", "a call isn't part of the expression language"),
    ("range(9)", "a call isn't part of the expression language"),
    ("input.text.upper()", "a call isn't part of the expression language"),
    ("input.items[0:1]", "a slice isn't part of the expression language"),
    ("(1, 2)", "a tuple isn't part of the expression language"),
    ("+input.n", "'Pos' isn't part of the expression language"),
    (
        "input.n | attr('x')",
        "no filter 'attr'; there are: default, length, first, last, join, lower, upper, round, tojson",
    ),
    ("input.n | lenght", "no filter 'lenght'; did you mean 'length'?"),
    ("input.n | default(1, true)", "'default' takes at most 1 argument"),
    ("input.n | length(1)", "'length' takes at most 0 arguments"),
    ("input.n | join(d='x')", "'join' takes plain arguments only"),
    ("input.n is number", "no test 'number'; there are: defined, none"),
    ("input.n is defnied", "no test 'defnied'; did you mean 'defined'?"),
    ("1 if input.yes", "'if' needs an 'else' here: a if b else c"),
    ("{input.key: 1}", "the keys of a mapping are quoted text"),
    ("", "the expression is empty"),
    ("  ", "the expression is empty"),
    ("1e999", "the number is too large"),
    ("99999999999999999999", "the number does not fit into 64 bits"),
    ("'\\0'", "the character U+0000 isn't allowed in text"),
    ("'\\ud800'", "the character U+D800 isn't allowed in text"),
    ("lambda: 1", "can't be read as an expression: ':' is left over"),
    ("a = 1", "can't be read as an expression: '=' is left over"),
    ("a }} b", "can't be read as an expression: '}}' is left over"),
    ("[x for x in y]", "can't be read as an expression: expected token ',', got 'for'"),
    ("1 +", "can't be read as an expression: unexpected 'end of the expression'"),
    ("a" + " + a" * 100, "the expression is nested more than 64 deep; compute parts in a value step"),
    ("a" + ".b" * 100, "a path has more than 64 parts"),
    ("(" * 4000, "the expression is nested too deep or has a number too large"),
    ("1" * 5000, "the expression is longer than 4096 characters; compute parts in a value step"),
]


@pytest.mark.parametrize(("source", "message"), REFUSED)
def test_what_is_not_in_the_grammar_is_refused_before_it_runs(source, message):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source)
    assert caught.value.message == message


FAILING = [
    ("steps.reserve.output.id", "steps.reserve.output.id: no field 'id' (has: sku, qty)"),
    ("steps.skipped.output.id", "steps.skipped.output is null, so it has no field 'id'"),
    (
        "input.__class__",
        "input.__class__: no field '__class__' (has: items, n, half, text, none, yes, no, key, at, empty, …)",
    ),
    ("input.text.__class__", "input.text is text, so it has no field '__class__'"),
    ("input.n.real", "input.n is a number, so it has no field 'real'"),
    ("input.items.append", "input.items is a list, so it has no field 'append'"),
    ("input.text[0]", "input.text is text, so it has no item 0"),
    ("input.items[2]", "input.items[2]: the list has 2 items"),
    ("input.items['0']", "input.items is a list, so it has no field '0'"),
    ("input[0]", "input is a mapping, so it has no item 0"),
    ("input[input.half]", "input: a field is named by text or a whole number, got a number"),
    ("input[input.yes]", "input: a field is named by text or a whole number, got true or false"),
    ("nowhere.x", "'nowhere' isn't known here (has: input, steps)"),
    ("input.text + 'x'", "'+' works on numbers; got text; join text with '~'"),
    ("'x' * 3", "'*' works on numbers; got text"),
    ("input.items * 3", "'*' works on numbers; got a list"),
    ("input.yes + 1", "'+' works on numbers; got true or false"),
    ("input.n / 0", "division by zero in '/'"),
    ("input.n % 0", "division by zero in '%'"),
    ("9223372036854775807 + 1", "the number does not fit into 64 bits"),
    ("1e308 * 10", "the number is too large"),
    ("-input.text", "'-' works on numbers; got text"),
    ("input.n > 'x'", "'>' compares two numbers or two texts; got a number and text"),
    ("input.none > 1", "'>' compares two numbers or two texts; got null and a number"),
    ("1 in 5", "'in' looks for a number in a number; it wants a list, or text in text"),
    ("input.none ~ 'x'", "null can't be put into text; give a value for it with | default('…')"),
    ("input.items ~ 'x'", "a list can't be put into text; pick one of its fields, or use | tojson"),
    ("input.n | length", "'length' works on text, lists and mappings; got a number"),
    ("input.text | first", "'first' works on lists; got text"),
    ("input.empty | last", "'last' of an empty list"),
    ("input.items | join", "a mapping can't be put into text; pick one of its fields, or use | tojson"),
    ("input.n | lower", "'lower' works on text; got a number"),
    ("input.text | round", "'round' works on numbers; got text"),
    ("1.5 | round(99)", "'round' takes a precision from 0 to 15"),
]


@pytest.mark.parametrize(("source", "message"), FAILING)
def test_an_evaluation_that_fails_names_the_field_or_the_types(source, message):
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source).evaluate(SCOPE)
    assert caught.value.message == message


def test_a_missing_field_carries_its_path():
    with pytest.raises(ExpressionError) as caught:
        compile_expression("1 + steps.reserve.output.id").evaluate(SCOPE)
    assert caught.value.path == "steps.reserve.output.id"


@pytest.mark.parametrize(
    "source",
    [
        "input.big ~ input.big",
        "[input.big, input.big] | join",
        "[input.big, input.big] | tojson",
        "[input.big, input.big, input.big, input.big, input.big, input.big, input.big]",
    ],
)
def test_a_result_over_the_bound_is_refused(source):
    with pytest.raises(ExpressionError, match=r"longer than 1048576 characters|larger than 4 MiB"):
        compile_expression(source).evaluate({"input": {"big": "x" * 700_000}})


@pytest.mark.parametrize(
    ("source", "references", "tolerated"),
    [
        ("steps.reserve.output.id", {("steps", "reserve", "output", "id")}, set()),
        ("input.lines[0].sku ~ input['a-b']", {("input", "lines", "[]", "sku"), ("input", "a-b")}, set()),
        ("input[input.key].x", {("input",), ("input", "key")}, set()),
        ("input.a | default(input.b)", {("input", "a"), ("input", "b")}, {("input", "a")}),
        ("input.a is defined and input.a.b > 1", {("input", "a"), ("input", "a", "b")}, {("input", "a")}),
        ("input.a is none or input.a", {("input", "a")}, set()),
        ("(input.items | first).sku", {("input", "items")}, set()),
    ],
)
def test_the_paths_that_an_expression_reads_are_known_before_it_runs(source, references, tolerated):
    expression = compile_expression(source)
    assert expression.references == references
    assert expression.tolerated == tolerated


def test_fields_of_a_lazy_mapping_are_read_one_by_one():
    class Lazy(dict):
        def __missing__(self, key):
            return {"output": key}

    assert compile_expression("steps.a.output").evaluate({"steps": Lazy()}) == "a"
