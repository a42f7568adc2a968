"""Releasing a workflow version: held where it refuses inputs that the one before accepts, or gives outputs that it never gave.

Without a contract an input or output may be anything, and so it is compared. Gate policies can hold every release. Owns that
judgement. Never publishes by itself: orchestration does, when it is told.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from governance.contracts import Report, compare
from governance.gate import telling
from governance.gate.opening import asks, open_change
from governance.gate.subjects import Judgement, Object, Verdict, each_once
from governance.models import Change
from governance.selectors.contracts import LIVE, resolve, schema_of
from orchestration.hooks import Release
from orchestration.manifest import diff
from orchestration.models import Port, Team, Workflow, WorkflowVersion
from orchestration.services.applying import Signature
from orchestration.services.governed import save
from orchestration.services.objective_sync import follow_workflow
from orchestration.services.workflow_applier import resolve_ports, unresolved
from orchestration.versions import precedence

RELEASE = "workflow.release"
OWNS = "owns the workflow"
#: The question about each port: whoever starts it must still be understood, whoever reads what it gives must still understand.
_QUESTIONS = {"input": "BACKWARD", "output": "FORWARD"}


def judge_release(release: Release) -> Judgement:
    """Compared with the highest live version below; without one nobody relies on it yet."""
    base = _base(release.name, release.version)
    owner = Team.objects.filter(name=release.owner).first() or Team(name=release.owner)
    present = Workflow.objects.select_related("owner").filter(name=release.name).first()
    owners = (present.owner, owner) if present is not None else (owner,)
    hits = each_once((team, OWNS) for team in owners)
    if base is None:
        told: dict[str, Any] = {"findings": [], "differences": []}
        return Judgement("safe", told, hits, [RELEASE, release.content_hash], owners=owners)
    before = {port.direction: port for port in Port.objects.filter(version=base, step="")}
    reports = {}
    for direction, level in _QUESTIONS.items():
        port = before.get(direction)
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
    content = [RELEASE, release.content_hash, base.pk, described["findings"]]
    return Judgement(verdict, described, hits, content, owners=owners)


class Releases:
    """Orchestration's question, answered: see orchestration.hooks.ReleaseHook."""

    def is_held(self, release: Release) -> bool:
        """Whether anybody must be asked first."""
        judgement = judge_release(release)
        return bool(asks(RELEASE, release.name, release.version, judgement.hits[0][0], judgement))

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
        version = _version(change)
        judgement, workflow = judge_release(release_of(version)), version.workflow
        before = {"owner": workflow.owner.name, "description": workflow.description}
        return replace(judgement, report={**judgement.report, "before": before})

    def do(self, change: Change, actor: Any, reason: str) -> None:
        """Its ports resolve anew: what was published while it waited is used. What it says of the workflow holds from now on."""
        version = _version(change)
        resolve_ports(version)
        version.state = WorkflowVersion.State.ACTIVE
        save(version, actor=actor, reason=reason)
        _become(version.workflow, *_brought(version), actor, reason)
        follow_workflow(version.workflow, actor=actor, reason=reason)
        telling.tell_version("version.published", version, actor, reason)

    def refuse(self, change: Change, actor: Any, reason: str) -> None:
        """It stays refused: who asks again raises the version."""
        version = _version(change)
        version.state = WorkflowVersion.State.REJECTED
        save(version, actor=actor, reason=reason)

    def undo(self, change: Change, reason: str) -> None:
        """New runs take the version before; those that are open go on. The workflow is whose it was before."""
        version, before = _version(change), change.report.get("before")
        if version.state not in LIVE:
            return  # it was retired meanwhile: it does not come back
        self.refuse(change, None, reason)
        workflow = version.workflow
        if before is not None and (workflow.owner.name, workflow.description) == _brought(version):
            _become(workflow, before["owner"], before["description"], None, reason)
        follow_workflow(workflow, actor=None, reason=reason)


def release_of(version: WorkflowVersion) -> Release:
    """What is asked about a version that is written already, with what its ports would resolve to now.

    Raises Conflict where there is nothing for one of them any more.
    """
    schemas = {}
    for port in Port.objects.filter(version=version):
        number = resolve(port.contract, port.range)
        if number is None:
            raise unresolved(f"{port.contract}@{port.range}")
        if not port.step:
            schemas[port.direction] = schema_of(port.contract, number)
    owner = version.canonical["metadata"]["owner"]
    return Release(version.workflow.name, version.version, owner, version.canonical, version.content_hash, schemas)


def _base(name: str, number: str) -> WorkflowVersion | None:
    lower = WorkflowVersion.objects.filter(workflow__name=name, state__in=LIVE)
    below = lower.filter(precedence__lt=precedence(number))
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


def _brought(version: WorkflowVersion) -> tuple[str, str]:
    """What its manifest says of the workflow as a whole: owner and description."""
    metadata = version.canonical["metadata"]
    return metadata["owner"], metadata.get("description", "")


def _become(workflow: Workflow, owner: str, description: str, actor: Any, reason: str) -> None:
    team = Team.objects.filter(name=owner).first() or workflow.owner
    if (workflow.owner_id, workflow.description) != (team.pk, description):
        workflow.owner, workflow.description = team, description
        save(workflow, actor=actor, reason=reason)


def _version(change: Change) -> WorkflowVersion:
    return WorkflowVersion.objects.select_related("workflow__owner").get(
        workflow__name=change.name, version=change.number
    )
