"""A structured runbook as Markdown again: each part as it was read, and anew where it was edited.

Owns that rule: a part whose text still says what its fields say is given back byte for byte. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from governance.runbooks.reading import parse, read_step
from governance.runbooks.structure import Facts, ParsedRunbook, Prose, Section, Step
from governance.yaml_text import as_yaml
from orchestration.manifest.values import JSON

_INDENT = "   "


def render(runbook: ParsedRunbook) -> str:
    """The whole file."""
    return _head(runbook) + "".join(_section(section) for section in runbook.sections)


def _head(runbook: ParsedRunbook) -> str:
    read = parse(runbook.head, runbook.path)
    if (read.facts, read.raw_status, read.rest) == (runbook.facts, runbook.raw_status, runbook.rest):
        return runbook.head
    return head_of(runbook.facts, runbook.rest, runbook.raw_status)


def head_of(facts: Facts, rest: Mapping[str, JSON], raw_status: str = "") -> str:
    """Front matter that says this."""
    said: dict[str, Any] = {
        "title": facts.title, "status": facts.status or raw_status, "owner": facts.owner,
        "workflows": list(facts.workflows), "dependencies": list(facts.dependencies),
        "review_by": facts.review_by, "auto_start": {"limit_per_hour": facts.auto_start} if facts.auto_start else None,
        **{key: value for key, value in rest.items() if key != "status"},
    }  # fmt: skip
    return (
        f"---\n{as_yaml({key: value for key, value in said.items() if value not in (None, '', [])}, flow=None)}---\n\n"
    )


def _section(section: Section) -> str:
    heading = section.raw
    if section.title and section.title not in heading:
        heading = f"{'#' * max(section.level, 1)} {section.title}\n"
    return heading + "".join(block.raw if isinstance(block, Prose) else _step(block) for block in section.blocks)


def _step(step: Step) -> str:
    read = read_step(step.raw, step.number, step.line, [])
    if replace(read, raw=step.raw, marker=step.marker) == step:
        return step.raw
    parts = [("Do", step.do), ("Expect", step.expect), ("If not", step.if_not)]
    if step.action is not None:
        parts.insert(1, ("Action", str(step.action)))
    said = [f"**{name}** {text}" for name, text in parts if text]
    lines = "\n".join(said).split("\n")
    marker = step.marker or f"{step.number}."
    return f"{marker} {lines[0]}\n" + "".join(f"{_INDENT}{line}\n" if line else "\n" for line in lines[1:])
