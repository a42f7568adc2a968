"""Saving a governed object: always `save()`, with who and why, so that neither history nor audit can be slipped past.

Owns that habit and its lock: one transaction after the other writes governed objects, since the audit log is one chain.
Never used for runs, whose history is their rows.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction

from orchestration.errors import InvalidInput
from orchestration.hooks import hooks
from orchestration.services.differing import Fields, differing, present, stored


def hold() -> None:
    """Wait for this transaction's turn to write governed objects.

    `save` and `delete` do so by themselves. Who locks rows before that calls this first: were it last, one would hold the
    row and wait for the turn, another have the turn and wait for the row.
    """
    hooks.audit.hold()


def save(instance: models.Model, *, actor: Any, reason: str, action: str = "changed") -> None:
    """Save with actor (a user or None for the system) and reason, in the history and in the audit log.

    `action`: the audit log's word for what is done to an object that is there already.

    A save that changes nothing is a row of the history, but nothing that the audit log tells.
    """
    _sign(instance, actor, reason)
    with transaction.atomic():
        hold()
        before = stored(instance)
        instance.save()
        if before is None:
            _record(instance, "created", (None, present(instance)))
        elif any(changed := differing(before, instance)):
            _record(instance, action, changed)


def delete(instance: models.Model, *, actor: Any, reason: str) -> None:
    """Delete, leaving who and why in the history and in the audit log."""
    _sign(instance, actor, reason)
    with transaction.atomic():
        hold()
        _record(instance, "deleted", (present(instance), None))
        instance.delete()


def require_reason(reason: str) -> str:
    """The reason, trimmed. Raises InvalidInput for an empty or over-long one, or one with U+0000."""
    text = reason.strip()
    if not text:
        raise InvalidInput("a reason is required: say why, for whoever reads the history")
    if len(text) > 2_000:
        raise InvalidInput(f"the reason has {len(text):,} characters; the limit is 2,000")
    if "\x00" in text:
        raise InvalidInput("the reason has the character U+0000, which no database here can hold; remove it")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput("the reason has half of a surrogate pair; send valid Unicode")
    return text


def _sign(instance: models.Model, actor: Any, reason: str) -> None:
    instance._history_user = actor if actor is not None and actor.pk else None  # type: ignore[attr-defined]
    instance._change_reason = reason  # type: ignore[attr-defined]


def _record(instance: Any, action: str, changed: tuple[Fields | None, Fields | None]) -> None:
    hooks.audit.record(
        action=action, kind=str(instance._meta.verbose_name), name=str(instance), actor=instance._history_user,
        reason=instance._change_reason, before=changed[0], after=changed[1],
    )  # fmt: skip
