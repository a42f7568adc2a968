"""What a new contract version means to those who use the contract: the comparison, the bump it takes, and whom it hits.

The direction of the question comes from how the contract is used: as an input BACKWARD, as an output FORWARD, as both FULL; a
level set on the contract wins. Policy and level are those of the version that it is compared with: a version can't bring a
laxer judge along, and one that asks for another waits for reviews like a break. Owns that choice. Never writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from semantic_version import Version

from governance.contracts import Report, compare
from governance.models import ContractVersion
from governance.selectors.contracts import live_ports
from orchestration.models import Port, Team
from orchestration.versions import precedence

LIVE = (ContractVersion.State.ACTIVE, ContractVersion.State.DEPRECATED)
_RANKS = ("none", "patch", "minor", "major")
_BELOW_ONE = {"major": "minor", "minor": "patch"}


@dataclass(frozen=True, slots=True)
class Assessment:
    """Of a version that is about to be published. Without a base nothing was there to break."""

    base: ContractVersion | None
    report: Report | None
    #: The smallest bump that fits, in the words of the version before.
    takes: str
    declared: str
    #: Whom it hits: who owns the contract comes first.
    teams: tuple[Team, ...]
    #: What the version says of policy and level, where that is not what holds now.
    other_rules: str = ""

    @property
    def is_safe(self) -> bool:
        """Whether it may be published without anybody's consent."""
        return self.report is None or (self.report.verdict == "safe" and not self.other_rules)

    def subject(self, content_hash: str) -> str:
        """What a review is bound to: the content, what it was compared with, the verdict, and who is asked."""
        report = self.report
        told = [
            content_hash, self.base.pk if self.base else None, report.verdict if report else "",
            [finding.fingerprint for finding in report.findings] if report else [], sorted(team.pk for team in self.teams),
            self.other_rules,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def assess(*, name: str, version: str, schema: Any, policy: str, level: str | None, owner: Team) -> Assessment:
    """Compare with the highest live version below. Raises InvalidSchema."""
    lower = ContractVersion.objects.filter(contract__name=name, state__in=LIVE, precedence__lt=precedence(version))
    base = lower.select_related("contract").order_by("-precedence").first()
    if base is None:
        return Assessment(None, None, "none", "none", (owner,))
    rules = base.canonical["spec"]
    present = (rules.get("policy", "tolerant"), rules.get("compatibility"))
    ports = list(live_ports(name))
    report = compare(base.schema, schema, level=present[1] or level_of(ports), policy=present[0])
    wanted = (policy, level)
    other = "" if present == wanted else f"{_rules(*wanted)} instead of {_rules(*present)}"
    below_one = Version(base.version).major == 0
    takes = _BELOW_ONE.get(report.bump, report.bump) if below_one else report.bump
    hit = {port.version.workflow.owner.pk: port.version.workflow.owner for port in ports}
    others = [team for pk, team in sorted(hit.items()) if pk != owner.pk]
    return Assessment(base, report, takes, _declared(base.version, version), (owner, *others), other)


def _rules(policy: str, level: str | None) -> str:
    return f"policy {policy} and level {level or 'by use'}"


def level_of(ports: Iterable[Port]) -> str:
    """The question that its use asks; without any use that of consumers, who come first."""
    directions = {port.direction for port in ports}
    if directions == {"input", "output"}:
        return "FULL"
    return "FORWARD" if directions == {"output"} else "BACKWARD"


def is_enough(assessment: Assessment) -> bool:
    """Whether the declared version says as much as the change is."""
    return _RANKS.index(assessment.declared) >= _RANKS.index(assessment.takes)


def _declared(before: str, after: str) -> str:
    old, new = Version(before), Version(after)
    for word in ("major", "minor", "patch"):
        if getattr(old, word) != getattr(new, word):
            return word
    return "none"


def lowest(before: str, bump: str) -> str:
    """The next version that says so much."""
    return str(getattr(Version(before), f"next_{bump}")())
