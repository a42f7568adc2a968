"""The items of a loop, for the steps that are done with one of them each. Owns a small cache: the list is stored once.

Values are made anew each time: whoever is handed one may change it. Never begins or ends an item.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from orchestration.engine.payloads import text_of
from orchestration.models import StepRun

#: So many lists are kept as texts: a process works at a few loops at a time, and one may have 4 MB.
KEPT = 4

_kept: OrderedDict[tuple[uuid.UUID, str], Sequence[str]] = OrderedDict()
_lock = threading.Lock()


def item_of(run_id: uuid.UUID, name: str, item: int) -> Any:
    """The value of an item, from 1."""
    return json.loads(texts_of(run_id, name)[item - 1])


def texts_of(run_id: uuid.UUID, name: str) -> Sequence[str]:
    """Every item of that loop as JSON text."""
    with _lock:
        if (found := _kept.get((run_id, name))) is not None:
            _kept.move_to_end((run_id, name))
            return found
    stored = StepRun.objects.values_list("input", flat=True).get(run_id=run_id, name=name, item=0)
    texts = [json.dumps(item, ensure_ascii=False) for item in json.loads(text_of(stored))]
    with _lock:
        _kept[run_id, name] = texts
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return texts


def forget() -> None:
    """Read every list anew: for tests, which have a database each."""
    with _lock:
        _kept.clear()
