"""The items of a loop, for the steps that are done with one of them each. Owns a small cache: the list is stored once.

A list is kept as its text, and never as a whole in values: those of ten thousand items take several times the room, and
each step wants one. Values are made anew each time: whoever is handed one may change it. Never begins or ends an item.
"""

from __future__ import annotations

import json
import threading
import uuid
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from orchestration.engine.payloads import text_of
from orchestration.models import StepRun

#: So many lists are kept as texts: a process works at a few loops at a time, and one may have 4 MB.
KEPT = 4

_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Items:
    """A JSON list without spaces, as payloads.encode writes it, and where each item in it begins and the last ends."""

    text: str
    begins: array[int]

    @classmethod
    def of(cls, text: str) -> _Items:
        begins, at = array("L", [1]), 1
        while at < len(text) - 1:
            at = _DECODER.raw_decode(text, at)[1] + 1  # past the comma, or the bracket at the end
            begins.append(at)
        return cls(text, begins)

    def value(self, item: int) -> Any:
        return json.loads(self.text[self.begins[item - 1] : self.begins[item] - 1])


_kept: OrderedDict[tuple[uuid.UUID, str], _Items] = OrderedDict()
_lock = threading.Lock()


def item_of(run_id: uuid.UUID, name: str, item: int) -> Any:
    """The value of an item, from 1."""
    with _lock:  # one thread reads a list; the others, which want the same one at the same moment, find it
        found = _kept.pop((run_id, name), None) or _read(run_id, name)
        _kept[run_id, name] = found
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found.value(item)


def _read(run_id: uuid.UUID, name: str) -> _Items:
    stored = StepRun.objects.values_list("input", flat=True).get(run_id=run_id, name=name, item=0)
    return _Items.of(text_of(stored))
