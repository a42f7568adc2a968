"""A runbook's Markdown read as sections and steps. Never raises: what is odd is kept as it stands, with a warning.

Owns what counts as a step: an item of a numbered list below a heading that tells what to do, or any item that says **Do**. The
text is cut by lines where markdown-it says that a block begins, so that a fence or a quotation never looks like a step.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from governance.front_matter import Unreadable, day, names, others, split, word
from governance.runbooks import actions
from governance.runbooks.actions import Action
from governance.runbooks.structure import KINDS, STATUSES, Facts, ParsedRunbook, Prose, Section, Step, Warning
from orchestration.manifest.values import JSON

KNOWN = frozenset({"title", "owner", "workflows", "dependencies", "review_by", "auto_start", "status"})
MOST_AN_HOUR = 100
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HEAD = re.compile(r"\ufeff?---[ \t]*\r?\n(?:.*?\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
# An end of line in one way only: where \r\n could also be two, a long run of them is tried in every way.
_END = r"(?:\r?\n|\r(?!\n))"
_TITLE = re.compile(rf"(?:[ \t]*{_END})*(# +[^\s][^\r\n]*)(?:{_END}|\Z){_END}*")
_BLANK = re.compile(rf"(?:[ \t]*{_END})*")
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,62}")
_ITEM = re.compile(r"\s{0,3}(\d{1,9}[.)]|[-*+])[ \t]+")
_PART = re.compile(r"^[ \t]*\*\*(Do|Expect|If not|Action):?\*\*:?[ \t]*", re.MULTILINE | re.IGNORECASE)
#: Below these a numbered list explains and asks nothing of anybody.
_TOLD = frozenset({"meaning", "impact"})
#: `## **Meaning**`, `## 🔍 Diagnosis`.
_MARKS = re.compile(r"^[\W_]+")


def parse(text: str, path: str = "") -> ParsedRunbook:
    """The runbook in the file at `path`."""
    warnings: list[Warning] = []
    values, fence = _front_matter(text, warnings)
    title = _TITLE.match(text, fence)
    start = title.end() if title else _after_blank(text, fence)
    head, body = text[:start], text[start:]
    stem = path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".md")
    facts, raw_status = _facts(values, _heading_text(title[1]) if title else "", head, warnings)
    sections = _sections(body, len(_LINES.findall(head)), warnings)
    rest = others(values, KNOWN if facts.status or not raw_status else KNOWN - {"status"})
    ordered = tuple(sorted(warnings, key=lambda warning: warning.line))
    return ParsedRunbook(path, slug_from(stem), facts, raw_status, rest, head, sections, ordered)


def slug_from(stem: str) -> str:
    """A name for a file: its own where that can be one, else made of it (KubeDown as kube-down); empty for none."""
    if _SLUG.fullmatch(stem):
        return stem
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", stem)
    words = re.sub(r"[^a-z0-9]+", "-", parted.lower()).strip("-")
    bare = re.sub(r"^[0-9-]+", "", words) or (f"runbook-{words}" if words else "")
    return bare[:63].strip("-")


def _after_blank(text: str, place: int) -> int:
    match = _BLANK.match(text, place)
    return match.end() if match and place else place


def _front_matter(text: str, warnings: list[Warning]) -> tuple[dict[str, JSON], int]:
    """What it says and where it ends; one that can't be read is part of the text."""
    match = _HEAD.match(text)
    if match is None:
        return {}, 0
    try:
        return dict(split(match[0], "front matter").values), match.end()
    except Unreadable as error:
        warnings.append(Warning(1, f"kept as text: {error}"))
        return {}, 0
    except Exception:  # whatever a strange file does to the reader of YAML, the rest of it is still worth having
        warnings.append(Warning(1, "kept as text: the front matter can't be read"))
        return {}, 0


def _facts(values: dict[str, JSON], heading: str, head: str, warnings: list[Warning]) -> tuple[Facts, str]:
    def read(reader: object, key: str, nothing: object) -> object:
        try:
            return reader(values, key, "front matter")  # type: ignore[operator]
        except Unreadable as error:
            warnings.append(Warning(_line_of(head, key), f"left out: {error}"))
            return nothing

    raw = str(read(word, "status", ""))
    status = raw.lower() if raw.lower() in STATUSES else None
    if raw and status is None:
        warnings.append(
            Warning(_line_of(head, "status"), f"status {raw[:60]!r} is none of {', '.join(STATUSES)}: kept")
        )
    facts = Facts(
        title=str(read(word, "title", "")) or heading, status=status, owner=str(read(word, "owner", "")),
        workflows=read(names, "workflows", ()), dependencies=read(names, "dependencies", ()),  # type: ignore[arg-type]
        review_by=read(day, "review_by", None), auto_start=_limit(values, head, warnings),  # type: ignore[arg-type]
    )  # fmt: skip
    return facts, raw


def _limit(values: dict[str, JSON], head: str, warnings: list[Warning]) -> int | None:
    given = values.get("auto_start")
    if given is None or given is False:
        return None
    limit = given.get("limit_per_hour") if isinstance(given, dict) else given
    if isinstance(limit, int) and not isinstance(limit, bool) and 1 <= limit <= MOST_AN_HOUR:
        return limit
    text = f"left out: auto_start is {{limit_per_hour: N}} with N from 1 to {MOST_AN_HOUR}"
    warnings.append(Warning(_line_of(head, "auto_start"), text))
    return None


