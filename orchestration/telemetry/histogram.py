"""Exponential histograms of fixed scale 6: bucket i holds durations in (2^(i/64), 2^((i+1)/64)] seconds. Pure.

The bucket of OpenTelemetry's exponential histogram at scale 6 (base 2^(2^-6)), so rows export without loss. Any two add
up by adding counts, and a quantile read back is within 0.55 % of the nearest-rank one. Owns the packed form: pairs of a
bucket (int16) and a count (uint32), little-endian, buckets ascending. Never touches the database.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

SCALE = 6
PER_OCTAVE = 1 << SCALE
#: Nothing took longer than half a year or less than a microsecond, as far as a bucket is concerned.
LOWEST, HIGHEST = -20 * PER_OCTAVE, 24 * PER_OCTAVE - 1
#: Where durations of nothing are counted.
ZERO = -32768

#: Durations from which on numpy is quicker than Python.
FEW = 64

_PAIR = np.dtype([("bucket", "<i2"), ("count", "<u4")])
_SLOTS = HIGHEST - LOWEST + 2  # the first is ZERO's


def pack(seconds: Sequence[float]) -> bytes:
    """The histogram of these durations."""
    if len(seconds) < FEW:
        few = Counter(_bucket(one) for one in seconds)
        return struct.pack("<" + "hI" * len(few), *(part for pair in sorted(few.items()) for part in pair))
    found, counts = np.unique(buckets(np.asarray(seconds, dtype=np.float64)), return_counts=True)
    return _packed(found, counts)


def buckets(seconds: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The bucket of each duration."""
    positive = seconds > 0
    logs = np.log2(np.where(positive, seconds, 1.0)) * PER_OCTAVE
    # A duration that is an edge belongs below it; the tolerance undoes what log2 rounds.
    found = np.clip(np.ceil(logs - 1e-9) - 1, LOWEST, HIGHEST).astype(np.int32)
    return np.where(positive, found, ZERO)


def _bucket(seconds: float) -> int:
    if seconds <= 0:
        return ZERO
    return min(max(math.ceil(math.log2(seconds) * PER_OCTAVE - 1e-9) - 1, LOWEST), HIGHEST)


def merge(packed: Iterable[bytes]) -> bytes:
    """The sum of histograms."""
    rows = [one for one in packed if one]
    if len(rows) <= 1:
        return bytes(rows[0]) if rows else b""
    return added_up(b"".join(rows))


def added_up(joined: bytes) -> bytes:
    """One histogram of several whose bytes stand behind each other (telemetry/joined.py)."""
    if not joined:
        return b""
    totals = _totals([joined])
    filled = np.nonzero(totals)[0]
    return _packed(np.where(filled == 0, ZERO, filled + LOWEST - 1), totals[filled])


def count(packed: bytes) -> int:
    """How many durations it holds."""
    return int(np.frombuffer(packed, dtype=_PAIR)["count"].sum(dtype=np.int64)) if packed else 0


def pairs(packed: bytes) -> list[tuple[int, int]]:
    """(bucket, count), ascending; for other tools and tables."""
    return [(int(bucket), int(number)) for bucket, number in np.frombuffer(packed, dtype=_PAIR)] if packed else []


def upto(packed: Iterable[bytes], octaves: Sequence[int]) -> list[int]:
    """How many durations of the sum are 2^octave seconds or less, for each of these, ascending; and how many there are in all.

    Exact, since such an edge is one of the scale's own.
    """
    everything = np.frombuffer(b"".join(packed), dtype=_PAIR)
    first_above = np.asarray(octaves, dtype=np.int64) * PER_OCTAVE
    between = np.searchsorted(first_above, everything["bucket"].astype(np.int64), side="right")
    counts = np.bincount(between, weights=everything["count"], minlength=len(octaves) + 1)
    return [int(count) for count in np.cumsum(counts)]


def edges(bucket: int) -> tuple[float, float]:
    """The bucket's bounds in seconds: above the first, up to the second."""
    if bucket == ZERO:
        return 0.0, 0.0
    return 2 ** (bucket / PER_OCTAVE), 2 ** ((bucket + 1) / PER_OCTAVE)


def quantile(packed: Iterable[bytes], share: float) -> float | None:
    """The nearest-rank quantile of the sum of these histograms, in seconds; None of nothing.

    The harmonic middle of its bucket, which is within 0.55 % of whatever was measured there.
    """
    found = quantiles(packed, (share,))
    return found[0] if found else None


def quantiles(packed: Iterable[bytes], shares: Sequence[float]) -> list[float]:
    """The same for several shares at once; empty of nothing."""
    rows = [one for one in packed if one]
    if not rows:
        return []
    if len(rows) == 1:
        pairs_ = np.frombuffer(rows[0], dtype=_PAIR)
        found, counts = pairs_["bucket"].astype(np.int32), pairs_["count"].astype(np.int64)
    else:
        totals = _totals(rows)
        filled = np.nonzero(totals)[0]
        found, counts = np.where(filled == 0, ZERO, filled + LOWEST - 1), totals[filled]
    upto = np.cumsum(counts)
    ranks = [max(math.ceil(share * int(upto[-1]) - 1e-9), 1) for share in shares]
    return [_middle(int(found[int(np.searchsorted(upto, rank))])) for rank in ranks]


def _totals(rows: Sequence[bytes]) -> np.ndarray[Any, Any]:
    everything = np.frombuffer(b"".join(rows), dtype=_PAIR)
    places = everything["bucket"].astype(np.int64) - LOWEST + 1
    places[everything["bucket"] == ZERO] = 0
    return np.bincount(places, weights=everything["count"], minlength=_SLOTS).astype(np.int64)


def _middle(bucket: int) -> float:
    low, high = edges(bucket)
    return 2 * low * high / (low + high) if high else 0.0


def _packed(found: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]) -> bytes:
    rows = np.empty(len(found), dtype=_PAIR)
    rows["bucket"], rows["count"] = found, counts
    return rows.tobytes()
