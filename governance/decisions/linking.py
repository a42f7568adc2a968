"""Which other records a record speaks of, and how: supersedes, superseded by, amends, amended by, relates.

Owns the verbs, and where they count: in the status, under a label, in a list of links, in a sentence about this record.
Pure, resolves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from governance.decisions.naming import number_of_path
from governance.decisions.partly import is_partly
from governance.decisions.plain import BULLET, words
from governance.decisions.record import Link
from governance.decisions.references import Target, targets

_TAKEN = (
    r"(?:superseded|superceded|superseeded|supersceded|replaced|obsoleted|obsolete|overridden|supplanted|"
    r"deprecated|overruled)"
)
_VERBS: tuple[tuple[str, str], ...] = (
    ("amended_by", rf"(?:partially|partly|in part)\s+{_TAKEN}\s+by|{_TAKEN}\s+(?:in part|partially|partly)\s+by"),
    ("amends", r"(?:partially|partly|in part)\s+(?:supersedes|supercedes|replaces)|(?:supersedes|"
        r"replaces)\s+(?:parts? of|in part|partially|partly)"),
    ("superseded_by", rf"{_TAKEN}[\s*_,;:–—-]*(?:\([^()]{{0,40}}\)[\s*_]*|the same day )?\(?(?:by|with|"
        rf"in favou?r of|via)|supersedes by|supercedes by|(?:ersetzt|abgelöst) durch|remplacé(?:e)? par|"
                      r"(?:reemplazad|sustituid|substituíd|superad)[oa] por|sostituit[oa] da|vervangen door"),
    ("supersedes", r"supersed(?:es|ing)|superced(?:es|ing)|superseeds|supersceds|replaces|obsoletes|overrides|"
        r"supplants|deprecates|ersetzt(?! durch)|"
                   r"remplace|reemplaza(?! por)"),
    ("amended_by", r"amended\s+(?:by|in|with)|modified by|updated by|revised by|amended:"),
    ("amends", r"amends|amending|modifies|updates|revises"),
    ("relates", r"clarifie[sd](?: by)?|extends|extended by|refines|refined by|relates to|related to|related|"
        r"depends on|depended on by|"
                r"required by|requires|complements|complemented by|builds on|builds upon|enables|enabled by|"
                    r"follows(?: up)?(?: on)?|followed by|"
                r"influence[sd](?: by)?|linked to|links to|see also|continues|continued by|informed by|"
                    r"constrains|conflicts with|implements|"
                r"implemented by|supports|supported by|supplements|supplemented by"),
)  # fmt: skip
_VERB = re.compile(
    "|".join(rf"(?P<v{n}>(?<![\w-])(?:{verb})(?!\w))" for n, (_, verb) in enumerate(_VERBS)), re.IGNORECASE
)
_BEGINS = re.compile(
    rf"[\W_]*(?:accepted|proposed|rejected|{_TAKEN}|supersedes|supercedes|amend|clarif|relate|"
    rf"replace|extend|refine)",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r"(?:[\s,;&/+()]|and|or|also|as well as|the|adrs?|rfcs?|decisions?|records?|by|:|\*|_|`|und|et|y|§\s?\d+(?:\.\d+)*)*",
    re.IGNORECASE,
)
_LEADIN = re.compile(
    r"(?:[\s:>*_`(\[#→=–—-]|adrs?|rfcs?|decisions?|records?|number|no\.?|the|our|nr\.?|\.)*", re.IGNORECASE
)
_SELF = re.compile(r"\b(?:this|the present|it)\b[\w\s,'-]{0,40}$", re.IGNORECASE)
#: What a claim depends on, up to the end of its sentence: `replaces 3 if we agree`.
_CONDITION = re.compile(
    r"\b(?:if|unless|provided|assuming|as soon as|subject to|pending|in case|"
    r"(?:when|once|after)(?=\W+(?:\w+\W+){0,4}(?:agree[ds]?|approve[ds]?|accept(?:s|ed)?|adopt(?:s|ed)?|merged|decided|ratified)\b))\b",
    re.IGNORECASE,
)
#: Deep in a text `it` may be anything.
_THIS = re.compile(r"\b(?:this|the present)\b[\w\s,'-]{0,40}$", re.IGNORECASE)
_PART_OF = re.compile(r"[*_`\])]*(?:['’]s\b|\s+(?:point|clause|section|decision|rule|§)\s*\d)", re.IGNORECASE)
_NO_RECORD = re.compile(r"\b(?:none|nothing|neither)\b", re.IGNORECASE)
_UNSURE = re.compile(
    r"\b(?:would|could|should|(?-i:may)|might|if|not|never|can|must|unless|until|when|once|to be|be|will|"
    r"rather than|instead of|without|neither|nor)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\s+(?=[A-Z\"'(])")
_NO = r"(?:none|n/?a|nothing|no|null|-|—|–|not applicable|not superseded|tbd|keine|aucun|ninguno|无|なし)"
#: None, also with its reason: `none (the first of its kind)`.
_NONE = re.compile(rf"\W*{_NO}?\W*|\W*{_NO}\s*[(（].*", re.IGNORECASE)
_UP_TO = re.compile(r"\s*(?:through|thru|to|up to|until|bis|–|—|-|\.{2,3}|…)\s*", re.IGNORECASE)
_DASH = re.compile(r"[–—-]")
#: Behind `ADR-3 - ADR-7` this makes the second one the subject of a clause, and the dash no range.
_GOES_ON = re.compile(r"[*_`\])]*\s+(?!(?:and|or|as|in|on|by|with|from|since|und|et|y)\b)[a-z]", re.IGNORECASE)
_PART = re.compile(
    r"\b(?:partial|partially|partly|in part|(?:parts?|portions?|sections?|clauses?) of)\b", re.IGNORECASE
)
#: A value that is a file's name, also one with spaces.
_FILE_NAME = re.compile(r"[\w(][^\[\]()<>|:,]{0,200}\.(?:md|markdown|mdx|rst|adoc)", re.IGNORECASE)
#: How many links one record may have; more are an index of something.
MOST_LINKS = 200
#: A target stands close behind its verb.
_NEAR = 90
#: So much of a line is read around a verb: a sentence is shorter.
_AROUND = 2_000
#: `2 to 40`; more is no enumeration.
_LONGEST_RANGE = 50


def of_status(text: str, defined: Mapping[str, str], title: str = "", *, superseded: bool) -> Iterator[Link]:
    """Links of a status: after its verbs, and for `Superseded, see [12](…)` after none."""
    for line in _unwrapped(text):
        told = list(_after_verbs(line, defined, title))
        yield from told
        if superseded and not told and re.match(r"\W*supers?[ec]", words(line), re.IGNORECASE):
            yield from (
                _made("superseded_by", "", target)
                for target in targets(line, defined)
                if target.is_record and not target.bare
            )


def _unwrapped(text: str) -> Iterator[str]:
    """The lines, a paragraph's next one joined to the one before where it goes on: a link may be wrapped away from its verb."""
    held = ""
    for line in text.split("\n"):
        begins = not line.strip() or BULLET.sub("", line, count=1) != line.lstrip() or _BEGINS.match(line)
        if begins or len(held) > 2_000:
            yield held
            held = line
        else:
            held = f"{held} {line.strip()}"
    yield held


