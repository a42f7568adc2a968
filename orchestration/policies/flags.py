"""Whether a flag is on for a run. Pure: how it is switched and declared, and the run's key, in; a decision and why, out.

By percentage every key has a place of its own among BUCKETS, which never moves: so raising the percentage takes the flag
from no key that had it. Never quotes the key, which comes from the run's input.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

#: A percentage has two decimals that count.
BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Declared:
    """A flag as its manifest has it; `percent` is None without a rollout."""

    default: bool
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the flag is for one run, and why: words that go on from `it is off, as`."""

    is_on: bool
    why: str


def decide(name: str, switched: str, declared: Declared, key: str = "", problem: str = "") -> Decision:
    """Switched by hand wins; else the percentage by key; else the default. `problem`: why the run has no key."""
    if switched:
        return Decision(switched == "on", f"it is switched {switched} by hand")
    if declared.percent is None:
        return Decision(declared.default, f"{_word(declared.default)} is its default")
    if problem:
        return Decision(
            declared.default, f"the run has no rollout key ({problem}), and {_word(declared.default)} is its default"
        )
    is_on = bucket(name, key) < declared.percent * BUCKETS / 100
    among = "is" if is_on else "is not"
    return Decision(is_on, f"{declared.percent:g} % of keys have it, and this run's key {among} among them")


def bucket(name: str, key: str) -> int:
    """Where the key stands for this flag: from 0 to BUCKETS - 1, evenly, and another place for every flag."""
    digest = hashlib.sha256(f"{name}\n{key}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) % BUCKETS


def _word(is_on: bool) -> str:
    return "on" if is_on else "off"
