"""Runbooks as rows of a table: how each looks, what it is about, and what changed under it since somebody looked. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from governance.models import Runbook
from governance.runbooks.freshness import Freshness
from governance.selectors.runbook_changes import Standing, standings
from governance.selectors.runbooks import About, about_by, freshness_of
from portal.presentation.words import Look, runbook_look


class Row(NamedTuple):
    """One of them."""

    look: Look
    runbook: Runbook
    standing: Standing
    about: About


def runbook_rows(found: Sequence[Runbook]) -> list[Row]:
    """In the order given; a fixed number of queries."""
    about = about_by(found)
    stands = standings(found, about)
    return [Row(look_of(row, stands[row.pk]), row, stands[row.pk], about[row.pk]) for row in found]


def look_of(runbook: Runbook, standing: Standing) -> Look:
    """Freshness for one in use, stale when something changed under it; a draft and a retired one are just that."""
    if runbook.status == Runbook.Status.DRAFT:
        return Look("unk", "edit", "Draft")
    if runbook.status == Runbook.Status.RETIRED:
        return Look("unk", "none", "Retired")
    return runbook_look(Freshness.STALE if standing.changes else freshness_of(runbook))
