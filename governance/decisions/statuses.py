"""A record's status, out of the words that teams use for it.

Owns which of several statuses is the current one. Pure. A word whose use is not clear is none of ours: the caller keeps it as
written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from governance.decisions import dates
from governance.decisions.partly import is_partly, names_itself
from governance.decisions.plain import words
from governance.decisions.vocabulary import VOCABULARY

_STATUS_OF = {
    " ".join(phrase.split()): status for status, phrases in VOCABULARY.items() for phrase in phrases.split("|")
}
_PHRASES = "|".join(re.sub(r" ", r"[ _-]+", phrase) for phrase in sorted(_STATUS_OF, key=len, reverse=True))
#: Letters of scripts without spaces between words have no edges.
_PHRASE = re.compile(rf"(?<![a-zà-ÿ0-9-])(?:{_PHRASES})(?![a-zà-ÿ0-9]|-[a-z])", re.IGNORECASE)
#: What stands firm in the middle of a sentence. `open`, `review`, `current` there mean something else.
_FIRM = frozenset(
    [
        "draft",
        "proposed",
        "accepted",
        "approved",
        "adopted",
        "agreed",
        "decided",
        "implemented",
        "ratified",
        "rejected",
        "declined",
        "withdrawn",
        "abandoned",
        "deprecated",
        "obsolete",
        "superseded",
        "superceded",
        "replaced",
        "undecided",
    ]
) | {"not accepted", "not approved", "not yet accepted", "not yet approved", "no longer valid", "no longer relevant"}
_RANK = {"draft": 0, "proposed": 1, "accepted": 2, "rejected": 2, "deprecated": 3, "superseded": 4}
_LEAD = re.compile(
    r"(?:(?:current )?(?:status|state)\s*(?:[:=–—-]|is|has been|was)?\s*)?(?:(?:this|the) (?:adr|rfc|decision|"
    r"record|proposal|document) "
    r"(?:is|was|has been|have been)\s+)?(?:(?:currently|now|already|has been|formally|officially|tentatively)\s+)*",
    re.IGNORECASE,
)
#: What may follow a status in a list of them. `Rejected alternatives` is a sentence's beginning.
_AFTER = re.compile(
    r"\s*(?:$|[.,;:()\[\]–—|/&+*!?→'\"-]|(?:by|on|in|since|with|as|at|and|but|see|from|for|via)\b|\d)", re.IGNORECASE
)
_BY_WHOM = re.compile(
    r"(?:\w+ ){0,2}by\s*:|(?:\w+ )?(?:proposed|accepted|approved|reviewed) by\b(?!.*\b(?:19|20)\d\d\b)", re.IGNORECASE
)
_EXPLAINS = re.compile(r"\b(?:may|can|should|must) be\b|\b(?:one of|either)\b", re.IGNORECASE)
_ARROW = re.compile(r"→|->|=>|⇒|➡|➜|>{1,2}")
_BOX = re.compile(r"^[\s>]*(?:[-*+]\s+)?\[([ xX✓✔])\]\s*")
_BOLD = re.compile(r"\*\*([^*]{1,80})\*\*|__([^_]{1,80})__|`([^`]{1,80})`")
#: The date in the name of a file that is linked is not the status's.
_NAME_OF_FILE = re.compile(r"(?:19|20)\d\d-?\d\d-?\d\d(?:T?\d{4,6}Z?)?[-_][a-z]\S*", re.IGNORECASE)
#: The day of a later touch is not that of the decision.
_TOUCHED = re.compile(r"(?<=\W)(?:amended|updated|revised|modified|reaffirmed|last reviewed)\b", re.IGNORECASE)
_AMENDED = re.compile(r"(?:amended|updated|revised|modified)\s+(?:by|in|with|on)\b", re.IGNORECASE)
#: Right behind what takes the place: `by 9 in part`, not `by 9, which was adopted in part`.
_IN_PART = re.compile(
    r"(?:(?!\b(?:which|that|who|was|were|is|are|has|because|since|as|when|after|but)\b)[^,]){1,100}?"
    r"(?:(?<=\d)[\s,(*_]+(?:in part|partially|partly)\b(?! of)|[\s,(*_]+(?:in part|partially|partly)\W*$)",
    re.IGNORECASE,
)
#: A line of a paragraph goes on with the sentence of the one before.
_GOES_ON = re.compile(r"\s*[a-z]")
#: A line that ends so is no whole one: `the rule is`, and on the next line `superseded`.
_ASKS_MORE = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|being|has|have|had|not|never|and|or|but|to|as|by|of|in|the|an?|once|if|when|which|that|it|we)|,)"
    r"\s*$",
    re.IGNORECASE,
)
_HINT = re.compile(r"^\W*[{<\[].*(?:\||/|,| or ).*[}>\]]\W*$|\{[^{}]*\|[^{}]*\}|^\W*\{\{?.*\}\}?\W*$|<[^<>]*\|[^<>]*>")


@dataclass(frozen=True, slots=True)
class Status:
    """The current status. `word` is one of the six or None; `raw` is the line that says it; `date` stands there."""

    word: str | None = None
    raw: str = ""
    date: date | None = None
    sure: bool = False
    """It begins the line, as a status does, and is not only named in it."""


@dataclass(frozen=True, slots=True)
class _Said:
    status: Status
    order: int
    leads: bool


def judge(text: str, title: str = "") -> Status:
    """The current status of a text that states one, in a word, a sentence or a list of them; `title` is the record's."""
    said: list[_Said] = []
    first = above = ""
    for order, line in enumerate(text.split("\n")[:60]):
        told = None if _is_continued(above, line) else _told(line)
        above = line
        if told is None:
            continue
        read = _of_line(told, title, is_first=not first)
        first = first or line.strip()
        if read is not None:
            word, leads = read
            found = dates.find(_TOUCHED.split(_NAME_OF_FILE.sub(" ", told), maxsplit=1)[0])
            said.append(_Said(Status(word, line.strip(), found.date if found else None, leads), order, leads))
    if not said:
        return Status(None, first)
    return _current(said)


