"""A record's number and title, out of its file's name, its folder's and its heading.

Owns which of them counts. Pure. A date in a name is no number: `20210303-use-x.md` has none.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from governance.decisions import dates
from governance.decisions.plain import one_title

#: Larger numbers in names are dates, tickets or phone numbers.
LARGEST = 99_999
_KIND = (
    r"(?:l?m?adr|rfc|rfd|drfc|ddr|tdr|pdr|adl|edr|oep|kep|mep|pep|eip|hip|cip|caip|bip|nep|dr|ad|arch|arc|decision|record|proposal|madr|"
    r"architecture[-_ ]decision(?:[-_ ]record)?|design)s?"
)
_NUMBERED = re.compile(
    # `3rd-party` is no third; `0003x` is one.
    rf"(?:{_KIND}[-_ .#]{{0,3}}|#|[A-Z]{{2,6}}[-_](?=0\d))?0*(\d{{1,5}})"
    r"(?=$|[-_ .:—–)]|[^\x00-\x7f]|(?<=\d{3})\D)[-_ .:—–)#]*(.*)",
    re.IGNORECASE,
)
_WITH_KIND = re.compile(
    rf"(?:[a-z]{{1,12}}[-_])?{_KIND}[-_ .#]{{0,3}}0*(\d{{1,5}})(?!\d)[-_ .:—–)]*(.*)", re.IGNORECASE
)
_STAMP = re.compile(
    r"(?:19|20)\d{2}[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?(?!\d)[-_ .T]*(.*)"
)
_SHORT_STAMP = re.compile(r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])(?!\d)[-_ .]+(\D.*)")
_HEAD = re.compile(
    rf"(?:\[?{_KIND}[ \t]*[-_ #.:]{{0,3}}[ \t]*(?:no\.?|number|nr\.?)?[ \t]*#?|\[?#|№ ?|\[)?(?P<number>\d{{1,5}})\]?"
    r"(?:[ \t]*[:：.)|—–]+(?!\d)[ \t]*|[ \t]+[-‐‑–—−][ \t]+|[ \t]*-[ \t]+|\][ \t]*|$)(?P<rest>.*)",
    re.IGNORECASE,
)
_HEAD_KIND = re.compile(
    rf"\[?(?:[A-Za-z]{{2,12}}[-_ ])??{_KIND}[ \t]*[-_ #.:]{{0,3}}[ \t]*(?:no\.?|number|"
    rf"nr\.?)?[ \t]*#?(?P<number>\d{{1,5}})(?![\d.]*\d)\]?"
    r"[ \t]*[:：.)|—–‐‑−·•-]*[ \t]*(?P<rest>.*)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:title|(?:architecture|architectural|design)[ -]decision(?:[ -]record)?(?: \(adr\))?|adr|rfc|"
    r"decision(?: record)?)[ \t]*(?:[:：]|[ \t][-–—])[ \t]*(?P<rest>\S.*)",
    re.IGNORECASE,
)
INSIDE = frozenset({"readme", "index", "_index", "adr", "decision", "rfc", "record"})


def stem_of(path: str) -> str:
    """The name that tells: the file's, or its folder's where the file is README or index."""
    place = PurePosixPath(path)
    inside = place.stem.lower() in INSIDE and place.parent.name not in {"", "."}
    return place.parent.name if inside else _without_suffix(place.name)


def _without_suffix(name: str) -> str:
    return re.sub(r"\.(?:md|markdown|mdx|rst|adoc|asciidoc|txt)$", "", name, flags=re.IGNORECASE)


def number_of_path(path: str) -> int | None:
    """The number in a file's or folder's name."""
    return _number(split_stem(stem_of(path))[0])


def split_stem(stem: str) -> tuple[str, str]:
    """Number (digits, or empty) and slug of a name."""
    stamped = _STAMP.fullmatch(stem) or _SHORT_STAMP.fullmatch(stem)
    if stamped:
        return "", stamped[1] or stem
    match = _NUMBERED.fullmatch(stem) or _WITH_KIND.fullmatch(stem)
    if match is None or (re.match(r"\d", match[2]) and len(match[1]) == 4 and match[1].startswith(("19", "20"))):
        return "", stem
    return match[1], match[2] or ""


def number_of_words(text: str) -> int | None:
    """The number that a heading or a value begins with: `ADR-012: Use X`, `12. Use X`, `0012`."""
    match = _HEAD_KIND.match(text.strip()) or _HEAD.match(text.strip())
    return _number(match["number"]) if match else None


def _number(digits: str) -> int | None:
    return int(digits) if digits and int(digits) <= LARGEST else None


def title_of(heading: str, number: int | None) -> str:
    """A heading's words without the number and label before them; empty if nothing else is there."""
    text = one_title(heading)
    match = _HEAD_KIND.fullmatch(text) or _HEAD.fullmatch(text)
    if match and int(match["number"]) <= LARGEST:
        return _unlabelled(match["rest"].strip())
    bare = re.match(r"0*(\d{1,5})[ \t]+(\S.*)", text)
    if bare and number is not None and int(bare[1]) == number:
        return bare[2].strip()
    found = dates.find(text[:24])
    if found and found.start == 0:
        rest = re.match(r"[ \t]*[-–—:.]+[ \t]*(\S.*)", text[found.end :])
        if rest:
            return _unlabelled(rest[1].strip())
    return _unlabelled(text)


def _unlabelled(text: str) -> str:
    match = _LABELLED.fullmatch(text)
    return match["rest"].strip() if match else text


def title_of_path(path: str) -> str:
    """What a name says where there is no heading: `0012-use-c#-client.md` is `Use c# client`."""
    stem = stem_of(path)
    words = re.sub(r"[-_\s]+", " ", split_stem(stem)[1] or stem).strip()
    return words[:1].upper() + words[1:]
