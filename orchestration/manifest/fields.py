"""Reads a field of a JSON value: `a.b`, `a['b']`, `a[0]` are always items of the value, never Python attributes.

Owns the one way an expression reaches into its scope, and the errors that name the field that isn't there.
"""

from collections.abc import Callable, Mapping
from typing import Any

from .values import JSON, ExpressionError, MissingField, described, fields_of

Scope = Mapping[str, Any]
Evaluator = Callable[[Scope], JSON]
Key = str | int | Evaluator


def shown(root: str, keys: tuple[JSON, ...]) -> str:
    """Write a path as a manifest writes it."""
    return root + "".join(f".{key}" if isinstance(key, str) else f"[{key}]" for key in keys)


def step_into(value: JSON, key: JSON, path: Callable[[], str]) -> JSON:
    """Read one item; `path` gives what was read so far and is only called for an error."""
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise ExpressionError(
            f"{path()}: a field is named by text or a whole number, got {described(key)}", path=path()
        )
    if value is None:
        raise MissingField(f"{path()} is null, so it has no {_item(key)}", path=path())
    if isinstance(key, str) and isinstance(value, Mapping):
        try:
            return value[key]
        except KeyError:
            full = f"{path()}.{key}"
            raise MissingField(f"{full}: no field '{key}' ({fields_of(value)})", path=full) from None
    if isinstance(key, int) and isinstance(value, list):
        try:
            return value[key]
        except IndexError:
            full = f"{path()}[{key}]"
            raise MissingField(f"{full}: the list has {len(value)} items", path=full) from None
    raise ExpressionError(f"{path()} is {described(value)}, so it has no {_item(key)}", path=path())


def _item(key: str | int) -> str:
    return f"field '{key}'" if isinstance(key, str) else f"item {key}"


def root_of(scope: Scope, root: str) -> JSON:
    try:
        return scope[root]
    except KeyError:
        raise ExpressionError(f"'{root}' isn't known here ({fields_of(scope)})", path=root) from None


def read_named(root: str, keys: tuple[str, ...]) -> Evaluator:
    """A reader for a path of plain names, the usual case: tries the whole path and explains only what failed."""

    def read(scope: Scope) -> JSON:
        try:
            value = scope[root]
            for key in keys:
                value = value[key]
        except (KeyError, TypeError, IndexError):
            return _walk(root_of(scope, root), root, keys)
        return value

    return read


def read_any(root: str, base: Evaluator, keys: tuple[Key, ...]) -> Evaluator:
    """A reader for a path with list positions, computed keys, or a base that is itself computed."""

    def read(scope: Scope) -> JSON:
        return _walk(base(scope), root, tuple(key(scope) if callable(key) else key for key in keys))

    return read


def _walk(value: JSON, root: str, keys: tuple[JSON, ...]) -> JSON:
    for position, key in enumerate(keys):
        value = step_into(value, key, lambda end=position: shown(root, keys[:end]))  # type: ignore[misc]
    return value
