"""What a workflow's expressions read of payloads, field by field, and what it gives to those who take a payload.

Owns whose payload a reference speaks of. Works on the normal form of a valid manifest. Never knows a contract.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .expressions import Expression, compile_expression
from .places import Place, mapping, other_places, step_places, texts
from .problems import Path
from .references import Reference
from .templates import split
from .values import JSON

PortKey = tuple[str, str]
"""(step or empty for the workflow's own, `input` or `output`): where a payload passes."""

FieldPath = tuple[str | int, ...]
ANY_POSITION = -1
"""A position in a list: which one doesn't matter to a contract."""

WRITTEN_AT = {
    "http": ("http", "json"), "python": ("with",), "celery": ("with",), "workflow": ("with",), "value": ("value",),
    "emit": ("emit", "data"),
}  # fmt: skip
"""Where the payload that a step's input contract speaks of is written, by kind of step."""


@dataclass(frozen=True, slots=True)
class FieldRead:
    """One field that an expression reads; `step` and `place`: where the expression stands."""

    step: str
    place: Path
    expression: str
    port: PortKey
    field: FieldPath


@dataclass(frozen=True, slots=True)
class Given:
    """A payload as it is written, for the port that takes it. References inside it are those of `step`."""

    step: str
    place: Path
    port: PortKey
    value: JSON


def reads(workflow: dict[str, JSON]) -> Iterator[FieldRead]:
    """Every field that the expressions of a workflow read."""
    spec = workflow["spec"]
    for place in other_places("Workflow", spec):
        yield from _reads_of("", place, spec)
    for name, step in spec["steps"].items():
        for place in step_places(name, step):
            yield from _reads_of(name, place, spec)


def given(workflow: dict[str, JSON]) -> Iterator[Given]:
    """Every payload that the workflow writes for a port: the inputs of its steps, and its own output."""
    spec = workflow["spec"]
    for name, step in spec["steps"].items():
        for kind, keys in WRITTEN_AT.items():
            if kind in step:
                value: JSON = step
                for key in keys:
                    value = mapping(value).get(key)
                value = {} if keys == ("with",) and value is None else value
                yield Given(name, ("spec", "steps", name, *keys), (name, "input"), value)
    output = mapping(spec.get("output"))
    if "value" in output:
        yield Given("", ("spec", "output", "value"), ("", "output"), output["value"])


def sole_read(text: str, workflow: dict[str, JSON]) -> tuple[PortKey, FieldPath] | None:
    """Whose field a text is, where it is one expression that is one path; else None."""
    pieces = list(split(text))
    if len(pieces) != 1 or isinstance(pieces[0], str):
        return None
    expression = compile_expression(pieces[0][1])
    if not expression.is_path:
        return None
    (reference,) = expression.references
    return _source(reference, "", "other", workflow["spec"])


def _reads_of(step: str, place: Place, spec: dict[str, Any]) -> Iterator[FieldRead]:
    for path, expression in _expressions(place):
        for reference in sorted(expression.references):
            found = _source(reference, step, place.part, spec)
            if found:
                yield FieldRead(step, path, expression.source, *found)


def _expressions(place: Place) -> Iterator[tuple[Path, Expression]]:
    for path, text in texts(place.value, place.path):
        if place.bare:
            yield path, compile_expression(text)
            continue
        for piece in split(text):
            if not isinstance(piece, str):
                yield path, compile_expression(piece[1])


def _source(reference: Reference, step: str, part: str, spec: dict[str, Any]) -> tuple[PortKey, FieldPath] | None:
    """The payload that a reference speaks of, and the field in it; None for what is no payload of a port."""
    root, rest = reference[0], reference[1:]
    if root == "input":
        return ("", "input"), _field(rest)
    if root == "output" and part == "expect":
        return _output(step, rest, spec)
    if root == "step" and rest[:1] == ("output",):
        return _output(step, rest[1:], spec)
    if root == "steps" and rest[1:2] == ("output",):
        return _output(rest[0], rest[2:], spec)
    return None


def _output(name: str, rest: Reference, spec: dict[str, Any]) -> tuple[PortKey, FieldPath] | None:
    """What a loop gives is a list of outputs, and what a fallback gives was never asked of a contract."""
    step = spec["steps"][name]
    return None if "for_each" in step or "fallback" in step else ((name, "output"), _field(rest))


def _field(rest: Reference) -> FieldPath:
    return tuple(ANY_POSITION if part == "[]" else part for part in rest)
