"""YAML itself: limits, positions, the core schema, and what YAML may not do here."""

import time

import pytest

from orchestration.manifest import load
from orchestration.manifest.nodes import plain
from orchestration.manifest.reading import read

from .samples import problems


def value_of(text: str):
    roots, found = read(text, "m.yaml")
    assert found == []
    return plain(roots[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: no\nb: on\nc: yes\nd: off", {"a": "no", "b": "on", "c": "yes", "d": "off"}),
        ("a: 2020-01-01\nb: 1:30\nc: 1_000\nd: 2.3.0", {"a": "2020-01-01", "b": "1:30", "c": "1_000", "d": "2.3.0"}),
        (
            "[1, -2, 0x1f, 0o17, 007, 1.5, 1e3, .5, true, ~, null, ]",
            [1, -2, 31, 15, 7, 1.5, 1000.0, 0.5, True, None, None],
        ),
        ("{a: 'no', b: \"1\", c: '~'}", {"a": "no", "b": "1", "c": "~"}),
        ("a: &x [1, {b: 2}]\nc: *x", {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}),
        ("\ufeffa: 1", {"a": 1}),
        ("%YAML 1.1\n---\na: no", {"a": "no"}),
    ],
)
def test_plain_scalars_follow_the_core_schema_of_yaml_1_2(text, expected):
    assert value_of(text) == expected


def test_an_alias_gives_a_value_of_its_own():
    value = value_of("a: &x {b: 1}\nc: *x")
    value["a"]["b"] = 2
    assert value["c"] == {"b": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb:\n  x: 1\n  x: 2\n", "m.yaml:4:3 b: the key 'x' is already in line 3; keep one of them"),
        ("a: {1: 2}", "m.yaml:1:5 a: the key 1 isn't text; write '1'"),
        ("a: {true: 2}", "m.yaml:1:5 a: the key true isn't text; write 'true'"),
        ("a: {~: 2}", "m.yaml:1:5 a: a key is missing here"),
        ("? [a]\n: 1", "m.yaml:1:3: a key is plain text, not a list or a mapping"),
        ("a: &k b\n*k : c", "m.yaml:2:1: an alias can't be a key; write the key out"),
        ("a: &k {b: 1}\nc: {<<: *k}", "m.yaml:2:5 c: merge keys ('<<') are no part of YAML 1.2; write the fields out"),
        (
            "a: !!python/object/apply:os.system [echo]",
            "m.yaml:1:4 a: the tag 'tag:yaml.org,2002:python/object/apply:os.system' isn't allowed; write a plain value",
        ),
        ("a: !secret x", "m.yaml:1:4 a: the tag '!secret' isn't allowed; write a plain value"),
        ("a: !!str 5", "m.yaml:1:4 a: the tag 'tag:yaml.org,2002:str' isn't allowed; write a plain value"),
        ("a: b\nc: d\0e", "m.yaml:2:5: the character U+0000 isn't allowed; remove it"),
        ("a: \x1b[31m", "m.yaml:1:4: the character U+001B isn't allowed; remove it"),
        ("a: \ud800", "m.yaml:1:4: the character U+D800 isn't allowed; remove it"),
        ('a: ["x\\0"]', "m.yaml:1:5 a[0]: the character U+0000 isn't allowed; remove it"),
        ('a: "\\ud800"', "m.yaml:1:4 a: the character U+D800 isn't allowed; remove it"),
        ("a: .inf", "m.yaml:1:4 a: '.inf' is no JSON number; quote it if it is text"),
        ("a: 1e999", "m.yaml:1:4 a: the number is too large; quote it if it is text"),
        (
            "a: 9223372036854775808",
            "m.yaml:1:4 a: the number does not fit into 64 bits; quote it if it is an identifier",
        ),
        ("a: *nowhere", "m.yaml:1:4 a: the alias '*nowhere' names nothing that ends before it"),
        ("a: &a [*a]", "m.yaml:1:8 a[0]: the alias '*a' names nothing that ends before it"),
        (
            "a: [1\nb: 2",
            "m.yaml:2:2: can't be read as YAML: while parsing a flow sequence, expected ',' or ']', but got ':'",
        ),
    ],
)
def test_what_yaml_may_not_do_is_named_with_its_place(text, expected):
    assert expected in [str(problem).replace("m.yaml:2:2 ", "m.yaml:2:2") for problem in read(text, "m.yaml")[1]]


def test_an_escape_out_of_range_is_a_problem_and_no_crash():
    (problem,) = read('a: "\\UFFFFFFFF"', "m.yaml")[1]
    assert "can't be read as YAML" in problem.message


def test_a_pair_of_surrogates_as_json_writes_it_is_one_character():
    assert value_of('{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_the_anchor_of_another_document_is_not_known():
    assert len(read("a: &x 1\n---\nb: *x\n", "m.yaml")[1]) == 1


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BOMB, "more than 50000 values once its aliases are written out"),
        ('a: &a "' + "x" * 500_000 + '"\nb: [*a, *a]', "larger than 1 MiB once its aliases are written out"),
        ("a: &a [" + "x" * 500_000 + "]\nb: [*a, *a]", "larger than 1 MiB once its aliases are written out"),
        ("a: " + "x" * 10_000_000, "the text is larger than 1 MiB; split it into several files"),
        ("a: " + "é" * 600_000, "the text is larger than 1 MiB; split it into several files"),
        ("[" * 1_000_000, "nested more than 64 deep; flatten the manifest"),
        ("".join(" " * i + "a:\n" for i in range(500)), "nested more than 64 deep; flatten the manifest"),
        (
            "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30,
            "nested more than 64 deep once its aliases are written out",
        ),
        ("[" + "1," * 60_000 + "]", "more than 50000 values once its aliases are written out"),
    ],
)
def test_a_text_over_a_limit_is_refused_soon_and_by_the_limit(text, expected):
    started = time.process_time()
    assert any(expected in problem.message for problem in load(text).problems)
    assert time.process_time() - started < 5


def test_hostile_numbers_of_errors_are_cut_off():
    text = "apiVersion: plumbline/v1\nkind: Team\nmetadata: {name: a}\nspec:\n" + "".join(
        f"  weigt{i}: 1\n" for i in range(9000)
    )
    found = problems(text)
    assert len(found) == 201
    assert found[-1].endswith("and more problems from here on; mend these first")


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n---\n", "null"])
def test_a_text_without_a_manifest_says_so(text):
    assert problems(text) == ["m.yaml:1:1: holds no manifest; begin with 'apiVersion: plumbline/v1'"]
