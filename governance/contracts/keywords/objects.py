"""Objects: properties by name, by pattern and all others, what is required, and what depends on what."""

from __future__ import annotations

from governance.contracts.clause import Alternatives
from governance.contracts.keywords.meaning import Meaning, Said, but, counted, only
from governance.contracts.keywords.unevaluated import unevaluated
from governance.contracts.nodes import Node


def _properties_said(node: Node, value: dict[str, Node]) -> Said:
    return [("absent", name) if one.never else ("members", name, (one, True)) for name, one in value.items()], []


def _properties_denied(node: Node, value: dict[str, Node]) -> Alternatives:
    return [[only("object"), ("required", name), ("members", name, (one, False))] for name, one in value.items()]


def _patterns_said(node: Node, value: dict[str, Node]) -> Said:
    return [("by_pattern", pattern, (one, True)) for pattern, one in value.items()], []


def _patterns_denied(node: Node, value: dict[str, Node]) -> Alternatives:
    return [[only("object"), ("some_pattern", pattern, (one, False))] for pattern, one in value.items()]


def _beside(node: Node) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names and patterns that `additionalProperties` stands beside."""
    return frozenset(node.says.get("properties", ())), tuple(node.says.get("patternProperties", ()))


def _others_said(node: Node, value: Node) -> Said:
    return [("others", *_beside(node), (value, True))], []


def _others_denied(node: Node, value: Node) -> Alternatives:
    return [[only("object"), ("some_other", *_beside(node), (value, False))]]


def _needs_said(node: Node, value: dict[str, frozenset[str]]) -> Said:
    return [], [
        [[but("object")], [("absent", name)], [("required", need) for need in sorted(needs)]]
        for name, needs in value.items()
    ]


def _needs_denied(node: Node, value: dict[str, frozenset[str]]) -> Alternatives:
    return [
        [only("object"), ("required", name), ("absent", need)]
        for name, needs in value.items()
        for need in sorted(needs)
    ]


def _dependent_said(node: Node, value: dict[str, Node]) -> Said:
    return [], [[[but("object")], [("absent", name)], [("is", one, True)]] for name, one in value.items()]


def _dependent_denied(node: Node, value: dict[str, Node]) -> Alternatives:
    return [[only("object"), ("required", name), ("is", one, False)] for name, one in value.items()]


OBJECTS = {
    "properties": Meaning(_properties_said, _properties_denied),
    "patternProperties": Meaning(_patterns_said, _patterns_denied),
    "additionalProperties": Meaning(_others_said, _others_denied),
    "propertyNames": Meaning(
        lambda node, value: ([("names", (value, True))], []),
        lambda node, value: [[only("object"), ("some_name", (value, False))]],
    ),
    "required": Meaning(
        lambda node, value: ([("required", name) for name in sorted(value)], []),
        lambda node, value: [[only("object"), ("absent", name)] for name in sorted(value)],
    ),
    "dependentRequired": Meaning(_needs_said, _needs_denied),
    "dependentSchemas": Meaning(_dependent_said, _dependent_denied),
    "minProperties": counted("object", "min_members", "max_members", low=True),
    "maxProperties": counted("object", "min_members", "max_members", low=False),
    "unevaluatedProperties": unevaluated("unevaluatedProperties"),
}
