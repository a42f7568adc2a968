"""What somebody typed, as a question: words that must all be there, phrases in quotes, words with a minus that must not.

The last word may be half a word, while it is being typed. Whatever is typed is a question: there is no wrong syntax, and
nothing of it reaches a database but words. Owns the language and how it is said to each database. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from governance.search.words import words

#: More than these are not looked at: nobody types them, and each costs a scan.
LONGEST, MOST_TERMS, MOST_WORDS = 400, 12, 12
#: A single letter begins too many words.
SHORTEST_PREFIX = 2
#: Left out of a question that has other words. They are indexed, so a phrase in quotes may have them.
_SMALL_WORDS = (
    """a an and are be by did do does for from how i in is it my of on or the to we what when where why with"""
)
SMALL = frozenset(_SMALL_WORDS.split())
_PART = re.compile(r'(-?)"([^"]*)("?)|(\S+)')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand next to each other. `prefix`: the last of them may go on."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question. `name`: all of its words in a row, to compare with names; `any_of`: one of the terms is enough."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    name: str = ""
    any_of: bool = False

    def __bool__(self) -> bool:
        return bool(self.terms)

    @property
    def loosened(self) -> Query:
        """The same, content with some of the words."""
        return Query(self.terms, self.without, self.name, any_of=True)

    @property
    def unwanted(self) -> Query:
        """A question that finds what this one is not to find."""
        return Query(self.without, any_of=True)


def parse(text: str) -> Query:
    """The question in what was typed; empty when there is no word in it to look for."""
    text = text[:LONGEST]
    wanted: list[tuple[Term, bool]] = []
    without: list[Term] = []
    for minus, quoted, closing, bare in _PART.findall(text):
        found = tuple(words(quoted or bare))[:MOST_WORDS]
        if not found:
            continue
        if minus or bare.startswith("-"):
            without.append(Term(found))
        else:
            wanted.append((Term(found), not bare and bool(closing)))
    kept = [one for one in wanted if one[1] or not set(one[0].words) <= SMALL] or wanted
    terms = _with_prefix(kept[:MOST_TERMS], text)
    name = " ".join(word for term, _ in wanted for word in term.words)
    return Query(terms, tuple(without[:MOST_TERMS]), name)


def _with_prefix(found: list[tuple[Term, bool]], text: str) -> tuple[Term, ...]:
    """The last word may be half a word, unless a space or a quote ended it."""
    if not found:
        return ()
    last, is_closed = found[-1]
    half = not is_closed and not text[-1:].isspace() and len(last.words[-1]) >= SHORTEST_PREFIX
    ending = Term(last.words, prefix=half and not last.words[-1].isdigit())
    return (*(term for term, _ in found[:-1]), ending)


def tsquery(query: Query) -> str:
    """What is wanted, for PostgreSQL as the text of a tsquery. Words are letters and digits, so the quotes around them hold."""
    return (" | " if query.any_of else " & ").join(_lexemes(term) for term in query.terms)


def _lexemes(term: Term) -> str:
    quoted = [f"'{word}'" for word in term.words]
    return f"({' <-> '.join(quoted)}{':*' if term.prefix else ''})"


def fts5(query: Query) -> str:
    """The same for SQLite's FTS5, as a MATCH expression."""
    return (" OR " if query.any_of else " AND ").join(_phrase(term) for term in query.terms)


def _phrase(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'
