"""One side of a comparison as a document of the engine: a part for each question, and the named schemas that these lead to.

Owns the way from a place in it back to one in the OpenAPI document, and the validators. Never compares.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote

from governance.contracts.documents import Document
from governance.contracts.judges import Judge
from governance.contracts.nodes import Node
from governance.contracts.openapi.loops import opened
from governance.contracts.openapi.operations import Payload
from governance.contracts.openapi.parts import part_at, part_of, pointer_of
from governance.contracts.openapi.schemas import WRITTEN, Translation, View
from governance.contracts.openapi.source import Source, named, names_in, references_in, text_of
from governance.contracts.values import escaped
from governance.contracts.vocabulary import LATEST, InvalidSchema

#: Parts of all schemas that differ, together with what they lead to.
MOST_NODES = 200_000


class Side:
    """One document as the engine reads it: a part for each question, and the named schemas that these lead to."""

    def __init__(self, source: Source, view: View, payloads: dict[str, Payload]) -> None:
        self._source, self._payloads, self._others = source, payloads, dict[str, Any]()
        texts = [text_of(one.schema) for one in payloads.values()]
        reached = source.reached(frozenset().union(*map(names_in, texts)))
        translation = Translation(view, is_old=source.is_old, source=self)
        self.parts = {title: translation.schema(one.schema) for title, one in payloads.items()}
        self.parts |= {name: translation.schema(source.schemas[name]) for name in sorted(reached)}
        while waiting := [name for name in self._others if name not in self.parts]:
            self.parts |= {name: translation.schema(self._others[name]) for name in waiting}
        self.parts = opened(self.parts, source.fingerprint)
        roots = [pointer_of(title) for title in payloads]
        try:
            self.document = Document(
                {"$schema": LATEST, "$defs": self.parts}, source.name,
                roots=roots, most=MOST_NODES, frees=view not in WRITTEN,
            )  # fmt: skip
        except InvalidSchema as error:
            raise InvalidSchema(f"{source.name}: {self._named_place(str(error))}") from None
        self._judges: dict[str, Judge] = {}
        #: Parts that validators were made of so far.
        self.judged = 0
        self._leads: dict[str, frozenset[str]] = {}
        self._users: dict[str, frozenset[str]] = {}
        self._led_by: dict[str, set[str]] = {}
        self._titles = frozenset(payloads)

    def key(self, reference: str) -> str:
        """The part for a reference; what stands elsewhere than among the named schemas becomes one by its pointer."""
        name = named(reference)
        if name in self._source.schemas and reference.count("/") == 3:
            return name
        if not reference.startswith("#/"):
            return ""
        place = unquote(reference[1:])
        self._others.setdefault(place, self._source.at(reference, reference))
        return place

    def mark(self, reference: str) -> str:
        """By an anchor or an id it may lead into the document, which is not looked into: then all of that has to be the same."""
        return self._source.fingerprint if reference.startswith("#") or self._source.has_ids else ""

    def target(self, reference: str) -> Any:
        """What stands at a reference within the document; None for any other."""
        try:
            return self._source.at(reference, reference) if reference.startswith("#/") else None
        except InvalidSchema:
            return None

    def node(self, title: str) -> Node:
        return self.document.nodes[pointer_of(title)]

    def judge(self, node: Node) -> Judge:
        """The validators of a question's schema, with the named schemas that it needs. Raises Disagreement."""
        if node.pointer not in self._judges:
            needed = self._reached(part_of(node.pointer))
            self.judged += len(needed)
            schema = {
                "$ref": "#" + quote(node.pointer, safe="/~$"),
                "$defs": {name: self.parts[name] for name in needed},
            }
            self._judges[node.pointer] = Judge(schema, LATEST)
        return self._judges[node.pointer]

    def distances(self, pointers: Iterable[str]) -> dict[str, int]:
        """The questions that lead to one of the parts that these pointers are in, by how many references away the nearest is."""
        if not self._led_by:
            for name in self.parts:
                for target in self._led(name):
                    self._led_by.setdefault(target, set()).add(name)
        found: dict[str, int] = {}
        row = seen = set(map(part_of, pointers))
        far = 0
        while row:
            found |= dict.fromkeys(row & self._titles, far)
            row = set[str]().union(*(self._led_by.get(name, ()) for name in row)) - seen
            seen = seen | row
            far += 1
        return found

    def users(self, pointer: str) -> frozenset[str]:
        """The questions whose schema is, or leads to, the part that a pointer is in."""
        part = part_of(pointer)
        if part not in self._users:
            self._users[part] = frozenset(self.distances([pointer]))
        return self._users[part]

    def _reached(self, start: str) -> set[str]:
        """A part, and all that it leads to."""
        found = row = {start}
        while row:
            row = set[str]().union(*map(self._led, row)) - found
            found = found | row
        return found

    def _led(self, name: str) -> frozenset[str]:
        if name not in self._leads:
            targets = map(part_at, references_in(text_of(self.parts[name])))
            self._leads[name] = frozenset(one for one in targets if one is not None)
        return self._leads[name]

    def pointer(self, pointer: str) -> str:
        """Where in the OpenAPI document that is."""
        name = part_of(pointer)
        rest = pointer[len(pointer_of(name)) :]
        if name in self._payloads:
            return self._payloads[name].pointer + rest
        return (name if name.startswith("/") else f"/components/schemas/{escaped(name)}") + rest

    def _named_place(self, error: str) -> str:
        place, _, rest = error.partition(": ")
        return f"{self.pointer(place)}: {rest}" if place.startswith("/$defs/") else error
