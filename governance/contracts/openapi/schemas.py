"""Schemas of OpenAPI as JSON Schema, seen from one side: what a request or a response holds, a parameter or a header as text.

Owns that translation: `nullable` and the bounds of OpenAPI 3.0, `readOnly` and `writeOnly`, and the formats, which here say
which values there are (decision 46). What it can't read becomes a part that nobody can tell, equal only to itself. Never
compares.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from governance.contracts.openapi.parts import reference_to
from governance.contracts.openapi.source import HOPS, text_of
from governance.contracts.vocabulary import LIST, MAP, ONE, InvalidSchema, checked

View = Literal["request", "response", "parameter", "header"]
#: Views in which each value is written as a text: in a URL, and in a header of a request or of an answer.
WRITTEN: tuple[View, ...] = ("parameter", "header")
UNTOLD = "urn:plumbline:untold:"
_HIDDEN = {"request": "readOnly", "response": "writeOnly", "parameter": "", "header": ""}
_PLAIN = frozenset({
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "minContains",
    "maxContains", "required", "dependentRequired",
})  # fmt: skip
#: Words that OpenAPI 3.0 does not have; numbers as exclusive bounds are taken for what they mean.
_LATE = frozenset({
    "const", "minContains", "maxContains", "dependentRequired", "propertyNames", "contains", "if", "then", "else",
    "unevaluatedProperties", "unevaluatedItems", "prefixItems", "patternProperties", "dependentSchemas", "$dynamicRef",
    "contentMediaType", "contentEncoding", "contentSchema",
})  # fmt: skip
#: What a text holds, in words of JSON Schema 2020-12.
_CONTENT = frozenset({"contentMediaType", "contentEncoding", "contentSchema"})
_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
#: Words that an older version says with true and false; `required: true` of a property never meant anything.
_EARLY = frozenset({*_EXCLUSIVE, "required"})
_BOUNDS = frozenset({"enum", "const", "pattern", "minLength", "maxLength"})
#: The values of numbers, by format.
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1), "float": (-3.4028235e38, 3.4028235e38)}
_DATE, _TIME = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})"
#: The shapes of texts, by format: no more than their grammar's outline, which is enough to tell two formats apart.
PATTERNS = {
    "date": f"^{_DATE}$",
    "date-time": f"^{_DATE}[Tt]{_TIME}$",
    "time": f"^{_TIME}$",
    "uuid": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    "email": r"^[^@\s]+@[^@\s]+$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:\S*$",
    "ipv4": r"^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$",
    "byte": "^[A-Za-z0-9+/]*={0,2}$",
}


#: All that the translation looks at.
_READ = frozenset(
    {*ONE, *LIST, *MAP, *_PLAIN, *_CONTENT, "$ref", "$dynamicRef", "format", "nullable", "readOnly", "writeOnly"}
)


def alike(old: Any, new: Any) -> bool:
    """Whether two schemas are the same but for words, examples and the order in which things are said."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return text_of(old) == text_of(new)
    said = _READ & old.keys()
    return said == _READ & new.keys() and all(_alike(word, old[word], new[word]) for word in said)


def _alike(word: str, old: Any, new: Any) -> bool:
    if word in ONE:
        return alike(old, new)
    if word in LIST and isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(alike, old, new))
    if word in MAP and isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(alike(one, new[name]) for name, one in old.items())
    return text_of(old) == text_of(new)


class Reader(Protocol):
    """What a translation asks of the document around a schema."""

    def key(self, reference: str) -> str:
        """The part that a reference leads to, or is empty for one out of the document. Raises InvalidSchema: there is none."""
        ...

    def mark(self, reference: str) -> str:
        """What is to be the same for a reference that can't be followed to mean the same."""
        ...

    def target(self, reference: str) -> Any:
        """What stands at a reference within the document; None for any other."""
        ...


