"""The work as Plumbline does it: Python steps that do nothing, and manifests that hold every payload to the contract.

`broken` gives a result that the contract refuses, so that the benchmark can show that it is asked at all.
"""

from __future__ import annotations

import os
from typing import Any

from orchestration.steps.registry import StepContext, task
from tests.bench.payload import RESULT, SCHEMA, STEPS, WIDTH
from tests.undoing import said

#: Contracts: of an order, of a step's input that holds one, and of an input that holds a hundred.
ORDER, GIVEN, GATHERED = "bench.order", "bench.given", "bench.gathered"


@task("bench.noop")
def noop(data: Any, context: StepContext) -> Any:
    return RESULT


@task("bench.broken")
def broken(data: Any, context: StepContext) -> Any:
    return RESULT | {"qty": "two"}


def manifests() -> list[dict[str, Any]]:
    """The contracts, the chain, the fan, and two workflows that must be refused at their step."""
    many = {"type": "array", "minItems": WIDTH, "maxItems": WIDTH, "items": SCHEMA}
    pieces = {f"p{number}": _step("${{ input }}") for number in range(WIDTH)}
    gathered = [f"${{{{ steps.{name}.output }}}}" for name in pieces]
    return [
        _contract(ORDER, SCHEMA),
        _contract(GIVEN, {"type": "object", "required": ["order"], "properties": {"order": SCHEMA}}),
        _contract(GATHERED, {"type": "object", "required": ["order"], "properties": {"order": many}}),
        _workflow("bench-chain", _chain()),
        _workflow("bench-fan", pieces | {"join": _step(gathered, contract=GATHERED)}),
        _workflow("bench-bad-output", {"s0": _step("${{ input }}", function="bench.broken")}),
        _workflow("bench-bad-input", {"s0": _step("${{ {'id': input.id} }}")}),
    ]


def _chain() -> dict[str, Any]:
    """Every step is given what the one before it gave."""
    sources = ["input", *[f"steps.s{number}.output" for number in range(STEPS - 1)]]
    return {f"s{number}": _step(f"${{{{ {source} }}}}") for number, source in enumerate(sources)}


def _step(order: Any, *, function: str = "bench.noop", contract: str = GIVEN) -> dict[str, Any]:
    ports = {"input": f"{contract}@^1", "output": f"{ORDER}@^1"}
    return {"python": function, "effect": os.environ["BENCH_EFFECT"], "with": {"order": order}, "contract": ports}


def _contract(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return _resource("Contract", name, {"schema": schema})


def _workflow(name: str, steps: dict[str, Any]) -> dict[str, Any]:
    return _resource("Workflow", name, {"input": {"contract": f"{ORDER}@^1"}, "steps": said(steps)})


def _resource(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "version": "1.0.0", "owner": "bench"}
    return {"apiVersion": "plumbline/v1", "kind": kind, "metadata": metadata, "spec": spec}
