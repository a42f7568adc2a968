"""The facts of a record's text, each as label and value: bullets, bold words, tables, sections, bare lines.

Owns finding them and where they stand. Pure, never judges a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from governance.decisions import dates, labels
from governance.decisions.plain import BULLET
from governance.decisions.visible import Heading

#: Where a fact stands, the strongest place first.
FRONT, HEADER, SECTION, ELSEWHERE = 0, 1, 2, 3
#: A section is read so far: a status of more lines is an essay.
_MOST_LINES = 60
_LABEL = re.compile(
    r"(?P<open>\*\*|__|\*|_|`|<b>|<strong>)?(?P<label>[^\W\d_][^:：|=<>{}\n]{0,50}?)"
    r"(?P<close>\*\*|__|\*|_|`|</b>|</strong>)?[ \t]*(?P<sep>[:：]|=(?=\s))[ \t]*"
    r"(?:(?:\*\*|__|\*|_|`|</b>|</strong>)(?=[\s\[]|$|\w))?[ \t]*(?P<value>.*)"
)
_BOLD_LABEL = re.compile(r"(?:\*\*|__)(?P<label>[^*_:：\n]{2,50})(?:\*\*|__)[ \t]*(?:[-–—|=>]+[ \t]*)?(?P<value>.*)")
_DASHED = re.compile(r"(?P<label>status|date|state|deciders|authors?)[ \t]+[-–—][ \t]+(?P<value>.+)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r":(?P<label>[A-Za-z][\w -]{1,40}):[ \t]+(?P<value>.+)")
_MORE = re.compile(
    r"(?:[|,;，；·•/]|\s{2,}|\s[-–—]\s|\*\*|__|<br ?/?>|\)\s)\s*(?:\*\*|__|\*|_)?"
    r"(?P<label>[^\W\d_]{2,20}(?:[ -][^\W\d_]{1,20}){0,2})(?:\*\*|__|\*|_)?[ \t]*[:：](?:\*\*|__|\*|_)?[ \t]*",
    re.IGNORECASE,
)
#: What is written side by side on one line. Other labels in the middle of a line are words of a sentence.
_ASIDE = frozenset({labels.STATUS, *labels.DATES, *labels.PEOPLE[:4], "owners", "supersedes", "superseded_by", "tags"})
_SEPARATOR = re.compile(r"[\s>]*\|?\s*:?-{1,}:?\s*(?:\|\s*:?-{1,}:?\s*)*\|?\s*")
_CELL_TAG = re.compile(r"</t[dh]>\s*<t[dh][^<>]{0,60}>", re.IGNORECASE)
_ROW_TAG = re.compile(r"\s*(?:<tr[^<>]{0,60}>)?\s*<t[dh][^<>]{0,60}>(.*)</t[dh]>\s*(?:</tr>)?\s*", re.IGNORECASE)
#: A row of reStructuredText's `list-table`: the label, and its value on the line below.
_LIST_ROW = re.compile(r"\s*\* - (?P<label>\S.{0,50}?)\s*")
_LIST_CELL = re.compile(r"\s+- (?P<value>.*)")
_META = frozenset(
    {
        "metadata",
        "meta",
        "meta data",
        "document control",
        "details",
        "about",
        "information",
        "info",
        "record",
        "overview",
    }
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. It stands on the lines from `line` up to `below`; `whole` if nothing else stands there."""

    meaning: str
    label: str
    value: str
    line: int
    below: int
    where: int
    whole: bool = True


def facts(lines: Sequence[str], begin: int, found: Sequence[Heading], title: Heading | None) -> list[Fact]:
    """Every fact of the visible lines from `begin`, in the order of the text."""
    sections = [heading for heading in found if heading is not title and heading.line >= begin]
    header_end = next(
        (h.line for h in sections if (title is None or h.line > title.line) and not _is_meta(h)), len(lines)
    )
    known = {heading.line: heading for heading in sections}
    following = [heading.line for heading in found[1:]] + [len(lines)]
    ends = {heading.line: end for heading, end in zip(found, following, strict=True)} if found else {}
    in_heading = {n for heading in found for n in range(heading.line, heading.below)}
    result: list[Fact] = []
    n = begin
    while n < len(lines):
        if n in known:
            heading = known[n]
            result += _of_section(heading, lines, ends[heading.line])
            n = heading.below
        elif n in in_heading or not lines[n].strip():
            n += 1
        else:
            where = HEADER if n < header_end else ELSEWHERE
            told, n = _of_line(lines, n, where)
            result += told
    return result


def _is_meta(heading: Heading) -> bool:
    return labels.normal(heading.text) in _META


def _of_section(heading: Heading, lines: Sequence[str], end: int) -> Iterator[Fact]:
    """`## Status` and the lines below it; `## Status: Accepted` in one."""
    own = labels.meaning(heading.text)
    value = "\n".join(lines[heading.below : min(end, heading.below + _MOST_LINES)]).strip("\n")
    # `## Updated` may have a story below it; a day of its own is a fact.
    is_day = own in {"decided", "created", "updated"} and len(value.strip()) <= 40 and dates.find(value) is not None
    if own and (is_day or own not in {"decided", "created", "updated", "title", "number", "tags", "story"}):
        yield Fact(own, heading.text, value, heading.line, end, SECTION, end - heading.below <= _MOST_LINES)
        return
    match = _LABEL.fullmatch(heading.text) or _DASHED.fullmatch(heading.text)
    meaning = labels.meaning(match["label"]) if match else None
    if match and meaning in {labels.STATUS, "date"} and match["value"].strip():
        yield Fact(meaning, match["label"], match["value"].strip(), heading.line, heading.below, SECTION, False)