class Translation:
    """Of the schemas of one document, for one view."""

    def __init__(self, view: View, *, is_old: bool, source: Reader) -> None:
        self._view, self._is_old = view, is_old
        self._key, self._mark, self._target = source.key, source.mark, source.target
        self._hidden = _HIDDEN[view]

    def schema(self, raw: Any) -> Any:
        """One schema, and all within it."""
        if isinstance(raw, bool):
            return raw
        if not isinstance(raw, dict):
            return untold(raw)
        if self._is_old and "$ref" in raw:  # its siblings say nothing there
            raw = {"$ref": raw["$ref"]}
        said: dict[str, Any] = {}
        unread: list[Any] = []
        for keyword, value in raw.items():
            if (self._is_old and keyword in _LATE) or (keyword in _EARLY and isinstance(value, bool)):
                continue
            if keyword in ("$ref", "$dynamicRef") and isinstance(value, str):
                key = self._key(value)
                said["$ref"] = reference_to(key) if key else f"{UNTOLD}{self._mark(value)}{value}"
                continue
            if keyword in _CONTENT:
                if _holds_content(raw, keyword):
                    unread.append({keyword: value})  # what is in the text is not looked at
                continue
            try:
                self._say(said, keyword, value)
            except (InvalidSchema, TypeError, ValueError):
                unread.append({keyword: value})
        self._hide(said, raw)
        _bounds(said, raw)
        _format(said, raw)
        if self._view in WRITTEN:
            _written(said)
        if unread:
            said["allOf"] = [*said.get("allOf", ()), untold(unread)]
        return _nullable(said, raw) if self._is_old and raw.get("nullable") is True else said

    def _say(self, said: dict[str, Any], keyword: str, value: Any) -> None:
        """One keyword; annotations say nothing. Raises InvalidSchema for one that can't be read."""
        if keyword in ("$ref", "$dynamicRef"):
            raise InvalidSchema(keyword)
        if keyword in ONE:
            said[keyword] = self.schema(value)
        elif keyword in LIST:
            if not isinstance(value, list) or not value:
                raise InvalidSchema(keyword)
            said[keyword] = [self.schema(one) for one in value]
        elif keyword in MAP:
            if not isinstance(value, dict):
                raise InvalidSchema(keyword)
            said[keyword] = {str(name): self.schema(one) for name, one in value.items()}
        elif keyword in _PLAIN and value is not None:
            checked(keyword, value, keyword)
            said[keyword] = value

    def _hide(self, said: dict[str, Any], raw: dict[str, Any]) -> None:
        """Leave out the properties that are not sent this way."""
        properties = raw.get("properties")
        if not self._hidden or not isinstance(properties, dict):
            return
        hidden = {str(name) for name, one in properties.items() if self._is_hidden(one)}
        if hidden and "properties" in said:
            said["properties"] = {name: one for name, one in said["properties"].items() if name not in hidden}
            said["required"] = [name for name in said.get("required", ()) if name not in hidden]

    def _is_hidden(self, schema: Any) -> bool:
        """Whether it says so itself, or what it refers to does."""
        for _ in range(HOPS):
            if not isinstance(schema, dict):
                return False
            if schema.get(self._hidden) is True:
                return True
            schema = self._target(schema["$ref"]) if isinstance(schema.get("$ref"), str) else None
        return False


def untold(value: Any) -> dict[str, Any]:
    """A schema that nobody can tell the meaning of, and that is the same only where the text is."""
    return {"$ref": f"{UNTOLD}{text_of(value)}"}


def _holds_content(raw: dict[str, Any], keyword: str) -> bool:
    """Whether such a word says something: of texts alone, and a schema of what they hold only beside their media type (JSON
    Schema 2020-12, Validation, 8.2 to 8.5).
    """
    types = raw.get("type", "string")
    is_text = "string" in ([types] if isinstance(types, str) else types if isinstance(types, list) else ["string"])
    return is_text and (keyword != "contentSchema" or "contentMediaType" in raw)


def _bounds(said: dict[str, Any], raw: dict[str, Any]) -> None:
    """`exclusiveMinimum: true` is said of the minimum beside it; many write it in 3.1 as well."""
    for exclusive, word in _EXCLUSIVE.items():
        if raw.get(exclusive) is True and word in said:
            said[exclusive] = said.pop(word)


def _format(said: dict[str, Any], raw: dict[str, Any]) -> None:
    """A format that is known, as the values that there are."""
    name, types = raw.get("format"), said.get("type", ())
    types = {types} if isinstance(types, str) else set(types)
    if not isinstance(name, str):
        return
    if name in _RANGES and types & {"integer", "number"}:
        least, most = _RANGES[name]
        said["minimum"] = max(least, said.get("minimum", least))
        said["maximum"] = min(most, said.get("maximum", most))
    elif name in PATTERNS and "string" in types:
        if "pattern" in said:
            said["allOf"] = [*said.get("allOf", ()), {"pattern": PATTERNS[name]}]
        else:
            said["pattern"] = PATTERNS[name]


def _written(said: dict[str, Any]) -> None:
    """A text without bounds may be read from whatever is written: in a URL or a header each value is a text."""
    types = said.get("type", ())
    types = [types] if isinstance(types, str) else types
    if "string" in types and said.keys().isdisjoint(_BOUNDS):
        said["type"] = list(dict.fromkeys([*types, "number", "boolean"]))


def _nullable(said: dict[str, Any], raw: dict[str, Any]) -> dict[str, Any]:
    """Null as well. Beside `allOf` and its like OpenAPI 3.0.3 gives `nullable` no meaning; those who write it there mean it."""
    if "type" in said:
        types = said["type"]
        said["type"] = [*([types] if isinstance(types, str) else types), "null"]
        if "enum" in said and None not in said["enum"]:
            said["enum"] = [*said["enum"], None]
    if said.keys() & {"allOf", "anyOf", "oneOf"}:
        return {"anyOf": [said, {"type": "null"}]}
    return said
