"""How long a comparison takes: pairs of 200 properties with a recursive reference, each with one or many changes.

Prints median and longest, and exits with 1 where one took more than LONGEST. `python -m tests.bench.contracts`.
"""

from __future__ import annotations

import copy
import random
import statistics
import sys
import time
from typing import Any

from governance.contracts import compare

PROPERTIES, PAIRS, LONGEST = 200, 120, 0.2


def schema(rng: random.Random) -> dict[str, Any]:
    """A node of a tree, with as many properties."""
    kinds = [
        {"type": "integer", "minimum": 0}, {"type": "string", "maxLength": 40, "pattern": "^[a-z]+$"},
        {"type": "array", "items": {"type": "string"}, "maxItems": 9}, {"enum": ["new", "paid", "sent"]},
        {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"], "additionalProperties": False},
    ]  # fmt: skip
    properties: dict[str, Any] = {f"p{number}": copy.deepcopy(rng.choice(kinds)) for number in range(PROPERTIES)}
    properties["children"] = {"type": "array", "items": {"$ref": "#/$defs/node"}}
    properties["parent"] = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}
    node = {"type": "object", "properties": properties, "required": ["p1", "p2"], "additionalProperties": False}
    return {"$ref": "#/$defs/node", "$defs": {"node": node}}


def edit(rng: random.Random, whole: dict[str, Any], changes: int) -> dict[str, Any]:
    """The same with so many properties changed."""
    made = copy.deepcopy(whole)
    properties = made["$defs"]["node"]["properties"]
    for number in rng.sample(range(PROPERTIES), changes):
        part = properties[f"p{number}"]
        if "minimum" in part:
            part["minimum"] += rng.choice([-1, 1])
        elif "maxItems" in part:
            part["maxItems"] += rng.choice([-1, 1])
        elif "maxLength" in part:
            part["maxLength"] += rng.choice([-1, 1])
        else:
            properties[f"p{number}"] = {"type": ["string", "null", "object"]}
    return made


def main() -> int:
    """0 when none took too long."""
    rng, took = random.Random(7), list[float]()
    verdicts: dict[str, int] = {}
    for number in range(PAIRS):
        old = schema(rng)
        new = edit(rng, old, (0, 1, 1, 3, 20)[number % 5])
        policy = ("strict", "tolerant")[number % 2]
        began = time.perf_counter()
        report = compare(old, new, policy=policy)
        took.append(time.perf_counter() - began)
        verdicts[report.verdict] = verdicts.get(report.verdict, 0) + 1
    median, longest = statistics.median(took) * 1000, max(took) * 1000
    print(f"{PAIRS} pairs of {PROPERTIES} properties: median {median:.1f} ms, longest {longest:.1f} ms; {verdicts}")
    return int(longest > LONGEST * 1000)


if __name__ == "__main__":
    sys.exit(main())
