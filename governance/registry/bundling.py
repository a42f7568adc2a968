"""A JSON Schema and those it refers to by name, as one that stands alone: the others go under `$defs`, and `$ref`s follow.

Owns that rewriting. A reference's name is what `$ref` says before its fragment, as clients of registries have it. Pure.
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
    whole: dict[str, Any] = _moved(value, names, "")
    home = dict(whole.get(HOME) or {})
    for name, other in others:
        if name in home:
            raise InvalidSchema(
                f"/{HOME}/{escaped(name)}: the name of a reference is taken; call the reference something else"
            )
        home[name] = _without_draft(_moved(other, names, names[name]))
    return {**whole, HOME: home}


def _moved(value: Any, names: dict[str, str], own: str) -> Any:
    """With each `$ref` where it leads now. `own`: where this schema itself goes, empty for the one on top."""
    if isinstance(value, list):
        return [_moved(one, names, own) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: one if key in _VALUES else _moved(one, names, own) for key, one in value.items()}
    target = found.get("$ref")
    if isinstance(target, str):
        name, _, fragment = target.partition("#")
        if name in names:
            found["$ref"] = names[name] + fragment
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
