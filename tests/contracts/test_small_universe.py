"""Small schemas with many interacting keywords, judged by every document of a small universe: nothing is left to chance.

Objects with up to four names and three values, arrays with up to three items of four values.
"""

from __future__ import annotations

import copy
import itertools
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from governance.contracts import compare
from tests.contracts.test_soundness import proves_the_break

PAIRS = 8_000 if os.environ.get("CHAOS") == "long" else 500
PARTS: list[Any] = [True, {"type": "integer"}, {"const": 1}, {"type": "string"}, False, {"enum": [1, "x"]}]
OBJECTS = [
    dict(zip(names, values, strict=True))
    for size in range(4)
    for names in itertools.combinations("abcd", size)
    for values in itertools.product([1, 2, "x"], repeat=size)
]
ARRAYS = [list(items) for size in range(4) for items in itertools.product([1, 2, "x", None], repeat=size)]


def objects(rng: random.Random, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for chance, word, value in (
        (0.6, "properties", lambda: {name: rng.choice(PARTS) for name in rng.sample("abc", rng.randint(1, 2))}),
        (0.35, "required", lambda: rng.sample("abc", 1)),
        (0.2, "additionalProperties", lambda: rng.choice(PARTS)),
        (0.15, "patternProperties", lambda: {rng.choice(["^[ab]", "c", "^d$"]): rng.choice(PARTS)}),
        (0.1, "propertyNames", lambda: rng.choice([{"pattern": "^[abc]"}, {"enum": ["a", "d"]}, {"maxLength": 1}])),
        (0.15, "minProperties", lambda: rng.randint(1, 2)),
        (0.15, "maxProperties", lambda: rng.randint(1, 2)),
        (0.1, "dependentRequired", lambda: {rng.choice("abc"): rng.sample("abcd", 1)}),
        (0.15, "unevaluatedProperties", lambda: rng.choice(PARTS)),
    ):
        if rng.random() < chance:
            made[word] = value()
    return combined(rng, made, depth, objects)


def arrays(rng: random.Random, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for chance, word, value in (
        (0.3, "prefixItems", lambda: [rng.choice(PARTS) for _ in range(rng.randint(1, 2))]),
        (0.4, "items", lambda: rng.choice(PARTS)),
        (0.2, "minItems", lambda: rng.randint(1, 2)),
        (0.25, "maxItems", lambda: rng.randint(1, 3)),
        (0.2, "uniqueItems", lambda: True),
        (0.3, "contains", lambda: rng.choice(PARTS)),
        (0.15, "minContains", lambda: rng.randint(0, 2)),
        (0.2, "maxContains", lambda: rng.randint(1, 2)),
        (0.12, "unevaluatedItems", lambda: rng.choice(PARTS)),
    ):
        if rng.random() < chance:
            made[word] = value()
    return combined(rng, made, depth, arrays)


def combined(
    rng: random.Random, made: dict[str, Any], depth: int, more: Callable[[random.Random, int], dict[str, Any]]
) -> dict[str, Any]:
    if depth and rng.random() < 0.5:
        word = rng.choice(["anyOf", "oneOf", "allOf", "if", "not"])
        if word == "if":
            made |= {"if": more(rng, depth - 1), "then": more(rng, depth - 1), "else": more(rng, depth - 1)}
        else:
            made[word] = (
                more(rng, depth - 1) if word == "not" else [more(rng, depth - 1) for _ in range(rng.randint(1, 2))]
            )
    return made


@pytest.mark.parametrize(("kind", "more", "universe"), [("object", objects, OBJECTS), ("array", arrays, ARRAYS)])
def test_a_safe_change_loses_no_document_of_the_universe(kind: str, more: Any, universe: list[Any]):
    found: Counter[str] = Counter()
    for number in range(PAIRS):
        rng = random.Random(number)
        old = more(rng, 2) | {"type": kind}
        new = more(rng, 2) | {"type": kind} if number % 3 == 0 else copy.deepcopy(old)
        if number % 3:
            new.pop(rng.choice([word for word in new if word != "type"] or ["type"]))
        if number % 5 == 0:
            new |= more(rng, 0)
        report = compare(old, new)
        found[report.verdict] += 1
        before, after = (jsonschema_rs.Draft202012Validator(one) for one in (old, new))
        lost = next((one for one in universe if before.is_valid(one) and not after.is_valid(one)), None)
        said = f"pair {number}: {old} to {new}"
        if report.verdict == "safe":
            assert lost is None, f"{said}: {lost} is lost"
        if report.verdict == "breaking":
            proves_the_break(report.witness, old, new, said)
    assert found["undecided"] <= 0.03 * PAIRS, found
