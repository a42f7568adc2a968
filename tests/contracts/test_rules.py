"""The rules that prove a change safe, held against the search and its two validators, which must never find a payload that breaks."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from governance.contracts import compare
from governance.contracts.declared import Sender
from governance.contracts.documents import Document
from governance.contracts.effects import View
from governance.contracts.equality import equate
from governance.contracts.report import Direction
from governance.contracts.rules import Rules
from governance.contracts.walk import Walk
from tests.contracts.generating import edited, referring, schema

PAIRS, SHARDS = (20_000 if os.environ.get("CHAOS") == "long" else 1_200), 4
TEXT, INTEGER = {"type": "string"}, {"type": "integer"}
CLOSED = {"additionalProperties": False}


def proved(old: Any, new: Any, way: Direction) -> bool:
    """Whether the rules alone say that it is safe."""
    before, after = Document(old, "old"), Document(new, "new")
    equate(before, after)
    walk = Walk()
    rules = Rules(way, Sender(before if way == "BACKWARD" else after))
    differences = list(walk.through(before.root, after.root, View()))
    return all(map(rules.allow, differences)) and not walk.is_cut


@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_the_rules_prove_safe_is_never_broken_by_a_payload(shard: int):
    count = 0
    for number in range(shard, PAIRS, SHARDS):
        rng = random.Random(number)
        old = (referring if number % 3 == 0 else schema)(rng)
        new = edited(rng, old)
        for _ in range(number % 3):
            new = edited(rng, new)
        for way in ("BACKWARD", "FORWARD"):
            if proved(old, new, way):
                count += 1
                report = compare(old, new, level=way, policy="tolerant")
                assert report.verdict != "breaking", (number, way, old, new, report.witness)
    assert count > PAIRS / SHARDS / 5


@pytest.mark.parametrize(
    ("old", "new", "safe"),
    [
        ({"properties": {"a": INTEGER}}, {"properties": {"a": {"type": "number"}}}, True),
        ({"properties": {"a": {"type": "number"}}}, {"properties": {"a": INTEGER}}, False),
        ({"properties": {"a": TEXT}}, {"properties": {"a": TEXT, "b": TEXT}}, True),  # no sender sends it
        ({"allOf": [{"properties": {"a": TEXT}}, {"properties": {"b": INTEGER}}]},
         {"allOf": [{"properties": {"a": TEXT, "b": TEXT}}, {"properties": {"b": INTEGER}}]}, False),  # one beside it does
        ({"properties": {"b": INTEGER}, "not": {"not": {"properties": {"a": TEXT}}}},
         {"properties": {"b": INTEGER}, "not": {"not": {"properties": {"a": TEXT, "b": TEXT}}}}, False),
        ({"required": ["b"]}, {"required": ["b"], "properties": {"b": TEXT}}, False),
        ({"properties": {"a": TEXT}, **CLOSED}, {"properties": {"a": TEXT}}, True),
        ({"not": INTEGER}, {"not": {"type": "number"}}, False),
        ({"not": {"type": "number"}}, {"not": INTEGER}, True),
        ({}, {"not": INTEGER}, False),
        ({"not": INTEGER}, {}, True),
        (TEXT, {**TEXT, "anyOf": [INTEGER]}, False),
        ({"anyOf": [TEXT]}, {"anyOf": [TEXT, INTEGER]}, True),
        ({"oneOf": [TEXT]}, {"oneOf": [TEXT, INTEGER]}, False),  # the search must tell whether they overlap
        ({"enum": [1]}, {"enum": [True]}, False),
    ],
)  # fmt: skip
def test_the_rules_prove_what_they_can(old: Any, new: Any, safe: bool):
    assert proved(old, new, "BACKWARD") is safe
