"""The kinds of playbook actions: what each is about, what it would do, and doing it.

Owns those three for each kind. Every effect carries the action's key or is written in one transaction with its outcome, so that a
killed process does it once. Never decides who may: portal does, by `need`; nor whether others are asked: the gate does.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from django.urls import reverse

from governance.gate.breakers import FORCE, proposal
from governance.gate.opening import propose
from governance.gate.subjects import Object
from governance.models import Change, ExerciseAction
from governance.playbooks.failed_runs import failed_runs
from governance.runbooks import ActionKind
from governance.selectors.webhooks import channels_of
from governance.services.webhooks import announce
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, NotFound, PlumblineError
from orchestration.manifest import parse_duration
from orchestration.models import Run, Team
from orchestration.selectors.workflows import find_dependency, find_workflow
from orchestration.services import breakers
from orchestration.services.applying import Signature
from orchestration.services.runs import retry_run, start_run, version_to_run

Parameters = Mapping[str, str]
Need = Literal["operate", "switch"]
#: Links beyond these say nothing more.
MOST_LINKS = 10
EVENT = "playbook.called"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `links`: words and a path of this portal."""

    text: str
    links: Sequence[tuple[str, str]] = ()
    is_good: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What it would do, in words, and what it has chosen: kept with the action, so that it does just that."""

    text: str
    chosen: list[str] = field(default_factory=list)


class Play(Protocol):
    """One kind."""

    need: Need
    #: Its effect and its outcome are one transaction; otherwise each effect has a key of its own.
    is_one_write: bool

    def team(self, parameters: Parameters) -> Team:
        """Whose thing it touches. Raises NotFound."""
        ...

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        """What it would do now. Raises NotFound, InvalidInput, Conflict."""
        ...

    def run(self, action: ExerciseAction) -> Outcome:
        """Do it. Raises PlumblineError."""
        ...


class RetryFailedRuns:
    """New runs for those that failed lately; the newest first."""

    need: Need = "operate"
    is_one_write = False

    def team(self, parameters: Parameters) -> Team:
        return find_workflow(parameters["workflow"]).owner

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        find_workflow(parameters["workflow"])
        found = failed_runs(parameters, now)
        where = f" at {parameters['step']}" if parameters.get("step") else ""
        noun = "run" if len(found.chosen) == 1 else "runs"
        text = f"Retries {len(found.chosen)} failed {noun} of {parameters['workflow']}{where}"
        text += f", of {found.total} that failed." if found.total > len(found.chosen) else "."
        return Preview(
            text if found.chosen else f"No run of {parameters['workflow']} that failed{where} can be retried.",
            found.chosen,
        )

    def run(self, action: ExerciseAction) -> Outcome:
        made: list[Run] = []
        refused: list[str] = []
        for chosen in action.chosen:
            run = Run.objects.filter(pk=uuid.UUID(chosen)).first()
            if run is None:
                refused.append("a run is not kept any more")
                continue
            try:
                again, _ = retry_run(run=run, actor=action.person, key=f"{action.key}-{run.pk}")
            except PlumblineError as error:
                refused.append(str(error))
            else:
                made.append(again)
        noun = "run" if len(made) == 1 else "runs"
        text = f"{len(made)} {noun} started again." if action.chosen else "There was no run to retry."
        text += f" {len(refused)} refused: {refused[0]}." if refused else ""
        links = [(f"run {run.short_id}", reverse("run", args=[run.pk])) for run in made[:MOST_LINKS]]
        return Outcome(text, links, is_good=bool(made) or not refused)


class ForceBreaker:
    """Through the gate, as on the breaker's page."""

    need: Need = "switch"
    is_one_write = True

    def team(self, parameters: Parameters) -> Team:
        return find_dependency(parameters["dependency"]).owner

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        find_dependency(parameters["dependency"])
        until = now + timedelta(seconds=parse_duration(parameters["for"]))
        proposal(parameters["state"], until)
        state = parameters["state"].replace("_", " ")
        return Preview(f"Holds the breaker of {parameters['dependency']} {state} for {parameters['for']}.")

    def run(self, action: ExerciseAction) -> Outcome:
        name, state = action.parameters["dependency"], action.parameters["state"]
        until = action.asked_at + timedelta(seconds=parse_duration(action.parameters["for"]))
        thing = Object(FORCE, name, state, find_dependency(name).owner, None, proposal(state, until))
        change = propose(thing, Signature(action.person, _reason(action)))
        links = [
            ("breaker", reverse("dependency-breaker", args=[name])),
            (f"change {change.pk}", reverse("change", args=[change.pk])),
        ]
        if change.state != Change.State.APPLIED:
            return Outcome(f"Change {change.pk} waits for its reviews; the breaker is as it was.", links[1:])
        return Outcome(f"The breaker of {name} is {state.replace('_', ' ')} until {until:%H:%M} UTC.", links)


