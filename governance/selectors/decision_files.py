"""Decisions as files: where each came from, whether it was edited here since, and its text for an export.

Owns that reading. What nobody edited is the very text that was imported. Never writes.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from django.db.models import Prefetch, QuerySet

from governance.decisions import Link, ParsedDecision, render
from governance.decisions.encodings import encoded
from governance.decisions.rendering import file_name
from governance.decisions.stored import others_in, people_in, raw_status
from governance.models import Decision, DecisionRelation, DecisionSource

#: A link of Markdown to a file beside it: no address, no place of its own page.
_FILE_LINK = re.compile(r"\]\((?![a-z]+:|[#/])([^()\s#]{1,300})(#[^()\s]{0,100})?\)")


def content_sum(decision: Decision) -> str:
    """A sum of what a file says of a decision. Owner and workflows are the portal's own, so they don't count."""
    return sum_of(
        title=decision.title, body=decision.body, status=decision.status, date=decision.date.isoformat(),
        successor=decision.superseded_by.number if decision.superseded_by else None, front_matter=decision.front_matter,
    )  # fmt: skip


def is_as_imported(decision: Decision) -> bool:
    """Whether it is what its file, and the files beside that, say: its successor too."""
    source = getattr(decision, "source", None)
    return source is not None and source.content_sum == content_sum(decision)


def sum_of(**content: object) -> str:
    """The same of values that are no decision yet."""
    # A file ends with a line break, a form's text does not: that is no edit.
    content["body"] = str(content["body"]).rstrip()
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def source_of(decision: Decision) -> DecisionSource | None:
    """The file that it was imported from, without its text."""
    return DecisionSource.objects.defer("text").filter(decision=decision).first()


def linked_files(source: DecisionSource | None, body: str) -> dict[str, int]:
    """The decisions that the text links to as files of its folder: what is written → number. At most one query."""
    if source is None:
        return {}
    here = posixpath.dirname(source.path)
    written = {match[1] for match in _FILE_LINK.finditer(body)}
    paths = {text: posixpath.normpath(posixpath.join(here, unquote(text))) for text in written}
    paths = {text: path for text, path in paths.items() if path.isprintable()}
    if not paths:
        return {}
    rows = DecisionSource.objects.filter(folder=source.folder, path__in=sorted(set(paths.values()))[:500])
    numbers = dict(rows.values_list("path", "decision__number"))
    return {text: numbers[path] for text, path in paths.items() if path in numbers}


def with_links(body: str, links: Mapping[str, str]) -> str:
    """The text with its links to files leading to what `links` says instead."""
    return _FILE_LINK.sub(
        lambda match: f"]({links[match[1]]}{match[2] or ''})" if match[1] in links else match[0], body
    )


@dataclass(frozen=True, slots=True)
class Related:
    """A line of a decision's relations, as it reads from its own end."""

    kind: str
    words: str
    decision: Decision
    by_hand: bool = False

    @property
    def label(self) -> str:
        """How it reads: in the file's own words where it has some."""
        return self.words or {"amends": "Amends", "amended_by": "Amended by"}.get(self.kind, "Relates to")


def relations_of(decision: Decision) -> list[Related]:
    """What it amends, is amended by and relates to, from both ends. One query."""
    rows = DecisionRelation.objects.filter(decision=decision) | DecisionRelation.objects.filter(other=decision)
    found = []
    rows = rows.select_related("decision__owner", "other__owner")
    rows = rows.defer(*(f"{end}__{column}" for end in ("decision", "other") for column in ("body", "front_matter")))
    for row in rows.order_by("kind", "id"):
        outgoing = row.decision_id == decision.pk
        kind = row.kind if outgoing or row.kind != DecisionRelation.Kind.AMENDS else "amended_by"
        # `Clarifies` reads so from one end only; from the other the two are just related.
        words = row.words if outgoing and row.words else ""
        found.append(Related(kind, words, row.other if outgoing else row.decision, row.by_hand))
    return found


def exported(
    *, folder: str = "", owner: str = "", numbers: Sequence[int] | None = None
) -> Iterator[tuple[str, bytes]]:  # fmt: skip
    """Each decision's path and content; those of several folders below their folders' names."""
    rows = _exportable(folder, owner)
    if numbers is not None:
        rows = rows.filter(number__in=numbers)
    folders = set(rows.exclude(source=None).order_by().values_list("source__folder", flat=True).distinct()[:2])
    taken: set[str] = set()
    for decision in rows.iterator(chunk_size=200):
        source = getattr(decision, "source", None)
        path, text = file_of(decision)
        if source is not None and len(folders) > 1:
            path = f"{source.folder}/{path}"
        if path.lower() in taken:
            path = posixpath.join(posixpath.dirname(path), f"{decision.number:04d}-{posixpath.basename(path)}")
        taken.add(path.lower())
        yield path, encoded(text, source.encoding if source is not None and text == source.text else "")


def file_of(decision: Decision) -> tuple[str, str]:
    """Path and text: the very file that was imported, while nobody has edited the decision here."""
    source = getattr(decision, "source", None)
    if source is not None and is_as_imported(decision):
        return source.path, source.text
    record = record_of(decision)
    return file_name(record), render(record)


def _exportable(folder: str, owner: str) -> QuerySet[Decision]:
    related = DecisionRelation.objects.select_related("other__source")
    rows = Decision.objects.select_related("source", "superseded_by__source").order_by("number")
    rows = rows.prefetch_related(Prefetch("relations", related), "supersedes__source")
    if folder:
        rows = rows.filter(source__folder=folder)
    return rows.filter(owner__name=owner) if owner else rows


def record_of(decision: Decision) -> ParsedDecision:
    """The decision as it is now, as a record that can be rendered."""
    source = getattr(decision, "source", None)
    links = [_link("superseded_by", decision, decision.superseded_by)] if decision.superseded_by else []
    links += [_link("supersedes", decision, old) for old in decision.supersedes.all()]
    links += [_link(row.kind, decision, row.other) for row in decision.relations.all()]
    raw = raw_status(decision.front_matter, decision.status)
    has_word = not raw or decision.status == Decision.Status.SUPERSEDED
    return ParsedDecision(
        path=source.path if source else "", source="", number=decision.number, title=decision.title,
        status=decision.status if has_word else None, raw_status=raw, date=decision.date,
        people=people_in(decision.front_matter), links=tuple(links), body=decision.body,
        front_matter=others_in(decision.front_matter),
    )  # fmt: skip


def _link(kind: str, decision: Decision, other: Decision) -> Link:
    """By file within one folder, where numbers may be the folder's own; else by the number here."""
    here, there = getattr(decision, "source", None), getattr(other, "source", None)
    if here and there and here.folder == there.folder:
        file = posixpath.relpath(there.path, posixpath.dirname(here.path) or ".")
        return Link(kind, None, file, f"ADR-{other.number:04d}")
    return Link(kind, other.number, "", f"ADR-{other.number:04d}")
