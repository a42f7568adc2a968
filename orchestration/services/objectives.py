"""Objectives are made, changed and retired by people; what manifests declare is objective_sync.py's.

Owns what an objective must be: a scope that exists, a target that leaves a budget, alerts that can fire, and a page only with
somebody to wake and something to read. Never counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from orchestration import clock
from orchestration.engine.plans import plan_of
from orchestration.errors import Conflict, InvalidInput
from orchestration.models import Objective, Team
from orchestration.policies import burn
from orchestration.policies.burn import Failures, Rule, Severity
from orchestration.selectors.workflows import find_dependency, find_version, find_workflow
from orchestration.services.governed import hold, require_reason, save
from orchestration.services.world import suggestion

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
LONGEST_NAME = 160
#: What stands at these addresses is no objective.
RESERVED = frozenset({"new", "openslo"})
MOST_DAYS = 90
#: Failures within at most three days, the longest window of the pairs.
MOST_MINUTES = 3 * 24 * 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """An objective as somebody wants it. Exactly one scope: workflow, workflow and step, or dependency."""

    name: str
    owner: Team
    indicator: str
    target: Decimal
    workflow: str = ""
    step: str = ""
    dependency: str = ""
    threshold: float | None = None
    description: str = ""
    window_days: int = 28
    degraded_is_bad: bool = False
    page: bool = True
    ticket: bool = True
    page_failures: int | None = None
    page_within: int | None = None
    ticket_failures: int | None = None
    ticket_within: int | None = None
    runbook: str = ""
    source: str = field(default=Objective.Source.PORTAL)


#: What a person may change of an objective that a manifest declares: how it alerts, not what is good.
ALERTING = (
    "page", "ticket", "page_failures", "page_within", "ticket_failures", "ticket_within", "runbook", "description",
)  # fmt: skip
#: What decides which events are bad: changed, what was counted before says nothing.
_COUNTED = ("workflow", "step", "dependency", "indicator", "threshold", "degraded_is_bad")
_FIELDS = tuple(one for one in Wanted.__dataclass_fields__ if one != "source")


def rules_of(objective: Any, severity: Severity) -> tuple[Rule, ...]:
    """By which the severity's alert opens; none where it is switched off."""
    if not getattr(objective, severity.value):
        return ()
    count, within = (getattr(objective, f"{severity}_{part}") for part in ("failures", "within"))
    if count and within:
        return (Failures(count, timedelta(minutes=within)),)
    return burn.PAIRS[severity]


def create(*, wanted: Wanted, actor: Any, reason: str) -> Objective:
    """A new one, counted from now on. Raises InvalidInput, NotFound, Conflict for a name that is taken."""
    reason = require_reason(reason)
    check(wanted)
    made = Objective(since=clock.now(), source=wanted.source, **{name: getattr(wanted, name) for name in _FIELDS})
    try:
        with transaction.atomic():
            hold()
            if (there := Objective.objects.filter(name=wanted.name).first()) is not None:
                remedy = "choose another name" + ("" if there.retired_at else ", or edit that one")
                said = "there was" if there.retired_at else "there is"
                raise Conflict(f"{said} an objective {wanted.name!r} already; {remedy}")
            save(made, actor=actor, reason=reason)
    except IntegrityError:
        raise Conflict(f"there is an objective {wanted.name!r} already; somebody made it just now") from None
    return made


def change(*, objective: Objective, wanted: Wanted, actor: Any, reason: str) -> Objective:
    """As wanted from now on. Raises as `create`, and Conflict for what its manifest says."""
    reason = require_reason(reason)
    check(wanted)
    with transaction.atomic():
        hold()
        current = _current(objective)
        values = {name: getattr(wanted, name) for name in _FIELDS}
        different = [name for name, value in values.items() if getattr(current, name) != value]
        if current.source == Objective.Source.MANIFEST and (fixed := [one for one in different if one not in ALERTING]):
            raise Conflict(
                f"{current.name} is declared in a manifest, which says its {', '.join(fixed)}; change it there and apply it"
            )
        if "name" in different and Objective.objects.filter(name=wanted.name).exists():
            raise Conflict(f"there is an objective {wanted.name!r} already; choose another name")
        write(current, values, actor=actor, reason=reason)
    return current


