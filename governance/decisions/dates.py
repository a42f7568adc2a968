"""Dates as people write them. Owns finding the first one of a text. Pure, never guesses a day that isn't written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

_NAMES = (
    "january jan januar janvier enero gennaio janeiro januari jänner",
    "february feb februar février fevrier febrero febbraio fevereiro februari",
    "march mar märz maerz mars marzo março marco maart",
    "april apr avril abril aprile",
    "may mai mayo maggio maio mei",
    "june jun juni juin junio giugno junho",
    "july jul juli juillet julio luglio julho",
    "august aug août aout agosto augustus",
    "september sep sept septembre septiembre settembre setembro",
    "october oct oktober octobre octubre ottobre outubro okt",
    "november nov novembre noviembre novembro",
    "december dec dezember décembre decembre diciembre dicembre dezembro dez",
)
_MONTHS = {name: month for month, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))


@dataclass(frozen=True, slots=True)
class Found:
    """A date and its place; `doubtful` where day and month could be the other way round."""

    date: date
    start: int
    end: int
    doubtful: bool = False


def find(text: str) -> Found | None:
    """The first date of the text."""
    found = [hit for pattern, read in _FORMS for match in pattern.finditer(text) if (hit := read(match))]
    return min(found, key=lambda hit: (hit.start, -hit.end), default=None)


def _made(match: re.Match[str], year: str, month: int, day: str, *, doubtful: bool = False) -> Found | None:
    try:
        full = int(year) + (2000 if len(year) == 2 else 0)
        return Found(date(full, month, int(day)), match.start(), match.end(), doubtful)
    except ValueError:
        return None


def _year_first(match: re.Match[str]) -> Found | None:
    return _made(match, match[1], int(match[2]), match[3])


def _year_last(match: re.Match[str]) -> Found | None:
    """Day, month, year: the other way round only where the numbers leave no other way."""
    first, second, year = int(match[1]), int(match[2]), match[3]
    if second > 12 >= first:
        return _made(match, year, first, match[2])
    return _made(match, year, second, match[1], doubtful=first <= 12 and first != second) if second <= 12 else None


def _month_first(match: re.Match[str]) -> Found | None:
    return _made(match, match[3], _MONTHS[match[1].lower()], match[2])


def _day_first(match: re.Match[str]) -> Found | None:
    return _made(match, match[3], _MONTHS[match[2].lower()], match[1])


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Found | None]], ...] = (
    (re.compile(r"(?<!\d)((?:19|20)\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?!\d)"), lambda m: _made(m, m[1], int(m[3]), m[4])),
    (re.compile(r"(?<![\w-])((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)"), _year_first),
    (re.compile(r"((?:19|20)\d\d)\s?年\s?(\d{1,2})\s?月\s?(\d{1,2})\s?日"), _year_first),
    (re.compile(r"(?<![\d./-])(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)\d\d|\d\d)(?![\d./-]*\d)"), _year_last),
    (
        re.compile(
            rf"(?<!\w)({_MONTH})\.?[\s-]+(\d{{1,2}})(?:st|nd|rd|th)?,?[\s-]+((?:19|20)\d\d)(?!\d)", re.IGNORECASE
        ),
        _month_first,
    ),
    (
        re.compile(
            rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|\.|er|º|ª)?[\s-]*(?:of\s+|de\s+|do\s+)?({_MONTH})\.?,?[\s-]*(?:of\s+|de\s+)?"
            r"((?:19|20)\d\d)(?!\d)",
            re.IGNORECASE,
        ),
        _day_first,
    ),
    (
        re.compile(rf"(?<!\d)((?:19|20)\d\d)[\s-]+({_MONTH})\.?[\s-]+(\d{{1,2}})(?!\d)", re.IGNORECASE),
        lambda m: _made(m, m[1], _MONTHS[m[2].lower()], m[3]),
    ),
)
