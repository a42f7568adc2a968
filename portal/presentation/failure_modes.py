"""Which of a dependency's declared failure modes a failure looks like, by its error type and message. Pure; never queries.

A mode is prose. It matches by an HTTP status that it names, by words for running out of time or for no connection, or by a
code of the service's own (`out_of_stock`) that the answer has too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_STATUS = re.compile(r"(?<![\w.])[1-5]\d\d(?![\w.])")
_CODE = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
_LATE = re.compile(r"\b(?:no answer|time[sd]?[ -]?out|timeouts?|slow(?:ly)?|too late|hangs?)\b", re.IGNORECASE)
_GONE = re.compile(
    r"\b(?:unreachable|can't be reached|no connection|connections?|refused|is down|away|offline|DNS)\b", re.IGNORECASE
)


def matching(modes: Sequence[Mapping[str, Any]], error_type: str, message: str) -> list[Mapping[str, Any]]:
    """Those that the failure looks like, the best first; none where nothing in them speaks of it."""
    ranked = [(_likeness(str(mode.get("mode", "")), error_type, message), mode) for mode in modes]
    return [mode for likeness, mode in sorted(ranked, key=lambda pair: -pair[0]) if likeness]


def _likeness(text: str, error_type: str, message: str) -> int:
    """0: nothing in common."""
    statuses = set(_STATUS.findall(text))
    status = error_type.removeprefix("http.") if error_type.startswith("http.") else ""
    if statuses and status.isdigit() and status not in statuses:
        return 0  # it speaks of another answer
    found = 2 * (status in statuses)
    found += 2 * len(set(_CODE.findall(text)) & set(_CODE.findall(message)))
    if error_type.partition(".")[0] == "timeout":
        found += 2 * bool(_LATE.search(text))
    if error_type == "connection":
        found += 2 * bool(_GONE.search(text))
    return found
