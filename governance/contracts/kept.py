"""The last comparisons' reports, kept for whoever asks about the same pair again: a registration asks up to three times, and the
gate's page shows what the gate has seen.

Owns what is kept and how much. Never decides anything: the same pair always gives the same report (comparing.py).
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from governance.contracts.report import Report

#: Reports that are kept in a process. One holds its findings and a payload, some kilobytes.
MOST = 256

_reports: OrderedDict[bytes, Report] = OrderedDict()
_lock = Lock()


def kept(asked: tuple[Any, ...], compare: Callable[[], Report]) -> Report:
    """The report about what is asked, compared now if it isn't kept. `asked` is JSON, all that the report depends on, but for the
    order of an object's names; what `compare` raises is raised and not kept.
    """
    try:
        key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
    except (RecursionError, TypeError, ValueError):  # nested too deep, or no JSON: `compare` has the words for it
        return compare()
    with _lock:
        if (known := _reports.get(key)) is not None:
            _reports.move_to_end(key)
            return known
    report = compare()  # two that ask at once both compare, and neither waits for the other
    with _lock:
        _reports[key] = report
        while len(_reports) > MOST:
            _reports.popitem(last=False)
    return report


def forget() -> None:
    """Keep none, as after a start."""
    with _lock:
        _reports.clear()
