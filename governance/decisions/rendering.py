"""`render`: a record as a file. Owns the form: what nobody edited is its source, byte by byte; the rest is MADR 4.

Pure, never writes a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from governance.decisions import labels
from governance.decisions.reading import parse
from governance.decisions.record import Link, ParsedDecision
from orchestration.manifest.values import JSON

_PLAIN = re.compile(r"[A-Za-z][\w ./@+-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def render(record: ParsedDecision) -> str:
    """The file's text. Unedited means: what the source says is what the record says."""
    if record.source and record == parse(record.source, record.path):
        return record.source
    head = "".join(f"{key}: {_written(value)}\n" for key, value in _head(record).items())
    body = record.body if not record.body or record.body.endswith("\n") else f"{record.body}\n"
    closing = " #" if record.title.endswith("#") else ""  # else its own would be read as the heading's end
    return f"---\n{head}---\n\n# {record.title}{closing}\n{_gap(body)}{body}"


def file_name(record: ParsedDecision) -> str:
    """Where a record that has no file yet belongs: `0012-use-a-saga.md`. One in another markup becomes Markdown."""
    if record.path:
        path = PurePosixPath(record.path)
        return (
            record.path
            if record.source or path.suffix.lower() in {".md", ".markdown", ".mdx"}
            else str(path.with_suffix(".md"))
        )
    slug = re.sub(r"[^\w]+", "-", record.title.lower()).strip("-")[:80].strip("-") or "decision"
    return f"{record.number:04d}-{slug}.md" if record.number is not None else f"{slug}.md"


def _gap(body: str) -> str:
    return "\n" if body and not body.startswith("\n") else ""


def _head(record: ParsedDecision) -> dict[str, JSON]:
    """MADR's keys first, then what else the file said, then the number if the name does not tell it."""
    head: dict[str, JSON] = {}
    status = _status(record)
    if status:
        head["status"] = status
    if record.date is not None:
        head["date"] = record.date.isoformat()
    for role, people in record.people.items():
        head[role] = list(people)
    for kind in ("supersedes", "amends", "amended_by", "relates"):
        linked = [_target(link) for link in record.links if link.kind == kind]
        if linked:
            head[kind.replace("_", "-")] = linked
    spoken = {labels.STATUS, *labels.DATES, *labels.PEOPLE, *labels.LINKS, "title"}
    told = {key: value for key, value in record.front_matter.items() if labels.meaning(key) not in spoken}
    head |= _without_number(told) if record.number is not None else told
    if record.number is not None and parse("", record.path).number != record.number:
        head["number"] = record.number
    return head


def _without_number(values: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in values.items() if labels.meaning(key) != "number"}


def _status(record: ParsedDecision) -> str:
    """The word; with its successors, as MADR writes them; or the words of a file that none of ours fits."""
    if record.status is None:
        return record.raw_status
    successors = [link for link in record.links if link.kind == "superseded_by"]
    return f"superseded by {_joined(successors)}" if record.status == "superseded" and successors else record.status


def _joined(links: Iterable[Link]) -> str:
    return ", ".join(str(_target(link)) for link in links)


def _target(link: Link) -> JSON:
    if link.file:
        return f"[{link.text or link.file}]({link.file})"
    return f"ADR-{link.number:04d}" if link.number is not None else link.text


def _written(value: JSON) -> str:
    """YAML that reads back as the very value: plain words plain, everything else as JSON, which YAML is."""
    if isinstance(value, list) and all(isinstance(item, str) and _is_plain(item) for item in value):
        return f"[{', '.join(str(item) for item in value)}]"
    if isinstance(value, str) and (_is_plain(value) or re.fullmatch(r"(?:19|20)\d\d-\d\d-\d\d", value)):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and text == text.strip() and text.lower() not in _WORDS
