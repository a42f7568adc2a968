"""Writes of exercises: start, say how a step went, hand over, end. Each leaves an entry and an audit record.

Entries are only added, and whoever says something about a step names the entry that they saw last: of two people at one step,
the second is told what the first said and loses nothing. Never decides who may: portal asks that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from governance.models import Exercise, ExerciseAction, ExerciseEntry, Runbook
from governance.runbooks import ParsedRunbook, parse
from governance.selectors.exercises import latest_entry, running_for
from orchestration import clock
from orchestration.errors import Conflict, InvalidInput, Violation
from orchestration.hooks import hooks
from orchestration.models import Alert
from orchestration.services.governed import hold, save

What = ExerciseEntry.What
TICKS = (What.DONE, What.NOT_AS_EXPECTED, What.SKIPPED)
MAX_STEPS = 300
MAX_NOTE, MAX_EVIDENCE = 4_000, 20_000
Links = Sequence[tuple[str, str]]


class StepMoved(Conflict):
    """Somebody said something about the step since it was read. `latest` is what; nothing was written."""

    def __init__(self, latest: ExerciseEntry) -> None:
        who = latest.person.get_username() if latest.person else "the system"
        super().__init__(
            f"{who} said “{latest.get_what_display().lower()}” of this step meanwhile; look, and send yours again"
        )
        self.latest = latest


def start_exercise(*, runbook: Runbook, actor: Any, alert: Alert | None = None) -> tuple[Exercise, bool]:
    """Begin one with the steps of the runbook as it is now; for an alert, the one that runs already (False: it did).

    Raises Conflict for a runbook that is retired or has nothing to go through.
    """
    with transaction.atomic():
        hold()
        if alert is not None and (known := running_for(alert, runbook)) is not None:
            return known, False
        return begin(runbook=runbook, actor=actor, alert=alert, by_alert=False), True


def begin(*, runbook: Runbook, actor: Any, alert: Alert | None, by_alert: bool) -> Exercise:
    """Write the exercise and its first entry. In the caller's transaction, which holds."""
    current = Runbook.objects.get(pk=runbook.pk)
    if current.status == Runbook.Status.RETIRED:
        raise Conflict(f"runbook {current.slug} is retired; bring it back into use first")
    steps = frozen(parse(current.body))
    if not steps:
        raise Conflict(f"runbook {current.slug} has no text to go through; write its steps first")
    now = clock.now()
    exercise = Exercise(
        runbook=current, runbook_revision=current.revision, steps=steps, alert=alert, by_alert=by_alert,
        started_by=actor, holder=actor, started_at=now,
    )  # fmt: skip
    why = f"alert {alert.pk}: {alert}" if alert is not None else f"an exercise of {current.slug}"
    save(exercise, actor=actor, reason=why)
    note = f"For alert {alert.pk}." if alert is not None else ""
    ExerciseEntry.objects.create(exercise=exercise, what=What.STARTED, note=note, person=actor, at=now)
    return exercise


def frozen(parsed: ParsedRunbook) -> list[dict[str, Any]]:
    """The checklist: the steps; of a runbook that has none, its sections, for somebody to tick off as read."""
    found: list[dict[str, Any]] = []
    for section in parsed.sections:
        for step in section.steps:
            action = step.action
            asked = (
                {"kind": action.kind, "parameters": dict(action.parameters), "problem": action.problem}
                if action
                else None
            )
            found.append(
                {"section": section.title, "do": step.do, "expect": step.expect, "if_not": step.if_not, "action": asked}
            )
    if not found:
        for section in parsed.sections:
            text = "".join(block.raw for block in section.blocks).strip()
            if text:
                found.append({"section": section.title, "do": text, "expect": "", "if_not": "", "action": None})
    return found[:MAX_STEPS]


