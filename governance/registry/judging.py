"""Whether a schema may follow the versions of a subject, at a level. Never writes.

Owns which versions are asked: the newest, or at a transitive level each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from governance.contracts import InvalidSchema
from governance.contracts.formats import compare_formats
from governance.contracts.report import Bump, Verdict
from governance.models import SubjectVersion
from governance.registry.texts import FORMATS, Parsed


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict about all that were asked, and each reason against it."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


def asked(known: Sequence[SubjectVersion], level: str) -> Sequence[SubjectVersion]:
    """The versions that the level is about; the newest first."""
    newest_first = sorted(known, key=lambda one: -one.number)
    return newest_first if level.endswith("_TRANSITIVE") else newest_first[:1]


def judge(parsed: Parsed, known: Sequence[SubjectVersion], level: str) -> Answer:
    """Strictly, as clients of registries expect: all documents, not only those that senders declare."""
    reasons: list[str] = []
    verdicts = set()
    for one in known:
        old = (FORMATS[one.schema.kind], one.version.schema)
        try:
            report = compare_formats(old, (parsed.format, parsed.schema), level=level, policy="strict")
        except InvalidSchema as error:
            verdicts.add("undecided")
            reasons.append(f"version {one.number}: {error}")
            continue
        verdicts.add(report.verdict)
        if report.verdict != "safe":
            told = [finding.text for finding in report.findings if finding.direction] or [report.doubt]
            reasons += [f"version {one.number}: {text}" for text in told]
    verdict: Verdict = next((one for one in ("breaking", "undecided") if one in verdicts), "safe")
    return Answer(verdict, tuple(reasons))


def bump(parsed: Parsed, newest: SubjectVersion, level: str) -> Bump:
    """How much it changes for those whom this level is about, whatever the one in force lets through."""
    old = (FORMATS[newest.schema.kind], newest.version.schema)
    try:
        report = compare_formats(old, (parsed.format, parsed.schema), level=level, policy="strict")
    except InvalidSchema:
        return "major"
    return "major" if report.verdict != "safe" else report.bump
