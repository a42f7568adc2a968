"""What each keyword says about a value that fits, and in which ways a value may fail it: both sides of each, side by side.

A meaning has two functions of the node and the keyword's value. `said` gives constraints that must hold, and choices of which
one way must hold; `denied` gives the ways in which the keyword is broken. The words are those of 2020-12.
"""

from __future__ import annotations

from governance.contracts.clause import Alternatives, Atom
from governance.contracts.keywords.arrays import ARRAYS
from governance.contracts.keywords.combined import COMBINED
from governance.contracts.keywords.meaning import Meaning
from governance.contracts.keywords.objects import OBJECTS
from governance.contracts.keywords.plain import PLAIN
from governance.contracts.nodes import Node

#: Every keyword that asserts; `then` and `else` belong to `if`, and the two counts to `contains`.
MEANINGS: dict[str, Meaning] = {**PLAIN, **ARRAYS, **OBJECTS, **COMBINED}


def said(node: Node) -> tuple[list[Atom], list[Alternatives]]:
    """What a value that fits the node must be: constraints, and choices of which one way must hold."""
    must: list[Atom] = [("opaque", node.opaque, True)] if node.opaque else []
    may: list[Alternatives] = []
    for keyword, value in node.says.items():
        if keyword in MEANINGS:
            more, choices = MEANINGS[keyword].said(node, value)
            must += more
            may += choices
    return must, may


def denied_ways(node: Node) -> Alternatives:
    """The ways in which a value may fail to fit the node."""
    ways: Alternatives = [[("opaque", node.opaque, False)]] if node.opaque else []
    for keyword, value in node.says.items():
        if keyword in MEANINGS:
            ways += MEANINGS[keyword].denied(node, value)
    return ways
