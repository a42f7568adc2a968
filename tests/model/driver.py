"""The engine and its model side by side: every call goes to both, and what is there is compared with what is told.

Owns the clock that the engine reads, the messages that it sends and the workers. Never decides what is done next:
machine.py does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.test import TestCase
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine

from orchestration.engine.ahead import run_ahead
from orchestration.engine.claim import Claim, claim
from orchestration.engine.complete import complete
from orchestration.engine.execute import Executed, execute
from orchestration.engine.gather import Item, is_plain
from orchestration.engine.wake import wake
from orchestration.engine.work import work
from orchestration.errors import Conflict
from orchestration.models import Run as EngineRun
from orchestration.models import StepRun, WorkflowVersion
from tests.model import workflows
from tests.model.ending import every_way
from tests.model.model import Run
from tests.model.rows import SECOND, Hold, Mail, Outcome
from tests.model.seen import EPOCH, Difference, Seen, View, check_growth, explain, marks_of, see, view_of
from tests.model.workflows import ROUTED, Flow


@dataclass(frozen=True)
class Done:
    """An executed attempt. `inside`: the call that a transactional one still has to make."""

    executed: Executed
    outcome: Outcome
    script: str
    inside: list[workflows.Called]


@dataclass(eq=False)
class Held:
    """A worker with a claim; `done` once it has executed."""

    run: str
    claim: Claim
    hold: Hold
    done: Done | None = None


@dataclass(frozen=True)
class Ahead:
    """An attempt of a worker that went on without waiting for the record of the one before."""

    item: Item
    done: Done


class World:
    """The clock that the engine reads and the messages that it sent, while a machine drives it."""

    milliseconds = 0
    messages: list[int] = []

    @classmethod
    def now(cls) -> datetime:
        """In place of the database's time."""
        return EPOCH + timedelta(milliseconds=cls.milliseconds)

    @classmethod
    def send(cls, step_ids: Any) -> int:
        """In place of the broker."""
        cls.messages.extend(step_ids)
        return len(step_ids)


