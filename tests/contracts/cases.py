"""One change of each keyword, with the right verdicts by hand: strict BACKWARD, tolerant BACKWARD, strict FORWARD, tolerant
FORWARD; S safe, B breaking, U for a person. Why is said where a reader would ask.
"""

from __future__ import annotations

from typing import Any

OPEN: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
MORE: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
CLOSED, MORE_CLOSED = OPEN | {"additionalProperties": False}, MORE | {"additionalProperties": False}
PARTLY = OPEN | {"additionalProperties": {"type": "integer"}}
NODE = {
    "type": "object",
    "properties": {"next": {"$ref": "#/$defs/node"}, "v": {"type": "integer"}},
    "additionalProperties": False,
}
WIDER_NODE = NODE | {"properties": NODE["properties"] | {"v": {"type": "number"}}}

EITHER = {"type": ["integer", "string"]}

CASES: list[tuple[str, Any, Any, str]] = [
    ("the same", OPEN, dict(reversed(OPEN.items())), "SSSS"),
    ("a title, a description, a default", {"type": "string"}, {"type": "string", "title": "T", "default": "x"}, "SSSS"),
    ("a format, which never asserts", {"type": "string"}, {"type": "string", "format": "email"}, "SSSS"),
    ("true to false", True, False, "BBSS"),
    ("false to anything", False, {}, "SSBB"),
    # Properties. An old document of an open object may carry the new name with another type.
    ("an optional property into an open object", OPEN, MORE, "BSSS"),
    ("an optional property into a closed object", CLOSED, MORE_CLOSED, "SSBB"),
    ("an optional property into an object that stays open to others", PARTLY, PARTLY | MORE, "SSSS"),
    ("into a partly open object, with another type", PARTLY, PARTLY | {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}, "BBBB"),
    ("a property out of an open object", MORE, OPEN, "SSBS"),
    ("a property out of a closed object", MORE_CLOSED, CLOSED, "BBSS"),
    ("an open object closed", OPEN, CLOSED, "BSSS"),
    ("a closed object opened", CLOSED, OPEN, "SSBS"),
    ("a property required", OPEN, OPEN | {"required": ["a"]}, "BBSS"),
    ("required with a default, which does not rescue it", OPEN, {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}, "required": ["a"]}, "BBSS"),
    ("a property no longer required", OPEN | {"required": ["a"]}, OPEN, "SSBB"),
    ("an undeclared property required", OPEN, OPEN | {"required": ["z"]}, "BBSS"),
    ("a required property that nobody could leave out", {"properties": {"a": True}, "minProperties": 1, "additionalProperties": False, "type": "object"}, {"properties": {"a": True}, "required": ["a"], "additionalProperties": False, "type": "object"}, "SSSS"),
    ("additional properties narrowed", {"additionalProperties": {"type": "number"}}, {"additionalProperties": {"type": "integer"}}, "BBSS"),
    ("pattern properties narrowed", {"patternProperties": {"^x": {"type": "number"}}}, {"patternProperties": {"^x": {"type": "integer"}}}, "BBSS"),
    ("pattern properties for fewer names", {"patternProperties": {"^x": {"type": "integer"}}}, {"patternProperties": {"^xy": {"type": "integer"}}}, "SSBS"),
    ("property names narrowed", {"propertyNames": {"maxLength": 5}}, {"propertyNames": {"maxLength": 4}}, "BSSS"),
    ("more properties at most", {"maxProperties": 2}, {"maxProperties": 3}, "SSBS"),
    ("more properties at least", {"minProperties": 1}, {"minProperties": 2}, "BSSS"),
    ("a dependency between properties", OPEN, OPEN | {"dependentRequired": {"a": ["b"]}}, "BBSS"),
    ("a dependent schema", OPEN, OPEN | {"dependentSchemas": {"a": {"required": ["b"]}}}, "BBSS"),
    ("a dependent schema that says what is said", OPEN, OPEN | {"dependentSchemas": {"a": {"properties": {"a": {"type": "string"}}}}}, "SSSS"),
    ("unevaluated properties forbidden", OPEN, OPEN | {"unevaluatedProperties": False}, "BSSS"),
    ("unevaluated properties beside allOf", {"allOf": [OPEN], "unevaluatedProperties": False}, MORE_CLOSED, "SSBB"),
    # Types and values.
    ("integer to number", {"type": "integer"}, {"type": "number"}, "SSBB"),
    ("a type more", {"type": "string"}, {"type": ["string", "null"]}, "SSBB"),
    ("an enum value more", {"enum": ["a", "b"]}, {"enum": ["b", "a", "c"]}, "SSBB"),
    ("an enum value less", {"enum": [1, 2]}, {"enum": [1.0]}, "BBSS"),
    ("a constant for an enum of one", {"enum": [1]}, {"const": 1}, "SSSS"),
    ("an enum out of a type", {"type": "boolean"}, {"enum": [True, False]}, "SSSS"),
    ("true is not 1", {"const": True}, {"const": 1}, "BBBB"),
    # Numbers.
    ("a lower minimum", {"minimum": 2}, {"minimum": 1}, "SSBB"),
    ("a minimum that is excluded", {"minimum": 2}, {"exclusiveMinimum": 2}, "BBSS"),
    ("an excluded bound between whole numbers", {"type": "integer", "exclusiveMinimum": 1}, {"type": "integer", "minimum": 2}, "SSSS"),
    ("a higher maximum", {"maximum": 1}, {"maximum": 2}, "SSBB"),
    ("a maximum removed", {"exclusiveMaximum": 2}, {}, "SSBB"),
    ("a multiple of a divisor", {"multipleOf": 6}, {"multipleOf": 3}, "SSBB"),
    ("a multiple of a tenth", {"multipleOf": 1}, {"multipleOf": 0.5}, "SSBB"),
    ("a multiple of what divides nothing", {"multipleOf": 2}, {"multipleOf": 3}, "BBBB"),
    # Texts.
    ("a shorter text at least", {"minLength": 2}, {"minLength": 1}, "SSBB"),
    ("a shorter text at most", {"maxLength": 5}, {"maxLength": 4}, "BBSS"),
    ("a pattern that says the same", {"pattern": "^[0-9]+$"}, {"pattern": "^\\d{1,}$"}, "SSSS"),
    ("a wider pattern", {"pattern": "^[a-f]{2}$"}, {"pattern": "^[a-z]+$"}, "SSBB"),
    ("a pattern for a length", {"minLength": 3, "maxLength": 3}, {"pattern": "^[\\s\\S]{3}$"}, "SSSS"),
    ("a pattern with look-around that changes", {"pattern": "^(?!a)"}, {"pattern": "^(?!b)"}, "UUUU"),
    # Arrays.
    ("items narrowed", {"items": {"type": "number"}}, {"items": {"type": "integer"}}, "BBSS"),
    ("a place in a tuple narrowed", {"prefixItems": [{"type": "number"}]}, {"prefixItems": [{"type": "integer"}]}, "BBSS"),
    ("a place more in an open tuple", {"prefixItems": [{}]}, {"prefixItems": [{}, {"type": "integer"}]}, "BBSS"),
    ("a place more in a closed tuple", {"prefixItems": [{}], "items": False}, {"prefixItems": [{}, {"type": "integer"}], "items": False}, "SSBB"),
    ("more items at least", {"minItems": 1}, {"minItems": 2}, "BBSS"),
    ("fewer items at most", {"maxItems": 3}, {"maxItems": 2}, "BBSS"),
    ("unique items", {"type": "array"}, {"type": "array", "uniqueItems": True}, "BBSS"),
    ("unique items of an array of one", {"maxItems": 1}, {"maxItems": 1, "uniqueItems": True}, "SSSS"),
    ("contains", {"type": "array"}, {"type": "array", "contains": {"type": "integer"}}, "BBSS"),
    ("contains what all items are", {"type": "array", "items": {"type": "integer"}, "minItems": 1}, {"type": "array", "contains": {"type": "integer"}}, "SSBB"),
    ("contains at least two", {"contains": {"const": 1}}, {"contains": {"const": 1}, "minContains": 2}, "BBSS"),
    ("contains at most one", {"contains": {"const": 1}}, {"contains": {"const": 1}, "maxContains": 1}, "BBSS"),
    ("unevaluated items forbidden", {"prefixItems": [{}]}, {"prefixItems": [{}], "unevaluatedItems": False}, "BBSS"),
    # Combinations. Branches pair by what they say, `not` turns round, and oneOf breaks where branches overlap.
    ("anyOf in another order, and one more", {"anyOf": [{"type": "string"}, {"type": "null"}]}, {"anyOf": [{"type": "null"}, {"type": "integer"}, {"type": "string"}]}, "SSBB"),
    ("anyOf for a list of types", {"type": ["string", "null"]}, {"anyOf": [{"type": "null"}, {"type": "string"}]}, "SSSS"),
    ("something, or null beside it", {"type": "string"}, {"oneOf": [{"type": "null"}, {"type": "string"}]}, "SSBB"),
    ("something or null, and the something wider", {"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "number"}, "BBBB"),
    ("an object, or null beside a wider one", NODE | {"properties": {"v": {"type": "integer"}}}, {"anyOf": [{"type": "null"}, NODE | {"properties": {"v": {"type": "number"}}}]}, "SSBB"),
    ("a oneOf branch that overlaps", {"oneOf": [{"type": "integer"}]}, {"oneOf": [{"type": "integer"}, {"type": "number"}]}, "BBBB"),
    ("a oneOf branch apart", {"oneOf": [{"type": "integer"}]}, {"oneOf": [{"type": "integer"}, {"type": "string"}]}, "SSBB"),
    ("oneOf told apart by a constant", {"oneOf": [{"properties": {"k": {"const": 1}}, "required": ["k"], "type": "object"}]}, {"oneOf": [{"properties": {"k": {"const": 2}}, "required": ["k"], "type": "object"}, {"properties": {"k": {"const": 1}}, "required": ["k"], "type": "object"}]}, "SSBB"),
    ("allOf put together", {"allOf": [{"minimum": 1}, {"maximum": 5}]}, {"minimum": 1, "maximum": 5}, "SSSS"),
    ("not of less", {"not": {"type": ["string", "null"]}}, {"not": {"type": "string"}}, "SSBB"),
    ("if, then, else", {"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"required": ["x"]}}, {"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"required": ["x", "y"]}}, "BBSS"),
    ("an else that is new", {"if": {"type": "string"}, "then": {"minLength": 1}}, {"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"type": "null"}}, "BBSS"),
    # Two faults in one document: each alone would be allowed by the other branch.
    ("two additional properties at odds", {"type": "object", "additionalProperties": EITHER}, {"anyOf": [{"additionalProperties": {"type": "integer"}}, {"additionalProperties": {"type": "string"}}]}, "BBBB"),
    ("two patterned properties at odds", {"type": "object", "patternProperties": {"^a": EITHER}, "additionalProperties": False}, {"type": "object", "additionalProperties": False, "anyOf": [{"patternProperties": {"^a": {"type": "integer"}}}, {"patternProperties": {"^a": {"type": "string"}}}]}, "BBSS"),
    ("two of two listed names at odds", {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": EITHER}, {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "anyOf": [{"additionalProperties": {"type": "integer"}}, {"additionalProperties": {"type": "string"}}]}, "BBSS"),
    ("two properties at odds where one is the most", {"type": "object", "additionalProperties": EITHER, "maxProperties": 1}, {"type": "object", "maxProperties": 1, "anyOf": [{"additionalProperties": {"type": "integer"}}, {"additionalProperties": {"type": "string"}}]}, "SSSS"),
    ("two items at odds", {"type": "array", "items": EITHER}, {"type": "array", "anyOf": [{"items": {"type": "integer"}}, {"items": {"type": "string"}}]}, "BBSS"),
    ("two items at odds where one is the most", {"type": "array", "items": EITHER, "maxItems": 1}, {"type": "array", "maxItems": 1, "anyOf": [{"items": {"type": "integer"}}, {"items": {"type": "string"}}]}, "SSSS"),
    # References.
    ("a part given a name", {"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"$ref": "#/$defs/t"}}, "$defs": {"t": {"type": "string"}}}, "SSSS"),
    ("a recursive schema, wider", {"$ref": "#/$defs/node", "$defs": {"node": NODE}}, {"$ref": "#/$defs/node", "$defs": {"node": WIDER_NODE}}, "SSBB"),
    ("an anchor", {"$ref": "#n", "$defs": {"x": {"$anchor": "n", "type": "integer"}}}, {"type": "number"}, "SSBB"),
    ("a dynamic reference with one target", {"$dynamicRef": "#n", "$defs": {"x": {"$dynamicAnchor": "n", "type": "integer"}}}, {"type": "number"}, "SSBB"),
    ("a reference to elsewhere", {"$ref": "https://example.com/x"}, {"type": "string"}, "UUUU"),
    # Draft-07.
    ("draft-07's tuple", {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}], "additionalItems": False}, {"prefixItems": [{"type": "string"}], "items": False}, "SSSS"),
    ("draft-07's dependencies", {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}}, {"dependentRequired": {"a": ["b"]}}, "SSSS"),
    ("draft-07's siblings of $ref say nothing", {"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/t", "minLength": 9, "definitions": {"t": {"type": "string"}}}, {"type": "string"}, "SSSS"),
]  # fmt: skip
