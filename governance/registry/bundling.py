"""A JSON Schema and those it refers to by name, as one that stands alone: the others go under `$defs`, and `$ref`s follow.

Owns that rewriting. What `$ref` says before its fragment is a reference's name, as clients of registries have it, or the `$id` of
what is referred to, as JSON Schema has it. Pure.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from governance.contracts import InvalidSchema
from governance.contracts.values import escaped

#: Where the others go: no name of a schema's own.
HOME = "$defs"
#: What holds values, in which `$ref` is no reference.
_VALUES = frozenset({"enum", "const", "default", "examples"})


def bundled(value: Any, others: list[tuple[str, Any]]) -> Any:
    """The whole. Raises InvalidSchema for what can't be told, such as a name that is taken."""
    if not isinstance(value, dict):
        return value
    names = {name: f"#/{HOME}/{quote(escaped(name))}" for name, _ in others}
    places = {**_by_id(others, names), **names}  # what a client calls something comes first
    whole: dict[str, Any] = _moved(value, places, "")
    home = dict(whole.get(HOME) or {})
    for name, other in others:
        if name in home:
            raise InvalidSchema(
                f"/{HOME}/{escaped(name)}: the name of a reference is taken; call the reference something else"
            )
        home[name] = _without_draft(_moved(other, places, names[name]))
    return {**whole, HOME: home}


def _by_id(others: list[tuple[str, Any]], names: dict[str, str]) -> dict[str, str]:
    """Where each goes by its `$id`. Not what two that differ both call themselves: nobody could say which is meant."""
    called: dict[str, tuple[str, Any]] = {}
    unclear = {""}
    for name, other in others:
        said = _id(other)
        if called.setdefault(said, (name, other))[1] != other:
            unclear.add(said)
    return {said: names[name] for said, (name, _) in called.items() if said not in unclear}


def _id(value: Any) -> str:
    """What a schema says that it is called, by the word of its draft; empty where it says nothing."""
    said = value.get("$id", value.get("id")) if isinstance(value, dict) else None
    return said.rstrip("#") if isinstance(said, str) else ""


def _moved(value: Any, places: dict[str, str], own: str) -> Any:
    """With each `$ref` where it leads now. `own`: where this schema itself goes, empty for the one on top."""
    if isinstance(value, list):
        return [_moved(one, places, own) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: one if key in _VALUES else _moved(one, places, own) for key, one in value.items()}
    target = found.get("$ref")
    if isinstance(target, str):
        name, _, fragment = target.partition("#")
        if name in places:
            found["$ref"] = places[name] + fragment
        elif not name and own:
            found["$ref"] = own + fragment
    return found


def _without_draft(value: Any) -> Any:
    """Inside of another it is read in that one's draft; and under an `$id` of its own, `#` would be itself."""
    return (
        {key: one for key, one in value.items() if key not in ("$schema", "$id", "id")}
        if isinstance(value, dict)
        else value
    )
