"""Run ids: UUID version 7 (RFC 9562, section 5.7), so that ids sort by time and a keyset page needs no other column.

Owns their making and their short form. Never used for secrets: the first 48 bits are the time.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import datetime


def new_id(moment: datetime | None = None) -> uuid.UUID:
    """A fresh UUIDv7 (of now): 48 bits of Unix milliseconds, version, 12 random bits, variant, 62 random bits."""
    milliseconds = time.time_ns() // 1_000_000 if moment is None else _milliseconds(moment)
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (random >> 68) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return uuid.UUID(int=value)


def floor(moment: datetime) -> uuid.UUID:
    """The lowest id of that millisecond: `id >= floor(t)` asks for what began at t or later, by the primary key."""
    return uuid.UUID(int=(_milliseconds(moment) & (1 << 48) - 1) << 80)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def short(value: uuid.UUID) -> str:
    """How a page names a run: its last eight digits, which are random, as `7f3c-91a2`."""
    return f"{value.hex[-8:-4]}-{value.hex[-4:]}"
