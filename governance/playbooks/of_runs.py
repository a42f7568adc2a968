"""Playbook actions that make runs: those that failed are retried, or a workflow is started.

Each run has a key made of the action's, so that a killed process makes it once. Never decides which version runs.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from django.urls import reverse

from governance.models import ExerciseAction
from governance.playbooks.failed_runs import failed_runs
from governance.playbooks.play import Need, OfWorkflow, Outcome, Parameters, Preview
from orchestration.errors import InvalidInput, PlumblineError
from orchestration.models import Run
from orchestration.selectors.workflows import find_workflow
from orchestration.services.runs import retry_run, start_run, version_to_run

#: Links beyond these say nothing more.
MOST_LINKS = 10


class RetryFailedRuns(OfWorkflow):
    """New runs for those that failed lately; the newest first."""

    need: Need = "operate"
    is_one_write = False

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


class RunWorkflow(OfWorkflow):
    """Start a run with the input that the runbook gives."""

    need: Need = "operate"
    is_one_write = False

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


def _input(parameters: Parameters) -> Any:
    try:
        return json.loads(parameters.get("input") or "{}")
    except (ValueError, RecursionError):
        raise InvalidInput("the action's input is no JSON; correct it in the runbook") from None
