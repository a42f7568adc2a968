"""Random schemas, single edits of them, and random documents that a schema accepts: all without the comparison's own search.

Seeded, so that a pair can be made again from its number. Owns no verdict.
"""

from __future__ import annotations

import copy
import random
from typing import Any

NAMES = ["a", "b", "c", "x1", "id"]
PATTERNS = ["^a", "^[a-z]+$", "1", "^x", "b$", "^[ab]{1,2}$", "^\\d+$"]
TEXTS = ["", "a", "b", "ab", "abc", "x1", "1", "id", "aa", "zz", "xyz", "b1"]
SCALARS: list[Any] = [None, True, False, 0, 1, 2, 3, -1, 5, 10, 0.5, 1.5, 2.0, *TEXTS]


def schema(rng: random.Random, depth: int = 3) -> Any:
    """A schema of a few keywords."""
    roll = rng.random()
    if roll < 0.04:
        return rng.random() < 0.7
    if depth and roll < 0.3:
        return combined(rng, depth)
    made: dict[str, Any] = {}
    kind = rng.choice(["object", "object", "array", "string", "integer", "number", "boolean", "null", "any"])
    if kind != "any":
        made["type"] = kind if rng.random() < 0.8 else sorted({kind, rng.choice(["null", "string", "integer"])})
    if rng.random() < 0.12:
        return made | {"enum": rng.sample(SCALARS, rng.randint(1, 4))}
    for speaks_of, add in (("object", of_objects), ("array", of_arrays), ("string", of_texts), ("number", of_numbers)):
        if kind in (speaks_of, "any") or (kind == "integer" and speaks_of == "number"):
            add(rng, made, depth)
    return made


def referring(rng: random.Random) -> dict[str, Any]:
    """A schema with parts that it refers to, which refer to each other where a document is less deep."""
    parts = {name: schema(rng, 2) for name in "xyz"}
    whole = schema(rng, 2)
    whole = whole if isinstance(whole, dict) else {"properties": {"a": whole}}
    for place in [place for one in (whole, *parts.values()) for place in _places(one) if isinstance(place, dict)]:
        for name in place.get("properties", {}):
            if rng.random() < 0.4:
                place["properties"][name] = {"$ref": f"#/$defs/{rng.choice('xyz')}"}
        for word in ("items", "additionalProperties"):
            if word in place and rng.random() < 0.4:
                place[word] = {"$ref": f"#/$defs/{rng.choice('xyz')}"}
    return whole | {"$defs": parts}


def combined(rng: random.Random, depth: int) -> dict[str, Any]:
    word = rng.choice(["allOf", "anyOf", "oneOf", "not", "if", "anyOf"])
    if word == "not":
        return {"not": schema(rng, depth - 1)} | ({"type": "object"} if rng.random() < 0.3 else {})
    if word == "if":
        made = {"if": schema(rng, depth - 1), "then": schema(rng, depth - 1)}
        return made | ({"else": schema(rng, depth - 1)} if rng.random() < 0.5 else {})
    return {word: [schema(rng, depth - 1) for _ in range(rng.randint(1, 3))]}


def of_objects(rng: random.Random, made: dict[str, Any], depth: int) -> None:
    if depth and rng.random() < 0.85:
        made["properties"] = {name: schema(rng, depth - 1) for name in rng.sample(NAMES, rng.randint(1, 3))}
    if rng.random() < 0.4:
        made["required"] = rng.sample(NAMES, rng.randint(1, 2))
    if rng.random() < 0.35:
        made["additionalProperties"] = False if rng.random() < 0.6 or not depth else schema(rng, depth - 1)
    if depth and rng.random() < 0.15:
        made["patternProperties"] = {rng.choice(PATTERNS): schema(rng, depth - 1)}
    if rng.random() < 0.1:
        made["propertyNames"] = {"pattern": rng.choice(PATTERNS)}
    if rng.random() < 0.12:
        made["minProperties"] = rng.randint(0, 3)
    if rng.random() < 0.12:
        made["maxProperties"] = rng.randint(1, 4)
    if rng.random() < 0.1:
        made["dependentRequired"] = {rng.choice(NAMES): rng.sample(NAMES, 1)}
    if depth and rng.random() < 0.06:
        made["dependentSchemas"] = {rng.choice(NAMES): schema(rng, depth - 1)}
    if depth and rng.random() < 0.05 and "additionalProperties" not in made:
        made["unevaluatedProperties"] = False


