"""Until when what a page shows is example data: the past that `manage.py load_history` made for the example company."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestration.models import EngineMark
from portal.dashboards.shared import shared

MARK = "example_history"
#: Where load_examples says that its manifests come from.
PATH = "examples/manifests"


def example_until(since: datetime, source: Mapping[str, Any] | None = None) -> datetime | None:
    """None where nothing since then is an example. `source`: where the manifest of what is shown comes from, if one is."""
    if source is not None and source.get("path") != PATH:
        return None
    until = shared("example-until", _mark)
    return until if until is not None and until > since else None


def _mark() -> datetime | None:
    return EngineMark.objects.filter(name=MARK).values_list("at", flat=True).first()
