"""Whether a file is a record at all: folders of records also hold a template, an index and a guide.

Owns that judgement, and the names of styles. Pure. In doubt a file is a record: a record left out would be a loss.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from governance.decisions.naming import INSIDE, split_stem, stem_of
from governance.decisions.visible import Heading
from orchestration.manifest.values import JSON

_WORD = (
    r"(?:l?adrs?|madr|rfcs?|rfds?|decisions?|decision-?records?|records?|nygard|architecture-decision-records?|"
    r"architectural-decision-records?|keps?|oep|proposals?|design-?docs?)"
)
_TEMPLATE = re.compile(
    rf"[\W_]*(?:(?:{_WORD}|my|our|the|new|empty|example|sample|short|long|full|minimal|bare|basic|simple|"
    rf"blank)[-_ .]+)*templates?"
    r"(?:[-_ .](?:short|long|full|minimal|bare|basic|simple|nygard|madr|adr|rfc|en|de|file|annotated|v?\d+|md|copy))*",
    re.IGNORECASE,
)
_GUIDE = re.compile(
    rf"(?:readme|index|contributing|changelog|license|licence|code[-_]of[-_]conduct|summary|_?sidebar|_?index|toc|glossary|overview|"
    rf"table[-_]of[-_]contents|security|support|maintainers|authors|codeowners|agents|claude|{_WORD}[-_](?:index|log|list|overview|readme|guide|guidelines|process|toc)|"
    rf"{_WORD}|log|archive|(?:index|list|log)[-_]of[-_].*|how[-_]to[-_](?:write|create|use|add)[-_].*|introduction|intro|about|home|process|backlog|todo)",
    re.IGNORECASE,
)
_BLANK = re.compile(
    r"\{short title|\[short title|short title of solved problem|\{title\}|\{\{ ?title|<title>|\[title\]|"
    r"\[number\]|NUMBER\. TITLE|X{3,4}[:. ]|NNNN?|"
    r"\{number\}|<short title|your title|title of (?:the )?(?:adr|decision|rfc)|^title$|^\[.*(?:title|"
    r"decision).*\]$|^\{.*\}$|^<.*>$",
    re.IGNORECASE,
)
_PARTS = re.compile(
    r"(?:\d+[.)]?\s*)?(?:decision|context|consequences|rationale|proposal|problem|options)\b", re.IGNORECASE
)
_LISTED = re.compile(
    r"\s*(?:[-*+]|\d+[.)]|\|)\s*.{0,80}?\[[^\]]{0,300}\]\([^()]{0,300}\.(?:md|markdown|rst|adoc)[^()]{0,100}\)"
)


def no_record(
    path: str,
    text: str,
    lines: Sequence[str],
    titles: Sequence[str],
    found: Sequence[Heading],
    *,
    stated: bool,
    above: bool,
) -> str:
    """Why a file is no record; empty for one that is. `stated`: it has a status of its own; `above`: in its front matter."""
    if not text.strip():
        return "it is empty"
    return _template(path, titles, stated=stated) or _of_the_folder(path, lines, found, stated=stated, above=above)


def _template(path: str, titles: Sequence[str], *, stated: bool) -> str:
    digits, slug = split_stem(stem_of(path))
    name = slug if digits else PurePosixPath(path).stem
    if _TEMPLATE.fullmatch(name) and (not digits or int(digits) == 0 or not stated):
        return "its name says that it is a template"
    if titles and all(_BLANK.search(title) for title in titles) and not digits.strip("0"):
        return "its title is a template's, to be filled in"
    return ""


def _of_the_folder(path: str, lines: Sequence[str], found: Sequence[Heading], *, stated: bool, above: bool) -> str:
    name = PurePosixPath(path)
    inside = name.stem.lower() in INSIDE
    digits = split_stem(stem_of(path))[0]
    if _is_list(lines) and not stated:
        return "it lists other records"
    if name.stem.lower().startswith("_") and not stated:
        return "its name says that it belongs to the folder"
    # A folder of its own, and a status in front matter: a record with its pictures beside it.
    at_home = inside and not _tells(stem_of(path), name) and not (above and len(name.parts) > 1)
    is_guide = not digits and not inside and bool(_GUIDE.fullmatch(name.stem))
    if (at_home or is_guide) and not _has_parts(found, stated=stated):
        return "it is about the folder, not a record in it"
    return ""


def _tells(stem: str, name: PurePosixPath) -> bool:
    """The folder that holds README.md is named for one record: by number or date."""
    return stem != name.stem and (bool(split_stem(stem)[0]) or split_stem(stem)[1] != stem)


def _has_parts(found: Sequence[Heading], *, stated: bool) -> bool:
    """The headings of a record: two of them, or a status and one."""
    parts = {heading.text.lower()[:12] for heading in found if _PARTS.match(heading.text)}
    return len(parts) + stated > 1


def _is_list(lines: Sequence[str]) -> bool:
    told = [line for line in lines if line.strip() and not line.startswith("#")]
    listed = sum(bool(_LISTED.match(line)) for line in told)
    return listed >= 2 and listed * 2 > len(told)


def style_of(path: str, front: Mapping[str, JSON], lines: Sequence[str], found: Sequence[Heading]) -> str:
    """What teams call the way it is written. Only told to people: nothing hangs on it."""
    keys = {key.lower() for key in front}
    names = {heading.text.lower() for heading in found}
    bullets = any(re.match(r"[-*] +\**(?:status|deciders|date)\**:", line, re.IGNORECASE) for line in lines[:40])
    if "rfc" in PurePosixPath(path).name.lower() or {"summary", "proposal"} <= names:
        return "rfc"
    if keys & {"decision-makers", "deciders"} or "context and problem statement" in names:
        return "madr" if not bullets else "log4brains" if re.match(r"\d{8}-", PurePosixPath(path).name) else "madr-2"
    if "status" in names:
        return "adr-tools" if any(re.match(r"date: ", line, re.IGNORECASE) for line in lines[:20]) else "nygard"
    if any(line.startswith("|") and "status" in line.lower() for line in lines[:40]):
        return "table"
    text = " ".join(lines[:40]).lower()
    return "y-statement" if "in the context of" in text and "facing" in text else "plain"
