"""A document's lines as a reader of the page would see them: code and HTML comments emptied, headings found.

Owns telling text from what only looks like it: a `## Status` in a code fence is no heading, a hint in a comment no value.
Pure, never judges what a heading means.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Longer lines are looked at so far; a record's facts stand in short ones.
LONGEST_LINE = 2_000
_FENCE = re.compile(r"[ \t>]*(?:[-*+][ \t]+)?(`{3,}|~{3,})(.*)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)(.*)")
_CLOSING = re.compile(r"(?:[ \t]+|^)#+[ \t]*$")
_ASCIIDOC = re.compile(r"(={1,6})[ \t]+(\S.*)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*")
_RST_UNDERLINE = re.compile(r"([=\-~^\"'*+#<>_:.`])\1{2,}[ \t]*")
#: How Hugo's pages name a file in a link.
_SHORTCODE = re.compile(r'\{\{[<%]\s*(?:rel)?ref\s+"([^"{}]{1,300})"\s*[%>]\}\}')
_NO_SETEXT = re.compile(r"[ \t]*(?:[-*+][ \t]|\d+[.)][ \t]|[|>#]|`{3}|~{3})")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its text, and the lines from `line` up to `below`, where its section begins."""

    level: int
    text: str
    line: int
    below: int


def lines_of(text: str) -> list[str]:
    """The lines, without a byte order mark, whatever ends them."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def visible(lines: Sequence[str]) -> list[str]:
    """As many lines, without code blocks and comments."""
    shown: list[str] = []
    fence, in_comment = "", False
    for line in lines:
        text = _SHORTCODE.sub(r"\1", line[:LONGEST_LINE])
        if fence:
            match = _FENCE.match(text)
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
            shown.append("")
            continue
        text, in_comment = _without_comments(text, in_comment)
        match = _FENCE.match(text)
        if match and not (match[1][0] == "`" and "`" in match[2]):
            fence = match[1]
            text = ""
        shown.append(text.rstrip())
    return shown


def _without_comments(text: str, inside: bool) -> tuple[str, bool]:
    kept: list[str] = []
    at = 0
    while True:
        if inside:
            end = text.find("-->", at)
            if end < 0:
                return "".join(kept), True
            at, inside = end + 3, False
        start = text.find("<!--", at)
        if start < 0:
            kept.append(text[at:])
            return "".join(kept), False
        kept.append(text[at:start])
        at, inside = start + 4, True


def headings(lines: Sequence[str], suffix: str) -> list[Heading]:
    """The headings of visible lines, in order. `suffix` says whose: `.rst` and `.adoc` have their own."""
    if suffix in {".adoc", ".asciidoc"}:
        found = [(n, _ASCIIDOC.fullmatch(line) or _ATX.fullmatch(line)) for n, line in enumerate(lines)]
        return [Heading(len(m[1]), _heading_text(m[2]), n, n + 1) for n, m in found if m]
    result: list[Heading] = []
    marks: list[str] = []
    skip_to = 0
    for n, line in enumerate(lines):
        if n < skip_to:
            continue
        heading = _rst(lines, n, marks) if suffix == ".rst" else _atx(line, n) or _setext(lines, n)
        if heading:
            result.append(heading)
            skip_to = heading.below
    return result


def _atx(line: str, n: int) -> Heading | None:
    match = _ATX.fullmatch(line)
    return Heading(len(match[1]), _heading_text(match[2]), n, n + 1) if match else None


def _heading_text(text: str) -> str:
    return _CLOSING.sub("", text.strip()).strip()


def _setext(lines: Sequence[str], n: int) -> Heading | None:
    if n + 1 >= len(lines) or not lines[n].strip() or not _UNDERLINE.fullmatch(lines[n + 1]):
        return None
    if _NO_SETEXT.match(lines[n]) or lines[n].startswith("    ") or (n > 0 and lines[n - 1].strip()):
        return None
    return Heading(1 if "=" in lines[n + 1] else 2, lines[n].strip(), n, n + 2)


def _rst(lines: Sequence[str], n: int, marks: list[str]) -> Heading | None:
    """A title under, or between, lines of punctuation; which one means which level is the file's own choice."""
    over = _RST_UNDERLINE.fullmatch(lines[n])
    at = n + 1 if over else n
    if at + 1 >= len(lines) or not lines[at].strip():
        return None
    under = _RST_UNDERLINE.fullmatch(lines[at + 1])
    if under is None or _RST_UNDERLINE.fullmatch(lines[at]) or (over and over[1] != under[1]):
        return None
    mark = f"{over[1] if over else ''}{under[1]}"
    if mark not in marks:
        marks.append(mark)
    return Heading(min(marks.index(mark) + 1, 6), lines[at].strip(), n, at + 2)
