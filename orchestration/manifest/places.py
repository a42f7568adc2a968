"""Where the expressions of a manifest stand, and which names each place may read.

Owns the table of places and their roots. Works on plain documents whose shape may be wrong, so that one wrong field
never hides the errors in another. Never evaluates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .problems import Path
from .values import JSON

RUN_ROOTS = frozenset({"input", "steps", "run"})
ROOT_FIELDS: dict[str, frozenset[str]] = {
    "run": frozenset({"id", "key", "workflow", "version", "started_at"}),
    "step": frozenset({"output", "input", "idempotency_key"}),
    "tick": frozenset({"at", "date", "day_before"}),
    "event": frozenset({"id", "source", "type", "subject", "time", "data"}),
}
ELSEWHERE = {
    "secrets": "'secrets' can be read only in the headers, query and json of an http step",
    "env": "'env' can be read only in a Dependency's base_url and authorization",
    "step": "'step' can be read only in compensate",
    "output": "'output' can be read only in expect; another step's output is steps.<name>.output",
    "tick": "'tick' can be read only in the input of a Schedule",
    "event": "'event' can be read only in a Trigger",
    "steps": "'steps' can be read only in a Workflow",
    "run": "'run' can be read only in a Workflow",
    "input": "'input' can't be read here",
}

Part = Literal["step", "expect", "compensate", "other"]
_HTTP_WITH_SECRETS = ("headers", "query", "json")
_BODIES = ("http", "celery", "approval", "wait", "event", "emit", "value", "with", "fallback")


@dataclass(frozen=True, slots=True)
class Place:
    """A value that may hold expressions; `bare` means that it is one."""

    path: Path
    value: JSON
    roots: frozenset[str]
    part: Part = "other"
    bare: bool = False


def step_places(name: str, step: dict[str, Any]) -> Iterator[Place]:
    """Every place of one step."""
    path: Path = ("spec", "steps", name)
    loop = mapping(step.get("for_each"))
    roots = RUN_ROOTS | ({loop["as"]} if isinstance(loop.get("as"), str) else frozenset())
    if "in" in loop:
        yield Place((*path, "for_each", "in"), loop["in"], RUN_ROOTS, "step")
    if "when" in step:
        yield Place((*path, "when"), step["when"], RUN_ROOTS, "step", bare=True)
    for key in _BODIES:
        if key in step:
            yield from _body(path, key, step[key], roots, "step")
    for index, condition in enumerate(sequence(step.get("expect"))):
        yield Place((*path, "expect", index), condition, roots | {"output"}, "expect", bare=True)
    compensate = mapping(step.get("compensate"))
    for key in ("http", "with", "value"):
        if key in compensate:
            yield from _body((*path, "compensate"), key, compensate[key], roots | {"step"}, "compensate")


def _body(path: Path, key: str, value: JSON, roots: frozenset[str], part: Part) -> Iterator[Place]:
    if key != "http" or not isinstance(value, dict):
        yield Place((*path, key), value, roots, part)
        return
    for field, member in value.items():
        extra = {"secrets"} if field in _HTTP_WITH_SECRETS else frozenset[str]()
        yield Place((*path, key, field), member, roots | extra, part)


def other_places(kind: str, spec: dict[str, Any]) -> Iterator[Place]:
    """Every place of a manifest outside its steps."""
    if kind == "Workflow":
        yield from _at(spec, ("output", "value"), RUN_ROOTS)
        yield from _at(spec, ("concurrency", "key"), frozenset({"input", "run"}))
    elif kind == "Dependency":
        yield from _at(spec, ("base_url",), frozenset({"env"}))
        yield from _at(spec, ("authorization",), frozenset({"env"}))
    elif kind == "Schedule":
        yield from _at(spec, ("input",), frozenset({"tick"}))
    elif kind == "Trigger":
        yield from _at(spec, ("when",), frozenset({"event"}), bare=True)
        yield from _at(spec, ("input",), frozenset({"event"}))
    elif kind == "Flag":
        yield from _at(spec, ("rollout", "key"), frozenset({"input", "run"}))


def _at(spec: dict[str, Any], path: tuple[str, ...], roots: frozenset[str], bare: bool = False) -> Iterator[Place]:
    value: JSON = spec
    for key in path:
        if key not in mapping(value):
            return
        value = value[key]
    yield Place(("spec", *path), value, roots, bare=bare)


def texts(value: JSON, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text in a value, each with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from texts(member, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))


def mapping(value: JSON) -> dict[str, Any]:
    """The value if it is a mapping; else an empty one, since its shape is complained of elsewhere."""
    return value if isinstance(value, dict) else {}


def sequence(value: JSON) -> list[Any]:
    """The value if it is a list; else an empty one."""
    return value if isinstance(value, list) else []
