"""Imports a folder of decision records: each file for itself, and together a plan of who supersedes and amends whom.

Owns what becomes of each file: created, updated, kept, a conflict, no record, failed. A file never stops the others, and
what people edited here is never overwritten. Never reads a disk, and never decides who may: the caller brings `may`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction

from governance.decisions import ParsedDecision, Planned, parse, plan
from governance.decisions.archive import MAX_FILE, MAX_FILES, is_wanted, path_fault
from governance.decisions.encodings import NAMES
from governance.gate.decisions import waiting
from governance.models import Decision, DecisionSource
from governance.selectors.decision_files import content_sum
from governance.services.decisions import create_decision, edit_decision
from governance.services.documents import EditConflict, linked_workflows
from governance.services.import_relations import cut_circles, sync_relations
from governance.services.import_values import Names, Wanted, checked, wanted_of
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, PlumblineError, Violation
from orchestration.models import Team
from orchestration.services.governed import hold, require_reason

CREATED, UPDATED, KEPT = "created", "updated", "kept"
CONFLICT, NO_RECORD, FAILED = "conflict", "not_a_record", "failed"
OUTCOMES = (CREATED, UPDATED, KEPT, CONFLICT, NO_RECORD, FAILED)
MAX_FOLDER = 120
NO_TEXT = "its name is not that of a text"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one file, or, in a dry run, what would."""

    path: str
    outcome: str
    number: int | None = None
    title: str = ""
    detail: str = ""
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class ImportReport:
    """A line for every file, by path."""

    lines: list[Line] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        """How many files that became of."""
        return sum(line.outcome == outcome for line in self.lines)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who imports, why, for whom, and which teams' records they may change."""

    actor: Any
    reason: str
    owner: Team | None
    may: Callable[[Team], bool]


def import_decisions(
    *, files: Mapping[str, str], folder: str, owner: Team | None, actor: Any, reason: str,
    may: Callable[[Team], bool], refused: Mapping[str, str] | None = None, others: Iterable[str] = (),
    encodings: Mapping[str, str] | None = None, dry_run: bool = False,
) -> ImportReport:  # fmt: skip
    """Import texts by path. Raises InvalidInput for what concerns all of them: no folder's name, too many files."""
    signature = Signature(actor, require_reason(reason), owner, may)
    _check_whole(files, folder)
    lines = [Line(path, FAILED, detail=why) for path, why in (refused or {}).items()]
    lines += [Line(path, NO_RECORD, detail=NO_TEXT) for path in others]
    records: list[ParsedDecision] = []
    for path, text in sorted(files.items()):
        record = _read(path, text)
        if isinstance(record, Line):
            lines.append(record)
        else:
            records.append(record)
    lines += _Import(folder, signature, encodings or {}, dry_run=dry_run).run(records)
    return ImportReport(sorted(lines, key=lambda line: line.path))


def _check_whole(files: Mapping[str, str], folder: str) -> None:
    fault = ""
    if not folder.strip() or len(folder) > MAX_FOLDER or path_fault(folder) or "/" in folder:
        fault = f"the folder's name must be a plain name of at most {MAX_FOLDER} characters, such as orders-adr"
    if len(files) > MAX_FILES:
        fault = f"{len(files):,} files are too many at once; {MAX_FILES:,} is the limit"
    if fault:
        raise InvalidInput(fault, [Violation("/folder" if "folder" in fault else "/files", fault)])


def _read(path: str, text: str) -> ParsedDecision | Line:
    """The record, or the line that says why there is none."""
    fault = path_fault(path)
    if fault:
        return Line(path[:400].encode("utf-8", "replace").decode().replace("\x00", "�"), FAILED, detail=fault)
    if not is_wanted(path):
        return Line(path, NO_RECORD, detail=NO_TEXT)
    if len(text) > MAX_FILE:
        return Line(path, FAILED, detail=f"it is longer than {MAX_FILE:,} characters; no record is")
    bad = next((n for n, char in enumerate(text) if char == "\x00" or "\ud800" <= char <= "\udfff"), None)
    if bad is not None:
        place = text.count("\n", 0, bad) + 1
        return Line(path, FAILED, detail=f"line {place} has a character that no database here can hold; remove it")
    record = parse(text, path)
    return record if record.is_record else Line(path, NO_RECORD, title=record.title, detail=record.reason)


