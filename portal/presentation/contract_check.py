"""What proposing a contract version would mean, as a page shows it before anything is written. Decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.contracts.formats import format_of
from governance.contracts.validation import check_schema
from governance.gate.contract_versions import PUBLISH
from governance.gate.opening import asks
from governance.services.assessing import assess, is_enough, lowest
from governance.services.documents import find_team
from orchestration.manifest import load
from portal.presentation import change_words, payload_lines


def check(text: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """Verdict, witness and findings of a filled form; None when its manifest can't be read. Raises InvalidSchema."""
    loaded = load(text, "schema")
    if not loaded.resources:
        return None
    spec = loaded.resources[0].canonical["spec"]
    check_schema(format_of(spec), spec["schema"])
    found = assess(
        name=values["name"], version=values["version"], schema=spec["schema"], policy=values["policy"],
        level=values["compatibility"] or None, owner=find_team(values["owner"]), format=format_of(spec),
    )  # fmt: skip
    judgement = found.judgement("")
    report, old, new = judgement.report, found.against.version if found.against else "", values["version"]
    accepts, refuses = change_words.refused_by(report, old, new)
    enough = is_enough(found)
    return {
        "look": change_words.VERDICT[judgement.verdict],
        "sentence": change_words.meaning(report, judgement.verdict, old, new) if old else "It is the first version.",
        "findings": [(change_words.tone_of(one), one) for one in report["findings"]],
        "lines": payload_lines.lines(report["witness"], *report["complaint"]) if report["has_witness"] else [],
        "accepts": accepts,
        "refuses": refuses,
        "doubt": report["doubt"],
        "lowest": "" if enough or found.base is None else lowest(found.base.version, found.takes),
        "asks": [team.name for team in asks(PUBLISH, values["name"], values["version"], found.teams[0], judgement)],
    }