class ReleaseBreaker:
    """Let it decide by itself again."""

    need: Need = "switch"
    is_one_write = True

    def team(self, parameters: Parameters) -> Team:
        return find_dependency(parameters["dependency"]).owner

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        find_dependency(parameters["dependency"])
        return Preview(f"Lets the breaker of {parameters['dependency']} decide by itself again.")

    def run(self, action: ExerciseAction) -> Outcome:
        name = action.parameters["dependency"]
        breakers.release(name=name, reason=_reason(action), actor=action.person)
        return Outcome(
            f"The breaker of {name} decides by itself again.", [("breaker", reverse("dependency-breaker", args=[name]))]
        )


class RunWorkflow:
    """Start a run with the input that the runbook gives."""

    need: Need = "operate"
    is_one_write = False

    def team(self, parameters: Parameters) -> Team:
        return find_workflow(parameters["workflow"]).owner

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        version = version_to_run(workflow=parameters["workflow"], version=parameters.get("version"))
        _input(parameters)
        return Preview(f"Starts a run of {version}.")

    def run(self, action: ExerciseAction) -> Outcome:
        given = action.parameters
        version = version_to_run(workflow=given["workflow"], version=given.get("version"))
        run, _ = start_run(version=version, input=_input(given), key=action.key, actor=action.person)
        return Outcome(
            f"Run {run.short_id} of {version} started.", [(f"run {run.short_id}", reverse("run", args=[run.pk]))]
        )


class CallWebhook:
    """Tell the channels of a team, signed and guarded as every webhook is."""

    need: Need = "operate"
    is_one_write = True

    def team(self, parameters: Parameters) -> Team:
        found = Team.objects.filter(name=parameters["team"]).first()
        if found is None:
            raise NotFound(f"there is no team {parameters['team'][:63]!r}")
        return found

    def preview(self, parameters: Parameters, now: datetime) -> Preview:
        count = self._listeners(parameters)
        return Preview(f"Calls {count} webhook{'' if count == 1 else 's'} of {parameters['team']}.")

    def run(self, action: ExerciseAction) -> Outcome:
        count, team = self._listeners(action.parameters), self.team(action.parameters)
        path = reverse("exercise", args=[action.exercise_id])
        data = {
            "exercise": action.exercise_id, "runbook": action.exercise.runbook.slug, "step": action.position,
            "message": action.parameters.get("message", ""), "link": path,
        }  # fmt: skip
        announce(EVENT, teams=[team], data=data)
        return Outcome(f"{count} webhook{' is' if count == 1 else 's are'} on the way to {team.name}.")

    def _listeners(self, parameters: Parameters) -> int:
        team = self.team(parameters)
        count = sum(channel.wants(EVENT) for channel in channels_of(team))
        if not count:
            raise Conflict(f"no channel of team {team.name} wants {EVENT}; its manifest declares them")
        return count


PLAYS: Mapping[str, Play] = {
    ActionKind.RETRY_FAILED_RUNS: RetryFailedRuns(),
    ActionKind.FORCE_BREAKER: ForceBreaker(),
    ActionKind.RELEASE_BREAKER: ReleaseBreaker(),
    ActionKind.RUN_WORKFLOW: RunWorkflow(),
    ActionKind.CALL_WEBHOOK: CallWebhook(),
}


def play_of(kind: str) -> Play:
    """Raises NotFound for a kind that this release does not have."""
    found = PLAYS.get(kind)
    if found is None:
        raise NotFound(f"there is no action {kind[:40]!r}; there are {', '.join(PLAYS)}")
    return found


def preview_now(kind: str, parameters: Parameters) -> Preview:
    """What it would do at this moment."""
    return play_of(kind).preview(parameters, clock.now())


def _reason(action: ExerciseAction) -> str:
    return f"step {action.position} of exercise {action.exercise_id}, runbook {action.exercise.runbook.slug}"


def _input(parameters: Parameters) -> Any:
    try:
        return json.loads(parameters.get("input") or "{}")
    except (ValueError, RecursionError):
        raise InvalidInput("the action's input is no JSON; correct it in the runbook") from None
