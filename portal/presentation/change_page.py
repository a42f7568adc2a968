"""What the page of a change shows, put together for its reader: verdict, difference, impact, reviewers, talk, powers.

Owns the page's context. Decides nothing: what counts and who may is the gate's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from governance.contracts.formats import JSON_SCHEMA, format_of
from governance.contracts.removals import removed_paths
from governance.gate import error_budgets
from governance.gate.error_budgets import Hold
from governance.gate.glass import holds
from governance.gate.opening import WAITING
from governance.gate.rolls import Rolls
from governance.gate.standing import stand_in_of
from governance.gate.subjects import FOLLOW_UP
from governance.gate.waiving import breaking_findings, live_waivers, waived_teams
from governance.models import BrokenGlass, Change, Comment, Review, Waiver
from governance.selectors.api_uses import uses_of
from governance.selectors.changes import votes_of, votes_open_to
from governance.selectors.impact import impact
from governance.selectors.readers import readers
from governance.selectors.replay import replay
from orchestration.models import Port, Team, WorkflowVersion
from portal.permissions import Actor, Verb
from portal.presentation import change_words, payload_lines, textdiff
from portal.presentation.words import Look


@dataclass(frozen=True, slots=True)
class Seat:
    """A team that is asked: how it stands, why it is asked, and what its people said about the content as it is."""

    team: Team
    look: Look
    why: str
    needed: int
    reviews: list[Review]
    reminders: int
    stand_in: Team | None
    waived: bool

    @property
    def approvals(self) -> int:
        """How many have approved."""
        return sum(one.vote == Review.Vote.APPROVE for one in self.reviews)


def context(found: Change, actor: Actor) -> dict[str, Any]:
    """For templates/changes/change.html."""
    report, new = found.report, found.number
    old = found.base.version if found.base else report.get("base", "")
    accepts, refuses = change_words.refused_by(report, old, new)
    mine = votes_open_to(found, actor.user) if actor.token is None else []
    comments = list(found.comments.select_related("author"))
    waivers = live_waivers(found)
    return {
        "nav": "changes",
        "change": found,
        "title": found.title,
        "kind": change_words.KIND.get(found.kind, found.kind),
        "link": change_words.link(found),
        "verdict": change_words.VERDICT[found.verdict],
        "state": change_words.CHANGE[found.state],
        "sentence": change_words.sentence(found, old, new),
        "findings": _findings(report.get("findings", []), comments, waivers),
        "breaking": len(breaking_findings(found)),
        "lines": payload_lines.lines(report["witness"], *report["complaint"]) if report.get("has_witness") else [],
        "accepts": accepts,
        "refuses": refuses,
        "diff": textdiff.diff(*_texts(found)),
        "differences": report.get("differences", []),
        **_impact(found),
        "seats": seats(found),
        "void": [one for one in found.reviews.all() if one.content_hash != found.content_hash],
        "threads": _threads(found, comments),
        "mine": mine,
        "waivable": _waivable(found, mine, waivers, actor),
        "is_waiting": found.state in WAITING,
        "budget_holds": _budget_holds(found),
        **_powers(found, actor),
    }


def _budget_holds(found: Change) -> list[tuple[Hold, str]]:
    """The error-budget rules that hold for it now, and how much is left."""
    if found.state not in WAITING:
        return []
    owners = [found.owner.name, *(team.name for team in found.teams.all())]
    return [
        (hold, error_budgets.left_words(hold.budget)) for hold in error_budgets.holds(found.kind, found.name, owners)
    ]


def seats(found: Change) -> list[Seat]:
    """Each team that is asked; who owns it first."""
    waived = waived_teams(found)
    rolls = Rolls([found], [one.team_id for one in found.requests.all()])
    rows = []
    for request in sorted(found.requests.all(), key=lambda one: (one.team_id != found.owner_id, one.team.name)):
        said = votes_of(found, request.team_id)
        approved = sum(one.vote == Review.Vote.APPROVE for one in said)
        refused = next((one for one in said if one.vote != Review.Vote.APPROVE), None)
        if refused is not None:
            look = change_words.VOTE[refused.vote]
        elif request.team_id in waived:
            look = change_words.WAIVED
        else:
            look = change_words.VOTE["approve"] if approved >= request.needed else change_words.CHANGE["open"]
        waits = found.state == Change.State.OPEN and approved < request.needed
        stand_in = stand_in_of(found, request.team, rolls) if waits else None
        rows.append(
            Seat(request.team, look, request.why, request.needed, said, request.reminders, stand_in, request.team_id in waived)
        )  # fmt: skip
    return rows


def _findings(
    findings: list[dict[str, Any]], comments: Iterable[Comment], waivers: list[Waiver]
) -> list[tuple[Look, dict[str, Any]]]:  # fmt: skip
    said: dict[str, int] = {}
    for one in comments:
        said[one.finding] = said.get(one.finding, 0) + 1
    given: dict[str, list[Waiver]] = {}
    for waiver in waivers:
        given.setdefault(waiver.fingerprint, []).append(waiver)
    return [
        (
            change_words.tone_of(one),
            {**one, "comments": said.get(one["fingerprint"], 0), "waivers": given.get(one["fingerprint"], [])},
        )
        for one in findings
    ]


def _texts(found: Change) -> tuple[str, str]:
    """What it was and what it will be, as texts to compare."""
    if found.version is not None and found.kind == "contract.publish":
        pair = [
            json.dumps(one.schema, indent=2, ensure_ascii=False) if one else "" for one in (found.base, found.version)
        ]
        return pair[0], pair[1]
    if found.kind == "workflow.release":
        rows = WorkflowVersion.objects.filter(workflow__name=found.name)
        texts = dict(
            rows.filter(version__in=[found.report.get("base", ""), found.number]).values_list("version", "text")
        )
        return texts.get(found.report.get("base", ""), ""), texts.get(found.number, "")
    return "", ""


def _impact(found: Change) -> dict[str, Any]:
    if found.version is None:
        return {"uses": None}
    used = uses_of(found.name)
    ports = [one for one in used if isinstance(one, Port)]
    if found.kind in ("contract.deprecate", "contract.retire"):  # these are about one version alone
        used = ports = [port for port in ports if port.resolved == found.number]
    uses = impact(used)
    shown: dict[str, Any] = {
        "uses": uses,
        "runs_day": sum(use.day for use in uses),
        "runs_month": sum(use.month for use in uses),
    }
    if found.kind != "contract.publish":
        return shown
    is_json = all(format_of(one.canonical["spec"]) == JSON_SCHEMA for one in (found.base, found.version) if one)
    paths = (
        removed_paths(found.report["findings"], found.base.schema, found.version.schema)
        if found.base and is_json
        else set()
    )
    read = readers(ports, paths)
    return shown | {
        "readers": [one for one in read if not one.whole],
        "whole_readers": len([one for one in read if one.whole]),
        "replay": replay(ports, found.version.schema) if found.state in WAITING and is_json else None,
    }


def _threads(found: Change, comments: list[Comment]) -> list[dict[str, Any]]:
    """Comments with their answers, and the finding that each is about."""
    texts = {one["fingerprint"]: one["rule"] for one in found.report.get("findings", [])}
    answers: dict[int, list[Comment]] = {}
    for one in comments:
        if one.parent_id is not None:
            answers.setdefault(one.parent_id, []).append(one)
    return [
        {
            "comment": one,
            "about": texts.get(one.finding, "an earlier finding") if one.finding else "",
            "answers": answers.get(one.pk, []),
        }
        for one in comments
        if one.parent_id is None
    ]


def _waivable(found: Change, mine: list[Any], waivers: list[Waiver], actor: Actor) -> list[tuple[Team, dict[str, Any]]]:
    """Findings that the reader may still waive, for the team of their own."""
    if found.verdict != "breaking" or found.report.get("doubt") or found.version is None:
        return []
    given = {(one.team_id, one.fingerprint) for one in waivers if one.person_id == actor.user.pk}
    own = [team for team, quality in mine if quality.for_person is None and quality.stand_in is None]
    return [
        (team, one) for team in own[:1] for one in breaking_findings(found) if (team.pk, one["fingerprint"]) not in given
    ]  # fmt: skip


def _powers(found: Change, actor: Actor) -> dict[str, Any]:
    """What the reader may do beside voting, and how broken glass stands."""
    waits, maintains = found.state in WAITING, actor.may(Verb.MAINTAIN, found.owner)
    glass = BrokenGlass.objects.select_related("first", "second", "follow_up").filter(change=found).first()
    asked = glass is not None and glass.state == BrokenGlass.State.ASKED and holds(glass, found)
    reviews = actor.may(Verb.REVIEW, found.owner)
    first = makes_up_for(found)
    return {
        "may_withdraw": waits and maintains and found.kind != FOLLOW_UP,
        "may_schedule": waits and maintains and found.kind != FOLLOW_UP,
        "may_apply": found.state in (Change.State.APPROVED, Change.State.SCHEDULED) and maintains,
        "glass": glass if glass is not None and (asked or glass.state != BrokenGlass.State.ASKED) else None,
        "may_ask_glass": waits and found.kind != FOLLOW_UP and (maintains or reviews) and not asked,
        "may_break_glass": waits and asked and reviews and glass is not None and glass.first_id != actor.user.pk,
        "first_change": first,
        "maintains": maintains,
    }


def makes_up_for(found: Change) -> Change | None:
    """The change for which the glass was broken, of the review that makes up for it."""
    return Change.objects.filter(pk=found.proposal.get("change")).first() if found.kind == FOLLOW_UP else None
