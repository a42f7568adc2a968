"""Run ids: UUID version 7 (RFC 9562, section 5.7), so that ids sort by time and a keyset page needs no other column.

Owns their making and their short form. Never used for secrets: the first 48 bits are the time.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(moment: datetime | None = None) -> uuid.UUID:
    """A fresh UUIDv7 (of now): 48 bits of Unix milliseconds, version, 12 bits of its fraction, variant, 62 random bits.

    The fraction (RFC 9562, section 6.2, method 3) keeps ids of one millisecond in their order.
    """
    microseconds = time.time_ns() // 1000 if moment is None else _microseconds(moment)
    milliseconds, fraction = divmod(microseconds, 1000)
    random = int.from_bytes(os.urandom(8), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (fraction * 4096 // 1000) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return uuid.UUID(int=value)


def floor(moment: datetime) -> uuid.UUID:
    """The lowest id of that millisecond: `id >= floor(t)` asks for what began at t or later, by the primary key."""
    return uuid.UUID(int=(_microseconds(moment) // 1000 & (1 << 48) - 1) << 80)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def short(value: uuid.UUID) -> str:
    """How a page names a run: its last eight digits, which are random, as `7f3c-91a2`."""
    return f"{value.hex[-8:-4]}-{value.hex[-4:]}"
