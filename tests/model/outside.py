"""What comes from outside the workers: events and signals, decisions of people, the ends of child runs.

Owns these rules. What workers, time and the people who start and stop runs do is machine.py's.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orchestration.engine.approvals import decide
from orchestration.engine.child_ends import end_waits
from orchestration.engine.event_store import NewEvent, store
from orchestration.engine.events import route
from orchestration.errors import Conflict
from orchestration.models import Approval, Event, StepRun
from orchestration.models import Run as EngineRun
from orchestration.services.runs import cancel_run
from tests.model import workflows
from tests.model.driver import Driver
from tests.model.model import Run
from tests.model.rows import Mail

PICK = st.integers(0, 11)


class Outside(Driver):
    """See the module."""

    def waiting(self, kind: str) -> list[tuple[str, str]]:
        """Run and name of the steps that wait for this."""
        return [
            (run.id, name)
            for run in self.models.values()
            for name, row in run.rows.items()
            if row.status == "waiting" and row.waits == kind
        ]

    @precondition(lambda self: any(step.kind == "event" for step in self.flow.steps))
    @rule(number=st.integers(0, 5), aimed=st.sampled_from([False, False, True]), pick=PICK, routed=st.booleans())
    def receive(self, number: int, aimed: bool, pick: int, routed: bool) -> None:
        """An event or a signal, perhaps one that came before; routed now, or later by the sweeper, or now and again."""
        run = self.any_run(pick).id if aimed else ""
        known = next((mail for mail in self.mail if mail.id == f"e{number}"), None)
        with self.engine():
            event, new = store(NewEvent(
                "/model", f"e{number}", workflows.EVENT, {"n": 1 + number % 2}, correlation="" if run else "c",
                run_id=UUID(run) if run else None,
            ))  # fmt: skip
        assert new == (known is None)
        if known is None:
            known = Mail(f"e{number}", 1 + number % 2, run, self.time)
            self.mail.append(known)
        self.compare({})
        if routed:
            self.route(event, known)

    def route(self, event: Event, mail: Mail) -> None:
        with self.engine():
            route(event.pk)
        if mail.routed:
            return self.compare({})
        self.compare(dict.fromkeys(self.models, partial(self._given, mail)))
        self.mail[self.mail.index(mail)] = Mail(mail.id, mail.n, mail.run, mail.came, True)
        return None

    def _given(self, mail: Mail, run: Run) -> None:
        run.given(mail, self.time)

    @precondition(lambda self: any(step.kind == "approval" for step in self.flow.steps))
    @rule(pick=PICK, approve=st.sampled_from([True, True, False]))
    def decide(self, pick: int, approve: bool) -> None:
        """A person answers: a question that is open, or one that was."""
        asked = list(Approval.objects.filter(run__version=self.version).order_by("decision", "pk"))
        if not asked:
            return
        one = asked[pick % len(asked)]
        name, run = one.step.name, str(one.run_id)
        row = self.models[run].rows[name]
        counts = one.decision == "" and row.status == "waiting"
        with self.engine():
            refused = True
            with suppress(Conflict):
                decide(approval_id=one.pk, actor=None, approve=approve, comment="so be it")
                refused = False
        assert refused == (not counts), f"the decision was {'refused' if refused else 'taken'}"
        at = workflows.moment(self.time)
        self.compare(
            {run: lambda model: model.decided(name, approve, self.time, at, "None", "so be it")} if counts else {}
        )

    @precondition(lambda self: bool(self.waiting("child")))
    @rule(pick=PICK, how=st.sampled_from(["succeeded", "succeeded", "failed", "cancelled"]), told=st.booleans())
    def end_child(self, pick: int, how: str, told: bool) -> None:
        """A child run ends, and its parent is told, or not."""
        waiting = self.waiting("child")
        run, name = waiting[pick % len(waiting)]
        step = StepRun.objects.get(run_id=run, name=name)
        child = EngineRun.objects.filter(parent_step=step).order_by("-pk")[0]
        assert (child.status == "finished") == bool(self.models[run].rows[name].child)
        if child.status != "finished":
            with self.engine():
                self._end_child(child, how)
            self.compare({run: lambda model: model.child_ended(name, how)})
        if told:
            with self.engine():
                end_waits([step.pk])
            self.compare({run: lambda model: model.told(name, self.time)})

    def _end_child(self, child: EngineRun, how: str) -> None:
        if how == "cancelled":
            cancel_run(run_id=child.pk, actor=None, reason="not this one")
            return
        event, _ = store(NewEvent(
            "/model/child", str(child.pk), "model.child", {"n": 2 if how == "succeeded" else 3},
            correlation=str(child.pk),
        ))  # fmt: skip
        route(event.pk)

    def answer_all(self) -> None:
        """At the end of an example nobody is kept waiting."""
        for run, name in self.waiting("event"):
            if self.models[run].rows[name].status == "waiting":
                self.receive_once_more(run)
        while (asked := self.waiting("approval")) and self.models[asked[0][0]].status != "finished":
            self.decide(self._place(asked[0]), True)
        for place in range(len(self.waiting("child"))):
            if waiting := self.waiting("child"):
                self.end_child(place % len(waiting), "succeeded", True)

    def receive_once_more(self, run: str) -> None:
        number = len(self.mail) + 10
        with self.engine():
            event, _ = store(NewEvent("/model", f"e{number}", workflows.EVENT, {"n": 1}, run_id=UUID(run)))
        mail = Mail(f"e{number}", 1, run, self.time)
        self.mail.append(mail)
        self.route(event, mail)

    def _place(self, asked: tuple[str, str]) -> int:
        """Where the open question of that step stands in the list that `decide` picks from."""
        rows = Approval.objects.filter(run__version=self.version).order_by("decision", "pk")
        steps = list(rows.values_list("run_id", "step__name", "decision"))
        return next(at for at, (run, name, word) in enumerate(steps) if (str(run), name, word) == (*asked, ""))
