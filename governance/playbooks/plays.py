"""The register of playbook actions: which kinds there are, by the word that a runbook's step uses. Never does one itself."""

from __future__ import annotations

from collections.abc import Mapping

from governance.playbooks.calls import CallWebhook
from governance.playbooks.flags import SwitchFlag
from governance.playbooks.governed import ForceBreaker, ReleaseBreaker, RollBackVersion
from governance.playbooks.of_runs import RetryFailedRuns, RunWorkflow
from governance.playbooks.play import Parameters, Play, Preview
from governance.runbooks import ActionKind
from orchestration import clock
from orchestration.errors import NotFound

PLAYS: Mapping[str, Play] = {
    ActionKind.RETRY_FAILED_RUNS: RetryFailedRuns(),
    ActionKind.FORCE_BREAKER: ForceBreaker(),
    ActionKind.RELEASE_BREAKER: ReleaseBreaker(),
    ActionKind.ROLL_BACK_VERSION: RollBackVersion(),
    ActionKind.SWITCH_FLAG: SwitchFlag(),
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
