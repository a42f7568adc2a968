"""How long two descriptions of an API take to compare: 1.5 MB each, made up, with one or many changes.

Prints each time, and exits with 1 where one took more than LONGEST seconds. `python -m tests.bench.openapi [BASE REVISION]` compares
two files of JSON instead, which is how real public descriptions are tried.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from governance.contracts import compare_openapi

RESOURCES, FIELDS, LONGEST = 400, 25, 2.0


def description(rng: random.Random) -> dict[str, Any]:
    """An API of resources that hold some of those before them, as public ones do."""
    kinds = [
        {"type": "string", "maxLength": 200, "description": "words " * 8}, {"type": "integer", "format": "int64"},
        {"type": "string", "format": "date-time", "nullable": True}, {"type": "string", "enum": ["new", "paid", "sent"]},
    ]  # fmt: skip
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for number in range(RESOURCES):
        fields = {f"field_{at}": copy.deepcopy(rng.choice(kinds)) for at in range(FIELDS)}
        for used in rng.sample(range(number), min(number, 2)):
            fields[f"part_{used}"] = {"$ref": f"#/components/schemas/resource-{used}"}
        schemas[f"resource-{number}"] = {"type": "object", "required": ["field_0", "field_1"], "properties": fields}
        content = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/resource-{number}"}}}}
        listed = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}
        paths[f"/resources-{number}"] = {
            "get": {"parameters": [listed], "responses": {"200": {"description": "found", **content}}},
            "post": {
                "requestBody": {"required": True, **content},
                "responses": {"201": {"description": "made", **content}},
            },
        }
    return {
        "openapi": "3.0.3",
        "info": {"title": "made up", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def edited(rng: random.Random, whole: dict[str, Any], changes: int) -> dict[str, Any]:
    """The same with so many resources changed: a field more, one that is required, or a longer enum."""
    made = copy.deepcopy(whole)
    for number in rng.sample(range(RESOURCES), changes):
        part = made["components"]["schemas"][f"resource-{number}"]
        change = rng.randrange(3)
        if change == 0:
            part["properties"]["more"] = {"type": "string"}
        elif change == 1:
            part["required"].append("field_2")
        else:
            part["properties"]["field_3"] = {"type": "string", "enum": ["new", "paid", "sent", "lost"]}
    return made


def compared(base: Any, revision: Any, what: str) -> bool:
    """Whether it took too long."""
    began = time.perf_counter()
    report = compare_openapi(base, revision)
    took = time.perf_counter() - began
    print(f"{what}: {took:.2f} s, {report.verdict}, {len(report.findings)} findings")
    return took > LONGEST


def main(arguments: list[str]) -> int:
    """0 when none took too long."""
    if arguments:
        base, revision = (json.loads(Path(name).read_text(encoding="utf-8")) for name in arguments)
        return int(compared(base, revision, " → ".join(arguments)))
    rng = random.Random(11)
    base = description(rng)
    print(f"{len(json.dumps(base)) / 1e6:.1f} MB, {RESOURCES} resources")
    late = [compared(base, edited(rng, base, changes), f"{changes} changed") for changes in (0, 1, 5, 50, RESOURCES)]
    return int(any(late))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
