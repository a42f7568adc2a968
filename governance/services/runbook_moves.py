"""A file of a name that another file's runbook has: a copy of it, the same file moved, or another file.

Owns that judgement and the change of path. Never reads or writes what the runbook says.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from governance.models import Runbook, RunbookOrigin
from orchestration.errors import Conflict
from orchestration.services.governed import hold


class Kinship(StrEnum):
    """What a file is to the runbook of another path."""

    COPY = "copy"
    MOVED = "moved"
    UNCLEAR = "unclear"
    OTHER = "other"


def kinship(origin: RunbookOrigin, text: str, values: Mapping[str, Any], owner: str, *, is_sent: bool) -> Kinship:
    """`values`: what a runbook would be made of. `owner`: as the file names it. `is_sent`: whether the file of `origin` is
    here as well, and so was not moved.

    A file that says something else is the moved one, edited, or another that was sent by itself: only people know.
    """
    if origin.text == text:
        return Kinship.COPY if is_sent else Kinship.MOVED
    if not is_sent:
        return Kinship.UNCLEAR
    return Kinship.COPY if _was_once(origin.runbook_id, values, owner) else Kinship.OTHER


def move(origin: RunbookOrigin, path: str) -> None:
    """From now on the file of this path is the runbook's; nothing that it says changes. Raises Conflict."""
    hold()
    is_taken = RunbookOrigin.objects.filter(path=path).exists()
    if is_taken or not RunbookOrigin.objects.filter(pk=origin.pk, path=origin.path).update(path=path):
        raise Conflict("somebody imported one of the two meanwhile; import again")


def _was_once(runbook: int, values: Mapping[str, Any], owner: str) -> bool:
    """A copy stays one when the original is edited, however often and in whichever import."""
    rows = Runbook.history.filter(id=runbook, title=values["title"], body=values["body"])
    if owner:
        rows = rows.filter(owner__name=owner)
    return values["front_matter"] in list(rows.values_list("front_matter", flat=True))
