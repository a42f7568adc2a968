"""Importing OpenSLO: each document by itself, with a report of what came of it and what of it does not fit.

Owns how what is read becomes an objective. Never decides who may: `may` is asked for each owner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from orchestration.errors import InvalidInput, NotFound, PlumblineError
from orchestration.models import Dependency, Objective, Team, Workflow
from orchestration.openslo import Found, read
from orchestration.policies import burn
from orchestration.policies.burn import Severity
from orchestration.services.governed import hold, require_reason
from orchestration.services.manifests import Document
from orchestration.services.objectives import Wanted, change, create


@dataclass(slots=True)
class Line:
    """What came of one objective of a document, or of a document without any.

    `action`: create, change, unchanged, nothing (there is nothing to count in it) or refused.
    """

    source: str
    document: int
    kind: str
    name: str
    action: str
    notes: list[str] = field(default_factory=list)
    problem: str = ""


def import_openslo(
    documents: Sequence[Document], *, actor: Any, reason: str, may: Callable[[Team], None], dry_run: bool = False
) -> list[Line]:
    """Every document; one that can't be had keeps no other from it. `dry_run`: say what would come of it. Raises InvalidInput."""
    reason = require_reason(reason)
    lines: list[Line] = []
    with transaction.atomic():
        hold()
        for document in documents:
            lines += _import(document, actor, reason, may)
        if dry_run:
            transaction.set_rollback(True)
    return lines


def _import(document: Document, actor: Any, reason: str, may: Callable[[Team], None]) -> list[Line]:
    readings, problems = read(document.text, document.source)
    if problems:
        return [Line(document.source, 0, "", "", "refused", [], problem) for problem in problems]
    lines = []
    for reading in readings:
        if reading.refused or not reading.found:
            action = "refused" if reading.refused else "nothing"
            line = Line(
                document.source, reading.number, reading.kind, reading.name, action, reading.notes, reading.refused
            )
            lines.append(line)
        for found in reading.found:
            line = Line(document.source, reading.number, reading.kind, found.name, "", list(reading.notes))
            try:
                with transaction.atomic():
                    line.action = _have(found, line.notes, actor, reason, may)
            except PlumblineError as error:
                line.action, line.problem = "refused", str(error)
            lines.append(line)
    return lines


def _have(found: Found, notes: list[str], actor: Any, reason: str, may: Callable[[Team], None]) -> str:
    present = Objective.objects.select_related("owner").filter(name=found.name, retired_at__isnull=True).first()
    wanted = _wanted(found, present, notes)
    if present is not None and all(
        getattr(present, name) == getattr(wanted, name) for name in Wanted.__dataclass_fields__ if name != "source"
    ):
        return "unchanged"
    for team in {wanted.owner.pk: wanted.owner, **({present.owner_id: present.owner} if present else {})}.values():
        may(team)
    if present is None:
        create(wanted=wanted, actor=actor, reason=reason)
        return "create"
    change(objective=present, wanted=wanted, actor=actor, reason=reason)
    return "change"


def _wanted(found: Found, present: Objective | None, notes: list[str]) -> Wanted:
    values = dict(found.values)
    if not (values["workflow"] or values["dependency"]):
        values |= _by_service(found.service)
    owner = _owner(found, values)
    for severity in Severity:
        _alerting(values, severity, present, notes)
    return Wanted(name=found.name, owner=owner, source=Objective.Source.OPENSLO, **values)


def _by_service(service: str) -> dict[str, str]:
    """What of ours is called as the service."""
    if Workflow.objects.filter(name=service).exists():
        return {"workflow": service}
    if Dependency.objects.filter(name=service).exists():
        return {"dependency": service}
    raise InvalidInput(f"spec.service {service[:63]!r} is neither a workflow nor a dependency here; name one of them")


def _owner(found: Found, values: dict[str, Any]) -> Team:
    """As annotated; else whose the workflow or dependency is."""
    if found.owner:
        team = Team.objects.filter(name=found.owner).first()
        if team is None:
            raise NotFound(
                f"metadata.annotations.plumbline/owner: no team {found.owner[:63]!r}; apply it first, or name another"
            )
        return team
    model = Workflow if values["workflow"] else Dependency
    row = model.objects.select_related("owner").filter(name=values["workflow"] or values["dependency"]).first()
    if row is None:
        raise NotFound(f"no {model.__name__.lower()} {(values['workflow'] or values['dependency'])[:63]!r}")
    team = row.owner
    assert isinstance(team, Team)
    return team


def _alerting(values: dict[str, Any], severity: Severity, present: Objective | None, notes: list[str]) -> None:
    """What the document does not say of a severity stays as it is; of a new objective, it is had where it can fire."""
    if severity.value in values:
        return
    for name in (severity.value, f"{severity}_failures", f"{severity}_within"):
        values[name] = getattr(present, name) if present else None
    if present is None:
        why = burn.refusal(values["target"], severity) if 0 < values["target"] < 1 else ""
        if not why and severity == Severity.PAGE and not values["runbook"]:
            why = "a page needs a runbook, and the document names none"
        values[severity.value] = not why
        if why:
            notes.append(f"{severity} is off: {why}")
