"""The promise: never wrong. Random pairs, half of them single edits, judged by validators and by documents of another maker."""

from __future__ import annotations

import os
import random
from collections import Counter
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from governance.contracts import compare
from governance.contracts.declared import sends_only_declared
from governance.contracts.documents import Document
from tests.contracts.generating import document, edited, schema

PAIRS = 20_000 if os.environ.get("CHAOS") == "long" else 1_600
SHARDS, DOCUMENTS = 8, 40


def pair(number: int) -> tuple[random.Random, Any, Any]:
    """A pair of schemas, the same for the same number."""
    rng = random.Random(number)
    old = schema(rng)
    return rng, old, edited(rng, old) if number % 5 else schema(rng)


@pytest.mark.parametrize("policy", ["strict", "tolerant"])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_document_is_lost_where_a_change_is_called_safe_and_every_witness_is_one(shard: int, policy: str):
    found: Counter[str] = Counter()
    for number in range(shard, PAIRS // 2, SHARDS):
        rng, old, new = pair(number)
        report = compare(old, new, policy=policy)
        found[report.verdict] += 1
        before, after = (jsonschema_rs.Draft202012Validator(one) for one in (old, new))
        said = f"pair {number}, {policy}: {old} to {new}"
        if report.verdict == "breaking":
            proves_the_break(report.witness, old, new, said)
            assert policy == "strict" or sends_only_declared(Document(old, "old").root, report.witness), said
        if report.verdict == "safe":
            root = Document(old, "old").root
            for _ in range(DOCUMENTS):
                given = document(rng, old)
                sent = policy == "strict" or sends_only_declared(root, given)
                lost = sent and before.is_valid(given) and not after.is_valid(given)
                assert not lost, f"{said}: {given} is lost"
    assert found["safe"] >= 0.3 * found.total(), found
    assert found["undecided"] <= 0.03 * found.total(), found


def proves_the_break(witness: Any, old: Any, new: Any, said: str) -> None:
    """By both validators."""
    for made in (jsonschema_rs.Draft202012Validator, jsonschema.Draft202012Validator):
        assert made(old).is_valid(witness), f"{said}: {witness} does not fit the old"
        assert not made(new).is_valid(witness), f"{said}: {witness} fits the new"


def test_the_same_pair_gives_the_same_report():
    for number in range(60):
        _, old, new = pair(number)
        assert compare(old, new, level="FULL") == compare(old, new, level="FULL")