class _Import:
    """One import of one folder, file by file, each in a transaction of its own."""

    def __init__(self, folder: str, signature: Signature, encodings: Mapping[str, str], *, dry_run: bool) -> None:
        self.folder, self.signature, self.encodings, self.dry_run = folder, signature, dict(encodings), dry_run
        rows = DecisionSource.objects.filter(folder=folder)
        rows = rows.select_related("decision__owner", "decision__superseded_by")
        self.sources = {row.path: row for row in rows}
        self.decisions = {path: row.decision for path, row in self.sources.items()}
        self.names = Names()

    def run(self, records: list[ParsedDecision]) -> list[Line]:
        """The plan counts what came before from the same folder; only what changes is written."""
        given = {record.path for record in records}
        # What is not in this import keeps the bytes that it came in.
        self.encodings = {
            path: row.encoding for path, row in self.sources.items() if row.encoding and path not in given
        } | {path: encoding for path, encoding in self.encodings.items() if path in given}
        before = [parse(row.text, path) for path, row in self.sources.items() if path not in given]
        planned = plan([*records, *before]).records
        self.names.allot([one.record for path, one in sorted(planned.items()) if path not in self.sources])
        lines = []
        for path, one in planned.items():
            line = self._one(one)
            if path in given or line.outcome == UPDATED:
                lines.append(line)
        done = {line.path for line in lines if line.outcome in {CREATED, UPDATED, KEPT}}
        written = [one for path, one in planned.items() if path in self.decisions and path in done]
        cut = cut_circles(written, self.decisions)
        if not self.dry_run:
            revised = {self.decisions[line.path].pk for line in lines if line.outcome in {CREATED, UPDATED}}
            sync_relations(written, self.decisions, revised=revised, **self._who())
        return [replace(line, notices=(*line.notices, *cut.get(line.path, ()))) for line in lines]

    def _one(self, one: Planned) -> Line:
        path, record = one.record.path, one.record
        source = self.sources.get(path)
        try:
            wanted = wanted_of(one, self._successor(one), self.signature.owner, self.signature.may)
            line = self._create(wanted) if source is None else self._again(wanted, source)
        except (PlumblineError, ValueError) as error:
            number = source.decision.number if source else None
            line = Line(path, FAILED, number, record.title, str(error))
            one.notices.clear()
        notices = (*record.warnings, *one.notices, *line.notices)
        if encoding := self.encodings.get(path):
            notices = (f"it is {NAMES[encoding]}, not UTF-8; it is given out as it came", *notices)
        return replace(line, title=line.title or record.title, notices=tuple(dict.fromkeys(notices)))

    def _successor(self, one: Planned) -> Decision | None:
        """The decision that takes its place: it was written before, as the plan has it."""
        return self.decisions.get(one.successor) if one.successor else None

    def _create(self, wanted: Wanted) -> Line:
        checked(wanted)
        number, slug, notice = self.names.of(wanted.record)
        path = wanted.record.path
        if self.dry_run:
            self.decisions[path] = Decision(number=number, title=wanted.title, status=wanted.status)
            return Line(path, CREATED, number, wanted.title, notices=notice)
        with transaction.atomic():
            hold()
            try:
                decision = create_decision(**wanted.fields(), number=number, slug=slug, unnamed=True, **self._who())
            except Conflict:
                # Somebody took the number since we looked.
                decision = create_decision(**wanted.fields(), slug=slug, unnamed=True, **self._who())
                notice = (*notice, f"number {number} is taken; it became {decision.number}")
            self._remember(decision, wanted.record)
        return Line(path, CREATED, decision.number, decision.title, notices=notice)

    def _again(self, wanted: Wanted, source: DecisionSource) -> Line:
        """A file that was imported before: both sides are compared with what the import left."""
        decision, path = source.decision, source.path
        if not self.signature.may(decision.owner):
            raise InvalidInput(
                f"decision {decision.number} belongs to {decision.owner.name}; one of its maintainers can import this"
            )
        is_edited = content_sum(decision) != source.content_sum
        is_new_text = wanted.record.source != source.text
        is_other_bytes = source.encoding != self.encodings.get(path, "")
        if wanted.sum_for(decision) == content_sum(decision):
            if (is_new_text or is_edited or is_other_bytes) and not self.dry_run:
                self._remember(decision, wanted.record)
            return Line(path, KEPT, decision.number, decision.title)
        if is_edited and is_new_text:
            detail = (
                "changed in the file and here; nothing was written. Make the two one in an editor here, or in the file"
            )
            return Line(path, CONFLICT, decision.number, decision.title, detail)
        if is_edited:
            return Line(path, KEPT, decision.number, decision.title, "edited here since; the file has not changed")
        if waits := waiting(decision):
            detail = f"change {waits.pk} waits to accept it as it is here; import it when that is decided"
            return Line(path, CONFLICT, decision.number, decision.title, detail)
        checked(wanted)
        if not self.dry_run:
            self._edit(wanted, decision)
        return Line(path, UPDATED, decision.number, wanted.title)

    def _edit(self, wanted: Wanted, decision: Decision) -> None:
        values = wanted.fields() | {"owner": decision.owner, "date": wanted.record.date or decision.date}
        values["workflows"] = sorted({*linked_workflows(decision), *values["workflows"]})
        with transaction.atomic():
            hold()
            try:
                edited = edit_decision(
                    decision=decision,
                    revision=decision.revision,
                    correction=True,
                    unnamed=True,
                    **values,
                    **self._who(),
                )
            except EditConflict as error:
                raise Conflict(f"somebody edited decision {decision.number} just now; import again") from error
            self._remember(edited, wanted.record)

    def _who(self) -> dict[str, Any]:
        return {"actor": self.signature.actor, "reason": self.signature.reason}

    def _remember(self, decision: Decision, record: ParsedDecision) -> None:
        """Keep the file's text, and what the import made of it."""
        values = {
            "decision": decision, "text": record.source, "encoding": self.encodings.get(record.path, ""),
            "content_sum": content_sum(decision), "imported_at": clock.now(),
        }  # fmt: skip
        DecisionSource.objects.update_or_create(folder=self.folder, path=record.path, defaults=values)
        self.decisions[record.path] = decision
