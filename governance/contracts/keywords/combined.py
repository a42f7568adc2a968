"""Schemas made of schemas: references, all, any, one, not, if."""

from __future__ import annotations

from governance.contracts.clause import Alternatives
from governance.contracts.keywords.meaning import Meaning, Said
from governance.contracts.nodes import Node
from governance.contracts.overlap import apart


def _one_said(node: Node, value: tuple[Node, ...]) -> Said:
    """One branch and none of the others; of those that share no value with it that need not be said."""
    return [], [
        [
            [
                ("is", one, True),
                *(("is", other, False) for other in value if other is not one and not apart(one, other)),
            ]
            for one in value
        ]
    ]


def _one_denied(node: Node, value: tuple[Node, ...]) -> Alternatives:
    """No branch, or two."""
    ways: Alternatives = [[("is", one, False) for one in value]]
    for place, one in enumerate(value):
        ways += [[("is", one, True), ("is", other, True)] for other in value[place + 1 :] if not apart(one, other)]
    return ways


def _branches(node: Node, *, wanted: bool) -> Alternatives:
    ways: Alternatives = []
    for keyword, condition in (("then", True), ("else", False)):
        part = node.says.get(keyword)
        if part is not None:
            ways.append([("is", node.says["if"], condition), ("is", part, wanted)])
        elif wanted:
            ways.append([("is", node.says["if"], condition)])
    return ways


_REFERENCE = Meaning(
    lambda node, value: ([("is", value, True)], []),
    lambda node, value: [[("is", value, False)]],
)

COMBINED = {
    "$ref": _REFERENCE,
    "$dynamicRef": _REFERENCE,
    "allOf": Meaning(
        lambda node, value: ([("is", one, True) for one in value], []),
        lambda node, value: [[("is", one, False)] for one in value],
    ),
    "anyOf": Meaning(
        lambda node, value: ([], [[[("is", one, True)] for one in value]]),
        lambda node, value: [[("is", one, False) for one in value]],
    ),
    "oneOf": Meaning(_one_said, _one_denied),
    "not": Meaning(
        lambda node, value: ([("is", value, False)], []),
        lambda node, value: [[("is", value, True)]],
    ),
    "if": Meaning(
        lambda node, value: ([], [_branches(node, wanted=True)]),
        lambda node, value: _branches(node, wanted=False),
    ),
}