def of_arrays(rng: random.Random, made: dict[str, Any], depth: int) -> None:
    if depth and rng.random() < 0.25:
        made["prefixItems"] = [schema(rng, depth - 1) for _ in range(rng.randint(1, 2))]
    if depth and rng.random() < 0.7:
        made["items"] = schema(rng, depth - 1)
    if rng.random() < 0.25:
        made["minItems"] = rng.randint(0, 3)
    if rng.random() < 0.25:
        made["maxItems"] = rng.randint(0, 4)
    if rng.random() < 0.12:
        made["uniqueItems"] = True
    if depth and rng.random() < 0.12:
        made["contains"] = schema(rng, depth - 1)
        if rng.random() < 0.3:
            made["minContains"] = rng.randint(0, 2)
        if rng.random() < 0.3:
            made["maxContains"] = rng.randint(1, 2)


def of_texts(rng: random.Random, made: dict[str, Any], depth: int) -> None:
    if rng.random() < 0.3:
        made["minLength"] = rng.randint(0, 3)
    if rng.random() < 0.3:
        made["maxLength"] = rng.randint(1, 4)
    if rng.random() < 0.25:
        made["pattern"] = rng.choice(PATTERNS)


def of_numbers(rng: random.Random, made: dict[str, Any], depth: int) -> None:
    if rng.random() < 0.35:
        made[rng.choice(["minimum", "exclusiveMinimum"])] = rng.choice([-1, 0, 1, 2, 0.5])
    if rng.random() < 0.35:
        made[rng.choice(["maximum", "exclusiveMaximum"])] = rng.choice([2, 3, 5, 10, 1.5])
    if rng.random() < 0.15:
        made["multipleOf"] = rng.choice([1, 2, 3, 0.5])


def edited(rng: random.Random, whole: Any) -> Any:
    """The same schema with one edit, which more often than not only widens it."""
    whole = copy.deepcopy(whole)
    places = [place for place in _places(whole) if isinstance(place, dict)]
    if not places:
        return schema(rng, 2)
    place = rng.choice(places)
    said = [word for word in place if word not in ("type", "$defs")]
    roll = rng.random()
    if roll < 0.3 and said:
        place.pop(rng.choice(said))
    elif roll < 0.65:
        _loosen(rng, place)
    elif roll < 0.7 and _split(rng, place):
        pass
    elif roll < 0.75 and "anyOf" in place:
        place["anyOf"].append(schema(rng, 1))
    elif roll < 0.82:
        rng.choice([of_objects, of_arrays, of_texts, of_numbers])(rng, place, 1)
    elif roll < 0.9:
        place["description"] = "in other words"
    else:
        other = schema(rng, 1)
        place.update(other if isinstance(other, dict) else {})
    return whole


def _split(rng: random.Random, place: dict[str, Any]) -> bool:
    """Put alternatives in, each of which narrows one keyword in its own way: a document may be at odds with all."""
    words = [word for word in ("additionalProperties", "items", "propertyNames", "contains") if word in place]
    if not words and place.get("type") in ("object", "array"):
        words = ["additionalProperties" if place["type"] == "object" else "items"]
    if not words or "anyOf" in place:
        return False
    word = rng.choice(words)
    place["anyOf"] = [
        {word: part} for part in rng.sample([{"type": "integer"}, {"type": "string"}, {"type": "null"}], 2)
    ]
    return True


