"""Words as search knows them: one way to cut text, for what is indexed and for what is asked, on both databases.

`order-fulfilment`, `http.503` and `payment.receipt` become words in a row; marks on letters, case and leading noughts of numbers
don't count, and a plural is its singular. Neither database cuts words itself, so that both find the same. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

#: Longer words are cut: no name is longer, and an index of blobs helps nobody.
LONGEST = 64
_WORD = re.compile(r"[^\W_]+")
_SIBILANT = ("sses", "shes", "ches", "xes", "zzes")
_MUTE = ("sse", "she", "che", "xe", "zze")


def words(text: str) -> list[str]:
    """The words of a text, in order."""
    return [_settled(found) for found in _WORD.findall(folded(text))]


def folded(text: str) -> str:
    """Without case and without marks on letters."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    return "".join(one for one in apart if not unicodedata.combining(one)).casefold()


def joined(texts: Iterable[str]) -> str:
    """The words of several texts, as they are indexed."""
    return " ".join(" ".join(words(text)) for text in texts)


@lru_cache(maxsize=20_000)
def _settled(word: str) -> str:
    cut = word[:LONGEST]
    return (cut.lstrip("0") or "0") if cut.isdigit() else singular(cut)


def singular(word: str) -> str:
    """Without the s of a plural; words that merely end so (status, process, https) stay.

    Whether `caches` is a cache or a cach, its end doesn't say: so a cache is a cach as well.
    """
    if len(word) < 4 or not word.endswith(("s", *_MUTE)) or not word.isascii():
        return word
    if word.endswith(_MUTE):
        return word[:-1]
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(_SIBILANT):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is", "tps")) else word[:-1]
