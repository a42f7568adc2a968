"""The differences between two schemas as findings: which level each breaks, and the fingerprint that a waiver names.

Owns the choice of what is told. The walk (walk.py) finds them; the verdict does not depend on either. A waiver accepts a
break by its fingerprint, so two changes of one schema that lose different documents never have the same ones: where one
difference may undo another (`anyOf`, `not`), and where references lead, is part of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from governance.contracts.effects import NARROWER, OTHER, WIDER, View
from governance.contracts.nodes import Node
from governance.contracts.report import Direction, Finding, Verdict
from governance.contracts.walk import Difference, Walk

MOST = 200


def differences(old: Node, new: Node, verdicts: Mapping[Direction, Verdict]) -> tuple[Finding, ...]:
    """Every difference between two parts, in the order of the new one.

    Its direction is the level that it breaks, where that was found to be broken or could not be proved; each such level
    has a finding.
    """
    unsafe = [way for way, verdict in verdicts.items() if verdict != "safe"]
    walk = Walk()
    found: dict[Difference, Direction | Literal[""]] = {}
    for one in walk.through(old, new, View()):
        if len(found) >= MOST:
            walk.is_cut = True
            break
        found[one] = direction_of(one.effect, unsafe)
    untold = [way for way in unsafe if all(way != own and one.effect != OTHER for one, own in found.items())]
    if walk.is_cut or untold:
        whole = walk.texts.whole(old), walk.texts.whole(new)
        more = Difference("more-differences", "", OTHER, "there are more differences than are listed here", whole)
        found[more] = untold[0] if untold else direction_of(OTHER, unsafe)
    beside = [(one.rule, one.pointer, *one.values) for one, own in found.items() if one.mixed and not own]
    shape = repr(sorted([*walk.ways, *beside])) if walk.ways or beside else ""
    signed = (
        Finding(one.rule, one.pointer or "/", own, one.text).signed(*one.values, shape if own else "")
        for one, own in found.items()
    )
    return tuple({finding.fingerprint: finding for finding in signed}.values())


def direction_of(effect: str, unsafe: Sequence[Direction]) -> Direction | Literal[""]:
    """Which of these levels the effect breaks, or may break."""
    if effect != WIDER and "BACKWARD" in unsafe:
        return "BACKWARD"
    return "FORWARD" if effect != NARROWER and "FORWARD" in unsafe else ""