def tick(
    *, exercise: Exercise, position: int, what: str, note: str, evidence: str, seen: int | None, actor: Any
) -> ExerciseEntry:  # fmt: skip
    """Say how a step went. `seen`: the newest entry about it that the person saw, None for none.

    Raises StepMoved when there is a newer one, InvalidInput, Conflict for an exercise that is over.
    """
    if what not in TICKS:
        raise InvalidInput(f"a step is {', '.join(TICKS)}; not {what[:40]!r}")
    note, evidence = checked(note, "note", MAX_NOTE), checked(evidence, "evidence", MAX_EVIDENCE)
    if what != What.DONE and not note:
        text = (
            "say in a note what was not as expected"
            if what == What.NOT_AS_EXPECTED
            else "say in a note why it is skipped"
        )
        raise InvalidInput(text, [Violation("/note", text)])
    with transaction.atomic():
        current = locked(exercise)
        _check_position(current, position)
        latest = latest_entry(current, position)
        if latest is not None and latest.pk != seen:
            raise StepMoved(latest)
        return add(current, what, position=position, note=note, evidence=evidence, actor=actor)


def hand_over(*, exercise: Exercise, to: Any, note: str, actor: Any) -> ExerciseEntry:
    """Somebody else has it from now on; to oneself it is taking it over. Raises Conflict, InvalidInput."""
    note = checked(note, "note", MAX_NOTE)
    with transaction.atomic():
        current = locked(exercise)
        if current.holder_id == to.pk:
            raise Conflict(f"{to.get_username()} has this exercise already")
        current.holder = to
        said = f"To {to.get_username()}." + (f" {note}" if note else "")
        save(current, actor=actor, reason=note or f"handed over to {to.get_username()}")
        return add(current, What.HANDED_OVER, note=said, actor=actor)


def end(*, exercise: Exercise, state: str, summary: str, actor: Any) -> Exercise:
    """Close it as completed or abandoned, with a word on how it went. Raises Conflict while an action is under way."""
    if state not in {Exercise.State.COMPLETED, Exercise.State.ABANDONED}:
        raise InvalidInput(f"an exercise ends completed or abandoned, not {state[:40]!r}")
    summary = checked(summary, "summary", MAX_NOTE)
    if not summary:
        text = "say in a sentence how it went"
        raise InvalidInput(text, [Violation("/summary", text)])
    with transaction.atomic():
        current = locked(exercise)
        if current.actions.filter(state=ExerciseAction.State.PENDING).exists():
            raise Conflict("an action of it is still under way; wait for its outcome")
        current.state, current.summary, current.ended_at = state, summary, clock.now()
        save(current, actor=actor, reason=summary)
        add(current, What(state), note=summary, actor=actor)
    return current


def locked(exercise: Exercise) -> Exercise:
    """As it is now, held until the transaction ends. Raises Conflict for one that is over."""
    hold()
    current = Exercise.objects.select_for_update(of=("self",)).select_related("runbook__owner").get(pk=exercise.pk)
    if current.state != Exercise.State.RUNNING:
        raise Conflict(f"exercise {current.pk} is {current.state} already; start another one")
    return current


def add(
    exercise: Exercise, what: str, *, position: int | None = None, note: str = "", evidence: str = "", links: Links = (),
    actor: Any,
) -> ExerciseEntry:  # fmt: skip
    """One more entry, and its audit record. In the caller's transaction."""
    entry = ExerciseEntry.objects.create(
        exercise=exercise, position=position, what=what, note=note, evidence=evidence, links=[list(link) for link in links],
        person=actor, at=clock.now(),
    )  # fmt: skip
    if position is not None:
        hooks.audit.record(
            action="ticked" if what in TICKS else "acted", kind="exercise", name=str(exercise), actor=actor,
            reason=note[:2_000], after={"step": position, "state": str(what)},
        )  # fmt: skip
    return entry


def checked(text: str, field: str, most: int) -> str:
    """The text, trimmed and storable. Raises InvalidInput."""
    text = text.replace("\r\n", "\n").strip()
    problem = ""
    if len(text) > most:
        problem = f"the {field} has {len(text):,} characters; the limit is {most:,}"
    elif "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        problem = f"the {field} has a character that no database here can hold; remove it"
    if problem:
        raise InvalidInput(problem, [Violation(f"/{field}", problem)])
    return text


def _check_position(exercise: Exercise, position: int) -> None:
    if not 1 <= position <= len(exercise.steps):
        raise InvalidInput(f"there is no step {position}; the exercise has {len(exercise.steps)}")