def write(objective: Objective, values: dict[str, Any], *, actor: Any, reason: str) -> None:
    """Save these values; counted anew, where what is bad is another thing now. In the caller's transaction."""
    is_known = objective.pk is not None
    if is_known and any(name in values and getattr(objective, name) != values[name] for name in _COUNTED):
        objective.recounted_at = clock.now()
    for name, value in values.items():
        setattr(objective, name, value)
    save(objective, actor=actor, reason=reason)


def retire(*, objective: Objective, actor: Any, reason: str) -> Objective:
    """No longer counted. Raises Conflict for one that a manifest declares, or that is retired."""
    reason = require_reason(reason)
    with transaction.atomic():
        hold()
        current = _current(objective)
        if current.source == Objective.Source.MANIFEST:
            raise Conflict(f"{current.name} is declared in a manifest; take it out there and apply it")
        current.retired_at = clock.now()
        save(current, actor=actor, reason=reason)
    return current


def check(wanted: Wanted) -> None:
    """Whether there can be such an objective. Raises InvalidInput or NotFound, with the remedy."""
    if not _NAME.fullmatch(wanted.name) or len(wanted.name) > LONGEST_NAME:
        raise InvalidInput(
            f"a name is of a-z, 0-9, '.', '-' and '_', at most {LONGEST_NAME} characters, such as checkout.success"
        )
    if wanted.name in RESERVED:
        raise InvalidInput(f"{wanted.name!r} is an address of the portal's own; choose another name")
    _check_scope(wanted)
    if wanted.indicator not in Objective.Indicator.values:
        raise InvalidInput(f"indicator {wanted.indicator[:40]!r}: there are {', '.join(Objective.Indicator.values)}")
    if wanted.indicator == Objective.Indicator.LATENCY and not (wanted.threshold and 0 < wanted.threshold < 1e9):
        raise InvalidInput("a latency objective needs a threshold: the longest duration that is good")
    if wanted.indicator == Objective.Indicator.SUCCESS and wanted.threshold is not None:
        raise InvalidInput("a success objective has no threshold; leave it empty, or choose latency")
    if wanted.target.is_finite() and wanted.target != round(wanted.target, 8):
        raise InvalidInput("a target has at most 6 decimals of a percent, such as 99.999999 %")
    if not (wanted.target.is_finite() and 0 < wanted.target < 1):
        raise InvalidInput("a target is more than 0 % and less than 100 %: at 100 % there would be no budget to spend")
    if not 1 <= wanted.window_days <= MOST_DAYS:
        raise InvalidInput(f"a window has 1 to {MOST_DAYS} days; 28 are usual")
    for severity in Severity:
        _check_alert(wanted, severity)
    if wanted.page and not wanted.runbook:
        raise InvalidInput(
            "a page needs a runbook for whoever is woken; name one, or leave the page off and keep the ticket"
        )


def _check_scope(wanted: Wanted) -> None:
    if bool(wanted.workflow) == bool(wanted.dependency):
        raise InvalidInput("an objective is of a workflow or of a dependency: name one of them")
    if wanted.dependency:
        find_dependency(wanted.dependency)
        if wanted.step:
            raise InvalidInput("an objective of a dependency is of all its calls; leave the step empty")
        return
    version = find_version(find_workflow(wanted.workflow))
    steps = plan_of(version.pk).steps
    if wanted.step and wanted.step not in steps:
        raise InvalidInput(
            f"{wanted.workflow}@{version.version} has no step {wanted.step[:63]!r}{suggestion(wanted.step[:63], steps)}"
        )


def _check_alert(wanted: Wanted, severity: Severity) -> None:
    count, within = (getattr(wanted, f"{severity}_{part}") for part in ("failures", "within"))
    if (count is None) != (within is None):
        raise InvalidInput(f"{severity} by failures takes both how many and within how many minutes")
    if count is not None and within is not None:
        if not (1 <= count <= 1_000_000 and 1 <= within <= MOST_MINUTES):
            raise InvalidInput(
                f"{severity} by failures takes 1 to 1,000,000 failures within 1 to {MOST_MINUTES:,} minutes"
            )
    elif getattr(wanted, severity.value) and (why := burn.refusal(wanted.target, severity)):
        raise InvalidInput(why)


def _current(objective: Objective) -> Objective:
    current = Objective.objects.select_for_update(of=("self",)).select_related("owner").get(pk=objective.pk)
    if current.retired_at is not None:
        raise Conflict(f"objective {current.name} is retired; make a new one")
    return current
