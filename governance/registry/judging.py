"""Whether a schema may follow the versions of a subject, at a level. Never writes.

Owns which versions are asked: the newest, or at a transitive level each of them, of those that are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.contracts import InvalidSchema
from governance.contracts.formats import compare_formats
from governance.contracts.report import Bump, Finding, Verdict
from governance.models import SubjectVersion
from governance.registry.texts import FORMATS, Parsed

#: Characters of the schema of before that are told with a refusal.
SHOWN = 2_000
#: Of our rules about Avro, the kinds of incompatibility that Avro's own checker tells apart (avro.compatibility).
AVRO_NAMES = {
    "field-without-default": "READER_FIELD_MISSING_DEFAULT_VALUE", "name-changed": "NAME_MISMATCH",
    "fixed-size-changed": "FIXED_SIZE_MISMATCH", "enum-symbols-missing": "MISSING_ENUM_SYMBOLS",
    "union-branch-missing": "MISSING_UNION_BRANCH", "type-changed": "TYPE_MISMATCH",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict about all that were asked; the reasons against it of the newest version that it breaks, or is in doubt about,
    and what was asked: that version, and the level.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


def asked(known: Iterable[SubjectVersion], level: str) -> Sequence[SubjectVersion]:
    """The versions that the level is about; the newest first."""
    newest_first = sorted(known, key=lambda one: -one.number)
    return newest_first if level.endswith("_TRANSITIVE") else newest_first[:1]


def judge(parsed: Parsed, known: Sequence[SubjectVersion], level: str) -> Answer:
    """Strictly, as clients of registries expect: all documents, not only those that senders declare."""
    doubts: list[Answer] = []
    for one in known:
        old = (FORMATS[one.schema.kind], one.version.schema)
        try:
            report = compare_formats(old, (parsed.format, parsed.schema), level=level, policy="strict")
        except InvalidSchema as error:
            doubts.append(_against(one, level, "undecided", [str(error)]))
            continue
        if report.verdict == "safe":
            continue
        told = [_told(finding) for finding in report.findings if finding.direction] or [report.doubt]
        found = _against(one, level, report.verdict, told)
        if report.verdict == "breaking":
            return found
        doubts.append(found)
    return doubts[0] if doubts else Answer("safe")


def _against(one: SubjectVersion, level: str, verdict: Verdict, told: Sequence[str]) -> Answer:
    return Answer(verdict, tuple(f"version {one.number}: {text}" for text in told), _asked_about(one, level))


def _asked_about(one: SubjectVersion, level: str) -> tuple[str, ...]:
    text = one.schema.text if len(one.schema.text) <= SHOWN else f"{one.schema.text[:SHOWN]}…"
    return f"oldSchemaVersion: {one.number}", f"oldSchema: {text}", f"compatibility: {level}"


def _told(finding: Finding) -> str:
    """Its words, after the name that Avro has for it, which people search their logs for."""
    name = AVRO_NAMES.get(finding.rule, "")
    return f"{name}: {finding.text}" if name else finding.text


def bump(parsed: Parsed, newest: SubjectVersion, level: str) -> Bump:
    """How much it changes for those whom this level is about, whatever the one in force lets through."""
    old = (FORMATS[newest.schema.kind], newest.version.schema)
    try:
        report = compare_formats(old, (parsed.format, parsed.schema), level=level, policy="strict")
    except InvalidSchema:
        return "major"
    return "major" if report.verdict != "safe" else report.bump
