"""Whom a change asks and how many people of each team: what always holds, and what gate policies add to it.

Policies are strict together: teams add up, the most approvals and the longest notice count, the shortest expiry. A policy can't
ask for less than what always holds. Owns that sum. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from governance.gate import error_budgets
from governance.gate.subjects import Judgement
from governance.models import GatePolicy
from orchestration.manifest import parse_duration
from orchestration.models import Team

EXPIRES_AFTER = timedelta(days=30)
NOTICE = timedelta(days=30)
REMIND_AFTER = timedelta(days=2)
MOST_APPROVALS = 10


@dataclass(frozen=True, slots=True)
class Requirement:
    """A team that is asked."""

    team: Team
    needed: int
    why: str
    by_policy: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one kind of change of one object, all policies together."""

    policies: tuple[str, ...] = ()
    always: bool = False
    approvals: int = 1
    teams: tuple[str, ...] = ()
    expires: timedelta = EXPIRES_AFTER
    notice: timedelta = NOTICE
    remind: timedelta = REMIND_AFTER
    #: (role, participant) whose contract tests must have passed before a workflow that uses it may be deployed.
    verifications: tuple[tuple[str, str], ...] = ()


def rules_for(kind: str, name: str, *owners: str) -> Rules:
    """The rules of the applied policies that concern it: of its owner, and of who is to be its owner."""
    return combined(
        found
        for found in GatePolicy.objects.all()
        if any(concerns(found.document["spec"], kind, name, owner) for owner in owners)
    )


def concerns(spec: dict[str, Any], kind: str, name: str, owner: str) -> bool:
    """Whether a policy is about this kind of change, this object and this owner; what it leaves out, it is about."""
    kinds, names, owners = spec.get("changes"), spec.get("names"), spec.get("owners")
    return (
        (not kinds or kind in kinds)
        and (not names or any(fnmatchcase(name, pattern) for pattern in names))
        and (not owners or owner in owners)
    )


def combined(policies: Iterable[GatePolicy]) -> Rules:
    """Strict together."""
    found = sorted(policies, key=lambda one: one.name)
    specs = [one.document["spec"] for one in found]

    def spans(key: str) -> list[timedelta]:
        return [timedelta(seconds=parse_duration(spec[key])) for spec in specs if key in spec]

    verifications = [(one["role"], one["participant"]) for spec in specs for one in spec.get("verifications", [])]
    return Rules(
        policies=tuple(one.name for one in found),
        always=any(spec.get("review") == "always" for spec in specs),
        approvals=max([1, *(spec.get("approvals", 1) for spec in specs)]),
        teams=tuple(dict.fromkeys(team for spec in specs for team in spec.get("teams", []))),
        expires=min([EXPIRES_AFTER, *spans("expires")]),
        notice=max([NOTICE, *spans("notice")]),
        remind=min([REMIND_AFTER, *spans("remind")]),
        verifications=tuple(dict.fromkeys(verifications)),
    )


def rules_of(judgement: Judgement, kind: str, name: str, owner: str) -> Rules:
    """The rules for what was judged, whoever it is to belong to: naming another owner is no way round a policy.

    Those of error budgets too: while one asks, nothing is free; what it has asked of a change stays asked when it recovers.
    """
    owners = list(dict.fromkeys([owner, *(team.name for team in judgement.owners)]))
    rules = rules_for(kind, name, *owners)
    if not error_budgets.holds(kind, name, owners):
        return rules
    return replace(rules, always=True, policies=(*rules.policies, error_budgets.POLICY))


def required(judgement: Judgement, rules: Rules) -> list[Requirement]:
    """Nobody, where nothing breaks and no policy wants a review all the same."""
    if judgement.is_free and not rules.always:
        return []
    policy = ", ".join(rules.policies)
    found = [Requirement(team, rules.approvals, why, by_policy=judgement.is_free) for team, why in judgement.hits]
    known = {one.team.name for one in found}
    more = Team.objects.filter(name__in=[name for name in rules.teams if name not in known]).order_by("name")
    return found + [Requirement(team, rules.approvals, f"policy {policy} asks it", by_policy=True) for team in more]
