"""Releasing a workflow version: held where it refuses inputs that the one before accepts, or gives outputs that it never gave.

Without a contract an input or output may be anything, and so it is compared. Gate policies can hold every release. Owns that
judgement. Never publishes by itself: orchestration does, when it is told.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from governance.contracts import Report, compare
from governance.gate import telling
from governance.gate.opening import asks, open_change
from governance.gate.subjects import Judgement, Object, Verdict, each_once
from governance.models import Change
from governance.selectors.contracts import schema_of
from orchestration.hooks import Release
from orchestration.manifest import diff
from orchestration.models import Port, Team, WorkflowVersion
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from orchestration.services.workflow_applier import resolve_ports
from orchestration.versions import precedence

RELEASE = "workflow.release"
OWNS = "owns the workflow"
#: The question about each port: whoever starts it must still be understood, whoever reads what it gives must still understand.
_QUESTIONS = {"input": "BACKWARD", "output": "FORWARD"}


def judge_release(release: Release) -> Judgement:
    """Compared with the highest active version below; without one nobody relies on it yet."""
    base = _base(release.name, release.version)
    owner = Team.objects.filter(name=release.owner).first() or Team(name=release.owner)
    if base is None:
        told: dict[str, Any] = {"findings": [], "differences": []}
        return Judgement("safe", told, ((owner, OWNS),), [RELEASE, release.content_hash])
    hits = each_once([(base.workflow.owner, OWNS), (owner, OWNS)])
    before = dict(Port.objects.filter(version=base, step="").values_list("direction", "pk"))
    reports = {}
    for direction, level in _QUESTIONS.items():
        port = Port.objects.filter(pk=before[direction]).first() if direction in before else None
        old = True if port is None else schema_of(port.contract, port.resolved)
        new = release.schemas.get(direction, True)
        reports[direction] = compare(old, new, level=level, policy="tolerant")
    verdicts = [one.verdict for one in reports.values()]
    verdict: Verdict = next((one for one in ("breaking", "undecided") if one in verdicts), "safe")
    described = {
        **_described(reports),
        "base": base.version,
        "differences": [one.sentence for one in diff(base.canonical, release.canonical)][:200],
    }
    return Judgement(verdict, described, hits, [RELEASE, release.content_hash, base.pk, described["findings"]])


class Releases:
    """Orchestration's question, answered: see orchestration.hooks.ReleaseHook."""

    def is_held(self, release: Release) -> bool:
        """Whether anybody must be asked first."""
        judgement = judge_release(release)
        return bool(asks(RELEASE, release.name, judgement.hits[0][0], judgement))

    def ask(self, release: Release, version: WorkflowVersion, signature: Signature) -> None:
        """Put it to its reviewers."""
        judgement = judge_release(release)
        thing = Object(RELEASE, release.name, release.version, judgement.hits[0][0])
        open_change(thing, judgement, signature)


class ReleaseWorkflow:
    """Kind workflow.release."""

    kind = RELEASE
    done = "released"

    def judge(self, change: Change) -> Judgement:
        """See subjects.Subject."""
        return judge_release(release_of(_version(change)))

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """Its ports resolve anew: what was published while it waited is used."""
        version = _version(change)
        resolve_ports(version)
        version.state = WorkflowVersion.State.ACTIVE
        save(version, actor=actor, reason=reason)
        telling.tell_version("version.published", version, actor, reason)

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """It stays refused: who asks again raises the version."""
        version = _version(change)
        version.state = WorkflowVersion.State.REJECTED
        save(version, actor=actor, reason=reason)

    def undo(self, change: Change, reason: str) -> None:
        """New runs take the version before; those that are open go on."""
        self.refuse(change, None, reason)


def release_of(version: WorkflowVersion) -> Release:
    """What is asked about a version that is written already."""
    ports = Port.objects.filter(version=version, step="")
    schemas = {port.direction: schema_of(port.contract, port.resolved) for port in ports}
    return Release(
        version.workflow.name, version.version, version.workflow.owner.name, version.canonical, version.content_hash, schemas
    )  # fmt: skip


def _base(name: str, number: str) -> WorkflowVersion | None:
    lower = WorkflowVersion.objects.filter(workflow__name=name, state=WorkflowVersion.State.ACTIVE)
    below = lower.filter(precedence__lt=precedence(number)).select_related("workflow__owner")
    return below.order_by("-precedence").first()


def _described(reports: dict[str, Report]) -> dict[str, Any]:
    """The reports of both ports as one, as the page shows it; the witness of the first that has one."""
    findings = [
        {**asdict(one), "pointer": f"/{direction}{one.pointer}", "text": f"{direction}: {one.text}"}
        for direction, report in reports.items()
        for one in report.findings
    ]
    shown = next(((name, one) for name, one in reports.items() if one.has_witness), None)
    report = shown[1] if shown else None
    return {
        "findings": findings, "witness": report.witness if report else None, "has_witness": report is not None,
        "broken": report.broken if report else "", "complaint": list(report.complaint) if report else ["", ""],
        "doubt": "; ".join(one.doubt for one in reports.values() if one.doubt), "port": shown[0] if shown else "",
    }  # fmt: skip


def _version(change: Change) -> WorkflowVersion:
    return WorkflowVersion.objects.select_related("workflow__owner").get(
        workflow__name=change.name, version=change.number
    )
