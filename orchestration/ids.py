"""Run ids: UUID version 7 (RFC 9562, section 5.7), so that ids sort by time and a keyset page needs no other column.

Owns their making and their short form. Never used for secrets: the first 48 bits are the time.
"""

from __future__ import annotations

import os
import time
import uuid


def new_id() -> uuid.UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, version, 12 random bits, variant, 62 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (random >> 68) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return uuid.UUID(int=value)


def short(value: uuid.UUID) -> str:
    """How a page names a run: its last eight digits, which are random, as `7f3c-91a2`."""
    return f"{value.hex[-8:-4]}-{value.hex[-4:]}"
