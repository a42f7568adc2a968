"""The formats that a contract's schema may have, and the comparison of two that may even differ in it. Pure, like its package.

Owns which reader and which comparison each format has. What a format needs is imported when the first of it comes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from governance.contracts.comparing import LEVELS, compare
from governance.contracts.kept import kept
from governance.contracts.report import Direction, Finding, Report
from governance.contracts.values import canonical

JSON_SCHEMA, AVRO, ODCS, OPENAPI = "jsonschema", "avro", "odcs", "openapi"
FORMATS = (JSON_SCHEMA, AVRO, ODCS, OPENAPI)
#: As pages and messages call them.
WORDS = {JSON_SCHEMA: "JSON Schema", AVRO: "Avro", ODCS: "Open Data Contract Standard", OPENAPI: "OpenAPI"}


def format_of(spec: dict[str, Any]) -> str:
    """The format of a manifest's `spec`."""
    return str(spec.get("format", JSON_SCHEMA))


def compare_formats(
    old: tuple[str, Any], new: tuple[str, Any], *, level: str = "BACKWARD", policy: str = "strict"
) -> Report:
    """Compare two schemas, each (format, schema). In two formats nothing of one can be read as the other: at any level but NONE
    that breaks. The last reports are kept, so nobody may change one. Raises as `compare`.
    """
    day = datetime.now(UTC).date().isoformat() if new[0] == OPENAPI else ""  # against which sunsets are held
    return kept((old, new, level, policy, day), lambda: _compared(old, new, level, policy))


def _compared(old: tuple[str, Any], new: tuple[str, Any], level: str, policy: str) -> Report:
    if old[0] != new[0]:
        return _another_format(old, new, level, policy)
    if new[0] == AVRO:
        from governance.contracts.avro_schemas import compare_avro  # for the few that have Avro

        return compare_avro(old[1], new[1], level=level)
    if new[0] == ODCS:
        from governance.contracts.odcs import compare_odcs  # likewise

        return compare_odcs(old[1], new[1], level=level, policy=policy)
    if new[0] == OPENAPI:
        return _apis(old[1], new[1], level)
    return compare(old[1], new[1], level=level, policy=policy)


def _apis(old: Any, new: Any, level: str) -> Report:
    """Whoever calls the one, both sending and reading, is asked about at any level but NONE."""
    from governance.contracts.openapi.comparing import compare_openapi  # likewise

    report = compare_openapi(old, new)
    if level != "NONE":
        return replace(report, level=level)
    findings = tuple(replace(one, direction="") for one in report.findings)
    return Report("safe", findings, None, report.bump, level, report.policy)


def _another_format(old: tuple[str, Any], new: tuple[str, Any], level: str, policy: str) -> Report:
    directions: tuple[Direction, ...] = LEVELS[level.removesuffix("_TRANSITIVE")]  # type: ignore[assignment]
    text = f"{WORDS[old[0]]} became {WORDS[new[0]]}: what is written in one can't be read with the other"
    texts = canonical(old[1]), canonical(new[1])
    findings = tuple(Finding("format-changed", "", way, text).signed(*texts, "") for way in directions)
    return Report("breaking" if findings else "safe", findings, None, "major", level, policy)
