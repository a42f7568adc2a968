"""The shape of a keyword's meaning, and the words for types that all of them use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from governance.contracts.clause import Alternatives, Atom
from governance.contracts.nodes import Node
from governance.contracts.values import TYPES

Said = tuple[list[Atom], list[Alternatives]]


class Meaning(NamedTuple):
    """Both sides of a keyword."""

    said: Callable[[Node, Any], Said]
    denied: Callable[[Node, Any], Alternatives]


def only(kind: str) -> Atom:
    """A value of this type."""
    return ("types", frozenset({kind}))


def but(kind: str) -> Atom:
    """A value of any other type."""
    return ("types", TYPES - {kind})


def counted(kind: str, least: str, most: str, *, low: bool) -> Meaning:
    """Of a keyword that bounds a count, from below or from above."""
    own, other, step = (least, most, -1) if low else (most, least, 1)
    return Meaning(
        lambda node, value: ([(own, value)], []),
        lambda node, value: [[only(kind), (other, value + step)]],
    )
