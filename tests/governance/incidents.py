"""What tests of postmortems share: a company that had an incident, and a postmortem about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from governance.models import Postmortem
from governance.services.postmortems import create_postmortem
from orchestration import clock
from orchestration.ids import floor
from orchestration.models import Run, Team, Workflow, WorkflowVersion
from orchestration.states import RunStatus

GOOD_TEXT = """## Summary

Charges hung for half an hour.

## Contributing factors

- The provider was slow.
- Nobody is told before the budget burns.

## What went well

- The saga refunded by key.

## Where we were lucky

- It was night.
"""


def now_minute() -> datetime:
    """The present, to the minute."""
    return clock.now().replace(second=0, microsecond=0)


def write(team: Team, actor: Any = None, **fields: Any) -> Postmortem:
    """A postmortem of the last two hours; every field has a default."""
    wanted: dict[str, Any] = {
        "title": "Charges hung", "body": GOOD_TEXT, "status": "draft", "severity": "major", "owner": team,
        "began_at": now_minute() - timedelta(hours=2), "ended_at": now_minute() - timedelta(hours=1), "workflows": [],
        "dependencies": [], "actor": actor, "reason": "first text", **fields,
    }  # fmt: skip
    return create_postmortem(**wanted)


def edit_of(postmortem: Postmortem, **changes: Any) -> dict[str, Any]:
    """What `edit_postmortem` is given to write it again as it is; overrides change it."""
    links = list(postmortem.links.all())
    names = ("title", "body", "status", "severity", "owner", "began_at", "ended_at")
    return {
        "postmortem": postmortem, "revision": postmortem.revision, "actor": None, "reason": "an edit",
        **{name: getattr(postmortem, name) for name in names},
        "workflows": [link.workflow.name for link in links if link.workflow],
        "dependencies": [link.dependency.name for link in links if link.dependency], **changes,
    }  # fmt: skip


def version_of(workflow: Workflow, number: str = "1.0.0", **metadata: Any) -> WorkflowVersion:
    """A version that is active."""
    return WorkflowVersion.objects.create(
        workflow=workflow, version=number, precedence=number, text="", content_hash=number, reason="a test",
        canonical={"metadata": {"name": workflow.name, **metadata}, "spec": {"steps": {}}},
    )  # fmt: skip


def ended(version: WorkflowVersion, at: datetime, result: str = "failed", **fields: Any) -> Run:
    """A run that ended then."""
    return Run.objects.create(
        id=floor(at - timedelta(seconds=5)).__class__(int=floor(at - timedelta(seconds=5)).int + Run.objects.count()),
        workflow=version.workflow, version=version, team=version.workflow.owner, status=RunStatus.FINISHED,
        result=result, input="{}", input_hash="0" * 64, created_at=at - timedelta(seconds=5), started_at=at,
        finished_at=at, trace_id="0" * 32, **{"failed_step": "charge", "error_type": "timeout", **fields},
    )  # fmt: skip
