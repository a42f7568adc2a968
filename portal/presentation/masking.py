"""Payloads as values with what may not be seen taken out: for the API, as jsonview.py does it for pages.

An error's words are masked too, since they quote payloads: what a service answered, the output that was not expected,
what a task said. Owns the walk and which words are the engine's own; what counts as a secret key is jsonview's. Never
decides who may see a payload.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from portal.presentation.jsonview import MASK, is_secret

if TYPE_CHECKING:
    from orchestration.models import Run, TriggerFiring
    from orchestration.selectors.runs import RunDetail

#: Errors whose words are the engine's alone, and those that begin with its words and quote after a colon.
_OWN = re.compile(
    r"|timeout(\..+)?|flag\.off|expression|output|worker\.lost|payload\.too_large|secret\.unknown|http\.refused|python\.unknown"
)
_QUOTING = re.compile(r"http\.[0-9]{3}|connection|contract\.violation")


def hide(value: Any, *, everything: bool) -> Any:
    """The value with each secret key's value masked; with `everything` each leaf. Null stays: it says nothing."""
    if isinstance(value, dict):
        return {
            key: MASK if is_secret(str(key)) and item is not None else hide(item, everything=everything)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [hide(item, everything=everything) for item in value]
    return MASK if everything and value is not None else value


def hide_words(error_type: str, message: str) -> str:
    """An error's message without what it quotes."""
    if not message or _OWN.fullmatch(error_type):
        return message
    if _QUOTING.fullmatch(error_type):
        lead, colon, quoted = message.partition(": ")
        return f"{lead}: {MASK}" if quoted else f"{lead}{colon}"
    return MASK


def hide_errors(runs: Iterable[Run]) -> None:
    """Mask the messages of these rows in place: they were read to be shown, and are never saved."""
    for run in runs:
        run.error_message = hide_words(run.error_type, run.error_message)


def hide_firings(firings: Iterable[TriggerFiring]) -> None:
    """The same for what triggers could not start: what follows a colon may quote the event."""
    for firing in firings:
        lead, _, quoted = firing.error.partition(": ")
        firing.error = f"{lead}: {MASK}" if quoted else lead


def hide_errors_within(detail: RunDetail) -> None:
    """The same for a run with its steps and attempts."""
    hide_errors([detail.run])
    for step in detail.steps.values():
        step.error_message = hide_words(step.error_type, step.error_message)
        for attempt in detail.attempts[step.pk]:
            attempt.message = hide_words(attempt.error_type, attempt.message)
