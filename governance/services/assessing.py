"""What a new contract version means to those who use the contract: the comparison, the bump it takes, and whom it hits.

The direction of the question comes from how the contract is used: as an input BACKWARD, as an output FORWARD, as both FULL; a
level set on the contract wins, and where no workflow uses what a client registered, the registry's. Policy and level are those
of the version that it is compared with: a version can't bring a laxer judge along, and one that asks for another waits for
reviews like a break. Owns that choice. Never writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from semantic_version import Version

from governance.contracts import Report
from governance.contracts.formats import JSON_SCHEMA, ODCS, OPENAPI, compare_formats, format_of
from governance.contracts.report import Bump
from governance.gate.subjects import Judgement, Verdict, each_once
from governance.models import Contract, ContractVersion
from governance.registry.rules import level_kept
from governance.selectors.api_uses import ApiUse, Use, uses_of
from orchestration.models import Team
from orchestration.versions import precedence

LIVE = (ContractVersion.State.ACTIVE, ContractVersion.State.DEPRECATED)
#: Versions against which it is asked whom a new API leaves alone; against more, as a transitive level may have, nobody is.
MOST_COMPARED = 3
OWNS, USES = "owns the contract", "a workflow of its uses it"
_RANKS = ("none", "patch", "minor", "major")
_BELOW_ONE = {"major": "minor", "minor": "patch"}


@dataclass(frozen=True, slots=True)
class Assessment:
    """Of a version that is about to be published. Without a base nothing was there to break.

    `base` is the live version just below; `against` the one that the report is about: the base, or at a transitive level the
    first of all live ones below that it breaks. None where there is a base and no report: it is of another group than all below.
    """

    base: ContractVersion | None
    report: Report | None
    #: The smallest bump that fits, in the words of the version before.
    takes: str
    declared: str
    #: Whom it hits and why: who owns the contract comes first.
    hits: tuple[tuple[Team, str], ...]
    #: What the version says of policy and level, where that is not what holds now.
    other_rules: str = ""
    against: ContractVersion | None = None
    #: Whose it is now, and whose it would be.
    owners: tuple[Team, ...] = ()

    @property
    def teams(self) -> list[Team]:
        """Whom it hits."""
        return [team for team, _ in self.hits]

    def judgement(self, content_hash: str) -> Judgement:
        """As the gate asks for it; a review is bound to the content, what it was compared with, and the findings."""
        report = self.report
        told = [
            content_hash, self.base.pk if self.base else None, self.against.pk if self.against else None,
            [finding.fingerprint for finding in report.findings] if report else [],
        ]  # fmt: skip
        described = {
            "level": report.level if report else "", "policy": report.policy if report else "",
            "bump": report.bump if report else "none", "takes": self.takes, "declared": self.declared,
            "findings": [asdict(one) for one in report.findings] if report else [],
            "witness": report.witness if report else None, "has_witness": bool(report and report.has_witness),
            "broken": report.broken if report else "", "complaint": list(report.complaint) if report else ["", ""],
            "doubt": report.doubt if report else "", "other_rules": self.other_rules,
            "apart_from": self.base.version if self.base and report is None else "",
        }  # fmt: skip
        verdict: Verdict = report.verdict if report else "safe"
        return Judgement(verdict, described, self.hits, told, self.against, self.other_rules, self.owners)


def assess(
    *,
    name: str,
    version: str,
    schema: Any,
    policy: str,
    level: str | None,
    owner: Team,
    format: str = JSON_SCHEMA,
    beside: ContractVersion | None = None,
    apart: Collection[int] = (),
) -> Assessment:
    """Compare with the highest live version below, at a transitive level with all of them. Raises InvalidSchema.

    `beside`: one more that it follows, whatever its number: what clients of the registry have as the newest. `apart`: ids of
    versions that it need not be compatible with, by the registry's own rules, as long as no workflow uses the contract and no
    manifest has said its level.
    """
    lower = ContractVersion.objects.filter(contract__name=name, state__in=LIVE, precedence__lt=precedence(version))
    below = list(lower.select_related("contract__owner").order_by("-precedence"))
    contract = Contract.objects.select_related("owner").filter(name=name).first()
    owners = (contract.owner, owner) if contract is not None else (owner,)
    if not below:
        above = ContractVersion.objects.filter(contract__name=name, state__in=LIVE).order_by("precedence").first()
        other = _other_rules(above, policy, level) if above is not None else ""
        whose = each_once((team, OWNS) for team in owners)
        return Assessment(None, None, "none", "none", whose, other, owners=owners)
    base = below[0]
    present = _rules_of(base)
    uses = uses_of(name)
    asked = present[1] or (None if uses else level_kept(base)) or level_of(uses)
    grouped = below if uses or present[1] else [one for one in below if one.pk not in apart]
    compared = grouped if asked.endswith("_TRANSITIVE") else grouped[:1]
    compared = [*compared, beside] if beside is not None and beside not in compared else compared
    against, report = _compared(compared, (format, schema), asked, present[0]) if compared else (None, None)
    other = _other_rules(base, policy, level)
    below_one = Version(base.version).major == 0
    changed: Bump = report.bump if report is not None else "none"
    takes = _BELOW_ONE.get(changed, changed) if below_one else changed
    agreeing = _approvers(schema) if format == ODCS else []
    verdict: Verdict = report.verdict if report is not None else "safe"
    users = sorted(_users(uses, compared, (format, schema), verdict, other), key=lambda team: team.pk)
    hits = each_once([*((team, OWNS) for team in owners), *agreeing, *((team, USES) for team in users)])
    return Assessment(base, report, takes, _declared(base.version, version), hits, other, against, owners)


def _users(
    uses: Sequence[Use], compared: Sequence[ContractVersion], schema: tuple[str, Any], verdict: Verdict, other: str
) -> list[Team]:
    """Whose workflows use it; of those that call an API only whom a break may reach, unless other rules are asked for too."""
    calls = [use for use in uses if isinstance(use, ApiUse)]
    alone: set[int] = set()
    if calls and verdict != "safe" and not other and schema[0] == OPENAPI and len(compared) <= MOST_COMPARED:
        from governance.services.api_hits import left_alone  # for the few that have calls

        found = [
            left_alone(calls, one.schema, schema[1]) if format_of(one.canonical["spec"]) == OPENAPI else set()
            for one in compared
        ]
        alone = set.intersection(*found)
    return [
        use.version.workflow.owner
        for use in uses
        if not isinstance(use, ApiUse) or use.version.workflow.owner_id not in alone
    ]


def _compared(
    below: list[ContractVersion], schema: tuple[str, Any], level: str, policy: str
) -> tuple[ContractVersion, Report]:
    """The first version that it breaks, else the first that was left undecided, else the highest; each with its report."""
    reports = []
    for one in below:
        old = (format_of(one.canonical["spec"]), one.schema)
        reports.append((one, compare_formats(old, schema, level=level, policy=policy)))
        if reports[-1][1].verdict == "breaking":
            return reports[-1]
    return next((pair for pair in reports if pair[1].verdict == "undecided"), reports[0])


def _approvers(document: Any) -> list[tuple[Team, str]]:
    """The teams that the document names as approvers of its roles."""
    from governance.contracts.odcs.reading import approvers  # for the few that have it

    roles = dict(approvers(document))
    return [
        (team, f"approves role {roles[team.name]} of it")
        for team in Team.objects.filter(name__in=roles).order_by("name")
    ]


def _rules_of(version: ContractVersion) -> tuple[str, str | None]:
    spec = version.canonical["spec"]
    return spec.get("policy", "tolerant"), spec.get("compatibility")


def _other_rules(version: ContractVersion, policy: str, level: str | None) -> str:
    """What is asked for in place of what that version says; empty where it is the same."""
    present, wanted = _rules_of(version), (policy, level)
    return "" if present == wanted else f"{_rules(*wanted)} instead of {_rules(*present)}"


def _rules(policy: str, level: str | None) -> str:
    return f"policy {policy} and level {level or 'by use'}"


def level_of(uses: Iterable[Use]) -> str:
    """The question that its use asks; without any use that of consumers, who come first. Who calls an API sends and reads."""
    directions = {use.direction for use in uses}
    if directions >= {"input", "output"} or directions & {"call", "undo"}:
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