def _line_of(head: str, key: str) -> int:
    found = re.search(rf"^{re.escape(key)}[ \t]*:", head, re.MULTILINE)
    return head.count("\n", 0, found.start()) + 1 if found else 1


def _sections(body: str, above: int, warnings: list[Warning]) -> tuple[Section, ...]:
    """`above`: lines of the file that come before."""
    lines = _LINES.findall(body)
    cuts = _cuts(body, len(lines))
    found: list[Section] = []
    # The headings above the present one, by level, and whether they explain.
    above_it: list[tuple[int, bool]] = []
    number = 0
    heads = [(start, end, level) for what, start, end, level in cuts if what == "heading"]
    items = deque(cut for cut in cuts if cut[0] == "item")
    bounds = [(0, 0, 0), *heads] if not heads or heads[0][0] > 0 else heads
    for place, (start, end, level) in enumerate(bounds):
        stop = bounds[place + 1][0] if place + 1 < len(bounds) else len(lines)
        raw = "".join(lines[start:end])
        title = _heading_text(raw)
        bare = _MARKS.sub("", title).lower()
        kind = next((word for word in KINDS if bare.startswith(word)), "")
        above_it = [one for one in above_it if one[0] < level]
        is_told = bool(kind in _TOLD or (not kind and any(told for _, told in above_it)))
        above_it.append((level, is_told))
        blocks: list[Prose | Step] = []
        begin = end
        while items and items[0][1] < stop:
            _, first, last, ordered = items.popleft()
            if first < end:
                continue
            text = "".join(lines[first:last])
            if not (_says_do(text) or (ordered and not is_told)):
                continue
            if first > begin:
                blocks.append(Prose("".join(lines[begin:first])))
            number += 1
            blocks.append(read_step(text, number, above + first + 1, warnings))
            begin = last
        if stop > begin:
            blocks.append(Prose("".join(lines[begin:stop])))
        if raw or blocks:
            found.append(Section(title, level, kind, above + start + 1, raw, tuple(blocks)))
    return tuple(found)


def _cuts(body: str, count: int) -> list[tuple[str, int, int, int]]:
    """Headings (with their level) and items of lists (1: numbered) at the top level, with their first line and the next."""
    try:
        tokens: Sequence[Token] = _parser().parse(body)
    except Exception:  # a text that no reader of Markdown can take is still a text
        return []
    found, ordered = [], 0
    for token in tokens:
        if token.map is None or token.map[0] >= count:
            continue
        if token.type == "heading_open" and token.level == 0:
            found.append(("heading", token.map[0], min(token.map[1], count), int(token.tag[1])))
        elif token.type in {"ordered_list_open", "bullet_list_open"} and token.level == 0:
            ordered = int(token.type == "ordered_list_open")
        elif token.type == "list_item_open" and token.level == 1:
            found.append(("item", token.map[0], min(token.map[1], count), ordered))
    return found


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Blocks only: what stands within a line is nothing to this reader.
    return MarkdownIt("commonmark").enable("table").disable(["inline"])


def _heading_text(raw: str) -> str:
    """Its words, without the marks before and behind. By hand: an expression for what stands at the end is quadratic."""
    first = raw.strip().splitlines()[0] if raw.strip() else ""
    words = first.lstrip("#").strip() if first.startswith("#") else first
    bare = words.rstrip("#")
    return bare.strip() if bare.endswith((" ", "\t")) or not bare else words


def _says_do(text: str) -> bool:
    match = _ITEM.match(text)
    part = _PART.match(text[match.end() :]) if match else None
    return bool(part and part[1].lower() == "do")


def read_step(text: str, number: int, line: int, warnings: list[Warning]) -> Step:
    """An item of a list as a step. What stands before the first of its words is what to do."""
    item = _ITEM.match(text)
    start = item.end() if item else 0
    inside = text[start:]
    marks = list(_PART.finditer(inside))
    parts: dict[str, list[str]] = {"do": [inside[: marks[0].start()] if marks else inside]}
    action: Action | None = None
    for place, mark in enumerate(marks):
        end = marks[place + 1].start() if place + 1 < len(marks) else len(inside)
        said, name = inside[mark.end() : end], mark[1].lower()
        if name != "action":
            parts.setdefault(name, []).append(said)
            continue
        at = line + text.count("\n", 0, start + mark.start())
        first, _, after = said.partition("\n\n")
        parts["do"].append(after)
        if action is not None:
            warnings.append(Warning(at, "a step has one action; this one is left out"))
            continue
        action = actions.read(first)
        if action.problem:
            warnings.append(Warning(at, action.problem))
    do, expect, if_not = (_joined(parts.get(name, [])) for name in ("do", "expect", "if not"))
    return Step(number, item[1] if item else "", do, expect, if_not, action, line, text)


def _joined(parts: list[str]) -> str:
    """The parts as Markdown without the indentation of the item."""
    texts = [re.sub(r"(?m)^[ \t]{1,4}", "", part.replace("\r\n", "\n").replace("\r", "\n")).strip() for part in parts]
    return "\n\n".join(text for text in texts if text)