def of_label(kind: str, label: str, value: str, defined: Mapping[str, str]) -> Iterator[Link]:
    """Links under a label, such as `Supersedes:` or `## Related decisions`."""
    for line in _rows(value):
        if kind != "relates":
            yield from _of_row(kind, line, defined)
            continue
        own = list(_after_verbs(line, defined))
        yield from own
        # Under such labels stand also tickets and books: a number alone means nothing.
        found = [target for target in targets(line, defined) if target.is_record and not target.bare and not own]
        said = label.strip(" *_:")
        yield from (_made(kind, said, target) for target in found if target.file or target.number is not None)


def _rows(value: str) -> Iterator[str]:
    """The lines of a value, an indented one with the one before: there the sentence goes on."""
    held = ""
    for line in value.split("\n"):
        if held and line[:1].isspace() and BULLET.sub("", line, count=1) == line.lstrip() and len(held) < 2_000:
            held = f"{held} {line.strip()}"
            continue
        yield held
        held = line
    yield held


def _of_row(kind: str, line: str, defined: Mapping[str, str]) -> Iterator[Link]:
    """What a line names behind `Supersedes:` and its like; in words, where it is no record."""
    if _NONE.fullmatch(line):
        return
    if _FILE_NAME.fullmatch(line.strip()):
        yield Link(kind, number_of_path(line.strip()), line.strip(), line.strip())
        return
    everything = targets(line, defined)
    # What the value begins with counts; numbers behind that, and names behind links, are of explanations.
    listed = _enumeration(line, 0, len(line), everything)
    filed = any(target.file for target in listed)
    named = [target for target in everything if target.is_record]
    known = set(listed)
    found = [t for t in named if t not in known and not (t.bare or (filed and not t.file))]
    found = sorted([*listed, *found], key=lambda target: target.start)
    # A title may speak of parts: only the words around the links count.
    part = _PART.search(_without(line, everything))
    if part and (len(found) == 1 or (found and part.start() < found[0].start)):
        kind = {"supersedes": "amends", "superseded_by": "amended_by"}.get(kind, kind)
    yield from (_made(kind, "", target) for target in found)
    if not found and kind in {"supersedes", "superseded_by"} and "{" not in line:
        yield Link(kind, None, "", words(line)[:200])


def _without(line: str, everything: Sequence[Target]) -> str:
    """The line with spaces where targets stand, so that places stay."""
    kept = list(line)
    for target in everything:
        kept[target.start : target.end] = " " * (target.end - target.start)
    return "".join(kept)


