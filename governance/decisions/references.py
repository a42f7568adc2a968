"""Where a text points to: Markdown and other links, file names, `ADR-0012`, bare numbers after a verb.

Owns finding targets with their places. Pure: whether a target exists is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from governance.decisions.naming import LARGEST, number_of_path, number_of_words

SUFFIX = r"(?:md|markdown|mdx|rst|adoc|asciidoc|html)"
_DOCUMENT = re.compile(rf"\.{SUFFIX}$", re.IGNORECASE)
_INLINE = re.compile(
    r"\[((?:[^\[\]]|\[[^\[\]]{0,200}\]){0,300})\]\(\s*<?((?:[^()<>\s]|\([^()\s]{0,100}\)|"
    r"(?<=\S) (?=[^()\"'<>]{0,120}\.md)){1,500})>?(?:\s+[\"'(][^()]{0,200}[\"')])?\s*\)"
)
_REFERENCE = re.compile(r"\[([^\[\]]{1,200})\](?:\[([^\[\]]{0,100})\])?")
_WIKI = re.compile(r"\[\[([^\[\]|]{1,200})(?:\|([^\[\]]{1,200}))?\]\]")
_RST = re.compile(r"(?::doc:)?`([^`<>]{0,200})<([^`<>\s]{1,300})>`_{0,2}|:(?:doc|ref):`([^`<>]{1,300})`")
_ASCIIDOC = re.compile(r"(?:link|xref):([^\s\[\]]{1,300})\[([^\[\]]{0,200})\]|<<([^<>,]{1,200})(?:,([^<>]{0,200}))?>>")
_FILE = re.compile(r"(?<![\w/])[`<]?((?:\.{0,2}/)?[\w#%./+-]{1,200}\.(?:md|markdown|mdx|rst|adoc))[`>]?(?!\w)")
_KIND = r"(?:adr|madr|rfc|rfd|decision(?: record)?|record|ladr|ddr|tdr|dr)"
_NAMED = re.compile(
    rf"(?<![\w/-])(?:[A-Za-z]{{2,12}}-)?{_KIND}s?[ \t]*(?:[-_#:.]|no\.?|number|nr\.?)?[ \t]*#?(\d{{1,5}})(?![\w]|\.\d)"
    r"(?:-[a-z][\w-]{1,120})?",
    re.IGNORECASE,
)
_STAMPED = re.compile(r"(?<![\w/-])((?:19|20)\d{6}-[a-z][\w-]{2,120})(?!\w)", re.IGNORECASE)
_STEM = re.compile(r"(?<![\w/-])(0\d{2,4}-[a-z][\w-]{2,120})(?![\w.])", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w.\-/#§])(?<!§ )#?(\d{1,5})(?![\w%]|[.,:/-]\d|-[a-z])")
_DEFINITION = re.compile(r" {0,3}\[([^\[\]]{1,100})\]:\s*<?([^\s<>]{1,500})>?")


@dataclass(frozen=True, slots=True)
class Target:
    """A place that a text points to. `bare` is a number alone, which means a record only right after a verb."""

    number: int | None
    file: str
    text: str
    start: int
    end: int
    bare: bool = False

    @property
    def is_record(self) -> bool:
        """It looks like a record: a number, or a document's file that is no web page."""
        return self.number is not None or (bool(_DOCUMENT.search(self.file)) and "://" not in self.file)


def definitions(lines: Sequence[str]) -> dict[str, str]:
    """`[x]: 0012-x.md`, wherever it stands."""
    return {match[1].lower(): match[2] for line in lines if (match := _DEFINITION.match(line))}


def targets(text: str, defined: Mapping[str, str]) -> list[Target]:
    """Every target of a line, in order, none inside another."""
    found: list[Target] = []
    for match in _INLINE.finditer(text):
        found.append(_link(match[1], match[2], match))
    for match in _WIKI.finditer(text):
        found.append(_link(match[2] or match[1], match[1], match))
    for match in _REFERENCE.finditer(text):
        address = defined.get((match[2] or match[1]).lower())
        if address:
            found.append(_link(match[1], address, match))
    for match in _RST.finditer(text):
        found.append(_link((match[1] or match[3] or "").strip(), match[2] or match[3], match))
    for match in _ASCIIDOC.finditer(text):
        found.append(_link(match[2] or match[4] or "", match[1] or match[3], match))
    for match in _FILE.finditer(text):
        found.append(_link(match[1], match[1], match))
    for pattern in (_STAMPED, _STEM):
        found += [Target(number_of_path(m[1]), m[1], m[1], m.start(), m.end()) for m in pattern.finditer(text)]
    found += [Target(_small(m[1]), "", m[0], m.start(), m.end()) for m in _NAMED.finditer(text)]
    found += [Target(_small(m[1]), "", m[0], m.start(), m.end(), bare=True) for m in _BARE.finditer(text)]
    return _apart(found)


def _apart(found: list[Target]) -> list[Target]:
    """In order of the text; of two that overlap, the one found by the stricter form."""
    kept: list[Target] = []
    taken: list[tuple[int, int]] = []
    for target in found:
        if all(target.end <= start or target.start >= end for start, end in taken):
            kept.append(target)
            taken.append((target.start, target.end))
        if len(kept) >= 200:
            break
    return sorted(kept, key=lambda target: target.start)


def _link(text: str, address: str, match: re.Match[str]) -> Target:
    file = (
        unquote(address.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0]).strip()
        if not address.startswith("#")
        else ""
    )
    number: int | None = None
    if re.search(r"/(?:pull|issues?|merge_requests|commit|discussions)/", file):
        return Target(None, address, text, match.start(), match.end())
    if "://" not in file or _DOCUMENT.search(file):
        # A file's own name, also where its folder numbers what lies in it.
        number = number_of_path(file) if file else None
    if number is None:
        number = number_of_words(re.sub(r"[*_`]+", "", text)) if not re.match(r"\W*(?:19|20)\d{2}\D", text) else None
    if number is None:
        named = _NAMED.search(text)
        number = _small(named[1]) if named else None
    return Target(number, file, text.strip(), match.start(), match.end())


def _small(digits: str) -> int | None:
    return int(digits) if int(digits) <= LARGEST else None
