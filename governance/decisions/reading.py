"""`parse`: what a decision's file says. Owns putting the parts together: where each fact may stand, and which wins.

Pure, and never raises: whatever the text, there is a record of it, with warnings that name place and remedy.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath

from governance.decisions import dates, kinds, labels, linking
from governance.decisions.apart import Text, taken_apart
from governance.decisions.dating import day_of
from governance.decisions.fields import ELSEWHERE, FRONT, HEADER, SECTION, Fact, cells_of
from governance.decisions.front import take_front
from governance.decisions.heading import number_stated, title_stated
from governance.decisions.naming import number_of_path
from governance.decisions.people import names
from governance.decisions.plain import BULLET, words
from governance.decisions.record import Link, ParsedDecision
from governance.decisions.statuses import Status, is_hint, judge
from governance.decisions.visible import lines_of
from orchestration.manifest.values import JSON

#: So many are looked at: what says the same again is dropped, but not without an end.
_MOST_READ = 20 * linking.MOST_LINKS
_PARTLY = re.compile(r"\W*(?:partial(?:ly)?|partly)\s", re.IGNORECASE)
_BEGINS = re.compile(r"\s*(?:[-*+•#|]|\d{1,3}[.)]\s|[A-Z][\w ]{1,30}:)")
_VERBAL = re.compile(r"supers?[ec]|replac|amend|obsolet|overrid|deprecat", re.IGNORECASE)


def parse(text: str, path: str) -> ParsedDecision:
    """The record that the file at `path` holds. Never raises; what is not understood is kept as it is."""
    lines = lines_of(text)
    front = take_front(lines, path)
    read = taken_apart(lines, front.below, front.values, path)
    warnings = [front.warning] if front.warning else []
    number = number_of_path(path)
    said = number_stated(read.title, front.values, read.told)
    if number is None:
        number = said
    elif said is not None and said != number:
        warnings.append(f"{path}: its name has the number {number}, its text {said}; the name counts, as links use it")
    title = title_stated(path, read.title, read.found, front.values, read.told, number)
    status, judged = _status(read, title)
    day = day_of(read, status, warnings)
    links = _links(read, judged, status, number, title)
    if status.word is None and not status.raw and any(link.kind == "superseded_by" for link in links):
        status = Status("superseded", "")
    if status.raw and status.word is None:
        warnings.append(f"{path}: the status {status.raw[:60]!r} is none of ours; kept as written, choose one")
    titles = [title for title in (str(front.values.get("title") or ""), read.title.text if read.title else "") if title]
    above = any(fact.where == FRONT and fact.meaning == labels.STATUS and judge(fact.value).word for fact in read.told)
    reason = kinds.no_record(path, text, read.shown, titles, read.found, stated=status.word is not None, above=above)
    return ParsedDecision(
        path=path, source=text, number=number,
        title=title, status=status.word, raw_status=status.raw, date=day, people=_people(read), links=links,
        body=_body(read, status), front_matter=front.values,
        style=kinds.style_of(path, front.values, read.shown, read.found),
        is_record=not reason, reason=reason, warnings=tuple(warnings),
    )  # fmt: skip


def _status(read: Text, title: str) -> tuple[Status, list[tuple[str, bool]]]:
    """The status, and every text that states one, for the links in it."""
    judged: list[tuple[str, bool]] = []
    best = Status()
    candidates = [fact for fact in read.told if fact.meaning == labels.STATUS]
    for fact in sorted(candidates, key=lambda fact: fact.where):
        if not fact.value.strip() or is_hint(fact.value):
            continue
        found = judge(fact.value, title)
        # A stage may be the software's: `alpha` is no status.
        weak = fact.where == ELSEWHERE or labels.normal(fact.label) == "stage"
        if weak and not (found.word and found.sure):
            continue
        judged.append((fact.value, found.word == "superseded"))
        best = found if best.word is None and (found.word or not best.raw) else best
    if not best.raw:
        best = next(_unlabelled(read), best)
    return best, judged


def _unlabelled(read: Text) -> Iterator[Status]:
    """A status without a label: a badge, or a bold word, on a line of its own below the title; or a history of them."""
    begin = read.title.below if read.title else read.below
    end = next((heading.line for heading in read.found if heading.line >= begin), len(read.shown))
    for line in read.shown[begin : min(end, begin + 12)]:
        if 0 < len(words(line)) <= 60 and cells_of(line) is None:
            found = judge(line)
            if found.word and found.sure and len(words(line).split()) <= 6:
                yield found
    for heading in read.found:
        if labels.normal(heading.text) == "status history":
            yield judge("\n".join(read.shown[heading.below : heading.below + 20]))


def _people(read: Text) -> dict[str, tuple[str, ...]]:
    """Each role's names: of the front matter before those of the text."""
    found: dict[str, tuple[str, ...]] = {}
    for fact in sorted(read.told, key=lambda fact: fact.where):
        if fact.meaning not in labels.PEOPLE or fact.where == ELSEWHERE or fact.meaning in found:
            continue
        value: JSON = list(fact.value.split("\n")) if fact.where == FRONT and "\n" in fact.value else fact.value
        named = tuple(name for name in names(value) if len(name) <= 80 or fact.where == FRONT)
        if named:
            found[fact.meaning] = named
    return found


