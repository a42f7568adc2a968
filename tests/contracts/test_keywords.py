"""Every keyword, in both directions and under both policies, against verdicts that were written by hand (cases.py)."""

from __future__ import annotations

from typing import Any

import pytest

from governance.contracts import InvalidSchema, compare
from tests.contracts.cases import CASES

WORDS = {"S": "safe", "B": "breaking", "U": "undecided"}


@pytest.mark.parametrize(("name", "old", "new", "right"), CASES, ids=[case[0] for case in CASES])
def test_each_keyword_gets_the_right_verdict(name: str, old: Any, new: Any, right: str):
    ways = [(level, policy) for level in ("BACKWARD", "FORWARD") for policy in ("strict", "tolerant")]
    found = [compare(old, new, level=level, policy=policy).verdict for level, policy in ways]
    assert found == [WORDS[letter] for letter in right]


def test_a_report_says_what_broke_where_and_shows_the_payload():
    old = {"type": "object", "properties": {"qty": {"type": "integer", "minimum": 1}}, "required": ["qty"]}
    new = {"type": "object", "properties": {"qty": {"type": "integer", "minimum": 5}}, "required": ["qty"]}
    report = compare(old, new)
    assert (report.verdict, report.bump, report.broken) == ("breaking", "major", "BACKWARD")
    assert report.witness["qty"] < 5
    assert report.complaint[0] == "/qty"
    [finding] = report.findings
    assert (finding.rule, finding.pointer, finding.direction) == (
        "minimum-narrowed",
        "/properties/qty/minimum",
        "BACKWARD",
    )
    assert finding.text == "qty: minimum was 1 and is 5"


def test_a_witness_may_be_null():
    report = compare({"type": ["null", "string"]}, {"type": "string"})
    assert (report.verdict, report.witness, report.has_witness) == ("breaking", None, True)


def test_full_asks_both_ways_and_none_asks_nothing():
    old, new = {"type": "integer"}, {"type": "number"}
    assert compare(old, new, level="FULL").verdict == "breaking"
    assert compare(old, new, level="FULL").broken == "FORWARD"
    assert compare(old, {"type": "string"}, level="NONE").verdict == "safe"


def test_the_bump_follows_from_the_change():
    string = {"type": "string"}
    assert compare(string, string).bump == "none"
    assert compare(string, {"type": "string", "title": "Name"}).bump == "patch"
    assert compare(string, {"type": ["string", "null"]}).bump == "minor"
    assert compare({"type": ["string", "null"]}, string).bump == "major"


def test_a_fingerprint_stays_while_the_finding_does_and_changes_with_its_values():
    def of(least: int) -> str:
        return compare({"minLength": 1}, {"minLength": least}).findings[0].fingerprint

    assert of(2) == of(2) != of(3)


@pytest.mark.parametrize(("level", "policy"), [("SIDEWAYS", "strict"), ("BACKWARD", "lenient")])
def test_an_unknown_level_or_policy_is_named(level: str, policy: str):
    with pytest.raises(ValueError, match="there are"):
        compare(True, True, level=level, policy=policy)


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (5, "a schema is an object"),
        ({"type": "strin"}, "/type.*no type"),
        ({"properties": {"a": {"minimum": "1"}}}, "/properties/a/minimum: wants a number"),
        ({"required": "a"}, "/required: wants a list of names"),
        ({"anyOf": []}, "/anyOf: wants a list of schemas"),
        ({"multipleOf": 0}, "above 0"),
        ({"$ref": "#/$defs/gone"}, "leads nowhere"),
        ({"$ref": "#"}, "refers to itself without an end"),
        ({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}, "without an end"),
        ({"$schema": "https://example.com/own"}, "is not read"),
    ],
)
def test_a_faulty_schema_is_refused_with_its_place(schema: Any, says: str):
    with pytest.raises(InvalidSchema, match=f"new schema: .*{says}"):
        compare(True, schema)
