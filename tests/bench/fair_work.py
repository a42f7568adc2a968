"""Steps of the fairness benchmark: one says when it began, one takes a while, one does nothing."""

from __future__ import annotations

import time
from typing import Any

from orchestration.steps.registry import StepContext, task

#: Seconds that a step of the noisy team takes: it waits for somebody else, as most steps do.
NAP = 0.02


@task("fair.began")
def began(data: Any, context: StepContext) -> float:
    return time.time()


@task("fair.nap")
def nap(data: Any, context: StepContext) -> None:
    time.sleep(NAP)


@task("fair.nothing")
def nothing(data: Any, context: StepContext) -> None:
    """Nothing."""


def workflow(name: str, owner: str, function: str, steps: int) -> dict[str, Any]:
    """A chain of such steps, owned by that team."""
    chain = {
        f"s{number}": {"python": function, "effect": "none", **({"needs": [f"s{number - 1}"]} if number else {})}
        for number in range(steps)
    }
    metadata = {"name": name, "version": "1.0.0", "owner": owner}
    return {"apiVersion": "plumbline/v1", "kind": "Workflow", "metadata": metadata, "spec": {"steps": chain}}
