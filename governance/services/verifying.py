"""Outcomes of contract tests, as pipelines report them, and whether a workflow version may be deployed.

A version may be deployed when it is live, the contract versions that its ports resolve to are live, and each provider and
consumer that a policy names has passed the tests of its contract. What is unknown blocks like what failed, and says what is
missing. Owns that answer. Never runs a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from governance.gate.requirements import rules_for
from governance.models import ContractVersion, VerificationResult
from governance.services.audit import record
from orchestration import clock
from orchestration.errors import InvalidInput
from orchestration.models import Port, WorkflowVersion
from orchestration.services.governed import hold

LIVE = ("active", "deprecated")
#: Policies say under this kind which tests a contract's users must have passed.
DEPLOY = "workflow.release"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold. `state`: passed, failed or unknown; `note`: said although it does not block."""

    subject: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Deployability:
    """The answer, and everything that it rests on."""

    checks: tuple[Check, ...]
    notes: tuple[str, ...]

    @property
    def may(self) -> bool:
        """Whether nothing blocks."""
        return all(check.state == "passed" for check in self.checks)


def report(
    *, version: ContractVersion, role: str, participant: str, commit: str, passed: bool, url: str, actor: Any
) -> VerificationResult:  # fmt: skip
    """Keep one outcome. Raises InvalidInput for a version that was never live."""
    if version.state not in (*LIVE, ContractVersion.State.PROPOSED):
        raise InvalidInput(f"{version} is {version.state}; only a live or proposed version is verified")
    with transaction.atomic():
        hold()
        made = VerificationResult.objects.create(
            version=version, role=role, participant=participant, commit=commit, passed=passed, url=url,
            reported_by=actor, at=clock.now(),
        )  # fmt: skip
        result = "passed" if passed else "failed"
        told = {"role": role, "participant": participant, "commit": commit, "result": result}
        reason = f"reported by the pipeline of {participant}"
        record(action="verified", kind="contract version", name=str(version), actor=actor, reason=reason, after=told)
    return made


def latest(version: ContractVersion) -> list[VerificationResult]:
    """The newest outcome of each side and participant, by name."""
    sides = version.verifications.order_by().values("role", "participant").annotate(newest=Max("pk"))
    rows = VerificationResult.objects.select_related("reported_by", "version__contract").filter(
        pk__in=sides.values("newest")
    )
    return sorted(rows, key=lambda one: (one.role, one.participant))


def deployability(version: WorkflowVersion) -> Deployability:
    """Whether it may be deployed to where this installation runs."""
    checks = [_state("workflow", str(version), version.state)]
    notes = _ending(version, str(version))
    for contract, number in sorted(set(Port.objects.filter(version=version).values_list("contract", "resolved"))):
        found = (
            ContractVersion.objects.select_related("contract__owner")
            .filter(contract__name=contract, version=number)
            .first()
        )
        if found is None:
            checks.append(Check(f"{contract}@{number}", "unknown", "there is no such version; apply it first"))
            continue
        checks.append(_state("contract", str(found), found.state))
        notes += _ending(found, str(found))
        checks += _verifications(found)
    return Deployability(tuple(checks), tuple(notes))


def _state(noun: str, name: str, state: str) -> Check:
    if state in LIVE:
        return Check(name, "passed", f"the {noun} version is {state}")
    return Check(name, "failed", f"the {noun} version is {state}, not live")


def _ending(version: Any, name: str) -> list[str]:
    if version.state != "deprecated" or version.sunset_at is None:
        return []
    return [f"{name} is deprecated, with its sunset on {version.sunset_at:%Y-%m-%d}; move to {version.successor}"]


def _verifications(version: ContractVersion) -> list[Check]:
    name = version.contract.name
    wanted = rules_for(DEPLOY, name, version.contract.owner.name).verifications
    known = {(one.role, one.participant): one for one in latest(version)} if wanted else {}
    return [
        _verification(str(version), role, participant, known.get((role, participant))) for role, participant in wanted
    ]


def _verification(name: str, role: str, participant: str, result: VerificationResult | None) -> Check:
    who = f"{participant} as {role}"
    if result is None:
        return Check(name, "unknown", f"no result of {who}; its pipeline posts one after its contract tests")
    if not result.passed:
        return Check(name, "failed", f"{who} failed at commit {result.commit[:12]}")
    return Check(name, "passed", f"{who} passed at commit {result.commit[:12]}")
