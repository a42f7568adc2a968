"""Callbacks of an operation, which are not compared: what of them is words, and so no difference to look at.

Owns that. Takes any JSON: what has not their shape stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_WORDS = frozenset({"summary", "description", "operationId", "tags", "externalDocs"})
#: Links say what to ask next with an answer; who is called back asks nothing of it.
_OF_ANSWERS = frozenset({"description", "links"})


def bare(callbacks: Any) -> Any:
    """Without names of operations, words, and links: callback → expression → method → operation."""
    return _each(callbacks, lambda one: _each(one, lambda item: _each(_without(item, _WORDS), _operation)))


def _operation(value: Any) -> Any:
    found = _without(value, _WORDS)
    if isinstance(found, dict) and "responses" in found:
        found["responses"] = _each(found["responses"], lambda one: _without(one, _OF_ANSWERS))
    return found


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    return {name: change(one) for name, one in value.items()} if isinstance(value, dict) else value


def _without(value: Any, words: frozenset[str]) -> Any:
    return {name: one for name, one in value.items() if name not in words} if isinstance(value, dict) else value
