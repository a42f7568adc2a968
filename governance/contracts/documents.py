"""A schema as a tree of nodes with one vocabulary: annotations are left out, and references found.

Owns the reading of a whole schema, its limits and its loops. Never compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from governance.contracts.judges import Judge
from governance.contracts.nodes import IN_PLACE, PARTS, Node, in_place, simplify
from governance.contracts.values import canonical, escaped, unescaped
from governance.contracts.vocabulary import (
    DRAFT_07,
    LIST,
    MAX_DEPTH,
    ONE,
    PLACES,
    STORES,
    InvalidSchema,
    checked,
    draft_of,
    mapping,
    vocabulary,
)

MAX_NODES = 10_000
#: That no two of them fit is a question for each pair.
MAX_ONE_OF = 200
#: What leads to other schemas; all other keywords are plain.
_LEADING, _STORES = PARTS | {"$recursiveRef"}, frozenset(STORES)
_NAMES = frozenset({"$id", "$anchor", "$dynamicAnchor"})


class Document:
    """A whole schema. Raises InvalidSchema for what can't be read or is too large.

    `roots`: pointers to the parts that payloads are asked about; without them that is the whole. `most`: parts. `frees`: an
    object of which no property is declared may hold any, for those who ask what senders declare (declared.py).
    """

    def __init__(
        self, schema: Any, name: str, *, roots: Iterable[str] = (), most: int = MAX_NODES, frees: bool = False
    ) -> None:
        self.name, self.schema, self.most, self.frees = name, schema, most, frees
        self.nodes: dict[str, Node] = {}
        self._resources: dict[str, Node] = {}
        self._anchors: dict[tuple[str, str], Node] = {}
        self._dynamic: dict[str, int] = {}
        self._references: list[tuple[Node, str, str]] = []
        self._judge: Judge | None = None
        self.draft = draft_of(schema)
        self.root = self._read(schema, "", "", 0)
        self._resources.setdefault("", self.root)
        while self._references:
            self._resolve(*self._references.pop())
        self._refuse_loops()
        self._follow()
        self.roots = [self.nodes[pointer] for pointer in roots] or [self.root]

    def judge(self) -> Judge:
        """Both validators of it, made once. Raises Disagreement when it is not one for them."""
        if self._judge is None:
            self._judge = Judge(self.schema, self.draft)
        return self._judge

    def _read(self, raw: Any, pointer: str, base: str, depth: int) -> Node:
        if pointer in self.nodes:
            return self.nodes[pointer]
        if depth > MAX_DEPTH:
            raise InvalidSchema(f"{pointer[:80]}…: schemas are nested more than {MAX_DEPTH} deep; name parts in $defs")
        if len(self.nodes) >= self.most:
            raise InvalidSchema(f"the schema has more than {self.most:,} parts; split it into several contracts")
        node = self.nodes[pointer] = Node(self, pointer, base, raw)
        if isinstance(raw, bool):
            node.never = not raw
            return node
        if not isinstance(raw, dict):
            raise InvalidSchema(f"{pointer or '/'}: a schema is an object, true or false; this is {type(raw).__name__}")
        if self.draft == DRAFT_07 and "$ref" in raw:
            raw = {name: raw[name] for name in ("$ref", *STORES) if name in raw}  # there its siblings say nothing
        if pointer and "$schema" in raw and draft_of(raw) != self.draft:
            node.opaque = f"{pointer} of {self.name}, in another draft"  # both validators turn to it there
            return node
        if not _NAMES.isdisjoint(raw):
            self._name(node, raw)
        self._say_all(node, raw, depth)
        simplify(node)
        return node

    def _say_all(self, node: Node, raw: dict[str, Any], depth: int) -> None:
        if self.draft != DRAFT_07 and isinstance(raw.get("dependencies"), dict):  # one validator alone asserts it
            node.opaque = f"dependencies {canonical(raw['dependencies'])}"
        for keyword, value in vocabulary(raw, self.draft).items():
            if keyword in _LEADING:
                self._say(node, keyword, value, depth)
            else:
                node.says[keyword] = checked(keyword, value, f"{node.pointer}/{keyword}")
        if not _STORES.isdisjoint(raw):
            self._store(node, raw, depth)

    def _store(self, node: Node, raw: dict[str, Any], depth: int) -> None:
        """`$defs`, which say nothing where they stand."""
        for store in (one for one in STORES if one in raw):
            for name, part in mapping(raw[store], f"{node.pointer}/{store}").items():
                self._read(part, f"{node.pointer}/{store}/{escaped(name)}", node.base, depth + 1)

    def _name(self, node: Node, raw: dict[str, Any]) -> None:
        """`$id` and anchors."""
        own = raw.get("$id")
        if isinstance(own, str) and not own.startswith("#"):
            node.base = urldefrag(urljoin(node.base, own))[0]
            self._resources[node.base] = node
        elif isinstance(own, str):
            self._anchors[node.base, own[1:]] = node
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(raw.get(keyword), str):
                self._anchors[node.base, raw[keyword]] = node
        if isinstance(raw.get("$dynamicAnchor"), str):
            self._dynamic[raw["$dynamicAnchor"]] = self._dynamic.get(raw["$dynamicAnchor"], 0) + 1

    def _say(self, node: Node, keyword: str, value: Any, depth: int) -> None:
        """A keyword of _LEADING: a reference, or schemas below."""
        place = f"{node.pointer}/{PLACES.get(keyword, keyword) if self.draft == DRAFT_07 else keyword}"
        if keyword in ("$ref", "$dynamicRef"):
            if not isinstance(value, str):
                raise InvalidSchema(f"{place}: a reference is a text")
            self._references.append((node, keyword, value))
        elif keyword == "$recursiveRef":
            node.opaque = f"$recursiveRef {value} of {self.name}"
        elif keyword in ONE:
            node.says[keyword] = self._read(value, self._where(node, keyword, place), node.base, depth + 1)
        elif keyword in LIST:
            if not isinstance(value, list) or (not value and keyword != "prefixItems"):
                raise InvalidSchema(f"{place}: wants a list of schemas, and at least one")
            if keyword == "oneOf" and len(value) > MAX_ONE_OF:
                raise InvalidSchema(f"{place}: {len(value):,} schemas, of which one may fit; {MAX_ONE_OF} is the most")
            parts = (self._read(one, f"{place}/{at}", node.base, depth + 1) for at, one in enumerate(value))
            node.says[keyword] = tuple(parts)
        else:
            parts_of = mapping(value, place).items()
            node.says[keyword] = {
                name: self._read(one, f"{place}/{escaped(name)}", node.base, depth + 1) for name, one in parts_of
            }

    def _where(self, node: Node, keyword: str, place: str) -> str:
        if self.draft == DRAFT_07 and keyword == "items" and isinstance(node.raw.get("items"), list):
            return f"{node.pointer}/additionalItems"
        return place

    def _resolve(self, node: Node, keyword: str, reference: str) -> None:
        target = self._target(node, reference)
        anchor = urldefrag(reference)[1]
        if keyword == "$dynamicRef" and target is not None and self._dynamic.get(anchor, 0) > 1:
            target = None
        if target is None:  # what a dynamic reference means lies in its document
            whose = f" of {self.name}" if keyword == "$dynamicRef" else ""
            node.opaque = f"{keyword} {urljoin(node.base, reference)}{whose}"
        else:
            node.says["$ref" if keyword == "$ref" else "$dynamicRef"] = target

    def _target(self, node: Node, reference: str) -> Node | None:
        address, fragment = urldefrag(urljoin(node.base, reference))
        if reference.startswith("#"):
            address = node.base
        resource = self._resources.get(address)
        if resource is None:
            return None
        fragment = unquote(fragment)
        if not fragment:
            return resource
        if not fragment.startswith("/"):
            return self._anchors.get((address, fragment))
        raw: Any = resource.raw
        for part in fragment[1:].split("/"):
            name = unescaped(part)
            if isinstance(raw, dict) and name in raw:
                raw = raw[name]
            elif isinstance(raw, list) and name.isascii() and name.isdigit() and int(name) < len(raw):
                raw = raw[int(name)]
            else:
                raise InvalidSchema(f"{node.pointer or '/'}: {reference!r} leads nowhere; correct it or add the part")
        return self._read(raw, resource.pointer + fragment, resource.base, 0)

    def _refuse_loops(self) -> None:
        """A schema that asks only itself about a value says nothing, and has validators run for ever."""
        done: set[int] = set()
        for start in [node for node in self.nodes.values() if not IN_PLACE.isdisjoint(node.says)]:
            path: list[tuple[Node, Iterator[Node]]] = [(start, in_place(start))]
            on_path = {id(start)}
            while path:
                node, rest = path[-1]
                following = next(rest, None)
                if following is None or id(node) in done:
                    path.pop()
                    on_path.discard(id(node))
                    done.add(id(node))
                elif id(following) in on_path:
                    raise InvalidSchema(f"{following.pointer or '/'}: refers to itself without an end; break the loop")
                elif id(following) not in done:
                    path.append((following, in_place(following)))
                    on_path.add(id(following))

    def _follow(self) -> None:
        """Find what each reference means in the end."""
        for start in self.nodes.values():
            node, passed = start, []
            while node.meant is node and node.says.keys() == {"$ref"} and not node.opaque:
                passed.append(node)
                node = node.says["$ref"]
            for one in passed:
                one.meant = node.meant
