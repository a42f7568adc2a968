"""The lines of a document that show why it was found, cut where most of the words stand, with the words marked.

Owns the cutting. Gives text and never HTML: a template escapes it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from governance.search.query import Query
from governance.search.words import LONGEST

#: Characters of an excerpt, and how many of them stand before the first word that was found.
LENGTH, BEFORE = 220, 60
#: Places that are looked at; a word that stands everywhere needs no better one.
MOST_PLACES = 60
#: Each of these takes a time that grows with the text and no faster, whatever somebody wrote.
_MARKUP = re.compile(r"^ {0,3}#{1,6}[ \t]+|\*\*|__|`+|^[ \t]*[-*+][ \t]+|^>|^[-:| \t]{3,}$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*\)")
_HEADING = re.compile(r"^#{1,6}[ \t]+(\S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text; `marked` where it was looked for."""

    text: str
    marked: bool = False


def plain(markdown: str) -> str:
    """A document's text as one reads it, without its markup, on one line."""
    return " ".join(_MARKUP.sub(" ", _LINK.sub(r"\1", markdown)).split())


def headings(markdown: str) -> list[str]:
    """Its headings."""
    return [found.rstrip(" #\t") for found in _HEADING.findall(markdown)]


def pattern(query: Query) -> re.Pattern[str] | None:
    """What to mark: each word asked for, in the forms that search takes for it."""
    found = {_forms(word, term.prefix and word is term.words[-1]) for term in query.terms for word in term.words}
    if not found:
        return None
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(sorted(found, key=len, reverse=True))})(?![^\W_])", re.IGNORECASE)


def _forms(word: str, prefix: bool) -> str:
    if prefix:
        return rf"{re.escape(word)}[^\W_]{{0,{LONGEST}}}"
    if word.isdigit():
        return f"0*{word}"
    if word.endswith("y"):
        return f"{re.escape(word[:-1])}(?:y|ies)"
    return f"{re.escape(word)}(?:es|s|e)?"  # a cache is found as a cach


def marked(text: str, sought: re.Pattern[str] | None) -> list[Piece]:
    """The whole text in pieces."""
    if sought is None:
        return [Piece(text)]
    return list(_pieces(text, sought))


def excerpt(text: str, sought: re.Pattern[str] | None) -> list[Piece]:
    """The best part of the text in pieces: where most different words stand close together."""
    start = _best(text, sought) if sought is not None else 0
    begin = max(0, start - BEFORE)
    if begin:
        begin = text.find(" ", begin, start) + 1 or start
    cut = text[begin : begin + LENGTH]
    if begin + LENGTH < len(text):
        cut = f"{cut.rsplit(' ', 1)[0]} …"
    return marked(f"… {cut}" if begin else cut, sought)


def _best(text: str, sought: re.Pattern[str]) -> int:
    places: list[tuple[int, str]] = []
    for found in sought.finditer(text):
        places.append((found.start(), found.group().lower()))
        if len(places) == MOST_PLACES:
            break
    best, most = 0, 0
    for index, (start, _) in enumerate(places):
        near = {word for at, word in places[index:] if at < start + LENGTH - BEFORE}
        if len(near) > most:
            best, most = start, len(near)
    return best


def _pieces(text: str, sought: re.Pattern[str]) -> Iterable[Piece]:
    end = 0
    for found in sought.finditer(text):
        if found.start() > end:
            yield Piece(text[end : found.start()])
        yield Piece(found.group(), marked=True)
        end = found.end()
    if end < len(text):
        yield Piece(text[end:])
