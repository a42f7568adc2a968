"""`compare_odcs`: what a new version of a data contract means to those who read the data. Pure.

What rows may be is compared by the engine, as payloads are. Beside it stand promises: quality and service levels. One that goes
or changes can't be proved to hurt nobody, so a person says. All else (servers, price, team, roles, words) breaks no reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from governance.contracts.comparing import LEVELS, compare
from governance.contracts.odcs.reading import check_odcs, listed
from governance.contracts.odcs.rows import dataset_schema
from governance.contracts.report import Bump, Direction, Finding, Report
from governance.contracts.values import canonical
from governance.contracts.vocabulary import InvalidSchema


def compare_odcs(old: Any, new: Any, *, level: str = "FORWARD", policy: str = "tolerant") -> Report:
    """Compare two documents. FORWARD asks whether who reads old data reads the new. Raises InvalidSchema, ValueError."""
    for name, document in (("old", old), ("new", new)):
        try:
            check_odcs(document)
        except InvalidSchema as error:
            raise InvalidSchema(f"{name} schema: {error}") from None
    report = compare(dataset_schema(old), dataset_schema(new), level=level, policy=policy)
    directions: tuple[Direction, ...] = LEVELS[level.removesuffix("_TRANSITIVE")]  # type: ignore[assignment]
    promises = list(_promises(old, new, directions[0] if directions else ""))
    broken = [one for one in promises if one.direction]
    verdict, doubt = report.verdict, report.doubt
    if broken and verdict == "safe":
        verdict, doubt = "undecided", "a promise of quality or service changed, and who relies on it is not known"
    bump: Bump = "major" if verdict != "safe" else report.bump
    if bump == "none" and canonical(old) != canonical(new):
        bump = "minor" if promises else "patch"
    return Report(
        verdict, (*report.findings, *promises), report.witness, bump, level, policy, report.has_witness, report.broken,
        report.complaint, doubt,
    )  # fmt: skip


def _promises(old: Mapping[str, Any], new: Mapping[str, Any], way: Direction | str) -> Iterator[Finding]:
    before, after = _said(old), _said(new)
    for key in sorted(before.keys() | after.keys()):
        place, what = key
        had, has = before.get(key), after.get(key)
        if had == has:
            continue
        kind = "sla" if place == "/slaProperties" else "quality"
        verb = "added" if had is None else "removed" if has is None else "changed"
        text = f"{what} {'is new' if had is None else 'is gone' if has is None else 'changed'}"
        yield Finding(f"{kind}-{verb}", place, "" if had is None else way, text).signed(  # type: ignore[arg-type]
            canonical(had), canonical(has), ""
        )


def _said(document: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Each promise by its place and what it is about; several about the same are one list."""
    found: dict[tuple[str, str], list[Any]] = {}
    for one in listed(document, "slaProperties"):
        element = f" of {one['element']}" if one.get("element") else ""
        found.setdefault(("/slaProperties", f"{one.get('property')}{element}"), []).append(_meant(one))
    for table in listed(document, "schema"):
        name = str(table.get("name"))
        _quality(table, name, found)
        for field in listed(table, "properties"):
            _quality(field, f"{name}.{field.get('name')}", found)
    return dict(found)


def _quality(owner: Mapping[str, Any], name: str, found: dict[tuple[str, str], list[Any]]) -> None:
    for one in listed(owner, "quality"):
        about = one.get("name") or one.get("metric") or one.get("rule") or one.get("type") or "a check"
        found.setdefault((f"/schema/{name}/quality", f"quality {about} of {name}"), []).append(_meant(one))


def _meant(one: Mapping[str, Any]) -> dict[str, Any]:
    """Without the words that only people read."""
    return {
        key: value for key, value in one.items() if key not in ("id", "description", "tags", "businessImpact", "driver")
    }