def _loosen(rng: random.Random, place: dict[str, Any]) -> None:
    for word in rng.sample(sorted(place), len(place)):
        value = place[word]
        if word == "$ref":
            place[word] = f"#/$defs/{rng.choice('xyz')}"
            return
        if word in ("minimum", "minLength", "minItems", "minProperties"):
            place[word] = max(0, value - 1) if word != "minimum" else value - 1
        elif word in ("maximum", "maxLength", "maxItems", "maxProperties"):
            place[word] = value + 1
        elif word == "enum":
            place[word] = [*value, "more"]
        elif word == "required" and value:
            place[word] = value[1:]
        elif word == "type":
            place[word] = sorted({*([value] if isinstance(value, str) else value), rng.choice(["null", "boolean"])})
        else:
            continue
        return


def _places(whole: Any) -> list[Any]:
    found = [whole]
    if isinstance(whole, dict):
        for word, value in whole.items():
            if word in ("properties", "patternProperties", "dependentSchemas", "$defs"):
                found += [place for part in value.values() for place in _places(part)]
            elif word in ("allOf", "anyOf", "oneOf", "prefixItems"):
                found += [place for part in value for place in _places(part)]
            elif word in ("items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames"):
                found += _places(value)
    return found


def document(rng: random.Random, whole: Any, depth: int = 4) -> Any:
    """A document that has a fair chance to fit."""
    if not isinstance(whole, dict) or depth <= 0 or rng.random() < 0.05:
        return anything(rng, depth)
    for word in ("allOf", "anyOf", "oneOf"):
        if word in whole and rng.random() < (0.8 if "type" not in whole else 0.2):
            return document(rng, rng.choice(whole[word]), depth - 1)
    if "then" in whole and rng.random() < 0.5:
        return document(rng, rng.choice([whole["if"], whole["then"], whole.get("else", True)]), depth - 1)
    if "enum" in whole and rng.random() < 0.9:
        return rng.choice(whole["enum"])
    kinds = whole.get("type", ["object", "array", "string", "number", "null", "boolean"])
    kind = kinds if isinstance(kinds, str) else rng.choice(kinds)
    if kind == "object":
        return _object(rng, whole, depth)
    if kind == "array":
        return _array(rng, whole, depth)
    if kind == "string":
        return rng.choice(TEXTS)
    if kind in ("integer", "number"):
        return rng.choice(
            [-2, -1, 0, 1, 2, 3, 4, 5, 6, 9, 10, 11] + ([] if kind == "integer" else [0.5, 1.5, 2.5, 0.1])
        )
    return None if kind == "null" else rng.random() < 0.5


def _object(rng: random.Random, whole: dict[str, Any], depth: int) -> dict[str, Any]:
    parts = whole.get("properties", {})
    names = {name for name in parts if rng.random() < 0.6} | set(whole.get("required", ()))
    while rng.random() < 0.4:
        names.add(rng.choice([*NAMES, "aa", "zz", "y", "ab", "1", "x"]))
    other = whole.get("additionalProperties", True)
    return {name: document(rng, parts.get(name, other), depth - 1) for name in sorted(names)}


def _array(rng: random.Random, whole: dict[str, Any], depth: int) -> list[Any]:
    prefix = whole.get("prefixItems", [])
    size = rng.choice([0, 1, 1, 2, 3, whole.get("minItems", 0), whole.get("maxItems", 2)])
    part = whole.get("contains", True) if rng.random() < 0.3 else whole.get("items", True)
    return [document(rng, prefix[at] if at < len(prefix) else part, depth - 1) for at in range(size)]


def anything(rng: random.Random, depth: int) -> Any:
    roll = rng.random()
    if depth > 0 and roll < 0.15:
        return {rng.choice(NAMES): anything(rng, depth - 1) for _ in range(rng.randint(0, 2))}
    if depth > 0 and roll < 0.3:
        return [anything(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return rng.choice(SCALARS)
