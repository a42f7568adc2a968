"""Python steps that tests call."""

from __future__ import annotations

from typing import Any

from orchestration.steps.registry import StepContext, TaskError, task

calls: list[tuple[str, int, Any]] = []
failing: dict[str, int] = {}


@task("test.echo")
def echo(input: Any, context: StepContext) -> Any:
    calls.append((context.step, context.attempt, input))
    left = failing.get(context.step, 0)
    if left:
        failing[context.step] = left - 1
        raise TaskError("test.flaky", f"{left} failures left")
    return input["value"]


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