def _is_continued(above: str, line: str) -> bool:
    """The line goes on with the sentence above. Of a log's lines each begins with a status of its own."""
    if not _GOES_ON.match(line) or above.endswith(("  ", "\\")) or above.rstrip()[-1:] in ".!?:;":
        return False
    status = _PHRASE.match(line.strip())
    if status and _AFTER.match(line.strip(), status.end()) and not _ASKS_MORE.search(above):
        return False
    return len(words(above).split()) > 4


def _told(line: str) -> str | None:
    """What the line says; None for a hint of the template, an unticked box, an empty line."""
    box = _BOX.match(line)
    if box:
        return words(line[box.end() :]) if box[1] != " " else None
    if _HINT.search(line.strip()):
        return None
    if _explains(line):
        return None
    options = _options(words(line))
    if options > 2:
        # A list of choices states one only by marking it.
        marked = [next(filter(None, match.groups())) for match in _BOLD.finditer(line)]
        chosen = [text for text in marked if _PHRASE.search(words(text))]
        return words(chosen[0]) if len(chosen) == 1 else None
    return words(line) or None


def _explains(line: str) -> bool:
    """What a template says of its statuses: `may be "proposed" if …, or "accepted" once …`."""
    if len(line) < 60 or not _EXPLAINS.search(line):
        return False
    return len({_word(match[0]) for match in _PHRASE.finditer(words(line))}) > 2


def _options(text: str) -> int:
    """How many statuses stand there as alternatives: `proposed | accepted | rejected`."""
    parts = [part for part in re.split(r"\s*(?:\||/|,|…|\.\.\.|\bor\b)\s*", text) if part]
    plain = [part for part in parts if (match := _PHRASE.match(part)) and match.end() >= len(part) - 2]
    return len({part.lower() for part in plain}) if len(plain) * 2 >= len(parts) else 0


