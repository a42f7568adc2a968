"""Which teams a new version of an API leaves alone: those all of whose calls ask for operations that are proved safe.

Owns that proof: the comparison once more, asked of the operations alone that the team calls. What can't be told counts as
hit. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.contracts import compare_openapi
from governance.contracts.openapi.calling import Api
from governance.contracts.openapi.surface import shape_of
from governance.selectors.api_uses import ApiUse

#: Comparisons for the sake of this, each of a part of the documents: with more sets of operations all are asked.
MOST = 8


def left_alone(uses: Iterable[ApiUse], base: Any, revision: Any) -> set[int]:
    """Primary keys of those teams. The documents are compared already, so they can be read."""
    old, new = Api(base, "base"), Api(revision, "revision")
    asked: dict[int, set[tuple[str, str]] | None] = {}
    for use in uses:
        team, found = use.version.workflow.owner_id, _reached(old, use)
        mine = asked.setdefault(team, set())
        # Where another operation may take the call over, it may be answered otherwise though its own did not change.
        if found is None or _shapes(found) != _shapes(_reached(new, use) or set()):
            asked[team] = None
        elif mine is not None:
            mine |= found
    kinds = {frozenset(one) for one in asked.values() if one is not None}
    if len(kinds) > MOST:
        return set()
    safe = {kind for kind in kinds if compare_openapi(base, revision, only=kind).verdict == "safe"}
    return {team for team, one in asked.items() if one is not None and frozenset(one) in safe}


def _reached(api: Api, use: ApiUse) -> set[tuple[str, str]] | None:
    """The operations that a call may ask for; None where it is not even sure that it asks for one."""
    found = api.match(use.call)
    if found.operation is None:
        return None
    return {(one.path, one.method) for one in (found.operation, *found.others)}


def _shapes(operations: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Whatever their paths' parameters are called."""
    return {(shape_of(path), method) for path, method in operations}
