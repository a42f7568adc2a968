"""Checks the shape of one document against its model and says in plain words what doesn't fit.

Owns turning pydantic's errors into findings. Never looks at what one part of a manifest says about another.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from .models import DOCUMENTS, Document
from .models.base import HIDDEN, Part
from .problems import MOST_PROBLEMS, Finding, Path, suggestion
from .values import JSON, described

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_ENVELOPE = ("apiVersion", "kind", "metadata", "spec")
_LATER = ("FaultPlan", "Scenario", "RetentionPolicy", "GatePolicy")


def check_shape(document: JSON) -> tuple[Document | None, list[Finding]]:
    """The typed document, or why it is none."""
    if not isinstance(document, dict):
        wanted = "wanted a mapping with apiVersion, kind, metadata and spec"
        return None, [Finding((), f"{wanted}; got {described(document)}")]
    model = DOCUMENTS.get(document["kind"]) if isinstance(document.get("kind"), str) else None
    if model is None:
        return None, [*_unknown_kind(document)]
    known: dict[int, type[Part]] = {}
    try:
        return model.model_validate(document, context=known), []
    except ValidationError as error:
        details = error.errors(include_url=False)[: MOST_PROBLEMS + 1]
        return None, [_finding(detail, document, known) for detail in details]


def _unknown_kind(document: dict[str, JSON]) -> Iterator[Finding]:
    kind = document.get("kind")
    if kind is None:
        yield Finding(("kind",), f"is missing; wanted one of {', '.join(DOCUMENTS)}")
    elif not isinstance(kind, str):
        yield Finding(("kind",), f"wanted one of {', '.join(DOCUMENTS)}; got {described(kind)}")
    elif kind in _LATER:
        yield Finding(("kind",), f"kind '{kind}' is planned; this release doesn't know it yet")
    else:
        hint = suggestion(kind, DOCUMENTS) or f"; there are: {', '.join(DOCUMENTS)}"
        yield Finding(("kind",), f"no kind '{kind[:60]}'{hint}")
    for key in document:
        if key not in _ENVELOPE:
            yield Finding((key,), f"unknown key '{key[:60]}'{suggestion(key, _ENVELOPE)}", at_key=True)


def _finding(detail: ErrorDetails, document: JSON, known: dict[int, type[Part]]) -> Finding:
    path: Path = tuple(part for part in detail["loc"] if not (isinstance(part, str) and part.startswith(HIDDEN)))
    if path and path[-1] == "[key]":
        return Finding(path[:-1], _message(detail), at_key=True)
    if detail["type"] == "extra_forbidden":
        key = str(path[-1])
        model = known.get(id(_at(document, path[:-1])))
        keys = model.known_keys() if model else ()
        hint = suggestion(key, keys) or (f"; there are: {', '.join(keys)}" if keys else "")
        return Finding(path, f"unknown key '{key[:60]}'{hint}", at_key=True)
    return Finding(path, _message(detail))


def _message(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _WANTED:
        quote = "; quote it" if kind == "string_type" and isinstance(detail["input"], bool | int | float) else ""
        return f"wanted {_WANTED[kind]}; got {described(detail['input'])}{quote}"
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return f"wanted {word} {context[bound]:g}; got {detail['input']}"
    return _other_message(kind, context, detail)


def _other_message(kind: str, context: dict[str, Any], detail: ErrorDetails) -> str:
    value = detail["input"]
    if kind == "missing":
        return "is missing; it is required here"
    if kind == "literal_error":
        choices = [choice.strip("'") for choice in context["expected"].replace(" or ", ", ").split(", ")]
        got = f"'{value[:60]}'" if isinstance(value, str) else described(value)
        hint = suggestion(value, choices) if isinstance(value, str) else ""
        return f"wanted {context['expected']}; got {got}{hint}"
    if kind in ("string_too_short", "too_short"):
        return "must not be empty"
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters"
    if kind == "string_pattern_mismatch":
        return f"'{value[:60]}' does not fit {context['pattern']}"
    return detail["msg"]


def _at(document: JSON, path: Path) -> JSON:
    for part in path:
        document = document[part]
    return document
