"""Python steps that tests call."""

from __future__ import annotations

import sys
from typing import Any

import structlog

from orchestration.steps.registry import StepContext, TaskError, task
from orchestration.telemetry import tracing

calls: list[tuple[str, int, Any]] = []
failing: dict[str, int] = {}


#: The error of a step that a test makes fail; a test of a dependency patches in one that is the dependency's fault.
flaky = "test.flaky"


@task("test.echo")
def echo(input: Any, context: StepContext) -> Any:
    calls.append((context.step, context.attempt, input))
    left = failing.get(context.step, 0)
    if left:
        failing[context.step] = left - 1
        raise TaskError(flaky, f"{left} failures left")
    return input["value"]


@task("test.speak")
def speak(input: Any, context: StepContext) -> None:
    """Says a line in the log, as a step's own code would."""
    structlog.get_logger("test").warning("test.spoke")


@task("test.noted")
def noted(input: Any, context: StepContext) -> None:
    """Leaves an event in its attempt's span."""
    tracing.note("fallback", reason="breaker.open")


@task("test.fail")
def fail(input: Any, context: StepContext) -> Any:
    calls.append((context.step, context.attempt, input))
    raise TaskError("test.broken", "it always fails", retryable=False)


@task("test.undo")
def undo(input: Any, context: StepContext) -> Any:
    calls.append((f"undo:{context.step}", context.attempt, input["value"]))
    left = failing.get(f"undo:{context.step}", 0)
    if left:
        failing[f"undo:{context.step}"] = left - 1
        raise TaskError("test.flaky", "not undone yet")
    return None


@task("test.big")
def big(input: Any, context: StepContext) -> Any:
    return "x" * int(input["size"])


@task("test.rename_team", transactional=True)
def rename_team(input: Any, context: StepContext) -> Any:
    from orchestration.models import Team

    team = Team.objects.get(name=input["team"])
    team.description = input["description"]
    team.save()
    if input.get("fail"):
        raise TaskError("test.broken", "after the write", retryable=False)
    return {"written": True}


@task("test.misbehave")
def misbehave(input: Any, context: StepContext) -> Any:
    return _misbehave(input)


@task("test.misbehave_inside", transactional=True)
def misbehave_inside(input: Any, context: StepContext) -> Any:
    return _misbehave(input)


def _misbehave(input: Any) -> Any:
    nested: Any = []
    for _ in range(2_000):
        nested = [nested]
    doubled: Any = []
    for _ in range(60):
        doubled = [doubled, doubled]
    circle: list[Any] = []
    circle.append(circle)
    given = {
        "nan": float("nan"), "infinity": [float("inf")], "set": {1}, "bytes": b"x", "object": object(), "nul": "a\x00b",
        "surrogate": "\ud800", "deep": nested, "deep tuples": (nested,), "doubled": doubled, "circle": circle,
        "keys": {(1, 2): 3}, "huge int": 10**5_000,
    }  # fmt: skip
    match input["value"]:
        case "exit":
            sys.exit(3)
        case "interrupt":
            raise KeyboardInterrupt
        case "generator exit":
            raise GeneratorExit
        case "unstorable error":
            raise TaskError("odd.\x00\ud800type" + "x" * 500, "odd\x00 \ud800" + "y" * 10_000, retryable=False)
        case "long error":
            raise ValueError("z" * 1_000_000)
    return given[input["value"]]
