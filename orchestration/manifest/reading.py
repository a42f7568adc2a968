"""Reads YAML 1.2 text into trees of nodes, with limits that hold before anything is built.

Owns the limits, the core schema (`no` and `on` are words) and what YAML may not do here: tags, control
characters. Never constructs a Python object from a tag and never raises on bad input.
"""

import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from .building import Builder, TooMuch
from .nodes import Node
from .problems import Problem, write_path

MAX_TEXT = 1024 * 1024
_MOST_CONTROL_CHARACTERS = 20
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read(text: str, source: str) -> tuple[list[Node], list[Problem]]:
    """The documents of a text and everything that is wrong with it as YAML."""
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_TEXT or len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
        return [], [Problem(source, 1, 1, "", "the text is larger than 1 MiB; split it into several files")]
    control = list(_control_characters(text, source))
    if control:
        return [], control
    builder = Builder()
    problem = _build(text, builder)
    problems = [
        Problem(source, found.line, found.column, write_path(found.path), found.message) for found in builder.faults
    ]
    if problem:
        problems.append(Problem(source, *problem))
    return builder.documents, problems


def _control_characters(text: str, source: str) -> Iterator[Problem]:
    for count, match in enumerate(_CONTROL.finditer(text)):
        if count == _MOST_CONTROL_CHARACTERS:
            return
        start = match.start()
        line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
        yield Problem(source, line, column, "", f"the character U+{ord(match[0]):04X} isn't allowed; remove it")


def _build(text: str, builder: Builder) -> tuple[int, int, str, str] | None:
    """Feed every event to the builder; gives the problem that ended the reading, if one did."""
    last: Event | None = None
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            last = event
            _feed(event, builder)
    except TooMuch as limit:
        return limit.line, limit.column, "", limit.message
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        about = ", ".join(part for part in (error.context, error.problem) if part)
        return line, column, "", f"can't be read as YAML: {about}"
    except Exception as error:
        # The parser is not ours and meets hostile text: an escape out of range, for one, leaves it as a ValueError.
        line, column = (last.start_mark.line + 1, last.start_mark.column + 1) if last is not None else (1, 1)
        return line, column, "", f"can't be read as YAML after this place: {error}"
    return None


def _feed(event: Event, builder: Builder) -> None:
    if isinstance(event, DocumentEndEvent):
        builder.end_document()
        return
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if isinstance(event, AliasEvent):
        builder.alias(event.anchor, line, column)
    elif isinstance(event, NodeEvent):
        tag = getattr(event, "tag", None)
        if tag is not None:
            builder.fault(line, column, f"the tag '{str(tag)[:60]}' isn't allowed; write a plain value")
        if isinstance(event, ScalarEvent):
            builder.scalar(event.value, event.implicit[0], event.anchor, line, column)
        else:
            builder.begin("map" if isinstance(event, MappingStartEvent) else "list", event.anchor, line, column)
    elif isinstance(event, MappingEndEvent | SequenceEndEvent):
        builder.end()
