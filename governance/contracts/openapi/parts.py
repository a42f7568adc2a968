"""How the parts of an engine's document are named: one for each question, and one for each schema that these lead to.

Owns pointers to them and references to them, both ways. Never reads a schema.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from governance.contracts.values import escaped, unescaped

_STORE = "/$defs/"
#: What stands as it is in a reference.
_SAFE = "/~"


def pointer_of(name: str) -> str:
    """Where a part is."""
    return f"{_STORE}{escaped(name)}"


def part_of(pointer: str) -> str:
    """The name of the part that a pointer is in; empty for one into none."""
    return unescaped(pointer.split("/")[2]) if pointer.count("/") > 1 else ""


def reference_to(name: str) -> str:
    """What `$ref` says for a part."""
    return f"#{_STORE}{quote(escaped(name), safe=_SAFE)}"


def part_at(reference: str) -> str | None:
    """The name of the part that a reference leads to, or into; None for one that leads elsewhere."""
    return part_of(unquote(reference[1:])) if reference.startswith(f"#{_STORE}") else None
