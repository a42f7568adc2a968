"""One OpenAPI document: its version, its references, and the text of its parts. Never follows a reference out of the document."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from governance.contracts.values import unescaped
from governance.contracts.vocabulary import InvalidSchema

#: References that lead to references: more are taken for a circle.
HOPS = 20
_SCHEMA = "#/components/schemas/"
_REFERENCE = re.compile(r'"\$(?:ref|dynamicRef)": "((?:[^"\\]|\\.)*)"')


class Source:
    """A parsed document. Raises InvalidSchema for what is none that can be read; the message names the place and the remedy."""

    def __init__(self, raw: Any, name: str) -> None:
        self.name = name
        if not isinstance(raw, dict):
            raise InvalidSchema(f"{name}: an OpenAPI document is a mapping; this is {type(raw).__name__}")
        self.raw: dict[str, Any] = raw
        version = str(raw.get("openapi", ""))
        if not version.startswith(("3.0", "3.1")):
            told = (
                f"openapi {version[:20]!r}"
                if version
                else f"swagger {raw['swagger']!r}"
                if "swagger" in raw
                else "no openapi"
            )
            raise InvalidSchema(f"{name}: /openapi: {told} is not read; convert the document to OpenAPI 3.0 or 3.1")
        #: Schemas are written in the words of OpenAPI 3.0, not in those of JSON Schema 2020-12.
        self.is_old = version.startswith("3.0")
        components = mapping(raw.get("components"), f"{name}: /components")
        self.components = components
        self.schemas = mapping(components.get("schemas"), f"{name}: /components/schemas")
        self.paths = mapping(raw.get("paths"), f"{name}: /paths")
        self._texts: dict[str, str] = {}
        self._path_texts: dict[str, str] = {}
        self._leads: dict[str, frozenset[str]] = {}

    def follow(self, value: Any, pointer: str) -> tuple[dict[str, Any], str]:
        """A part that may be a reference: what it means, and where that stands. Raises InvalidSchema."""
        for _ in range(HOPS):
            part = mapping(value, f"{self.name}: {pointer}")
            target = part.get("$ref")
            if not isinstance(target, str):
                return part, pointer
            if not target.startswith("#/"):
                raise InvalidSchema(
                    f"{self.name}: {pointer}: {target[:100]!r} lies outside; bundle all into one document"
                )
            value, pointer = self.at(target, pointer), unquote(target[1:])
        raise InvalidSchema(f"{self.name}: {pointer}: references lead in a circle; break it")

    def at(self, reference: str, pointer: str) -> Any:
        """What stands at a reference of this document, met at a pointer. Raises InvalidSchema."""
        found: Any = self.raw
        for part in unquote(reference[2:]).split("/"):
            name = unescaped(part)
            if isinstance(found, dict) and name in found:
                found = found[name]
            elif (
                isinstance(found, list)
                and name.isascii()
                and name.isdigit()
                and len(name) < 10
                and int(name) < len(found)
            ):
                found = found[int(name)]
            else:
                raise InvalidSchema(
                    f"{self.name}: {pointer}: {reference[:100]!r} leads nowhere; correct it or add the part"
                )
        return found

    def text_of(self, schema: str) -> str:
        """A named schema as text; empty where there is none."""
        if schema not in self._texts:
            self._texts[schema] = text_of(self.schemas[schema]) if schema in self.schemas else ""
        return self._texts[schema]

    def path_text(self, path: str) -> str:
        """A path's item as text."""
        if path not in self._path_texts:
            self._path_texts[path] = text_of(self.paths[path])
        return self._path_texts[path]

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same document alone."""
        return hashlib.sha256(text_of(self.raw).encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def has_ids(self) -> bool:
        """Whether parts of it may be called by names of their own."""
        return '"$id":' in text_of(self.raw)

    def leads(self, schema: str) -> frozenset[str]:
        """The schemas that a named one refers to, directly."""
        if schema not in self._leads:
            self._leads[schema] = names_in(self.text_of(schema))
        return self._leads[schema]

    def reached(self, start: frozenset[str]) -> frozenset[str]:
        """Those, and all that they lead to; of what there is."""
        found: set[str] = set()
        look = [name for name in start if name in self.schemas]
        while look:
            name = look.pop()
            if name not in found:
                found.add(name)
                look += [one for one in self.leads(name) if one in self.schemas and one not in found]
        return frozenset(found)


def text_of(value: Any) -> str:
    """A text that differs for values that differ. Raises InvalidSchema for what is no JSON."""
    try:
        return json.dumps(value, default=str)
    except (TypeError, ValueError) as error:
        raise InvalidSchema(f"a part of the document is no JSON: {error}") from None


def references_in(text: str) -> list[str]:
    """Every reference in a text of a schema; one in an example too, which harms nobody."""
    return [json.loads(f'"{one}"') if "\\" in one else one for one in _REFERENCE.findall(text)]


def names_in(text: str) -> frozenset[str]:
    """The named schemas that a text refers to."""
    found = (named(reference) for reference in references_in(text))
    return frozenset(one for one in found if one)


def named(reference: str) -> str:
    """The name of the schema that a reference leads to, or into; empty: to none."""
    if not reference.startswith(_SCHEMA):
        return ""
    return unescaped(unquote(reference[len(_SCHEMA) :].split("/", 1)[0]))


def mapping(value: Any, place: str) -> dict[str, Any]:
    """A mapping, or an empty one for nothing. Raises InvalidSchema."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidSchema(f"{place}: wants a mapping; this is {type(value).__name__}")
    return value
