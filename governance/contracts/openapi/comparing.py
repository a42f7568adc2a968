"""`compare_openapi`: may whoever calls the one API call the other? Owns the verdict over all operations, no rule."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from governance.contracts.garbage import UNCOLLECTED
from governance.contracts.openapi.changes import Change, Witness
from governance.contracts.openapi.operations import operations
from governance.contracts.openapi.payloads import Asked, compared
from governance.contracts.openapi.security import needs, schemes
from governance.contracts.openapi.source import Source, mapping, text_of
from governance.contracts.openapi.surface import paired, surface, webhooks
from governance.contracts.openapi.unchanged import touched, unchanged_paths
from governance.contracts.report import Bump, Report, Verdict
from governance.contracts.vocabulary import InvalidSchema

#: Findings of one report; the gravest come first.
MOST = 1_000
_GRAVEST = ("breaking", "undecided", "")


def compare_openapi(
    base: Any, revision: Any, *, today: date | None = None, only: frozenset[tuple[str, str]] | None = None
) -> Report:
    """Compare two parsed OpenAPI documents, 3.0 or 3.1: is each call that fitted the base still right with the revision?

    What callers send is asked BACKWARD, what they read FORWARD, under the tolerant policy: senders send what is declared.
    A finding with a direction breaks, or needs a person; breaking ones come first. The witness is the payload of the first
    break, its place the first part of `complaint`. `today`: against which sunsets are held; without it, today in UTC.
    `only`: what is asked of the base's operations of these paths and methods, as if it had no other.
    Raises InvalidSchema for a document that can't be read, naming which and where.
    """
    try:
        with UNCOLLECTED:
            day = today or datetime.now(UTC).date()
            return _compared(Source(base, "base"), Source(revision, "revision"), day, only)
    except RecursionError:
        raise InvalidSchema("the documents are nested too deep; name parts in components") from None


def _compared(base: Source, revision: Source, today: date, only: frozenset[tuple[str, str]] | None) -> Report:
    parts = touched(base, revision)
    same = unchanged_paths(base, revision, parts)
    old, new = operations(base, same), operations(revision, same)
    if only is not None:
        old = {key: one for key, one in old.items() if key in only}
    changes: list[Change] = []
    asked: list[Asked] = []
    for one in surface(old, new, today):
        if isinstance(one, Asked):
            asked.append(one)
        else:
            changes.append(one)
    for before, after in paired(old, new)[0]:
        changes += needs(before, after)
    changes += schemes(base, revision)
    if text_of(base.raw.get("servers")) != text_of(revision.raw.get("servers")):
        changes.append(Change("servers-changed", "/servers", "the addresses are others; callers have theirs", ""))
    changes += webhooks(*(mapping(one.raw.get("webhooks"), f"{one.name}: /webhooks") for one in (base, revision)))
    witnesses: list[Witness] = []
    for found in compared(asked, base, revision, parts):
        if isinstance(found, Witness):
            witnesses.append(found)
        else:
            changes.append(found)
    # Values that are equal in Python may be others in JSON; of large documents that differ the first look is much the shorter.
    is_same = not changes and base.raw == revision.raw and text_of(base.raw) == text_of(revision.raw)
    return _report(changes, witnesses, is_same=is_same)


def _report(changes: list[Change], witnesses: list[Witness], *, is_same: bool) -> Report:
    weights = {one.weight for one in changes}
    verdict: Verdict = "breaking" if "breaking" in weights else "undecided" if "undecided" in weights else "safe"
    bump: Bump = "major" if verdict != "safe" else "minor" if changes else "none" if is_same else "patch"
    ordered = sorted(changes, key=lambda one: _GRAVEST.index(one.weight))
    findings = [one.finding() for one in ordered[:MOST]]
    if len(ordered) > MOST:
        text = f"there are {len(ordered) - MOST:,} more differences than are listed here"
        findings.append(Change("more-differences", "", text, ordered[MOST].weight, ordered[MOST].way).finding())
    shown = witnesses[0] if witnesses else None
    doubt = "; ".join(one.text for one in ordered[:MOST] if one.weight == "undecided")
    return Report(
        verdict, tuple(findings), shown.payload if shown else None, bump, "FULL", "tolerant", shown is not None,
        shown.way if shown else "", (f"{shown.title}{shown.complaint[0]}", shown.complaint[1]) if shown else ("", ""),
        doubt if verdict == "undecided" else "",
    )  # fmt: skip
