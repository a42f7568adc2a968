"""Edit and retry: a failed run is retried with the input of its failed step replaced, by a person who says why.

Owns what may be edited and the entry in the audit log, which says what changed and shows no value. Never asks who may:
portal does before it calls. What the engine makes of an edit is engine/edits.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestration import clock
from orchestration.engine.edits import EDITABLE
from orchestration.engine.payloads import encode, load, store
from orchestration.engine.plans import plan_of, ports_of
from orchestration.errors import Conflict, InvalidInput
from orchestration.hooks import hooks
from orchestration.models import InputEdit, Run, StepRun
from orchestration.secrets import MASK
from orchestration.selectors.payloads import payload_in
from orchestration.services.governed import require_reason
from orchestration.services.runs import retry_run, why_not_retry

#: So many changed places are named in the audit log.
_NAMED = 50


def editable_input(run: Run) -> Any:
    """What the failed step was given, to begin from; None where it got nothing. Raises Conflict where it can't be edited."""
    refusal = why_not_edit(run)
    if refusal is not None:
        raise Conflict(refusal)
    return _given(run)


def why_not_edit(run: Run) -> str | None:
    """Why the failed step's input can't be edited, as a sentence; None when it can."""
    return why_not_retry(run) or why_step_not_editable(run)


def why_step_not_editable(run: Run) -> str | None:
    """The same of the step alone, whether or not the run can be retried."""
    planned = plan_of(run.version_id).steps.get(run.failed_step)
    if planned is None:
        return f"run {run.short_id} did not fail at a step; there is no input to edit"
    if planned.kind not in EDITABLE:
        return (
            f"step {planned.name} is a {planned.kind} step; only the input of {', '.join(EDITABLE)} steps can be edited"
        )
    part = planned.body.parts.get(EDITABLE[planned.kind])
    if part is not None and any(reference[0] == "secrets" for reference in part.references):
        return f"the input of step {planned.name} holds secrets, which nobody sees; it can't be edited"
    return None


def retry_with_input(*, run: Run, input: Any, actor: Any, reason: str, key: str | None = None) -> tuple[Run, bool]:
    """The retry of a failed run whose failed step is given this input; whether this call started it.

    Raises InvalidInput with every violation, Conflict where `why_not_edit` or the retry says no, TooLarge.
    """
    reason = require_reason(reason)
    refusal = why_not_edit(run)
    if refusal is not None and not _is_again(run, key):
        raise Conflict(refusal)
    text = _fitting(run, input)

    def edit(old: Run, new: Run) -> None:
        before = _given(old)
        InputEdit.objects.update_or_create(
            run=new, step=old.failed_step,
            defaults={"input": store(text, new.pk), "actor": actor, "reason": reason, "at": clock.now()},
        )  # fmt: skip
        was, now = _changed(before, input)
        hooks.audit.record(
            action="input_edited", kind="run", name=f"{new.short_id} of {old.workflow.name}", actor=actor, reason=reason,
            before={"step": old.failed_step, "run": old.short_id, **was},
            after={"step": old.failed_step, "run": new.short_id, **now},
        )  # fmt: skip

    return retry_run(run=run, actor=actor, key=key, edit=edit)


def _given(run: Run) -> Any:
    """What the failed step was given: what was edited for it, else what it had stored."""
    edit = InputEdit.objects.filter(run=run, step=run.failed_step).first()
    if edit is not None:
        return load(edit.input)
    row = StepRun.objects.filter(run=run, name=run.failed_step, item=0).first()
    return payload_in(plan_of(run.version_id).steps[run.failed_step].kind, load(row.input)) if row is not None else None


def _is_again(run: Run, key: str | None) -> bool:
    """The same request once more: the retry that it made is there."""
    return key is not None and run.retries.filter(idempotency_key=key).exists()


def _fitting(run: Run, input: Any) -> str:
    """The input as JSON text, where it has the shape of its kind and fits its contract."""
    planned = plan_of(run.version_id).steps[run.failed_step]
    if planned.kind != "http" and not isinstance(input, dict):
        raise InvalidInput(
            f"the input of a {planned.kind} step is an object with its arguments, as `with` is; send one"
        )
    try:
        text = encode(input, f"the input of {planned.name}")
    except ValueError as error:
        raise InvalidInput(str(error)) from error
    port = ports_of(run.version_id).get((planned.name, "input"))
    violations = hooks.contracts.validate(port[0], port[1], input) if port else ()
    if violations:
        assert port is not None
        first = violations[0]
        more = f" and {len(violations) - 1} more" if len(violations) > 1 else ""
        raise InvalidInput(
            f"the input does not fit contract {port[0]}@{port[1]}: {first.pointer or '/'}: {first.message}{more}",
            violations,
        )
    return text


def _changed(before: Any, after: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Where the two differ, by pointer, each value masked: the log tells what was touched, never a payload."""
    was, now = dict(_leaves(before)), dict(_leaves(after))
    places = [
        place
        for place in dict.fromkeys([*was, *now])
        if (place in was, was.get(place)) != (place in now, now.get(place))
    ]
    named = places[:_NAMED]
    return {place: MASK for place in named if place in was}, {place: MASK for place in named if place in now}


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from _leaves(member, f"{place}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for index, member in enumerate(value):
            yield from _leaves(member, f"{place}/{index}")
    else:
        yield place or "/", repr(value)
