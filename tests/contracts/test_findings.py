"""Findings: each break has one, and two changes with the same breaking fingerprints lose the same documents.

A waiver accepts a break by its fingerprint: were it the same for another change, that one would pass unseen.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import pytest

from governance.contracts import Report, compare
from tests.contracts.generating import edited, referring

OLDS = 6_000 if os.environ.get("CHAOS") == "long" else 400
SHARDS = 4
INTEGER, TEXT, NUMBER = {"type": "integer"}, {"type": "string"}, {"type": "number"}


def breaking(report: Report) -> frozenset[str]:
    return frozenset(finding.fingerprint for finding in report.findings if finding.direction)


def named(**parts: Any) -> dict[str, Any]:
    return {"properties": parts}


def using(a: str, b: str, **parts: Any) -> dict[str, Any]:
    return named(a={"$ref": f"#/$defs/{a}"}, b={"$ref": f"#/$defs/{b}"}) | {"$defs": parts}


CLOSED = {"additionalProperties": False}
MANY = {f"p{number:03}": INTEGER for number in range(230)}
#: Schemas of which each loses another part of the first one's documents.
OTHERS: dict[str, tuple[Any, list[Any]]] = {
    "what a new property refers to": (named(a=TEXT), [using("x", "x", x=INTEGER), using("x", "x", x=TEXT)]),
    "which of two is referred to": (
        using("x", "x", x=NUMBER),
        [using("x", "y", x=INTEGER, y={"minimum": 1}), using("y", "x", x=INTEGER, y={"minimum": 1})],
    ),
    "how often a changed part is referred to": (
        using("x", "x", x=NUMBER, y=NUMBER),
        [using("x", "x", x=INTEGER, y=NUMBER), using("x", "y", x=INTEGER, y=NUMBER)],
    ),
    "which of two is referred to beside null": (
        named(a=TEXT, b=TEXT),
        [
            named(a={"anyOf": [{"$ref": f"#/$defs/{a}"}, {"type": "null"}]}, b={"anyOf": [{"$ref": f"#/$defs/{b}"}, {"type": "null"}]})
            | {"$defs": {"x": TEXT | {"minLength": 5}, "y": TEXT}}
            for a, b in ("xy", "yx")
        ],
    ),
    "more than is listed": (named(**MANY), [named(**MANY | {f"p{at:03}": TEXT for at in range(to)}) for to in (220, 225)]),
    "a branch that is there twice": ({"oneOf": [TEXT, TEXT, INTEGER]}, [{"oneOf": [TEXT]}, {"oneOf": [TEXT, TEXT]}]),
    "a schema that lies elsewhere": (True, [{"$ref": "https://example.com/x"}, {"$ref": "https://example.com/y"}]),
    "what takes the place of a property": (
        named(a=INTEGER) | CLOSED,
        [{"patternProperties": {pattern: {"minimum": 1}}} | CLOSED for pattern in ("^a", "^b")],
    ),
    "what makes up for a branch": (
        {"anyOf": [{"maximum": 9}, {"minimum": 90}]},
        [{"anyOf": [{"maximum": 5}, {"minimum": least}]} for least in (90, 7)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_changes_that_lose_other_documents_have_other_fingerprints(name: str):
    old, others = OTHERS[name]
    found = [compare(old, new) for new in others]
    assert all(one.verdict != "safe" for one in found)
    assert len({breaking(one) for one in found}) == len(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"not": INTEGER}, {"not": NUMBER}),
        (named(a=TEXT, b=NUMBER) | CLOSED, named(a=TEXT) | {"additionalProperties": TEXT}),
        ({"prefixItems": [TEXT, NUMBER], "items": TEXT}, {"prefixItems": [TEXT], "items": TEXT}),
        ({"contains": TEXT, "minContains": 0}, {"contains": TEXT}),
        ({"allOf": [named(a=TEXT)], "unevaluatedProperties": False}, {"allOf": [named()], "unevaluatedProperties": False}),
    ],
)  # fmt: skip
def test_what_looks_wider_and_breaks_has_a_direction(old: Any, new: Any):
    report = compare(old, new)
    assert report.verdict == "breaking"
    assert breaking(report)


def test_a_fingerprint_stays_when_something_else_changes_or_is_told_in_other_words():
    old = named(a={"type": "integer", "minimum": 1}, b=TEXT) | CLOSED
    new = named(a={"type": "integer", "minimum": 5}, b=TEXT) | CLOSED
    other = named(a={"type": "integer", "minimum": 5, "title": "A"}, b={"type": ["null", "string"]}, c=TEXT) | CLOSED
    assert breaking(compare(old, new)) == breaking(compare(old, other)) != set()


def test_null_beside_something_is_one_difference_and_the_rest_those_of_the_two():
    either = {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "required": ["a"]}]}
    report = compare(named(x={"type": "object", "properties": {"a": TEXT}, "required": ["a"]}), named(x=either))
    assert [(one.rule, one.direction, one.text) for one in report.findings] == [
        ("null-added", "", "x may now be null"),
        ("property-added-to-open-object", "BACKWARD", "x: the optional property 'b' is new; the object was open"),
    ]
    back = compare(
        named(x=either), named(x={"type": "object", "properties": {"a": TEXT, "b": TEXT}, "required": ["a"]})
    )
    assert [(one.rule, one.text) for one in back.findings] == [("null-removed", "x may no longer be null")]
    assert back.witness == {"x": None}


@pytest.mark.parametrize("shard", range(SHARDS))
def test_with_the_same_fingerprints_nothing_else_is_lost(shard: int):
    found: Counter[str] = Counter()
    for number in range(shard, OLDS, SHARDS):
        rng = random.Random(number)
        old = referring(rng)
        news = [edited(rng, old)]
        for _ in range(3):
            news.append(edited(rng, rng.choice(news)))
        alike: dict[frozenset[str], list[Any]] = {}
        for new in news:
            report = compare(old, new)
            if report.verdict == "breaking":
                assert breaking(report), f"pair {number}: {old} to {new} breaks without a finding"
                alike.setdefault(breaking(report), []).append(new)
        for group in alike.values():
            for one, other in [(one, other) for one in group for other in group if one != other]:
                kept = compare({"allOf": [apart(old, "old"), apart(one, "one")]}, other)
                assert kept.verdict != "breaking", f"{number}: {old} to {one}, to {other}: {kept.witness}"
                found[kept.verdict] += 1
    assert found["safe"] >= OLDS / SHARDS / 10, found


def apart(schema: Any, name: str) -> Any:
    """As a part of another document, with references of its own."""
    return {"$id": f"https://example.com/{name}"} | schema if isinstance(schema, dict) else schema