def _of_line(lines: Sequence[str], n: int, where: int) -> tuple[list[Fact], int]:
    """The facts of the line, and the line to go on with."""
    cells = cells_of(lines[n])
    if cells is not None:
        return _of_table(lines, n, where)
    row = _LIST_ROW.fullmatch(lines[n])
    cell = _LIST_CELL.fullmatch(lines[n + 1]) if row and n + 1 < len(lines) else None
    if row and cell:
        what = labels.meaning(row["label"])
        return [Fact(what, row["label"], cell["value"], n, n + 2, where, False)] if what else [], n + 2
    indent = len(lines[n]) - len(lines[n].lstrip())
    text = BULLET.sub("", lines[n], count=1).strip()
    match = _LABEL.match(text) or _ATTRIBUTE.match(text)
    own = labels.meaning(match["label"]) if match else None
    if own is None:
        match = _BOLD_LABEL.match(text) or _DASHED.match(text)
        own = labels.meaning(match["label"]) if match else None
    if match is None or own is None:
        return [], n + 1
    label, value = match["label"].strip(), match["value"]
    more = [found for found in _MORE.finditer(value) if labels.meaning(found["label"]) in _ASIDE]
    # In a text, only the facts that a record has above it are looked for, and only at the beginning of a line.
    rest, below = _continued(lines, n, indent, empty=not value.strip())
    pieces = [value[: more[0].start()] if more else value]
    pieces += [value[m.end() : (more[i + 1].start() if i + 1 < len(more) else len(value))] for i, m in enumerate(more)]
    named = [(own, label), *((labels.meaning(m["label"]) or "", m["label"]) for m in more)]
    if rest:
        pieces[-1] = f"{pieces[-1]}\n{rest}" if pieces[-1].strip() else rest
    told = [
        Fact(what, name, piece.strip(), n, below, where)
        for (what, name), piece in zip(named, pieces, strict=True)
        if what
    ]
    return told, below


def _continued(lines: Sequence[str], n: int, indent: int, *, empty: bool) -> tuple[str, int]:
    """What belongs to the value on the lines that follow: deeper ones, or, of a label alone, the next few."""
    kept: list[str] = []
    at = n + 1
    if empty and at + 1 < len(lines) and not lines[at].strip() and _continues(lines[at + 1], -1, empty=True):
        at += 1
    while at < len(lines) and at - n <= 25 and lines[at].strip() and _continues(lines[at], indent, empty=empty):
        kept.append(lines[at])
        at += 1
    return ("\n".join(kept), at) if kept else ("", n + 1)


def _continues(line: str, indent: int, *, empty: bool) -> bool:
    if line.lstrip().startswith(("#", "|", "---", "===", "***", "```")):
        return False
    text = BULLET.sub("", line, count=1).strip()
    match = _LABEL.match(text) or _BOLD_LABEL.match(text)
    if match and labels.meaning(match["label"]):
        return False
    return empty or len(line) - len(line.lstrip()) > indent


def cells_of(line: str) -> list[str] | None:
    """A table row's cells; None for any other line."""
    tagged = _ROW_TAG.fullmatch(line)
    if tagged:
        return [cell.strip() for cell in _CELL_TAG.split(tagged[1])]
    text = line.lstrip(" \t>").strip()
    if not text.startswith("|"):
        return None
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", text.strip().strip("|"))]


def _of_table(lines: Sequence[str], n: int, where: int) -> tuple[list[Fact], int]:
    """A table by rows, `| Status | accepted |`, or by columns, with the labels in its first row."""
    end = n
    while end < len(lines) and end - n < 200 and cells_of(lines[end]) is not None:
        end += 1
    rows = [(at, cells_of(lines[at]) or []) for at in range(n, end) if not _SEPARATOR.fullmatch(lines[at])]
    if not rows:
        return [], end
    head = [labels.meaning(cell) for cell in rows[0][1]]
    told: list[Fact] = []
    if len(head) > 1 and sum(what is not None for what in head) > 1 and len(rows) > 1 and not _paired(rows[0][1]):
        at, cells = rows[1]
        pairs = zip(head, rows[0][1], cells, strict=False)
        told = [Fact(what, label, value, at, at + 1, where, False) for what, label, value in pairs if what and value]
        if len(rows) > 2 and {labels.STATUS, "date"} <= set(head):
            # A history: its lines are judged together, each with its date.
            lines = [" ".join(_told(head, row, what) for what in ("date", labels.STATUS)) for _, row in rows[1:]]
            told = [fact for fact in told if fact.meaning not in {labels.STATUS, "date"}]
            told.append(Fact(labels.STATUS, "Status", "\n".join(lines), at, at + 1, where, False))
    else:
        for at, cells in rows:
            for place in range(0, len(cells) - 1, 2 if len(cells) > 3 else len(cells)):
                what = labels.meaning(cells[place])
                if what:
                    told.append(Fact(what, cells[place], cells[place + 1], at, at + 1, where, False))
    return told, end


def _told(head: Sequence[str | None], row: Sequence[str], what: str) -> str:
    place = head.index(what)
    return row[place] if place < len(row) else ""


def _paired(cells: Sequence[str]) -> bool:
    """`| Status | accepted |`, though `accepted` could head a column of dates."""
    return (
        len(cells) == 2
        and labels.meaning(cells[0]) == labels.STATUS
        and labels.meaning(cells[1]) in {"decided", "created"}
    )