def _of_line(text: str, title: str, *, is_first: bool) -> tuple[str, bool] | None:
    """The line's status, and whether the line begins with it."""
    if not is_first and (_BY_WHOM.match(text) or _AMENDED.match(text)):
        return None
    start = _start(text)
    matches = list(_PHRASE.finditer(text))
    if not matches:
        return None
    if len(matches) > 1 and _ARROW.search(text[matches[0].end() : matches[-1].start()]):
        return _word(matches[-1][0]), True
    first = matches[0]
    leads = first.start() <= start
    if leads and (is_first or _AFTER.match(text, first.end())):
        return _with_successor(text, matches, title), True
    if is_first and not leads:
        firm = [match for match in matches if _key(match[0]) in _FIRM]
        return (_with_successor(text, firm, title), False) if firm else None
    return None


def _start(text: str) -> int:
    """Where the status may begin: behind emoji, a date, `Status:`."""
    at = re.match(r"[^\w(]*", text)
    place = at.end() if at else 0
    found = dates.find(text[:60])
    if found and found.start <= place + 12:
        place = found.end + len(re.match(r"[^\w]*(?:\d\d:\d\d\S*)?[^\w]*", text[found.end :])[0])  # type: ignore[index]
    lead = _LEAD.match(text, place)
    return lead.end() if lead else place


def _with_successor(text: str, matches: list[re.Match[str]], title: str) -> str:
    """`Accepted, superseded by 12` is superseded: the later word wins where it names who took over."""
    for match in matches:
        by_what = re.match(r"\s+(?:by|with)\b([^.;:—]{0,120})", text[match.end() :], re.IGNORECASE)
        if by_what and _word(match[0]) == "superseded":
            before = text[: match.start()]
            partly = is_partly(before, "", title) or _IN_PART.match(by_what[1])
            if not partly and not _is_of_another(before):
                return "superseded"
            if partly and match is matches[0]:
                return "accepted"
    first = matches[0]
    if re.match(r"\s+(?:in part|partially|partly)\b", text[first.end() :]) and _word(first[0]) == "superseded":
        return "accepted"
    return _word(first[0])


def _is_of_another(before: str) -> bool:
    """`not superseded by`, and what a sentence tells of another: `it replaces 3, which was superseded by`."""
    near = before[-12:].lower()
    return bool(re.search(r"\bnot\b", near)) or (bool(re.search(r"\bwas\b", near)) and not names_itself(before))


def _current(said: list[_Said]) -> Status:
    """Of several: the latest by its date; undated, the one furthest in a record's life, and of two such the later line."""
    leading = [one for one in said if one.leads] or said[:1]
    dated = [one for one in leading if one.status.date]
    if len(dated) > 1 and len(dated) == len(leading):
        return max(dated, key=lambda one: (one.status.date or date.min, _rank(one), one.order)).status
    return max(leading, key=lambda one: (_rank(one), one.order)).status


def _rank(said: _Said) -> int:
    return _RANK[said.status.word or "draft"]


def _key(text: str) -> str:
    return " ".join(re.split(r"[ _-]+", text.lower()))


def _word(text: str) -> str:
    key = _key(text)
    return _STATUS_OF.get(key) or _STATUS_OF.get(text.lower()) or next(_spelled(key), "proposed")


def _spelled(key: str) -> Iterator[str]:
    """The status of a phrase that is written as an expression."""
    for phrase, status in _STATUS_OF.items():
        if re.fullmatch(phrase, key) or re.fullmatch(phrase.replace("-?", " ?"), key):
            yield status


def is_hint(text: str) -> bool:
    """`{proposed | rejected | …}`: what the template asks for, left as it was."""
    return bool(text.strip()) and all(_told(line) is None for line in text.split("\n"))
