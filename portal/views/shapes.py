"""Drawn shapes by workflow version, kept per process: a published version never changes, so its graph is found once."""

from __future__ import annotations

import functools
from typing import Any

from orchestration.engine.plans import plan_of
from orchestration.models import WorkflowVersion
from portal.presentation.plan_graph import Shape, shape_of


def canonical_of(version_id: int) -> dict[str, Any]:
    """The version's normal form."""
    canonical: dict[str, Any] = WorkflowVersion.objects.values_list("canonical", flat=True).get(pk=version_id)
    return canonical


def shape(version: WorkflowVersion) -> Shape:
    """One query the first time, none after it."""
    return _shape(version.pk, version.content_hash)


@functools.lru_cache(maxsize=256)
def _shape(version_id: int, _content_hash: str) -> Shape:
    """The hash is part of the key because ids may begin anew with a new database; content never lies."""
    return shape_of(plan_of(version_id), canonical_of(version_id))
