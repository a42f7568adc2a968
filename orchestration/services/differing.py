"""Which fields of a governed object really changed, as words and JSON values.

What the model's history leaves out (passwords, hashes of tokens, whole schemas) is never shown: of a change it is said
only that there was one. Owns that reading. Never writes, and never shortens: whoever keeps the values does.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models

#: In place of a value that the history leaves out too.
WITHHELD = "(not shown)"
#: Leaves of one JSON document that are told apart; of a larger change only the whole is told.
MOST_LEAVES = 40

Fields = dict[str, Any]


def stored(instance: models.Model) -> models.Model | None:
    """The row as the database has it now; None for one that is not there yet."""
    if instance.pk is None:
        return None
    return _model_of(instance)._base_manager.filter(pk=instance.pk).first()


def present(instance: models.Model) -> Fields:
    """What a new or a deleted object says of itself: its fields that are not empty."""
    fields = {field.name: _value(instance, field) for field in _tracked(instance)}
    return {name: value for name, value in fields.items() if value not in (None, "", {}, [])}


def differing(before: models.Model, after: models.Model) -> tuple[Fields, Fields]:
    """The fields that differ, as they were and as they are. Times that the database sets by itself are no difference."""
    old, new = Fields(), Fields()
    tracked = {field.name for field in _tracked(after)}
    for field in after._meta.concrete_fields:
        was, now = _comparable(before, field), _comparable(after, field)
        if was == now or getattr(field, "auto_now", False):
            continue
        if field.name not in tracked:
            old[field.name] = new[field.name] = WITHHELD
        elif isinstance(was, dict) and isinstance(now, dict):
            _add_leaves(field.name, was, now, old, new)
        else:
            old[field.name], new[field.name] = _value(before, field), _value(after, field)
    return old, new


def _model_of(instance: models.Model) -> type[models.Model]:
    """By its description: the reader of a request is a proxy of the user."""
    model: type[models.Model] = instance._meta.model
    return model


def _tracked(instance: models.Model) -> list[Any]:
    """The fields that the history keeps, without the key, which is in no need of words."""
    history = getattr(_model_of(instance), "history", None)
    kept = None if history is None else {field.name for field in history.model.tracked_fields}
    return [
        field
        for field in instance._meta.concrete_fields
        if not field.primary_key and (kept is None or field.name in kept)
    ]


def _comparable(instance: models.Model, field: Any) -> Any:
    """As Python has it: a form may have set a date as text."""
    value = field.value_from_object(instance)
    return value if isinstance(field, models.JSONField) else field.to_python(value)


def _value(instance: models.Model, field: Any) -> Any:
    """As JSON has it; of a reference, the name of what it leads to."""
    if field.is_relation:
        target = getattr(instance, field.name)
        return None if target is None else str(target)
    value = _comparable(instance, field)
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | dict | list) else str(value)


def _add_leaves(name: str, was: Fields, now: Fields, old: Fields, new: Fields) -> None:
    """`document.spec.timeout` rather than the whole document."""
    before, after = _leaves(name, was), _leaves(name, now)
    changed = [path for path in before | after if before.get(path, ()) != after.get(path, ())]
    if len(changed) > MOST_LEAVES:
        old[name], new[name] = was, now
        return
    old.update({path: before[path] for path in changed if path in before})
    new.update({path: after[path] for path in changed if path in after})


def _leaves(path: str, value: Any) -> Fields:
    if not isinstance(value, dict) or not value:
        return {path: value}
    found = Fields()
    for key, inner in value.items():
        found |= _leaves(f"{path}.{key}", inner)
    return found