class Driver(RuleBasedStateMachine):
    """What the rules are made of."""

    flow: Flow
    version: WorkflowVersion

    def __init__(self) -> None:
        super().__init__()
        self.models: dict[str, Run] = {}
        self.keys: dict[str, tuple[str, bool]] = {}
        self.retried: dict[str, str] = {}
        self.held: list[Held] = []
        self.seen = Seen()
        self.mail: list[Mail] = []
        self.broken = False
        World.milliseconds, World.messages = 0, []

    @property
    def time(self) -> int:
        return World.milliseconds

    def any_run(self, pick: int) -> Run:
        return list(self.models.values())[pick % len(self.models)]

    def live(self) -> list[Held]:
        """Workers whose result counts."""
        return [held for held in self.held if self.models[held.run].rows[held.hold.step].hold is held.hold]

    def due(self) -> list[int]:
        """Steps that a wake-up would bring to a worker."""
        return [pk for pk, (run, name) in sorted(self.seen.ids.items()) if self.models[run].takable(name, self.time)]

    def begun(self, run: EngineRun, key: str | None, model: Run) -> None:
        if key:
            self.keys[key] = (model.id, model.go)
        model.mail = self.mail
        self.models[model.id] = model
        self.compare({model.id: lambda model: model.start(self.time)})

    def take(self, step_id: int) -> bool:
        run, name = self.seen.ids[step_id]
        with self.engine():
            takable = self.models[run].takable(name, self.time)
            taken = claim(step_id)
            same("claimed", taken is not None, takable)
        if taken is None:
            self.compare({})
            return False
        self.compare({run: lambda model: model.take(name, self.time)})
        self.hold(run, name, taken)
        return True

    def hold(self, run: str, name: str, taken: Claim) -> None:
        hold = self.models[run].rows[name].hold
        if hold is None:
            raise Difference(f"{name} was claimed, and the model does not see it held")
        same("attempt", taken.attempt, hold.attempt)
        self.held.append(Held(run, taken, hold))

    def perform(self, held: Held, script: str) -> None:
        """Execute. The function must be called as the model says; a transactional one when its result is recorded."""
        outcome, call = self.models[held.run].perform(held.hold, script)
        inside = self.flow.named[held.hold.step].kind == "transactional" and not held.hold.undoing
        with self.engine(), self.calling(script, [] if inside or call is None else [call]):
            executed = execute(held.claim)
        held.done = Done(executed, outcome, script, [call] if inside and call is not None else [])
        self.compare({})

    def ahead_of(self, held: Held, scripts: list[str]) -> list[Ahead]:
        """The attempt that was executed, and those after it that did not wait for its record. Nothing is written."""
        assert held.done is not None
        row = [Ahead(Item(held.claim, held.done.executed, inline=True), held.done)]
        model, hold = self.models[held.run], held.hold
        with self.engine():
            # A run that is stopping or paused is gone on with in vain: the worker does not know it yet, and nothing of it is recorded.
            while scripts and not _held_back(model) and is_plain(row[-1].item.claim, row[-1].item.executed):
                last, script = row[-1], scripts.pop()
                claim = run_ahead(last.item)
                if claim is None:
                    break
                told = {"hold": hold, "outcome": last.done.outcome, "now": self.time, "inline": True}
                model = next(every_way(model, partial(Run.record, **told)))
                hold = model.rows[claim.step.name].hold
                if hold is None or self.flow.named[claim.step.name].writes:
                    raise Difference(f"{claim.step.name} ran ahead, which it must not")
                outcome, call = model.perform(hold, script)
                with self.calling(script, [] if call is None else [call]):
                    executed = execute(claim)
                row.append(Ahead(Item(claim, executed, inline=True), Done(executed, outcome, script, [])))
        self.compare({})
        return row

    def report(self, held: Held, inline: bool) -> None:
        done = held.done
        assert done is not None
        counts = held in self.live()
        with self.engine(), self.calling(done.script, done.inside if counts else []):
            following = complete(held.claim, done.executed, inline=inline)
        self.compare({held.run: lambda run: run.record(held.hold, done.outcome, self.time, inline=inline)})
        if isinstance(following, Claim):
            self.hold(held.run, following.step.name, following)

    def sweep(self) -> None:
        with self.engine():
            wake()
        self.compare(dict.fromkeys(self.models, lambda run: run.wake(self.time)))
        due = self.time - ROUTED * SECOND
        self.mail[:] = [replace(mail, routed=mail.routed or mail.came < due) for mail in self.mail]

    def work_on_children(self) -> None:
        """A child run waits for its word, as soon as there is one."""
        if any(step.kind == "child" for step in self.flow.steps):
            ready = StepRun.objects.filter(status="ready", run__version__workflow__name=workflows.CHILD)
            for step_id in ready.values_list("pk", flat=True):
                work(step_id)

    @contextmanager
    def engine(self) -> Iterator[None]:
        """Around every call of the engine: its messages leave when it commits; after a fault nothing is played on."""
        World.milliseconds += 1
        try:
            with TestCase.captureOnCommitCallbacks(execute=True):
                yield
                self.work_on_children()
        except Difference:
            self.broken = True
            raise
        except Exception as error:
            self.broken = True
            raise Difference(f"the engine raised {type(error).__name__}: {error}") from error

    @contextmanager
    def calling(self, script: str, expected: list[workflows.Called]) -> Iterator[None]:
        """What the function is to do, and with what it must be called."""
        workflows.script[:], workflows.calls[:] = [script], []
        yield
        same("calls", workflows.calls, expected)

    def compare(self, moves: dict[str, Callable[[Run], None]]) -> None:
        """What is there must be what the model says: for a run that moved in one of its ways, for others as before."""
        try:
            seen = see(self.version)
            same("runs", set(seen.runs), set(self.models))
            for name, model in self.models.items():
                ways = every_way(model, moves[name]) if name in moves else iter([model])
                self.models[name] = agreed(ways, seen.runs[name])
            same("rows of transactional steps", seen.marks, marks_of(self.models.values()))
            check_growth(self.seen, seen)
            self.seen = seen
        except Difference:
            self.broken = True
            raise


def _held_back(run: Run) -> bool:
    return bool(run.ending) or run.status == "paused"


def agreed(ways: Iterator[Run], there: View) -> Run:
    """The first of the ways that led to what is there."""
    first = None
    for way in ways:
        told = view_of(way)
        if told == there:
            return way
        first = first or told
    assert first is not None
    raise Difference("the engine went another way\n" + explain(first, there))


def same(what: str, there: Any, expected: Any) -> None:
    """The engine and the model agree on this."""
    if there != expected:
        raise Difference(f"{what}: {there!r}, the model says {expected!r}")


@contextmanager
def refused() -> Iterator[None]:
    """The engine must answer with a Conflict."""
    try:
        yield
    except Conflict:
        return
    raise Difference("no Conflict, though the model refuses it")


def tries(examples: int, **more: Any) -> settings:
    """So many examples, the same ones in every run."""
    return settings(
        max_examples=examples, stateful_step_count=25, derandomize=True, database=None, deadline=None,
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck), **more,
    )  # fmt: skip
