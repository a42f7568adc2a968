"""The contract version that a registered schema becomes: its semantic number, and the manifest that a file would have.

Owns both. Never publishes: registering.py does.
"""

from __future__ import annotations

import json
import re

from governance.contracts.report import Bump, Verdict
from governance.models import Contract, ContractVersion, SubjectVersion
from governance.registry.judging import bump
from governance.registry.rules import Terms
from governance.registry.texts import Parsed
from governance.selectors.contracts import live_ports
from governance.services.assessing import lowest
from orchestration.versions import newest

#: What YAML wants escaped in a text, beside what JSON does.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_BUMPS: tuple[Bump, ...] = ("none", "patch", "minor", "major")


def next_version(name: str, parsed: Parsed, known: list[SubjectVersion], verdict: Verdict, terms: Terms) -> str:
    """The version of the contract that comes next, as much above all that there are as it changes: what clients have as the
    newest, and what is the highest, where the two are not one. Where the gate compares with more than was asked, the number says
    what it changes for any of them.
    """
    highest = newest(ContractVersion.objects.filter(contract__name=name).values_list("version", flat=True))
    if highest is None:
        return "1.0.0"
    if verdict != "safe":
        return lowest(highest, "major")
    ends = {known[-1], max(known, key=lambda one: one.version.precedence)} if known else set()
    declared = {one.version.canonical["spec"].get("compatibility") or "" for one in ends}
    before = known if _concerns_all(declared, terms) else ends
    level = "FULL" if _asks_both_ways(name, declared, terms) else "BACKWARD"
    by = max((bump(parsed, one, level) for one in before), key=_BUMPS.index, default="patch")
    return lowest(highest, "patch" if by == "none" else by)


def _concerns_all(declared: set[str], terms: Terms) -> bool:
    """Whether the gate compares with all versions, and the registry has not. `declared`: the levels that manifests say."""
    if terms.is_import:
        return False
    if terms.settings.group and terms.level.endswith("_TRANSITIVE"):
        return True
    return any(level.endswith("_TRANSITIVE") for level in declared - {terms.level})


def _asks_both_ways(name: str, declared: set[str], terms: Terms) -> bool:
    """Whether the gate may ask for FORWARD too."""
    if terms.level.removesuffix("_TRANSITIVE") in ("FORWARD", "FULL"):
        return True
    return any(declared) or live_ports(name).exists()


def manifest_of(name: str, number: str, parsed: Parsed, owner: str, before: ContractVersion | None) -> str:
    """As a file would say it. What the version before says of policy and level is kept: a client asks for no other."""
    contract = Contract.objects.select_related("owner").filter(name=name).first()
    kept = before.canonical["spec"] if before is not None else {"policy": "strict"}
    metadata = {"name": name, "version": number, "owner": contract.owner.name if contract is not None else owner}
    if contract is not None and contract.description:
        metadata["description"] = contract.description
    spec = {key: kept[key] for key in ("policy", "compatibility") if kept.get(key) is not None}
    spec |= {"format": parsed.format, "schema": parsed.schema}
    whole = {"apiVersion": "plumbline/v1", "kind": "Contract", "metadata": metadata, "spec": spec}
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(whole, ensure_ascii=False))
