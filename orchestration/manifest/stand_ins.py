"""Steps that stand in for others: named in a `fallback`, done only when the other one fails.

Owns what may be one. Works on plain documents, whose shape may be wrong. Never looks into a step's kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .places import mapping, sequence
from .problems import Finding
from .references import Read

#: A stand-in begins when the other step fails: nothing else can hold it back or do it several times.
_NOT_WITH = ("when", "needs", "for_each", "flag")


def stand_ins_of(steps: Mapping[str, Any]) -> dict[str, str]:
    """Stand-in → the step whose fallback it is. Of several the first: the others are complained of."""
    found: dict[str, str] = {}
    for name, step in steps.items():
        stand_in = mapping(mapping(step).get("fallback")).get("step")
        if isinstance(stand_in, str):
            found.setdefault(stand_in, name)
    return found


def check_stand_ins(steps: Mapping[str, Any], stand_ins: Mapping[str, str]) -> Iterator[Finding]:
    """Each stands in for one step, and is nothing else."""
    for name, step in steps.items():
        stand_in = mapping(mapping(step).get("fallback")).get("step")
        if isinstance(stand_in, str) and stand_ins[stand_in] != name and stand_in in steps:
            message = f"'{stand_in}' stands in for '{stand_ins[stand_in]}' already; each step needs one of its own"
            yield Finding(("spec", "steps", name, "fallback", "step"), message)
        for need in sequence(mapping(step).get("needs")):
            if isinstance(need, str) and need in stand_ins:
                yield Finding(("spec", "steps", name, "needs"), _instead(need, stand_ins))
    for stand_in, name in stand_ins.items():
        for field in _NOT_WITH:
            if mapping(steps.get(stand_in)).get(field):
                message = f"'{stand_in}' stands in for '{name}': it begins when that fails, so it has no '{field}'"
                yield Finding(("spec", "steps", stand_in, field), message, at_key=True)


def read_of_stand_ins(name: str, read: Read, stand_ins: Mapping[str, str]) -> Iterator[Finding]:
    """Reading a stand-in: its output is that of the step it stands in for."""
    for other, path in read.steps.items():
        if other in stand_ins and other != name:
            yield Finding(path, _instead(other, stand_ins))


def _instead(stand_in: str, stand_ins: Mapping[str, str]) -> str:
    name = stand_ins[stand_in]
    return f"'{stand_in}' stands in for '{name}', whose output is then its own; name '{name}' here"
