"""A flag is evaluated once in a run, when the first step that asks for it is about to begin, and recorded for the others.

Evaluated inside the transaction that begins that step, under the run's lock: so no two steps of a run see it differently,
whatever is switched meanwhile. Costs nothing where no step has a flag. Never decides (policies/flags.py), never switches.
"""

from __future__ import annotations

import functools
import json
from datetime import datetime

from django.db import connection

from orchestration.engine.claim import RunFacts
from orchestration.engine.payloads import error_text
from orchestration.engine.scope import scope_of
from orchestration.limits import MAX_ERROR_TEXT
from orchestration.manifest import ExpressionError, Template, compile_template
from orchestration.models import Flag, RunFlag
from orchestration.policies.flags import Decision, Declared, decide
from orchestration.states import StepStatus
from orchestration.steps.outcome import Failed

#: Error type of a step that a flag skips, or sends to its fallback.
OFF = "flag.off"
_LONGEST_PROBLEM = 120


def decided(run: RunFacts, name: str, now: datetime) -> RunFlag:
    """What the flag is for this run: as it was recorded, or evaluated and recorded now."""
    assert connection.in_atomic_block, "a flag is recorded with the step that asks for it, or not at all"
    found = RunFlag.objects.filter(run_id=run.id, name=name).first()
    if found is not None:
        return found
    decision = _evaluated(run, name)
    why = error_text(decision.why)[:300]
    return RunFlag.objects.create(run_id=run.id, name=name, is_on=decision.is_on, why=why, at=now)


def refusal(run: RunFacts, name: str) -> Failed | None:
    """The failure of a step whose flag is off for this run, as it was recorded when the step began; None while it is on."""
    found = RunFlag.objects.get(run_id=run.id, name=name)
    return None if found.is_on else Failed(OFF, off_words(found), retryable=False)


def off_words(found: RunFlag) -> str:
    """Why the step is not executed."""
    return f"flag {found.name} is off, as {found.why}"[:MAX_ERROR_TEXT]


def came_of_flag(status: str, error_type: str) -> bool:
    """Whether a step's outcome is that of a flag which was off: another run asks anew."""
    return error_type == OFF and status in {StepStatus.SKIPPED, StepStatus.DEGRADED}


def _evaluated(run: RunFacts, name: str) -> Decision:
    flag = Flag.objects.filter(name=name).first()
    if flag is None:
        return Decision(False, "no flag of that name is applied any more")
    rollout = flag.spec.get("rollout")
    if not isinstance(rollout, dict):
        return decide(name, flag.switched, _declared(flag, None))
    declared = _declared(flag, float(rollout["percent"]))
    if flag.switched:
        return decide(name, flag.switched, declared)
    try:
        key = _key(run, rollout.get("key"))
    except ExpressionError as error:
        return decide(name, flag.switched, declared, problem=str(error)[:_LONGEST_PROBLEM])
    return decide(name, flag.switched, declared, key, "" if key else "it is empty")


def _declared(flag: Flag, percent: float | None) -> Declared:
    return Declared(flag.spec.get("default") == "on", percent)


def _key(run: RunFacts, text: str | None) -> str:
    """The key as text; without an expression each run is its own."""
    if text is None:
        return run.text_id
    template = _template(text)
    value = template.evaluate(scope_of(run, template.references))
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@functools.lru_cache(maxsize=256)
def _template(text: str) -> Template:
    return compile_template(text)
