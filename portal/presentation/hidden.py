"""Makes visible what a text can hide: control characters and the ones that turn the reading direction round.

Owns that list. Never escapes HTML: that is the template's.
"""

from __future__ import annotations

import unicodedata

_KEPT = {"\t", "\n"}
#: Format characters that are part of written language or of emoji: the joiners.
_JOINERS = {"\u200c", "\u200d"}


def visible(text: str) -> str:
    """The text with each hidden character written as ⟨U+202E⟩, so that code reads as it runs."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char in _KEPT or char in _JOINERS or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return char
    return f"⟨U+{ord(char):04X}⟩"
