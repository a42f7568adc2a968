"""A postmortem as its page tells it: figures against before, the timeline's lines with their links, actions with verdicts.

Owns those words and links. Never writes, and never decides what is evidence: governance/selectors/evidence.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from governance.models import ActionItem, Postmortem
from governance.postmortems.lines import Line
from governance.selectors.evidence import Verdict, verdict_of
from governance.selectors.incident_impact import Impact, impact_shown
from governance.selectors.incident_lines import timeline
from orchestration import clock
from orchestration.models import Team
from portal.presentation.quantities import duration, number, percent
from portal.presentation.words import Look, postmortem_look, severity_look

KINDS = {
    "version": Look("unk", "new", "Published"),
    "change": Look("unk", "pull", "Gate"),
    "approval": Look("unk", "check", "Review"),
    "action": Look("unk", "hand", "By hand"),
    "breaker": Look("warn", "half", "Breaker"),
    "alert": Look("fail", "bell", "Alert"),
    "runs": Look("fail", "fail", "Failed runs"),
    "own": Look("unk", "user", "Noted"),
}
_PAGES = {"workflow": "workflow", "dependency": "dependency", "breaker": "dependency-breaker", "contract": "contract"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its look and the page behind it; `url` empty for none."""

    line: Line
    look: Look
    url: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action with how it stands. `verdict` is None once it is closed: what it was then stands in the item."""

    item: ActionItem
    look: Look
    check: str
    verdict: Verdict | None
    may_close: bool


def parts(postmortem: Postmortem, *, hidden: bool, may: Callable[[Team], bool]) -> dict[str, Any]:
    """What the page's template wants beside the text."""
    now = clock.now()
    found = timeline(postmortem)
    shown = [line for line in found.lines if hidden or line.shown != "hidden"]
    impact = impact_shown(postmortem)
    actions = action_rows(postmortem.actions.select_related("owner", "person", "closed_by", "postmortem"), now, may)
    return {
        "look": postmortem_look(postmortem.status),
        "severity": severity_look(postmortem.severity),
        "lasted": duration(round(((postmortem.ended_at or now) - postmortem.began_at).total_seconds())),
        "lines": [Row(line, KINDS[line.kind], _url(line, postmortem)) for line in shown],
        "cut": found.cut,
        "hidden_count": sum(line.shown == "hidden" for line in found.lines),
        "shows_hidden": hidden,
        "impact": impact,
        "impact_words": impact_words(impact),
        "worst": next((one for one in impact.burned if one.spent), None),
        "actions": actions,
        "open_count": sum(row.item.state == ActionItem.State.OPEN for row in actions),
    }


def impact_words(impact: Impact) -> str:
    """The conclusion about the figures."""
    if not impact.ended:
        return (
            "No run ended in the window." if impact.workflows else "Link the workflows that it touched to see figures."
        )
    said = f"{number(impact.bad)} of {number(impact.ended)} runs failed ({percent(impact.bad / impact.ended)})"
    return f"{said}; {number(impact.bad_before)} failed in the same time before."


def action_rows(items: Iterable[ActionItem], now: datetime, may: Callable[[Team], bool]) -> list[ActionRow]:
    """Open ones first, the soonest due first."""
    found = []
    for item in sorted(items, key=lambda one: (one.state != ActionItem.State.OPEN, one.due, one.pk)):
        is_open = item.state == ActionItem.State.OPEN
        verdict = verdict_of(item, now) if is_open else None
        found.append(
            ActionRow(item, action_look(item, now.date()), check_words(item), verdict, is_open and may(item.owner))
        )
    return found


def action_look(item: ActionItem, today: date) -> Look:
    """How it stands: by its state, and its date while it is open."""
    if item.state == ActionItem.State.DONE:
        return Look("ok", "ok", "Done")
    if item.state == ActionItem.State.DROPPED:
        return Look("unk", "none", "Dropped")
    return Look("warn", "warn", "Overdue") if item.due < today else Look("unk", "wait", "Open")


def check_words(item: ActionItem) -> str:
    """When it can be closed."""
    kind = ActionItem.Check(item.check_kind)
    days = f" for {item.days} days" if item.days else " for its whole window"
    return {
        ActionItem.Check.WORKFLOW_PUBLISHED: f"a version of {item.target} is published",
        ActionItem.Check.RUNBOOK_EDITED: f"runbook {item.target} is revised",
        ActionItem.Check.OBJECTIVE_MET: f"{item.target} is met{days}",
        ActionItem.Check.DECISION_ACCEPTED: f"decision {item.target} is accepted",
        ActionItem.Check.CONTRACT_VERSION: f"{item.target} is active",
        ActionItem.Check.CONFIRMED: "somebody confirms it with a link",
    }[kind]


def _url(line: Line, postmortem: Postmortem) -> str:
    if line.noun == "runs":
        workflow, _, result = line.name.partition(" ")
        since = f"{postmortem.began_at:%Y-%m-%dT%H:%M}"
        return f"{reverse('runs')}?{urlencode({'workflow': workflow, 'result': result, 'since': since})}"
    if line.noun in {"alert", "change", "exercise"}:
        return reverse(line.noun, args=[int(line.name)])
    return reverse(_PAGES[line.noun], args=[line.name]) if line.noun in _PAGES else ""