def _links(
    read: Text, judged: Iterable[tuple[str, bool]], status: Status, number: int | None, title: str
) -> tuple[Link, ...]:
    found = list(islice(_every_link(read, judged, title), _MOST_READ))
    if status.word == "accepted" and _PARTLY.match(words(status.raw)):
        found = [replace(link, kind="amended_by") if link.kind == "superseded_by" else link for link in found]
    return _each_once(found, read.path, number)


def _every_link(read: Text, judged: Iterable[tuple[str, bool]], title: str) -> Iterator[Link]:
    """In statuses, under labels, in sentences; what a status says comes first."""
    for value, superseded in judged:
        yield from linking.of_status(value, read.defined, title, superseded=superseded)
    for fact in read.told:
        if fact.meaning not in labels.LINKS or (fact.meaning == "relates" and fact.where == ELSEWHERE):
            continue
        if fact.where == ELSEWHERE and fact.meaning in {"amends", "amended_by"} and "](" not in fact.value:
            continue
        yield from linking.of_label(fact.meaning, fact.label, fact.value, read.defined)
    header = next((heading.line for heading in read.found if heading is not read.title), len(read.shown))
    spoken = {fact.line for fact in read.told if fact.where != FRONT and fact.meaning in {labels.STATUS, *labels.LINKS}}
    spoken |= set(range(read.title.line, read.title.below)) if read.title else set()
    for n, text in _paragraphs(read.shown[:1_000], spoken):
        if _VERBAL.search(text):
            yield from linking.of_sentence(text, read.defined, title, header=n < header)


def _paragraphs(lines: Sequence[str], spoken: Container[int]) -> Iterator[tuple[int, str]]:
    """Lines with the number of the first; a sentence that is wrapped is one, a bullet, a row, a heading begins another."""
    held, first = "", 0
    for n, line in enumerate(lines):
        goes_on = held and line.strip() and n not in spoken and not _BEGINS.match(line) and len(held) < 2_000
        if goes_on:
            held = f"{held} {line.strip().lstrip('> ')}"
            continue
        if held:
            yield first, held
        held, first = ("" if n in spoken else line), n
    if held:
        yield first, held


def _each_once(found: Sequence[Link], path: str, number: int | None) -> tuple[Link, ...]:
    """One of each kind and target, the one with a file; of words alone, only where nothing better was found."""
    kept: dict[tuple[str, object], Link] = {}
    own = PurePosixPath(path).name
    stronger = {link.number for link in found if link.kind != "relates" and link.number is not None}
    for link in found:
        if (PurePosixPath(link.file).name == own and link.file) or (
            link.number is not None and link.number == number and not link.file
        ):
            continue
        if link.kind == "relates" and link.number in stronger and link.number is not None:
            continue
        key = (link.kind, link.number if link.number is not None else PurePosixPath(link.file).name or link.text)
        if key not in kept:
            kept[key] = link
        elif link.file and not kept[key].file:
            kept[key] = replace(link, below=link.below and kept[key].below)
    worded = {link.kind for link in kept.values() if link.number is not None or link.file}
    told = [link for link in kept.values() if link.number is not None or link.file or link.kind not in worded]
    return tuple(told[: linking.MOST_LINKS])


def _body(read: Text, status: Status) -> str:
    """The text below front matter and title, without the lines whose facts the record's fields fully tell."""
    gone = set(range(read.below))
    if read.title is not None:
        gone |= set(range(read.title.line, read.title.below))
    by_line: dict[int, list[Fact]] = {}
    for fact in read.told:
        if fact.where in {HEADER, SECTION}:
            by_line.setdefault(fact.line, []).append(fact)
    for together in by_line.values():
        if all(_is_told(fact, status, read.defined) for fact in together):
            gone |= set(range(together[0].line, together[0].below))
    kept = "\n".join(line for n, line in enumerate(read.lines) if n not in gone)
    return re.sub(r"\A(?:[ \t]*\n)+", "", kept)


def _is_told(fact: Fact, status: Status, defined: Mapping[str, str]) -> bool:
    if not fact.whole:
        return False
    lines = [line for line in fact.value.split("\n") if line.strip()]
    if fact.meaning == labels.STATUS:
        if status.word is None or len(lines) > 4 or not lines:
            return False
        return len(words(status.raw)) <= 60 and all(_is_plain_status(line, defined) for line in lines)
    if fact.meaning in {"date", "decided"}:
        found = dates.find(words(fact.value))
        return found is not None and len(words(fact.value)) - (found.end - found.start) <= 12 and len(lines) == 1
    if fact.meaning in labels.PEOPLE and fact.where == HEADER:
        return bool(names(fact.value)) and BULLET.sub("", fact.value) != ""
    return False


def _is_plain_status(line: str, defined: Mapping[str, str]) -> bool:
    """A word or two, or a link to the record that takes its place: nothing that only this line would tell."""
    found = judge(line)
    return (found.sure and len(words(line).split()) <= 3) or bool(
        list(linking.of_status(line, defined, superseded=True))
    )