def of_sentence(line: str, defined: Mapping[str, str], title: str = "", *, header: bool) -> Iterator[Link]:
    """Links of a line that says what became of this very record, or what it does to another."""
    lead = BULLET.match(line)
    begin = lead.end() if lead else 0
    for verb, kind, found in _clauses(line, defined, title):
        if kind == "relates":
            continue
        before = _SENTENCE_END.split(line[max(begin, verb.start() - _AROUND) : verb.start()])[-1]
        bare = re.sub(
            r"\b(?:note|status|update|warning|important|has been|was|is|now|also|and)\b|[\W_]",
            "",
            before,
            flags=re.IGNORECASE,
        )
        labelled = before.rstrip(" *_`").endswith(":") and len(before) < 60
        named = (_SELF if header else _THIS).search(before)
        about_self = not bare or labelled or (named and not _UNSURE.search(before))
        if about_self and (header or bare or found) and not _is_unsure(line, verb.end()):
            partly = found and kind == "supersedes" and not header and _PART_OF.match(line, found[-1].end)
            said = "amends" if partly else kind
            links = (_made(said, verb[0], target) for target in found if not target.bare)
            yield from (replace(link, below=not header) for link in links)


def _is_unsure(line: str, at: int) -> bool:
    """What follows a verb takes it back or puts it under a condition."""
    return bool(
        _UNSURE.search(line, at, at + 12)
        or _CONDITION.search(words(_SENTENCE_END.split(line[at : at + _AROUND], maxsplit=1)[0]))
    )


def _after_verbs(line: str, defined: Mapping[str, str], title: str = "") -> Iterator[Link]:
    for verb, kind, found in _clauses(line, defined, title):
        if _UNSURE.search(line[max(0, verb.start() - 14) : verb.start()]):
            continue
        yield from (_made(kind, verb[0], target) for target in found)
        rest = words(line[verb.end() : verb.end() + _AROUND])
        if not found and kind == "superseded_by" and rest and not _NONE.fullmatch(rest) and "{" not in rest:
            yield Link(kind, None, "", rest[:200], verb[0])


def _clauses(line: str, defined: Mapping[str, str], title: str) -> Iterator[tuple[re.Match[str], str, list[Target]]]:
    """Each verb of the line with the targets that it has: those right behind it, in one enumeration."""
    everything = targets(line, defined)
    inside = [(target.start, target.end) for target in everything]
    verbs = [verb for verb in _VERB.finditer(line) if not any(start <= verb.start() < end for start, end in inside)]
    for place, verb in enumerate(verbs):
        limit = verbs[place + 1].start() if place + 1 < len(verbs) else len(line)
        kind = next(kind for n, (kind, _) in enumerate(_VERBS) if verb[f"v{n}"] is not None)
        found = _enumeration(line, verb.end(), limit, everything)
        if (
            kind == "superseded_by"
            and found
            and is_partly(line[: verb.start()], line[found[-1].end : found[-1].end + 20], title)
        ):
            kind = "amended_by"
        yield verb, kind, found


def _enumeration(line: str, begin: int, limit: int, everything: list[Target]) -> list[Target]:
    found: list[Target] = []
    at = begin
    for target in everything:
        if target.start < begin or target.start >= limit:
            continue
        gap = line[at : target.start]
        if (
            found
            and _UP_TO.fullmatch(gap)
            and not (gap[:1].isspace() and _DASH.search(gap) and _GOES_ON.match(line, target.end))
        ):
            found += _between(found[-1], target)
        elif found:
            # `[ADR-2](0002-x.md) Decision 1` is one target and its part.
            if not _JOINT.fullmatch(gap) or (not gap.strip() and bool(found[-1].file) != bool(target.file)):
                break
        elif len(gap) > _NEAR or _SENTENCE_END.search(gap) or _NO_RECORD.search(gap):
            break
        elif target.bare and (not _LEADIN.fullmatch(gap) or _is_date_part(line, target)):
            continue
        if found and target.text.startswith("#") and target.bare and not found[0].text.startswith("#"):
            break  # `ADR-12 (#345)`: a ticket
        if target.is_record and not (target.bare and _is_date_part(line, target)):
            found.append(target)
            at = target.end
            if len(found) >= MOST_LINKS:
                break
        elif found:
            break
    return found


def _between(first: Target, last: Target) -> Iterator[Target]:
    """`ADR-2 through ADR-9` names those in between, too."""
    if first.number is not None and last.number is not None and last.number - first.number <= _LONGEST_RANGE:
        for number in range(first.number + 1, last.number):
            yield replace(last, number=number, file="", text=f"{number}")


def _is_date_part(line: str, target: Target) -> bool:
    """`Superseded by 2023 roadmap`: a year; `on 3 May`: a day."""
    after = line[target.end : target.end + 12]
    year = bool(re.fullmatch(r"(?:19|20)\d\d", target.text))
    return year or bool(re.match(r"\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", after, re.IGNORECASE))


def _made(kind: str, verb: str, target: Target) -> Link:
    return Link(kind, target.number, target.file, target.text[:200], verb.strip()[:60])
