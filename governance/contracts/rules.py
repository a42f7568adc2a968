"""The first judge of a change: rules that prove it safe, part by part, without a search.

Where each difference of two schemas lets the receiver accept more, wherever it stands, he accepts all that he did: every
keyword that a walk goes through carries inclusion upwards, and those that don't say `other` (effects.py). A loop of references
changes nothing: a document is finite. Owns this proof alone, which is given or not; never says that a change breaks.
"""

from __future__ import annotations

from governance.contracts.declared import Sender
from governance.contracts.effects import NARROWER, WIDER
from governance.contracts.patterns import Unreadable
from governance.contracts.report import Direction
from governance.contracts.values import unescaped
from governance.contracts.walk import Difference


class Rules:
    """Of one direction, under the tolerant policy: what the sender does not declare at a place he does not send there."""

    def __init__(self, way: Direction, places: Sender) -> None:
        self._harmless = WIDER if way == "BACKWARD" else NARROWER
        self._unsent = "property-added-to-open-object" if way == "BACKWARD" else "property-removed-from-open-object"
        self._places, self._side = places, 0 if way == "BACKWARD" else 1

    def allow(self, difference: Difference) -> bool:
        """Whether the difference, by itself, surely has nothing refused that is sent."""
        if difference.effect == self._harmless:
            return True
        turned = difference.effect not in (WIDER, NARROWER)
        return difference.rule == self._unsent and not turned and not self._is_sent(difference)

    def _is_sent(self, difference: Difference) -> bool:
        """Whether the sender may send the property, of which his schema at that place does not speak."""
        name = unescaped(difference.pointer.rpartition("/")[2])
        node = self._places.document.nodes[difference.within[self._side]]
        declared = self._places.declared_by([(node, True)]) if self._places.knows(node) else None
        try:
            return declared is None or declared.allows(name)
        except Unreadable:
            return True
