"""A readable diff of two normal forms: which part was added, removed or changed, each as a sentence.

Owns how a difference reads. Never judges it; whether a change breaks anyone is governance's business.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from .models.steps import KINDS
from .problems import Path, write_path
from .values import JSON

_LONGEST_SHOWN = 80
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    path: str
    kind: Literal["added", "removed", "changed"]
    old: JSON
    new: JSON
    sentence: str

    def as_dict(self) -> dict[str, JSON]:
        return asdict(self)


def diff(old: dict[str, JSON] | None, new: dict[str, JSON]) -> list[Difference]:
    """What changed from one normal form to another; without an old one, that the resource is new."""
    if old is None:
        metadata = new["metadata"]
        named = " ".join(part for part in (new["kind"], metadata["name"], metadata.get("version")) if part)
        return [Difference("", "added", None, new, f"{named} is new.")]
    return [_difference(path, before, after) for path, before, after in _changes((), old, new)]


def _changes(path: Path, old: JSON, new: JSON) -> Iterator[tuple[Path, JSON, JSON]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _changes((*path, key), old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(path, old, new)
    elif not _same(old, new):
        yield path, old, new


def _list_changes(path: Path, old: list[JSON], new: list[JSON]) -> Iterator[tuple[Path, JSON, JSON]]:
    if any(isinstance(item, dict | list) for item in (*old, *new)):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _ABSENT
            after = new[index] if index < len(new) else _ABSENT
            yield from _changes((*path, index), before, after)
        return
    gone = [(index, item) for index, item in enumerate(old) if not _in(item, new)]
    come = [(index, item) for index, item in enumerate(new) if not _in(item, old)]
    if not gone and not come and not (len(old) == len(new) and all(map(_same, old, new))):
        yield path, old, new
    for index, item in gone:
        yield (*path, index), item, _ABSENT
    for index, item in come:
        yield (*path, index), _ABSENT, item


def _in(item: JSON, items: list[JSON]) -> bool:
    return any(_same(item, other) for other in items)


def _same(left: JSON, right: JSON) -> bool:
    # 1 and true are equal in Python, and different content here.
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _difference(path: Path, old: JSON, new: JSON) -> Difference:
    where, field = _where(path)
    if old is _ABSENT:
        sentence = f"{where}{field} is added{_as(path, new)}."
        return Difference(write_path(path), "added", None, new, sentence)
    if new is _ABSENT:
        return Difference(write_path(path), "removed", old, None, f"{where}{field} is removed{_as(path, old)}.")
    sentence = f"{where}{field} changes from {_shown(old)} to {_shown(new)}."
    return Difference(write_path(path), "changed", old, new, sentence)


def _where(path: Path) -> tuple[str, str]:
    """The step a difference is in, and the field within it, as the two parts of a sentence's beginning."""
    if path[:2] == ("spec", "steps") and len(path) == 3:
        return "", f"Step '{path[2]}'"
    if path[:2] == ("spec", "steps") and len(path) > 3:
        return f"Step '{path[2]}': ", write_path(path[3:])
    return "", write_path(path)


def _as(path: Path, value: JSON) -> str:
    if path[:2] == ("spec", "steps") and len(path) == 3 and isinstance(value, dict):
        return "".join(f" ({kind})" for kind in KINDS if kind in value)
    return f": {_shown(value)}"


def _shown(value: JSON) -> str:
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
