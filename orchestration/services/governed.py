"""Saving a governed object: always `save()`, with who and why, so that history can't be slipped past.

Owns that one habit. Never used for runs, whose history is their rows.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from orchestration.errors import InvalidInput


def save(instance: models.Model, *, actor: Any, reason: str) -> None:
    """Save with actor (a user or None for the system) and reason in the history row."""
    _sign(instance, actor, reason)
    instance.save()


def delete(instance: models.Model, *, actor: Any, reason: str) -> None:
    """Delete, leaving who and why in the history."""
    _sign(instance, actor, reason)
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
