"""What a page shows of an API: its operations with who calls them, and the calls that ask for what it does not offer.

Owns the order, the filter and the words. Never reads a row.
"""

from __future__ import annotations

from typing import Any

from governance.contracts.openapi.operations import Operation
from governance.selectors.api_operations import Offered
from governance.selectors.api_uses import ApiUse

#: Operations that one page lists; a large API has a thousand, and a filter finds the rest.
MOST = 200
#: As many as that are at hand without being unfolded.
AT_HAND = 12

#: Workflow, where in it, and what is asked for.
Told = tuple[str, str, str]


def shown(offered: Offered, dependencies: list[str], title: str, words: str) -> dict[str, Any]:
    """For templates/contracts/api.html. `words`: what paths and summaries are filtered by."""
    wanted = [row for row in offered.rows if _has(row.operation, words.lower().split())]
    called = sorted((row for row in wanted if row.calls), key=lambda row: (-row.runs, row.operation.path))
    others = sorted((row for row in wanted if not row.calls), key=lambda row: row.operation.path)
    return {
        "total": len(offered.rows), "calls": offered.calls, "dependencies": dependencies, "words": words, "title": title,
        "called": [(row, [_told(use) for use in row.calls]) for row in called],
        "others": others[:MOST], "more": max(0, len(others) - MOST), "is_folded": len(others) > AT_HAND and not words,
        "astray": [_told(use) for use, _ in offered.astray], "unsure": [_told(use) for use in offered.unsure],
    }  # fmt: skip


def _told(use: ApiUse) -> Told:
    where = use.step if use.direction == "call" else f"{use.step}, when it is undone"
    return use.version.workflow.name, where, f"{use.call.method} {use.call.request.get('path')}"


def _has(operation: Operation, words: list[str]) -> bool:
    text = f"{operation.title} {operation.summary}".lower()
    return all(word in text for word in words)
